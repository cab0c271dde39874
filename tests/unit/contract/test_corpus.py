"""Malformed contracts, each with the codes it must give and the exact places.

A case changes one piece of base.yaml. In the new piece, `«SL101»` marks the place where that problem must be
reported: the marks are taken out, and what load() says must be exactly the marked codes at the marked line and column.
"""

import re
from pathlib import Path

import pytest

from seamline.contract import ContractErrors, load, load_family, loads
from seamline.contract.limits import FILE_BYTES_MAX
from seamline.contract.rules import RULES

BASE = (Path(__file__).parent / "base.yaml").read_text(encoding="utf-8")
MARK = re.compile("«(SL[0-9]{3})»")


def unmarked(text):
    """Return the text without its marks, and the sorted (line, column, code) they stand for."""
    places, parts, done = [], [], 0
    for mark in MARK.finditer(text):
        parts.append(text[done : mark.start()])
        done = mark.end()
        before = "".join(parts)
        places.append((before.count("\n") + 1, len(before) - before.rfind("\n"), mark[1]))
    return "".join([*parts, text[done:]]), sorted(places)


def found(errors):
    return [(problem.span.line, problem.span.column, problem.code) for problem in errors.problems]


def check(marked, *, pure=False):
    text, places = unmarked(marked)
    with pytest.raises(ContractErrors) as caught:
        loads(text, "lamp.yaml", pure=pure)
    assert found(caught.value) == places
    for problem in caught.value.problems:
        assert re.fullmatch(r"lamp\.yaml:\d+:\d+ SL\d{3} .+", str(problem))
        assert problem.code in RULES
    return caught.value.problems


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
]

# (what of base.yaml, what instead)
MODEL = {
    "a word nobody knows": ("summary:", "«SL101»colour: red\nsummary:"),
    "a misspelt key": ("{base: 2 s, cap:", "«SL102»{base: 2 s, «SL101»cpa:"),
    "a merge key": ("summary:", "«SL101»<<: {a: b}\nsummary:"),
    "a key too much, deep down": ("bits: 12,", "bits: 12, «SL101»bit: 12,"),
    "a section missing": ("product: lamp\nversion", "«SL102»version"),
    "a contact missing": ("{team: Cloud, contact: cloud@example.com}", "«SL102»{team: Cloud}"),
    "a list where a mapping belongs": ("{devices_max: 1000, accept_rate: 100/s, recovery: 60 s}", "«SL103»[1000]"),
    "a mapping where a value belongs": ("drift: 50 ppm", "drift: «SL103»{ppm: 50}"),
    "a value where a list belongs": ("[hub, ntp]", "«SL103»hub"),
    "a value where a field belongs": ("- {name: mode, type: mode}", "- «SL103»mode"),
    "a key that is a list": ("summary:", "? «SL013»[a, b]\n: c\nsummary:"),
    "a key that is empty": ("summary:", "? «SL013»''\n: c\nsummary:"),
    "a key twice": ("summary:", "«SL009»version: 3.0.0\nsummary:"),
    "a value missing": ("jitter: full", "«SL104»jitter: "),
    "a section without anything": ("fleet: {devices_max: 1000, accept_rate: 100/s, recovery: 60 s}", "«SL104»fleet:"),
    "an empty list": ("reads: [light, state]", "reads: «SL104»[]"),
    "a number in quotes": ("batch_max: 12", 'batch_max: «SL105»"12"'),
    "a duration in quotes": ("cap: 10 min", "cap: «SL105»'10 min'"),
    "a product with a capital": ("product: lamp", "product: «SL106»Lamp"),
    "a product too long": ("product: lamp", "product: «SL106»" + "l" * 25),
    "a field name with a blank": ("name: drive", "name: «SL106»the drive"),
    "an owner with a dot": ("  cloud: {", "  «SL106»the.cloud: {"),
    "a version of two numbers": ("version: 2.1.0", "version: «SL107»2.1"),
    "a version with a zero in front": ("since: 2.0.0", "since: «SL107»2.00.0"),
    "an id of zero": ("id: 1\n", "id: «SL108»0\n"),
    "a count in words": ("attempts: 2", "attempts: «SL108»two"),
    "an octal-looking count": ("attempts: 2", "attempts: «SL108»02"),
    "an enum member of three bytes": ("300: far", "«SL108»70000: far"),
    "a keep-alive of half a second": ("value: 240 s", "value: «SL108»240500 ms"),
    "a keep-alive of a day": ("value: 240 s", "value: «SL108»24 h"),
    "a scale with an exponent": ("scale: 0.01", "scale: «SL109»1e-2"),
    "an end of a range in words": ("range: [0, 20]", "range: [0, «SL109»off]"),
    "a duration without unit": ("recovery: 60 s", "recovery: «SL110»60"),
    "a duration without blank": ("recovery: 60 s", "recovery: «SL110»60s"),
    "a lifetime without end": ("lifetime: 18 months", "lifetime: «SL110»forever"),
    "a duration of nothing": ("recovery: 60 s", "recovery: «SL110»0 s"),
    "a duration of eternity": ("recovery: 60 s", "recovery: «SL110»2000 months"),
    "a part of a millisecond": ("recovery: 60 s", "recovery: «SL110»0.5 ms"),
    "a sexagesimal": ("recovery: 60 s", "recovery: «SL110»22:30"),
    "a size in kB": ("capacity: 16 KiB", "capacity: «SL110»16 kB"),
    "a size of nothing": ("capacity: 16 KiB", "capacity: «SL110»0 B"),
    "a rate without slash": ("accept_rate: 100/s", "accept_rate: «SL110»100"),
    "a rate of nothing": ("accept_rate: 100/s", "accept_rate: «SL110»0/s"),
    "a drift beyond any clock": ("drift: 50 ppm", "drift: «SL110»200000 ppm"),
    "a budget without period": ("200 KiB/d", "«SL110»200 KiB"),
    "a count of publishes in seconds": ("after: 3 publishes", "after: «SL110»3 s"),
    "no publishes": ("after: 3 publishes", "after: «SL110»0 publishes"),
    "a voltage in Ohm": ("reference: 3.3 V", "reference: «SL110»3.3 Ohm"),
    "a resistance in Volt": ("divider: 10 kOhm", "divider: «SL110»10 V"),
    "no jitter": ("jitter: full", "jitter: «SL111»none"),
    "a store on tape": ("store: ram", "store: «SL111»tape"),
    "a calibration by feeling": ("kind: table", "kind: «SL111»feeling"),
    "yes for true": ("severity: critical", "severity: critical\n    latches: «SL112»yes"),
    "text of blanks": ("promise: custody", "promise: «SL113»'  '"),
    "text with a bell": ("promise: custody", 'promise: «SL113»"\\a"'),
    "a unit with a blank": ('unit: "%"', "unit: «SL113»per cent"),
    "a standard message with fields": ("standard: vitals/1,", "standard: vitals/1, fields: «SL114»[],"),
    "a standard message with a layout": ("standard: vitals/1,", "standard: vitals/1, layout: «SL114»2,"),
    "an owner nobody declared": ("{owner: cloud, after:", "{owner: «SL115»clown, after:"),
    "an unknown boundary owner": ("{owner: maker, promise:", "{owner: «SL115»makers, promise:"),
    "an unknown type": ("{name: mode, type: mode}", "{name: mode, type: «SL115»u12}"),
    "an unknown calibration": ("calibration: ntc", "calibration: «SL115»ptc"),
    "an unknown message to drop": ("oldest light]", "«SL115»oldest lihgt]"),
    "an unknown thing to read": ("[light, state]", "[light, «SL115»status]"),
    "a field twice": ("{name: mode, type: mode}", "«SL116»{name: drive, type: mode}"),
    "an id twice": ("id: 9", "id: «SL116»1"),
    "a source twice": ("[hub, ntp]", "[hub, «SL116»hub]"),
    "a message dropped twice": ("[vitals, oldest light]", "[vitals, light, «SL116»oldest light]"),
    "a fault code twice": ("state:\n", "  «SL116»79: {name: a, layer: adc, severity: info, meaning: b}\nstate:\n"),
    "a fault name twice": (
        "state:\n",
        "  1: {name: «SL116»lamp_open, layer: adc, severity: info, meaning: b}\nstate:\n",
    ),
    "an enum member twice": ("1: bright", "1: «SL116»off"),
    "an enum without members": ("{0: off, 1: bright}", "«SL104»{}"),
    "too many bad days": ("[week-offline, drop-mid-publish]", f"«SL117»[{', '.join(f'day-{n}' for n in range(65))}]"),
    "Seamline as product": ("product: lamp", "product: «SL118»seamline"),
    "an enum called like a type": ("  code: {0: none", "  u16: «SL118»{0: none"),
    "a field called like a column": ("{name: drive", "«SL118»{name: quality"),
    "a message called losses": ("faults:\n", "  «SL118»losses: {id: 3, standard: vitals/1, publish: {every: 1 h}}\nfaults:\n"),
    "a range backwards": ("range: [0, 20]", "range: «SL119»[20, 0]"),
    "a range of one number": ("range: [0, 20]", "range: «SL119»[20]"),
    "a scale of zero": ("scale: 0.01", "scale: «SL120»0.0"),
    "a scaled enum": ("{name: mode, type: mode}", "{name: mode, type: mode, scale: «SL121»0.1}"),
    "a bool with a unit": ("type: bool", "type: bool, unit: «SL121»W"),
    "a calibrated scale": ("calibration: ntc", "calibration: ntc, scale: «SL122»2"),
    "a range too wide for its type": ("range: [0, 20]", "range: «SL123»[0, 2000]"),
    "a range between two steps": ('scale: 0.5, unit: "%", range: [0, 100]', "scale: 10, unit: W, range: «SL123»[1, 2]"),
    "an alias": ("recovery: 60 s", "recovery: «SL010»*minute"),
    "an anchor": ("recovery: 60 s", "recovery: «SL010»&minute 60 s"),
    "an alias as a key": ("summary:", "«SL010»*a : b\nsummary:"),
    "a tag": ("attempts: 2", "attempts: «SL011»!!int 2"),
    "a tagged mapping": ("update:", "update: «SL011»!thing"),
    "a value without end": ("summary: The smallest", "summary: «SL006»" + "x" * 4097),
}
TOO_MANY = ", ".join(f"{{name: f{n}, type: u8}}" for n in range(65))
MESSAGES = BASE[BASE.index("messages:") : BASE.index("faults:")]
FIELDS = BASE[BASE.index("    fields:") : BASE.index("  vitals:")]
MODEL["too many fields"] = (FIELDS, f"    fields: «SL117»[{TOO_MANY}]\n")

CROSS = {
    "a boundary without owner": ("{owner: maker, promise: custody,", "«SL201»{promise: custody,"),
    "a renewal after the end": ("renew_at: 12 months", "renew_at: «SL202»18 months"),
    "a device less patient than the hub is slow": ("value: 12 s", "value: «SL203»7 s"),
    "a batch larger than a frame": ("batch_max: 12", "batch_max: «SL204»600"),
    "a message without a drop rule": ("[vitals, oldest light]", "«SL205»[vitals]"),
    "a fleet that cannot come back": ("recovery: 60 s", "recovery: «SL206»19 s"),
    "a cap below the base": ("cap: 10 min", "cap: «SL207»1 s"),
    "an outage larger than the buffer": ("capacity: 16 KiB", "capacity: «SL208»2 KiB"),
    "a field from the future": (
        "{name: seen, type: bool, since: 2.0.0}",
        "«SL209»{name: seen, type: bool, since: 3.0.0}",
    ),
    "records that expire unsent": ("expires: 7 d", "expires: «SL211»60 s"),
    "a new field before an old one": (
        "{name: mode, type: mode}\n      - {name: seen,",
        "{name: mode, type: mode, since: 2.1.0}\n      - «SL210»{name: seen,",
    ),
}
CASES = MODEL | CROSS


def edited(old, new):
    assert BASE.count(old) == 1, f"{old!r} must occur once in base.yaml"
    return BASE.replace(old, new)


def test_the_base_itself_has_no_problem():
    assert loads(BASE).reference == "lamp/2.1.0"


@pytest.mark.parametrize("pure", [False, True], ids=["c", "pure"])
@pytest.mark.parametrize("marked", SYNTAX, ids=range(len(SYNTAX)))
def test_text_that_is_not_strict_yaml_is_refused_where_it_breaks(marked, pure):
    check(marked, pure=pure)


@pytest.mark.parametrize("pure", [False, True], ids=["c", "pure"])
@pytest.mark.parametrize("name", CASES)
def test_a_malformed_contract_gives_its_code_at_its_place(name, pure):
    check(edited(*CASES[name]), pure=pure)


@pytest.mark.parametrize("pure", [False, True], ids=["c", "pure"])
@pytest.mark.parametrize("escape", [r"\ud800", r"\U00110000", r"\xzz", r"\q"])
def test_an_escape_that_is_no_character_is_refused(escape, pure):
    with pytest.raises(ContractErrors) as caught:
        loads(f'summary: "{escape}"\n', pure=pure)
    assert [(problem.code, problem.span.line) for problem in caught.value.problems] == [("SL001", 1)]


@pytest.mark.parametrize("marked", ["a: {b: is it?}\n", "a: [is it?, no]\n", "{a?: b}\n"])
def test_a_bare_question_mark_in_brackets_is_refused_because_readers_differ(marked):
    for pure in (False, True):
        with pytest.raises(ContractErrors) as caught:
            loads(marked, pure=pure)
        assert [(problem.code, problem.span.line) for problem in caught.value.problems] == [("SL001", 1)]


def test_a_question_mark_in_quotes_or_outside_brackets_is_fine():
    loads(edited("promise: custody", 'promise: "custody?"').replace("The smallest", "Smallest?"))


def test_sections_that_may_be_left_out_can_be_left_out():
    text = BASE.replace("  network: {owner: maker, p99: 3 s}\n", "").replace("accept_rate: 100/s", "accept_rate: 1000/s")
    start, end = text.index("update:"), text.index("consumers:")
    text = text[:start] + text[end:].replace("reads: [light, state]", "reads: [faults]")
    text = text.replace("body: {times: {type: u8, range: [1, 9]}}, ", "").replace(", result: {ends_at: time}", "")
    contract = loads(text)
    assert (contract.update, contract.identity, contract.timing.network_ms) == (None, None, 3000)
    assert (contract.commands["blink"].body, contract.commands["blink"].result) == ({}, {})
    with pytest.raises(ContractErrors) as caught:
        loads(text.replace("value: 12 s", "value: 6 s"))
    assert [len(problem.related) for problem in caught.value.problems] == [1]


def test_a_product_without_messages_is_refused():
    with pytest.raises(ContractErrors) as caught:
        loads(BASE.replace(MESSAGES, "messages: {}\n"))
    assert [problem.code for problem in caught.value.problems] == ["SL104", "SL115", "SL115", "SL115"]


def test_all_problems_of_a_file_are_reported_at_once():
    text = edited("value: 12 s", "value: «SL203»7 s")
    text = text.replace("store: ram", "store: «SL111»tape").replace("jitter: full", "jitter: «SL105»'full'")
    check(text.replace("summary:", "«SL101»sumary:", 1).replace("product", "«SL102»product", 1))


def test_one_mistake_in_a_section_gives_no_second_message_from_its_checks():
    check(edited("answer_timeout: {owner: maker, value: 12 s}", "answer_timeout: {owner: «SL115»nobody, value: 1 s}"))


def test_a_flood_of_problems_is_cut_and_says_so():
    text = BASE + "".join(f"zz{n}: 1\n" for n in range(5000))
    with pytest.raises(ContractErrors) as caught:
        loads(text)
    assert len(caught.value.problems) == 201
    assert caught.value.problems[-1].code == "SL015"


@pytest.mark.parametrize(
    ("data", "place"),
    [
        (b"a" * (FILE_BYTES_MAX + 1), (1, 1, "SL003")),
        (b"product: lamp\nsummary: \xc3\xa4\xff\n", (2, 11, "SL007")),
    ],
)
def test_bytes_that_are_no_contract_are_refused(tmp_path, data, place):
    path = tmp_path / "contract.yaml"
    path.write_bytes(data)
    with pytest.raises(ContractErrors) as caught:
        load(path)
    assert found(caught.value) == [place]


@pytest.mark.parametrize("name", ["missing.yaml", "."])
def test_a_file_that_cannot_be_read_is_named(tmp_path, name):
    with pytest.raises(ContractErrors) as caught:
        load(tmp_path / name)
    assert found(caught.value) == [(1, 1, "SL002")]
    assert str(tmp_path) in str(caught.value)


def grown(text):
    return text.replace("layout: 4", "layout: 5")


def family(tmp_path, old, new):
    (tmp_path / "released").mkdir()
    (tmp_path / "released" / "2.0.0.yaml").write_text(old, encoding="utf-8")
    (tmp_path / "contract.yaml").write_text(new, encoding="utf-8")
    return tmp_path


OLD = BASE.replace("version: 2.1.0", "version: 2.0.0")
EVOLVED = {
    "another product": (
        OLD.replace("product: lamp", "product: «SL301»torch"),
        BASE,
    ),
    "a misnamed release that is newer": (BASE.replace("version: 2.1.0", "version: «SL302»«SL303»2.2.0"), BASE),
    "a released version that was edited": (
        BASE.replace("version: 2.1.0", "version: «SL302»2.1.0"),
        BASE.replace("version: 2.1.0", "version: «SL304»2.1.0").replace("cap: 10 min", "cap: 9 min"),
    ),
    "a name with another id": (OLD, BASE.replace("id: 9", "id: «SL305»8")),
    "an id with another name": (
        OLD,
        BASE.replace("vitals: {id: 9", "health: {id: «SL305»9").replace("[vitals,", "[health,"),
    ),
    "a layout that changed under its number": (
        OLD,
        BASE.replace("layout: 4", "layout: «SL306»4").replace("scale: 0.01", "scale: 0.02"),
    ),
    "a field removed": (
        OLD,
        grown(BASE)
        .replace("- {name: drive, type: i16, scale: 0.01, offset: 5, unit: W, range: [0, 20]}\n      ", "")
        .replace("{name: mode, type: mode}", "«SL307»{name: mode, type: mode}"),
    ),
    "the last field removed": (
        OLD,
        grown(BASE)
        .replace("      - {name: seen, type: bool, since: 2.0.0}\n", "")
        .replace("- {name: warmth", "«SL307»- {name: warmth"),
    ),
    "a field of another type": (
        OLD,
        grown(BASE).replace("{name: drive, type: i16", "«SL308»{name: drive, type: i32"),
    ),
    "a field of another scale": (
        OLD,
        grown(BASE).replace("{name: drive, type: i16, scale: 0.01", "«SL309»{name: drive, type: i16, scale: 0.02"),
    ),
    "a calibration with other terms": (
        OLD,
        grown(BASE).replace("bits: 12", "bits: 14").replace("{name: warmth", "«SL309»{name: warmth"),
    ),
    "an enum member renamed": (
        OLD,
        grown(BASE).replace("1: bright", "1: dim").replace("{name: mode, type", "«SL309»{name: mode, type"),
    ),
    "an enum no more": (OLD, grown(BASE).replace("{name: mode, type: mode}", "«SL309»{name: mode, type: u8}")),
}


@pytest.mark.parametrize("name", EVOLVED)
def test_versions_that_cannot_live_side_by_side_are_refused(tmp_path, name):
    old, new = EVOLVED[name]
    (old, in_old), (new, in_new) = unmarked(old), unmarked(new)
    with pytest.raises(ContractErrors) as caught:
        load_family(family(tmp_path, old, new))
    places = {str(tmp_path / "contract.yaml"): in_new, str(tmp_path / "released" / "2.0.0.yaml"): in_old}
    for file, expected in places.items():
        assert [
            (problem.span.line, problem.span.column, problem.code)
            for problem in caught.value.problems
            if problem.span.file == file
        ] == expected


def test_a_broken_release_and_a_broken_contract_are_reported_together(tmp_path):
    folder = family(tmp_path, OLD.replace("ram", "tape"), BASE.replace("ram", "tape"))
    with pytest.raises(ContractErrors) as caught:
        load_family(folder)
    assert [Path(problem.span.file).name for problem in caught.value.problems] == ["contract.yaml", "2.0.0.yaml"]


def test_too_many_releases_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("seamline.contract.family.RELEASES_MAX", 0)
    with pytest.raises(ContractErrors) as caught:
        load_family(family(tmp_path, OLD, BASE))
    assert [problem.code for problem in caught.value.problems] == ["SL117"]


def test_every_rule_has_a_case_in_this_corpus():
    texts = [*SYNTAX, *(new for _, new in CASES.values()), *(text for pair in EVOLVED.values() for text in pair)]
    met = {code for text in texts for code in MARK.findall(text)}
    assert met | {"SL002", "SL003", "SL007", "SL015"} == set(RULES)
