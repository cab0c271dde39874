"""Every rule explains itself truly: its bad example breaks it, its good one keeps it.

Examples of SL0xx are files. Those of SL1xx and SL2xx are laid over base.yaml: mappings are joined, anything else is replaced.
(After a line `# with these messages alone` those of base.yaml are taken away before.)
Those of SL3xx are the files of a folder, each after a line with its path.
"""

import json
import re
from pathlib import Path

import pytest

from seamline.contract import ContractErrors, load_family, loads
from seamline.contract.evolution.releases import open_releases, problems_of
from seamline.contract.nodes import Mapping, Sequence
from seamline.contract.problems import Report
from seamline.contract.reader import read_text
from seamline.contract.rules import RULES

BASE = (Path(__file__).parent / "base.yaml").read_text(encoding="utf-8")
FILE = re.compile(r"^# (\S+\.yaml)\n", re.MULTILINE)
WITH_EXAMPLES = [code for code, rule in RULES.items() if not rule.explanation]


def tree(text):
    report = Report("example.yaml")
    root = read_text(text, report)
    assert not report.problems, text
    return root


def laid_over(base, patch):
    if not (isinstance(base, Mapping) and isinstance(patch, Mapping)):
        return patch
    entries = {key.text: (key, value) for key, value in base.entries}
    for key, value in patch.entries:
        entries[key.text] = (key, laid_over(entries[key.text][1], value) if key.text in entries else value)
    return base._replace(entries=tuple(entries.values()))


def written(node):
    """The node as YAML in brackets."""
    if isinstance(node, Mapping):
        return "{" + ", ".join(f"{key.text}: {written(value)}" for key, value in node.entries) + "}"
    if isinstance(node, Sequence):
        return "[" + ", ".join(map(written, node.items)) + "]"
    return json.dumps(node.text) if node.quoted or re.search(r"[\[\]{},?#]|: ", node.text) else node.text


ALONE = "# with these messages alone\n"


def whole(example):
    base = tree(BASE)
    if example.startswith(ALONE):
        base = base._replace(entries=tuple(entry for entry in base.entries if entry[0].text != "messages"))
    root = laid_over(base, tree(example))
    return "".join(f"{key.text}: {written(value)}\n" for key, value in root.entries)


def codes(code, example, folder):
    """The codes of all problems that the example has."""
    try:
        if code < "SL1":
            loads(example)
        elif code < "SL3":
            loads(whole(example))
        else:
            parts = FILE.split("# contract.yaml\n" + example if "# contract.yaml" not in example else example)[1:]
            (folder / "released").mkdir()
            (folder / "contract.yaml").write_text(BASE, encoding="utf-8")
            for name, part in zip(parts[::2], parts[1::2], strict=True):
                (folder / name).write_text(whole(part) if part.strip() else BASE, encoding="utf-8")
            load_family(folder)
            return {problem.code for problem in problems_of(open_releases(folder))} - {"SL312"}  # nothing is registered here
    except ContractErrors as errors:
        return {problem.code for problem in errors.problems}
    return set()


def test_the_base_laid_over_itself_is_the_base():
    assert loads(whole(BASE)).document == loads(BASE).document


@pytest.mark.parametrize("code", WITH_EXAMPLES)
def test_the_bad_example_of_a_rule_breaks_it(code, tmp_path):
    assert code in codes(code, RULES[code].bad, tmp_path)


@pytest.mark.parametrize("code", WITH_EXAMPLES)
def test_the_good_example_of_a_rule_is_good(code, tmp_path):
    found = codes(code, RULES[code].good, tmp_path)
    assert code not in found
    assert not found or code < "SL1", "an example laid over a valid contract breaks no other rule either"


def test_every_rule_says_why_and_has_a_bad_and_a_good_example():
    assert list(RULES) == sorted(RULES)
    for code, rule in RULES.items():
        assert re.fullmatch(r"SL[0-3]\d\d", code)
        assert rule.title
        assert rule.why.endswith(".")
        assert rule.bad, code
        assert rule.good, code
        assert len(rule.bad.splitlines()) <= 12
        assert len(rule.good.splitlines()) <= 12


ASKED = {
    "an unowned boundary": ("SL201",),
    "a device's timeout not above the hub's budget plus the network": ("SL203", "SL245"),
    "retries that amplify": ("SL212",),
    "keep-alive against NAT and staleness": ("SL213", "SL214", "SL234"),
    "buffer against outage, rate and flash wear": ("SL205", "SL208", "SL215", "SL246", "SL250"),
    "reconnect spread against fleet size and accept rate": ("SL206", "SL240"),
    "sequence wrap and uptime wrap against retention": ("SL216", "SL217"),
    "bandwidth and metered cost a day": ("SL218", "SL219", "SL220"),
    "RAM and flash of the device": ("SL221", "SL222"),
    "clock error against ordering needs": ("SL223", "SL224"),
    "fault codes that collide or have no remedy": ("SL116", "SL225", "SL238", "SL247"),
    "a twin property without a conflict rule": ("SL226",),
    "a command whose deadline is shorter than its way": ("SL227",),
    "an update larger than its slot, budget or battery": ("SL228", "SL229", "SL230", "SL248"),
    "a certificate shorter than the longest time offline": ("SL202", "SL231"),
    "a message no one consumes": ("SL232",),
    "precision lost by scaling": ("SL123", "SL233"),
    "units that do not match their quantity": ("SL124", "SL125", "SL126"),
    "personal data in the open": ("SL239",),
    "power states that forbid what is promised; a battery that does not last": ("SL243", "SL244"),
}  # fmt: skip
"""What the language is asked to show, with the rules that show it."""

DAYS = {
    "slow-backend": ("SL203", "SL245"),
    "rate-limited": ("SL241", "SL251"),
    "online-but-deaf": ("SL213", "SL234"),
    "lying-network": ("SL237", "SL213"),
    "fault-traced": ("SL116", "SL225", "SL238"),
    "power-cut-anywhere": ("SL235", "SL253"),
    "captive-portal": ("SL229",),
    "mixed-fleet": ("SL306", "SL307", "SL308", "SL309", "SL321", "SL322", "SL323", "SL324"),
    "expired-offline": ("SL202", "SL231"),
    "offline-toggle": ("SL226", "SL227", "SL236", "SL252"),
    "two-day-fiction": ("SL214", "SL234", "SL249"),
    "regional-power-cut": ("SL206", "SL240"),
    "week-offline": ("SL205", "SL208", "SL211", "SL242", "SL250"),
    "erased-counter": ("SL216",),
    "born-in-1970": ("SL217", "SL223", "SL224", "SL237"),
    "raw-counts": ("SL122", "SL130", "SL131"),
    "partial-outage": ("SL208", "SL246"),
    "weak-signal": ("SL220", "SL229", "SL253"),
    "wearing-out": ("SL215",),
    "node-goes-dark": ("SL249",),
}
"""The bad days that a file can bring about, with the rules that refuse it."""

NOT_IN_A_FILE = {
    "drop-mid-publish": "numbers, ledger and custody are Seamline's own: no contract can choose otherwise",
    "factory-run": "what the line does",
    "reset-and-resale": "what accounts do",
    "claim-leaked": "who holds a key",
    "site-cut-off": "a site's plan, and its control node",
    "bad-release": "what the firmware does",
    "cable-pulled": "what the flashing tool does",
}
"""The bad days that no contract can bring about, and whose they are."""

TRACKERS = {
    "Ditto #696: both sides change a value, and who wins is left open": ("SL226",),
    "Astarte #305, #270 and Sparkplug #22: connected for ever, since a death was lost": ("SL234", "SL249"),
    "ThingsBoard #15147: a download that begins again and again": ("SL229",),
    "ThingsBoard #10191: power pulled, never tried again": ("SL253",),
    "esp-aws-iot #139, astarte esp32 #3, iotedge #7321: a certificate that ends while its device is away": ("SL202", "SL231"),
    "azure-iot-sdk-c #928: no jitter": ("SL111",),
    "azure-iot-sdk-c #144: a back-off of days": ("SL207", "SL242"),
    "EMQX #4227, VerneMQ #809: more connects than are accepted": ("SL206", "SL251"),
    "iotedge #706, #392: a buffer that a restart empties": ("SL246",),
    "astarte #662: stale records that never expire, and orders that come late": ("SL102", "SL227", "SL252"),
    "pymavlink #196: unit, scale or type change under one number": ("SL306", "SL309", "SL322"),
    "cantools #678: values out of range are encoded silently": ("SL119", "SL123"),
}  # fmt: skip
"""What users of others report and a file can show."""
RULES_FOR = ASKED | DAYS | TRACKERS
ROW = re.compile(r"^\| `([a-z0-9-]+)` \|", re.MULTILINE)


def test_every_bad_day_has_its_rules_or_cannot_be_shown_by_a_file():
    text = (Path(__file__).parents[3] / "docs" / "bad-days.md").read_text(encoding="utf-8")
    days = text[text.index("| name | what happens |") :].split("\n\n")[0]
    assert sorted(DAYS.keys() | NOT_IN_A_FILE.keys()) == sorted(ROW.findall(days))
    assert not DAYS.keys() & NOT_IN_A_FILE.keys()


@pytest.mark.parametrize("failure", RULES_FOR)
def test_every_failure_that_a_file_can_show_has_its_rule(failure):
    assert not set(RULES_FOR[failure]) - RULES.keys()


def test_every_rule_between_sections_is_there_for_a_failure_that_was_named():
    named = {code for codes in RULES_FOR.values() for code in codes}
    structural = {"SL204", "SL209", "SL210"}  # records, frames and the growth of layouts: what the wire asks for
    assert {code for code in RULES if "SL2" < code < "SL3"} - named == structural
