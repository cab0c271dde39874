"""SL0xx: the file as YAML. The examples are whole files."""

from __future__ import annotations

from seamline.contract.rules.rule import Rule

RULES: dict[str, Rule] = {
    "SL001": Rule(
        "the file is YAML",
        "A parser must be able to read it at all.",
        "fleet: {devices_max: 1000",
        "fleet: {devices_max: 1000}",
    ),
    "SL002": Rule(
        "the file can be read",
        "A missing file or right is not an empty contract.",
        "seamline contract check contracts/ligth   # the folder is called light",
        "seamline contract check contracts/light",
        explanation="The path leads nowhere, is a folder, or the rights do not allow reading.",
    ),
    "SL003": Rule(
        "the file has at most 1 MiB",
        "A larger one is a mistake or an attack; it is refused unread.",
        "a table of 100,000 points, written into contract.yaml: 3 MiB",
        "the table's coefficients are per device: `seamline calibration import`, and contract.yaml says only `points`",
        explanation="A contract of 3,500 lines has about 150 kB. Nothing beyond the first 1 MiB is read.",
    ),
    "SL004": Rule(
        "nothing is nested deeper than 16 levels",
        "The language has six; depth can exhaust a reader.",
        "state: [[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]",
        "state: {level: {range: [0, 100]}}",
    ),
    "SL005": Rule(
        "at most 100,000 values",
        "Bounds the memory that a hostile file can take.",
        "`points` of a table with 60,000 pairs",
        "a table with 64 pairs, as many as a device's curve needs",
        explanation="Keys, values, lists and mappings are counted together; 3,500 lines have about 20,000.",
    ),
    "SL006": Rule(
        "a value has at most 4,096 characters",
        "Contracts hold sentences, not documents.",
        "`meaning:` with the whole service manual, 9,000 characters",
        "`meaning: The element draws no current; see the service manual, 4.2`",
        explanation="A long text belongs in a document of its own; the contract can name it.",
    ),
    "SL007": Rule(
        "the file is UTF-8",
        "Any other encoding is a guess that two tools make differently.",
        "an editor that saves Windows-1252: the byte E4 for a-umlaut",
        "the same text saved as UTF-8: the bytes C3 A4",
        explanation="Save the file as UTF-8. The problem names the first byte that is not.",
    ),
    "SL008": Rule(
        "no tabs or control characters",
        "Editors and parsers place them differently; nobody sees them.",
        "product:\tlamp",
        "product: lamp",
    ),
    "SL009": Rule(
        "a key is given once",
        "YAML readers keep the last one silently: two people edit, one loses.",
        "version: 2.0.0\nversion: 2.1.0",
        "version: 2.1.0",
    ),
    "SL010": Rule(
        "no anchors and aliases",
        "A value is read where it stands; aliases also make YAML bombs.",
        "backoff: {base: &short 2 s, reset_after: *short}",
        "backoff: {base: 2 s, reset_after: 2 s}",
    ),
    "SL011": Rule(
        "no tags",
        "The language knows the type of every value; a tag can only contradict it.",
        "update: {attempts: !!int 2}",
        "update: {attempts: 2}",
    ),
    "SL012": Rule(
        "one document, no directives",
        "One file is one contract.",
        "product: lamp\n---\nproduct: torch",
        "product: lamp",
    ),
    "SL013": Rule(
        "keys are single words",
        "Everything in a contract can be named as a path of words.",
        "? [base, cap]\n: 2 s",
        "base: 2 s\ncap: 2 s",
    ),
    "SL014": Rule(
        "the file is not empty",
        "An empty contract promises nothing.",
        "# to be written",
        "product: lamp",
    ),
    "SL015": Rule(
        "at most 200 problems are shown",
        "More come from one mistake; mend the first ones.",
        "a file indented by one space less from line 40 on: 900 problems",
        "the first problem mended, and the check run again",
        explanation="The problems beyond the 200th are counted and not shown.",
    ),
}
