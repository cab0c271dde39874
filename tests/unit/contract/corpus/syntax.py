"""Files that are not strict YAML: SL0xx."""

SYNTAX = [
    "product: lamp\nversion: [1\n«SL001»",
    'product: "lamp\n«SL001»',
    "product: lamp\n version«SL001»: 2.1.0\n",
    "a: |«SL001»#x\n  b\n",
    "summary: a\n«SL008»\tb: c\n",
    "summary: a«SL008»\x07\n",
    "summary: a«SL008»\u2028b\n",
    "«SL008»\ufeffproduct: lamp\n",
    "summary: a«SL008»\rversion: 1.2.3\n",
    "«SL012»%YAML 1.2\n---\nproduct: lamp\n",
    "product: lamp\n«SL012»---\nproduct: lamp\n",
    "«SL103»- product: lamp\n",
    "«SL103»lamp\n",
    "«SL014»",
    "«SL014»# nothing but a comment\n",
    "[" * 16 + "«SL004»[",
    "a: " + "{a: " * 15 + "«SL004»{a: 1}" + "}" * 15,
    "[" + "0," * 100_000 + "«SL005»0]",
    "a: {" + "".join(f"k{n}: v, " for n in range(49_999)) + "last: «SL005»v}",
]
