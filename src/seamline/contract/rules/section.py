"""SL1xx: one section, or one value in it. The examples are laid over a small valid contract."""

from __future__ import annotations

from seamline.contract.rules.rule import Rule

RULES: dict[str, Rule] = {
    "SL101": Rule(
        "every key is known",
        "A misspelt key would silently fall back to a default.",
        "messages: {light: {publish: {batchmax: 6}}}",
        "messages: {light: {publish: {batch_max: 6}}}",
    ),
    "SL102": Rule(
        "nothing needed is missing",
        "What is not written is assumed, by two teams in two ways.",
        "owners: {lab: {team: Lab}}",
        "owners: {lab: {team: Lab, contact: lab@example.com}}",
    ),
    "SL103": Rule(
        "mappings, lists and values where they belong",
        "The shape of a section is part of its meaning.",
        "clock: {sources: hub}",
        "clock: {sources: [hub]}",
    ),
    "SL104": Rule(
        "nothing is empty",
        "A key without a value says neither yes nor no.",
        "clock:\n  drift:",
        "clock:\n  drift: 50 ppm",
    ),
    "SL105": Rule(
        "numbers and words stand without quotes",
        "There is one way to write each value.",
        'backoff: {base: "2 s"}',
        "backoff: {base: 2 s}",
    ),
    "SL106": Rule(
        "names are lower case words",
        "They become C, SQL and Python identifiers, and MQTT topics.",
        "product: Lamp",
        "product: lamp",
    ),
    "SL107": Rule(
        "versions are MAJOR.MINOR.PATCH",
        "Versions are compared as numbers, never as text.",
        "version: 2.1",
        "version: 2.1.0",
    ),
    "SL108": Rule(
        "integers within their limits",
        "Each limit is that of a byte on the wire or of MQTT.",
        "messages: {light: {id: 0}}",
        "messages: {light: {id: 1}}",
    ),
    "SL109": Rule(
        "numbers are exact decimals",
        "Exponents and floats round; scales are multiplied by millions.",
        "state: {level: {scale: 5e-1}}",
        "state: {level: {scale: 0.5}}",
    ),
    "SL110": Rule(
        "quantities carry their unit",
        "A bare 10 was seconds to one team and minutes to the other.",
        "messages: {light: {sample: 10}}",
        "messages: {light: {sample: 10 s}}",
    ),
    "SL111": Rule(
        "a word out of its list",
        "Each word has code behind it.",
        "buffer: {store: tape}",
        "buffer: {store: flash}",
    ),
    "SL112": Rule(
        "true or false",
        "YAML 1.1 also took yes, on and off; readers differ.",
        "faults: {0x4F: {latches: yes}}",
        "faults: {0x4F: {latches: true}}",
    ),
    "SL113": Rule(
        "text is printable, units are UCUM",
        "Both are shown to people and matched by programs.",
        "state: {level: {unit: per cent}}",
        'state: {level: {unit: "%"}}',
    ),
    "SL114": Rule(
        "a standard message has no fields of its own",
        "Its layout is Seamline's, the same everywhere.",
        "messages: {vitals: {standard: vitals/1, layout: 2}}",
        "messages: {vitals: {standard: vitals/1}}",
    ),
    "SL115": Rule(
        "references name something declared",
        "A name that leads nowhere fails in the field.",
        "timing: {keep_alive: {owner: makers}}",
        "timing: {keep_alive: {owner: maker}}",
    ),
    "SL116": Rule(
        "names, ids and codes are unique",
        "Two things under one name are one of them to half the readers.",
        "messages: {vitals: {id: 1}}",
        "messages: {vitals: {id: 2}}",
    ),
    "SL117": Rule(
        "sections keep their limits",
        "Each bounds a table that a small device or a page must hold.",
        "70 messages, one for each register of a device",
        "one message with an array, `count: 70`",
        explanation="64 messages, 64 fields each, 4,096 faults, 256 of anything else that has names, 64 items of a list.",
    ),
    "SL118": Rule(
        "reserved names stay free",
        "They are columns, types or messages of Seamline itself.",
        "enums: {u16: {0: off}}",
        "enums: {phase: {0: off}}",
    ),
    "SL119": Rule(
        "a range is [LOWEST, HIGHEST]",
        "A reversed range refuses every value.",
        "state: {level: {range: [100, 0]}}",
        "state: {level: {range: [0, 100]}}",
    ),
    "SL120": Rule(
        "a scale is not zero",
        "Every value would become the same.",
        "state: {level: {scale: 0}}",
        "state: {level: {scale: 0.5}}",
    ),
    "SL121": Rule(
        "enums and bools are not scaled",
        "Their members are the meaning.",
        "state: {night: {type: bool, scale: 2, conflict: newest}}",
        "state: {night: {type: bool, conflict: newest}}",
    ),
    "SL122": Rule(
        "a calibration or a scale, not both",
        "Two formulas for one value give two values.",
        "messages: {light: {fields: [{name: warmth, type: u16, calibration: ntc, scale: 0.1}]}}",
        "messages: {light: {fields: [{name: warmth, type: u16, calibration: ntc}]}}",
    ),
    "SL123": Rule(
        "the type can hold the range",
        "A promised value that cannot be sent is truncated or refused.",
        "state: {level: {type: u8, scale: 0.5, range: [0, 200]}}",
        "state: {level: {type: u16, scale: 0.5, range: [0, 200]}}",
    ),
}
