"""Every rule explains itself truly: its bad example breaks it, its good one keeps it.

Examples of SL0xx are files. Those of SL1xx and SL2xx are laid over base.yaml: mappings are joined, anything else is replaced.
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
WITH_EXAMPLES = [code for code, rule in RULES.items() if rule.bad]


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


def whole(example):
    root = laid_over(tree(BASE), tree(example))
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


def test_every_rule_says_why_and_has_two_examples_or_an_explanation():
    assert list(RULES) == sorted(RULES)
    for code, rule in RULES.items():
        assert re.fullmatch(r"SL[0-3]\d\d", code)
        assert rule.title
        assert rule.why.endswith(".")
        assert bool(rule.bad) == bool(rule.good) != bool(rule.explanation), code
        assert len(rule.bad.splitlines()) <= 12
        assert len(rule.good.splitlines()) <= 12


ASKED = {
    "an unowned boundary": ("SL201",),
    "a device's timeout not above the hub's budget plus the network; slow-backend": ("SL203", "SL245"),
    "retries that amplify": ("SL212",),
    "keep-alive against NAT and staleness; online-but-deaf, two-day-fiction": ("SL213", "SL214", "SL234"),
    "buffer against outage, rate and flash wear; week-offline, wearing-out": ("SL205", "SL208", "SL215", "SL246", "SL250"),
    "reconnect spread against fleet size and accept rate; regional-power-cut, EMQX #4227, VerneMQ #809": ("SL206", "SL240"),
    "sequence wrap and uptime wrap against retention; erased-counter": ("SL216", "SL217"),
    "bandwidth and metered cost a day; weak-signal": ("SL218", "SL219", "SL220"),
    "RAM and flash of the device": ("SL221", "SL222"),
    "clock error against ordering needs; born-in-1970, lying-network": ("SL223", "SL224", "SL237"),
    "fault codes that collide or have no remedy; fault-traced": ("SL116", "SL225", "SL238", "SL247"),
    "a twin property without a conflict rule; offline-toggle, Ditto #696": ("SL226", "SL236"),
    "a command whose deadline is shorter than its way": ("SL227",),
    "an update larger than its slot, budget or battery; captive-portal, power-cut-anywhere": ("SL228", "SL229", "SL230", "SL235", "SL248"),
    "a certificate shorter than the longest time offline; expired-offline, iotedge #7321": ("SL202", "SL231"),
    "a message no one consumes": ("SL232",),
    "precision lost by scaling": ("SL123", "SL233"),
    "units that do not match their quantity": ("SL124", "SL125", "SL126"),
    "rate-limited; a back-off that grew to days (azure-iot-sdk-c #144), and one without jitter (#928)": ("SL207", "SL241", "SL242", "SL111"),
    "mixed-fleet; a meaning that changes (pymavlink #196)": ("SL306", "SL307", "SL308", "SL309", "SL321", "SL322", "SL323"),
    "node-goes-dark: silence that means nothing": ("SL249",),
    "raw-counts: two formulas, a formula of the wrong unit": ("SL122", "SL130", "SL131"),
    "personal data in the open": ("SL239",),
    "power states that forbid what is promised; a battery that does not last": ("SL243", "SL244"),
}  # fmt: skip
"""What the bad days and the trackers of the field name and a file can show, with the rules that show it."""


@pytest.mark.parametrize("failure", ASKED)
def test_every_failure_that_a_file_can_show_has_its_rule(failure):
    assert not set(ASKED[failure]) - RULES.keys()


def test_every_rule_between_sections_is_there_for_a_failure_that_was_named():
    named = {code for codes in ASKED.values() for code in codes}
    structural = {"SL204", "SL209", "SL210", "SL211"}  # records, frames and the growth of layouts: what the wire asks for
    assert {code for code in RULES if "SL2" < code < "SL3"} - named == structural
