"""Every rule of the contract language by its code: what it asks, and why.

SL0xx is about the file as YAML, SL1xx about one section, SL2xx about sections that contradict each other, SL3xx about
versions of one product that live in the field together.
"""

from __future__ import annotations

from typing import NamedTuple


class Rule(NamedTuple):
    """What a rule asks for, and the reason."""

    title: str
    why: str


RULES: dict[str, Rule] = {
    "SL001": Rule("the file is YAML", "A parser must be able to read it at all."),
    "SL002": Rule("the file can be read", "A missing file or right is not an empty contract."),
    "SL003": Rule("the file has at most 1 MiB", "A larger one is a mistake or an attack; it is refused unread."),
    "SL004": Rule("nothing is nested deeper than 16 levels", "The language has six; depth can exhaust a reader."),
    "SL005": Rule("at most 100,000 values", "Bounds the memory that a hostile file can take."),
    "SL006": Rule("a value has at most 4,096 characters", "Contracts hold sentences, not documents."),
    "SL007": Rule("the file is UTF-8", "Any other encoding is a guess that two tools make differently."),
    "SL008": Rule("no tabs or control characters", "Editors and parsers place them differently; nobody sees them."),
    "SL009": Rule("a key is given once", "YAML readers keep the last one silently: two people edit, one loses."),
    "SL010": Rule("no anchors and aliases", "A value is read where it stands; aliases also make YAML bombs."),
    "SL011": Rule("no tags", "The language knows the type of every value; a tag can only contradict it."),
    "SL012": Rule("one document, no directives", "One file is one contract."),
    "SL013": Rule("keys are single words", "Everything in a contract can be named as a path of words."),
    "SL014": Rule("the file is not empty", "An empty contract promises nothing."),
    "SL015": Rule("at most 200 problems are shown", "More come from one mistake; mend the first ones."),
    "SL101": Rule("every key is known", "A misspelt key would silently fall back to a default."),
    "SL102": Rule("nothing needed is missing", "What is not written is assumed, by two teams in two ways."),
    "SL103": Rule("mappings, lists and values where they belong", "The shape of a section is part of its meaning."),
    "SL104": Rule("nothing is empty", "A key without a value says neither yes nor no."),
    "SL105": Rule("numbers and words stand without quotes", "There is one way to write each value."),
    "SL106": Rule("names are lower case words", "They become C, SQL and Python identifiers, and MQTT topics."),
    "SL107": Rule("versions are MAJOR.MINOR.PATCH", "Versions are compared as numbers, never as text."),
    "SL108": Rule("integers within their limits", "Each limit is that of a byte on the wire or of MQTT."),
    "SL109": Rule("numbers are exact decimals", "Exponents and floats round; scales are multiplied by millions."),
    "SL110": Rule("quantities carry their unit", "A bare 10 was seconds to one team and minutes to the other."),
    "SL111": Rule("a word out of its list", "Each word has code behind it."),
    "SL112": Rule("true or false", "YAML 1.1 also took yes, on and off; readers differ."),
    "SL113": Rule("text is printable, units are UCUM", "Both are shown to people and matched by programs."),
    "SL114": Rule("a standard message has no fields of its own", "Its layout is Seamline's, the same everywhere."),
    "SL115": Rule("references name something declared", "A name that leads nowhere fails in the field."),
    "SL116": Rule("names, ids and codes are unique", "Two things under one name are one of them to half the readers."),
    "SL117": Rule("sections keep their limits", "Each bounds a table that a small device or a page must hold."),
    "SL118": Rule("reserved names stay free", "They are columns, types or messages of Seamline itself."),
    "SL119": Rule("a range is [LOWEST, HIGHEST]", "A reversed range refuses every value."),
    "SL120": Rule("a scale is not zero", "Every value would become the same."),
    "SL121": Rule("enums and bools are not scaled", "Their members are the meaning."),
    "SL122": Rule("a calibration or a scale, not both", "Two formulas for one value give two values."),
    "SL123": Rule("the type can hold the range", "A promised value that cannot be sent is truncated or refused."),
    "SL201": Rule("every boundary has an owner", "When its promise breaks, somebody with a name must be told."),
    "SL202": Rule("certificates renew before they end", "A date must never lock a device out."),
    "SL203": Rule(
        "answer_timeout exceeds network + commit_budget",
        "A device that gives up on an answer that is on its way sends again, and loads the hub that was slow.",
    ),
    "SL204": Rule("a full batch fits a frame", "A device builds a frame in RAM: at most 8 KiB."),
    "SL205": Rule("drop_first names every message", "A full buffer needs a rule for each; no rule is data loss."),
    "SL206": Rule("the fleet can come back in time", "Spread over half the recovery, connects must stay acceptable."),
    "SL207": Rule("the back-off's cap is not below its base", "Waits grow from base to cap."),
    "SL208": Rule("the buffer holds the outage it promises", "Sampling rate, record size and outage must agree."),
    "SL209": Rule("no field comes from the future", "`since` is at most the contract's version."),
    "SL210": Rule("new fields come last", "Trailing fields are the only growth that old readers survive."),
    "SL211": Rule("records live until they are published", "Otherwise every one of them is declared lost."),
    "SL301": Rule("a folder holds one product", "Releases are compared with each other by product."),
    "SL302": Rule("a released file is named for its version", "The name is what people and tools look for."),
    "SL303": Rule("no release is newer than the contract", "contract.yaml is where the next version grows."),
    "SL304": Rule("a released version does not change", "Devices with it are in the field: raise the version."),
    "SL305": Rule("message ids and names are never reused", "The id is the channel of every stored record."),
    "SL306": Rule("a layout version has one layout", "Old firmware's frames would be decoded as something else."),
    "SL307": Rule("old fields stay, in their order", "A removed or moved field shifts the bytes of all behind it."),
    "SL308": Rule("a field keeps its type", "One column holds a field's values of all versions."),
    "SL309": Rule("a field keeps its meaning", "A changed scale, unit or member re-values what is stored."),
}
"""All rules, in order."""
