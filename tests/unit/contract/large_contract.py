"""A valid contract as long as a large product's: 3,500 lines, most of them fields, faults and properties."""

from tests.unit.contract.corpus.marks import BASE

MESSAGES, FIELDS, FAULTS, PROPERTIES = 44, 48, 140, 190
FIELD = "      - {{name: value_{0}, type: i16, scale: 0.01, offset: 5, unit: W, range: [-20, 80]}}\n"
MESSAGE = "  m{0}:\n    id: {1}\n    layout: 1\n    sample: 10 min\n    publish: {{every: 1 h, batch_max: 6, priority: low}}\n"
FAULT = """  {0}:
    name: fault_{0}
    layer: adc
    severity: error
    meaning: Circuit {0} is open
    support: Check connector J{0}
"""
PROPERTY = "  p{0}: {{type: u8, scale: 0.5, range: [0, 100], conflict: newest, confirm_within: 2 min}}\n"


def large_contract():
    """Return the text."""
    names = [f"m{n}" for n in range(MESSAGES)]
    fields = "    fields:\n" + "".join(FIELD.format(n) for n in range(FIELDS))
    messages = "".join(MESSAGE.format(n, n + 20) + fields for n in range(MESSAGES))
    faults = "".join(FAULT.format(n) for n in range(1000, 1000 + FAULTS))
    properties = "".join(PROPERTY.format(n) for n in range(PROPERTIES))
    text = BASE.replace("faults:\n", messages + "faults:\n" + faults).replace("state:\n", "state:\n" + properties)
    text = text.replace("capacity: 16 KiB", "capacity: 1 MiB").replace("[light, vitals,", f"[light, vitals, {', '.join(names)},")
    return text.replace("[vitals, oldest light]", f"[vitals, {', '.join(names)}, oldest light]")
