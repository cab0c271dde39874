"""SL3xx: versions against each other. The examples are files of one folder, each laid over a small valid contract."""

from __future__ import annotations

from seamline.contract.rules.rule import Rule

_OLD = "# released/2.0.0.yaml\nversion: 2.0.0\n"
_GROWN = "# contract.yaml\nversion: 2.1.0\n"

RULES: dict[str, Rule] = {
    "SL301": Rule(
        "a folder holds one product",
        "Releases are compared with each other by product.",
        "# released/2.0.0.yaml\nproduct: torch\nversion: 2.0.0\n# contract.yaml\nproduct: lamp",
        "# released/2.0.0.yaml\nproduct: lamp\nversion: 2.0.0\n# contract.yaml\nproduct: lamp",
    ),
    "SL302": Rule(
        "a released file is named for its version",
        "The name is what people and tools look for.",
        "# released/2.0.0.yaml\nversion: 2.0.1",
        "# released/2.0.0.yaml\nversion: 2.0.0",
    ),
    "SL303": Rule(
        "no release is newer than the contract",
        "contract.yaml is where the next version grows.",
        "# released/2.2.0.yaml\nversion: 2.2.0\n# contract.yaml\nversion: 2.1.0",
        "# released/2.2.0.yaml\nversion: 2.2.0\n# contract.yaml\nversion: 2.3.0",
    ),
    "SL304": Rule(
        "a released version does not change",
        "Devices with it are in the field: raise the version.",
        "# released/2.0.0.yaml\nversion: 2.0.0\n# contract.yaml\nversion: 2.0.0\nbackoff: {cap: 9 min}",
        "# released/2.0.0.yaml\nversion: 2.0.0\n# contract.yaml\nversion: 2.0.1\nbackoff: {cap: 9 min}",
    ),
    "SL305": Rule(
        "message ids and names are never reused",
        "The id is the channel of every stored record.",
        _OLD + "messages: {vitals: {id: 9}}\n" + _GROWN + "messages: {vitals: {id: 8}}",
        _OLD + "messages: {vitals: {id: 9}}\n" + _GROWN + "messages: {vitals: {id: 9}}",
    ),
    "SL306": Rule(
        "a layout version has one layout",
        "Old firmware's frames would be decoded as something else.",
        _OLD
        + "messages: {light: {layout: 4, fields: [{name: drive, type: u8}]}}\n"
        + _GROWN
        + "messages: {light: {layout: 4, fields: [{name: drive, type: u8}, {name: seen, type: bool}]}}",
        _OLD
        + "messages: {light: {layout: 4, fields: [{name: drive, type: u8}]}}\n"
        + _GROWN
        + "messages: {light: {layout: 5, fields: [{name: drive, type: u8}, {name: seen, type: bool}]}}",
    ),
    "SL307": Rule(
        "old fields stay, in their order",
        "A removed or moved field shifts the bytes of all behind it.",
        _OLD
        + "messages: {light: {layout: 4, fields: [{name: drive, type: u8}, {name: seen, type: bool}]}}\n"
        + _GROWN
        + "messages: {light: {layout: 5, fields: [{name: seen, type: bool}, {name: drive, type: u8}]}}",
        _OLD
        + "messages: {light: {layout: 4, fields: [{name: drive, type: u8}, {name: seen, type: bool}]}}\n"
        + _GROWN
        + "messages: {light: {layout: 5, fields: [{name: drive, type: u8}, {name: seen, type: bool}, {name: door, type: u8}]}}",
    ),
    "SL308": Rule(
        "a field keeps its type",
        "One column holds a field's values of all versions.",
        _OLD
        + "messages: {light: {layout: 4, fields: [{name: drive, type: u8}]}}\n"
        + _GROWN
        + "messages: {light: {layout: 5, fields: [{name: drive, type: u16}]}}",
        _OLD
        + "messages: {light: {layout: 4, fields: [{name: drive, type: u8}]}}\n"
        + _GROWN
        + "messages: {light: {layout: 5, fields: [{name: drive, type: u8}, {name: wide_drive, type: u16}]}}",
    ),
    "SL309": Rule(
        "a field keeps its meaning",
        "A changed scale, unit or member re-values what is stored.",
        _OLD
        + "messages: {light: {layout: 4, fields: [{name: drive, type: u8, unit: W}]}}\n"
        + _GROWN
        + "messages: {light: {layout: 5, fields: [{name: drive, type: u8, unit: kW}]}}",
        _OLD
        + "messages: {light: {layout: 4, fields: [{name: drive, type: u8, unit: W}]}}\n"
        + _GROWN
        + "messages: {light: {layout: 5, fields: [{name: drive, type: u8, unit: W, range: [0, 100]}]}}",
    ),
    "SL310": Rule(
        "the registry is only appended to",
        "It is the memory of what is in the field: a line that was changed or taken out would make a version forgotten.",
        "$EDITOR released/registry.jsonl        # a version is taken out, for nobody has it any more",
        "seamline contract retire 1.2.0 --fleet http://127.0.0.1:8080",
        explanation="Each line of released/registry.jsonl holds the SHA-256 of the line before. A line that is no JSON object of a registry,"
        " or does not follow from the one above it, was edited, moved or lost. Restore the file from version control.",
    ),
    "SL311": Rule(
        "a released file stays as it was released",
        "Devices have that version: the file is all that says what they mean.",
        "$EDITOR released/1.2.0.yaml            # only a comment",
        "$EDITOR contract.yaml                  # under a higher version",
        explanation="The registry holds the SHA-256 of every released file. One that is gone, or has another byte (a comment is enough), is"
        " not what was released. Restore it from version control, and put the change into contract.yaml under a higher version.",
    ),
    "SL312": Rule(
        "every released file is in the registry",
        "A version without a line is judged by nobody once its file is gone.",
        "cp contract.yaml released/1.4.0.yaml",
        "seamline contract release .",
        explanation="A file in released/ has no line in released/registry.jsonl: it was put there by hand, or the last line was taken"
        " out. `seamline contract release --adopt` writes the lines of files that are as they should be.",
    ),
    "SL313": Rule(
        "fingerprints never change",
        "Frames carry them: a device would not be understood after an upgrade of the tool.",
        "a Seamline of another version finds another fingerprint for released/1.2.0.yaml",
        "the Seamline that the registry was written with",
        explanation="A released file is the same to the byte, but this version of Seamline computes another fingerprint from it than the"
        " one in the registry. Use the version that released it, and report this.",
    ),
    "SL321": Rule(
        "no breaking change of the bytes while old firmware is in the field",
        "What is on its way, asked or waiting would be read as something else.",
        _OLD + "state: {level: {type: u8}}\n" + _GROWN + "state: {level: {type: u16}}",
        _OLD + "state: {level: {type: u8}}\n" + _GROWN + "state: {fine_level: {type: u16, conflict: newest}}",
    ),
    "SL322": Rule(
        "no breaking change of meaning while old firmware is in the field",
        "A number that means something else is worse than none: nobody notices.",
        _OLD + "state: {level: {scale: 0.5}}\n" + _GROWN + "state: {level: {scale: 1}}",
        _OLD
        + "state: {level: {scale: 0.5}}\n"
        + _GROWN
        + "state: {level: {scale: 0.5}, power: {type: u8, scale: 1, unit: W, conflict: newest}}",
    ),
    "SL323": Rule(
        "no breaking change of behaviour while old firmware is in the field",
        "Firmware keeps the waits and rules it was built with for years; the cloud must keep fitting them.",
        _OLD
        + "timing: {answer_timeout: {value: 12 s}, commit_budget: {p99: 4 s}}\n"
        + _GROWN
        + "timing: {answer_timeout: {value: 20 s}, commit_budget: {p99: 10 s}}",
        _OLD
        + "timing: {answer_timeout: {value: 12 s}, commit_budget: {p99: 4 s}}\n"
        + _GROWN
        + "timing: {answer_timeout: {value: 20 s}, commit_budget: {p99: 5 s}}",
    ),
    "SL324": Rule(
        "every version in the field is released here",
        "The hub cannot read what nobody has written down.",
        "the hub has devices of lamp/1.1.0, and released/ begins with 1.2.0",
        "git checkout released/1.1.0.yaml released/registry.jsonl",
        explanation="With `--fleet`, the hub says which versions its devices have. One of them has no file in released/: bring it back from"
        " version control, before its frames go to quarantine.",
    ),
}
