"""A rule between sections says nothing where one of them was not understood, and nothing about what only looks wrong."""

import re

import pytest
from tests.unit.contract.corpus import crossing, events
from tests.unit.contract.corpus.marks import MARK, edited, unmarked

from seamline.contract import ContractErrors, loads
from seamline.contract.checks.words import rounded, size, sizes_apart, spoken
from seamline.contract.rules import RULES

CASES = crossing.CASES | events.CASES
COMPARED = {
    "SL202": "identity",
    "SL203": "timing",
    "SL204": "messages",
    "SL205": "messages buffer",
    "SL206": "fleet",
    "SL207": "backoff",
    "SL208": "messages buffer",
    "SL209": "messages",
    "SL210": "messages",
    "SL211": "messages",
    "SL212": "timing fleet",
    "SL213": "timing messages",
    "SL214": "timing messages consumers",
    "SL215": "messages buffer device",
    "SL216": "messages buffer consumers",
    "SL217": "buffer device",
    "SL218": "fleet messages timing",
    "SL219": "fleet messages timing",
    "SL220": "fleet messages timing",
    "SL221": "messages buffer device",
    "SL222": "buffer device update",
    "SL223": "clock",
    "SL224": "clock consumers state",
    "SL225": "faults",
    "SL227": "timing power commands",
    "SL228": "update",
    "SL229": "update",
    "SL230": "update power fleet",
    "SL231": "identity buffer",
    "SL232": "messages consumers",
    "SL233": "messages state",
    "SL234": "timing messages",
    "SL235": "update",
    "SL236": "timing power state",
    "SL237": "clock",
    "SL238": "faults boundaries",
    "SL239": "boundaries",
    "SL240": "fleet messages",
    "SL241": "backoff busy buffer",
    "SL242": "backoff busy buffer",
    "SL243": "power",
    "SL244": "power update",
    "SL245": "timing boundaries",
    "SL246": "buffer",
    "SL247": "faults",
    "SL248": "power update",
    "SL249": "messages",
    "SL250": "messages buffer",
    "SL251": "backoff timing",
    "SL252": "clock commands state",
    "SL253": "update",
}
"""What each rule compares; SL201 and SL226 are said while their section is read."""
OF_OTHERS = {"owners": COMPARED.keys(), "boundaries": {"SL212", "SL213", "SL245"}, "calibrations": (), "enums": ()}
"""Sections that others refer to: what a mistake there does to the rules about those is their matter, not this test's."""
SECTION = re.compile(r"^([a-z]+): ?(\{|\n)", re.MULTILINE)


def codes(text):
    try:
        loads(text)
    except ContractErrors as errors:
        return {problem.code for problem in errors.problems}
    return set()


def sections(text):
    return [found[1] for found in SECTION.finditer(text)]


def spoilt(text, section):
    """The text with a mistake in a section: a key that it does not have, or an entry that is none."""
    return re.sub(
        rf"^{section}: ?(\{{|\n)",
        lambda found: found[0] + ("zz: 1, " if found[1] == "{" else "  zz: 1\n"),
        text,
        flags=re.MULTILINE,
    )


def first_with(code):
    return next(unmarked(edited(*case))[0] for case in CASES.values() if code in MARK.findall("".join(case[1::2])))


@pytest.mark.parametrize("code", COMPARED)
def test_a_rule_is_silent_exactly_where_a_section_that_it_compares_was_not_understood(code):
    text = first_with(code)
    assert code in codes(text)
    seen = set()
    for section in sections(text):
        found = codes(spoilt(text, section))
        assert found, f"a mistake in {section} is told"
        if section not in OF_OTHERS or section in COMPARED[code].split():
            assert (code in found) != (section in COMPARED[code].split()), section
            seen.add(section)
    assert seen >= set(COMPARED[code].split()) & set(sections(text))


def test_every_rule_between_sections_names_what_it_compares():
    assert {code for code in RULES if code[2] == "2"} - COMPARED.keys() == {"SL201", "SL226"}


LATCHES = "layer: adc\n"
UPDATE = (
    "update:\n  slots: {count: 2, size: 1.5 MiB}\n  healthy_when: [boots]\n  attempts: 2\n  bytes: 200 KiB/d\n  power: mains\n"
)
EVENTS = ("    sample: 10 s\n", "    when: event\n    at_most: 10/h\n", "every: 60 s, ", "")


def fed(source, states="{on: {may: [measure, publish, update], current: 1 mA}}", more=""):
    return "clock: {", f"power: {{source: {source}, {more}states: {states}}}\nclock: {{"


SMALL = "battery: {capacity: 1 mAh, life: 1 h}, "
SLOW = ("recovery: 60 s", "recovery: 60 s, link_rate: 8 kbit/s")


def loaded(power):
    return "  power: mains\n", f"  power: {power}\n  image: 1 MiB\n"


def waiting(one, two, at="radio-broker"):
    entries = f"  one: {{owner: maker, boundary: radio-broker, {one}}}\n  two: {{owner: maker, boundary: {at}, {two}}}\n"
    return "backoff: {", entries + "backoff: {"


def crossed(encryption, authentication, data):
    security = f"security: {{authentication: {authentication}, encryption: {encryption}, data: {data}}},"
    return "promise: custody,", f"promise: custody, {security}"


RIGHT = {
    "a source that nobody blocks": ("[hub, ntp]", "[gnss]"),
    "a clock chip that never forgets": (
        "[hub, ntp], drift: 50 ppm, resets: on power loss",
        "[rtc], drift: 50 ppm, resets: never",
    ),
    "a drift of nothing": ("drift: 50 ppm", "drift: 0 ppm, sync_every: 1200 months"),
    "an information without a remedy": (
        *("    severity: critical\n", "    severity: info\n"),
        *("    support: Replace the lamp\n", ""),
    ),
    "a remedy for users alone": ("    support: Replace the lamp\n", "    user: Replace the lamp\n"),
    "a fault that latches, holds and is cleared": (
        LATCHES,
        LATCHES + "    latches: true\n    holds: the output\n    clears: by hand\n",
    ),
    "public data in the open": crossed("none", "none", "Public"),
    "no data in the open": crossed("cleartext", "no", "none"),
    "a failure that raises a fault": ("promise: custody,", "promise: custody, on_failure: fault lamp_open,"),
    "a failure that raises a fault and goes on": (
        "promise: custody,",
        'promise: custody, on_failure: "fault lamp_open; then off",',
    ),
    "a failure that raises nothing": ("promise: custody,", "promise: custody, on_failure: the fault is shown,"),
    "a product without consumers": ("consumers:\n  support: {reads: [light, vitals, state], window: 7 d, within: 2 s}\n", ""),
    "the newest value of what nobody confirms": (*(", confirm_within: 2 min", "", "error_max: 2 s", "error_max: 290 s"),),
    "a wish that never expires": (" expires: 1 d,", ""),
    "the hub's time for a chip that never forgets": (
        "[hub, ntp], drift: 50 ppm, resets: on power loss",
        "[hub], drift: 50 ppm, resets: never",
    ),
    "the sky's time for a chip that never forgets": (
        "[hub, ntp], drift: 50 ppm, resets: on power loss",
        "[gnss], drift: 50 ppm, resets: never",
    ),
    "another rule by clocks that differ": (*("conflict: newest", "conflict: cloud_wins", "error_max: 2 s", "error_max: 290 s"),),
    "a durable buffer in flash": ("store: ram", "store: flash, durable: true"),
    "a flash whose wear nobody knows": (
        "clock: {",
        "device: {ram: 1 MiB, flash: 8 MiB, page: 4 KiB}\nclock: {",
        "store: ram",
        "store: flash",
    ),
    "a flash whose pages nobody knows": (
        *("clock: {", "device: {ram: 1 MiB, flash: 8 MiB, erase_cycles: 1}\nclock: {"),
        *("store: ram", "store: flash"),
    ),
    "a flash that nothing is written to": (
        "clock: {",
        "device: {ram: 1 MiB, flash: 8 MiB, page: 4 KiB, erase_cycles: 1}\nclock: {",
    ),
    "a device without updates": (  # the core is in flash, and no slot
        *("clock: {", "device: {ram: 1 MiB, flash: 38500 B}\nclock: {"),
        *(UPDATE, ""),
    ),
    "an update on whatever there is": (*fed("battery"), "  power: mains\n", "  power: any\n"),
    "an update on mains of both": fed("both"),
    "an update on the battery of both": (*fed("both"), "  power: mains\n", "  power: battery\n"),
    "no state for updates that there are not": (*fed("mains", "{on: {may: [measure, publish], current: 1 mA}}"), UPDATE, ""),
    "a battery without a current": (
        *fed("battery", "{on: {may: [measure, publish], current: 0 uA}}", "battery: {capacity: 1 uAh, life: 9 d}, "),
        *(UPDATE, ""),
    ),
    "a state for each activity": fed(
        "mains", "{one: {may: [measure], current: 1 mA}, two: {may: [publish, update], current: 9 mA}}"
    ),
    "a product without certificates": ("identity: {lifetime: 18 months, renew_at: 12 months, claim: factory}\n", ""),
    "an image over a link of any rate": (*fed("both", more=SMALL), *loaded("any")),
    "an image of no size": (*fed("both", more=SMALL), *SLOW, "  power: mains\n", "  power: any\n"),
    "an image on mains, and no battery": (*fed("mains"), *SLOW, *loaded("any")),
    "an image on whatever there is": (*SLOW, *loaded("any")),
    "an image on mains, and a battery": (*fed("both", more=SMALL), *SLOW, *loaded("mains")),
    "data that costs without a limit": ("recovery: 60 s", "recovery: 60 s, data_cost: 99 EUR/MiB"),
    "a limit of costs without a price": ("recovery: 60 s", "recovery: 60 s, cost_max: 0.01 EUR/month"),
    "two waits and no timeout": waiting("kind: budget, p99: 9 h", "kind: period, value: 1 ms"),
    "a timeout of another boundary": (
        *("boundaries:\n", "boundaries:\n  hub-app: {owner: cloud, promise: an age}\n"),
        *waiting("kind: budget, p99: 9 h", "kind: timeout, value: 1 ms", at="hub-app"),
    ),
    "a reader of none of what comes late": (
        "consumers:\n",
        "consumers:\n  app: {reads: [faults], within: 1 s, fresh: 1 s}\n",
    ),
    "numbers that come back in a window on another message": (
        *("sample: 10 s", "sample: 1 ms", "16 KiB", "1 GiB"),
        *("consumers:\n", "consumers:\n  app: {reads: [vitals], window: 60 d, within: 1 s}\n"),
    ),
    "an event that never expires": (*EVENTS, ", expires: 7 d", ""),
    "a message of a period that expires within the outage": ("expires: 7 d", "expires: 2 min"),
    "two fields of one version": ("{name: mode, type: mode}", "{name: mode, type: mode, since: 2.0.0}"),
    "a scale that hits both ends": ("range: [0, 100]", "range: [0.5, 99.5]"),
    "a negative scale": ("scale: 0.5", "scale: -0.5, offset: 100"),
}


@pytest.mark.parametrize("name", RIGHT)
def test_what_only_looks_wrong_is_right(name):
    assert codes(edited(*RIGHT[name])) == set()


WRONG = {
    "a chip that never forgets beside one that is blocked": (
        "SL237",
        "[hub, ntp]",
        "[ntp]",
        "resets: on power loss",
        "resets: never",
    ),
    "a remedy for nobody": ("SL225", "    support: Replace the lamp\n", "    clears: by hand\n    latches: true\n"),
    "a fault that holds, is cleared and does not latch": (
        "SL247",
        LATCHES,
        LATCHES + "    holds: the output\n    clears: by hand\n",
    ),
    "plain words for none": ("SL239", *crossed("Cleartext", "TLS", "Personal")),
    "no for none": ("SL239", *crossed("TLS", "NO", "personal")),
    "plain for none": ("SL239", *crossed("plain", "TLS", "personal")),
    "an unknown fault before a full stop": (
        "SL238",
        "promise: custody,",
        "promise: custody, on_failure: fault dark. It goes off,",
    ),
    "a device without updates or room": ("SL222", "clock: {", "device: {ram: 1 MiB, flash: 38499 B}\nclock: {", UPDATE, ""),
    "an update that empties the battery": ("SL230", *fed("both", more=SMALL), *SLOW, *loaded("battery")),
    "an update that no state allows": (
        "SL244",
        *fed("both", "{on: {may: [measure, publish], current: 1 mA}}", SMALL),
        *SLOW,
        *loaded("any"),
    ),
}
"""The code, and what of base.yaml and what instead."""


@pytest.mark.parametrize("name", WRONG)
def test_what_only_looks_right_is_wrong(name):
    code, *pieces = WRONG[name]
    assert codes(edited(*pieces)) == {code}


@pytest.mark.parametrize(
    ("count", "words"),
    [(0, "0 B"), (1, "1 B"), (1023, "1023 B"), (1024, "1 KiB"), (1025, "1 KiB"), (1280, "1.25 KiB"), (102_400, "100 KiB"),
     (1 << 20, "1 MiB"), ((1 << 20) - 1, "1024 KiB"), (3 << 19, "1.5 MiB"), (1 << 30, "1 GiB"), (5 << 40, "5120 GiB")],
)  # fmt: skip
def test_a_size_is_told_in_the_largest_unit_that_it_fills(count, words):
    assert size(count) == words


@pytest.mark.parametrize(
    ("first", "second", "words"),
    [
        (2048, 1024, ("2 KiB", "1 KiB")),
        ((1 << 20) + 1, 1 << 20, ("1048577 B", "1048576 B")),
        (1 << 20, (1 << 20) - 1, ("1 MiB", "1024 KiB")),
        (6_144_001, 6_144_000, ("6144001 B", "6144000 B")),
    ],
)
def test_two_sizes_that_differ_are_told_apart(first, second, words):
    assert sizes_apart(first, second) == words


@pytest.mark.parametrize(
    ("ms", "words"),
    [(0, "0 ms"), (999, "999 ms"), (1000, "1 s"), (59_000, "59 s"), (60_000, "1 min"), (90_000, "90 s"), (3_600_000, "1 h"),
     (5_400_000, "90 min"), (86_400_000, "1 d"), (90_000_000, "25 h"), (86_400_001, "86400001 ms")],
)  # fmt: skip
def test_a_duration_that_was_reckoned_is_told_in_its_largest_whole_unit(ms, words):
    assert spoken(ms) == words


@pytest.mark.parametrize(
    ("ms", "words"),
    [
        (1, "1 s"),
        (65_536, "66 s"),
        (172_799_999, "172800 s"),
        (172_800_000, "2.0 d"),
        (1 << 32, "49.7 d"),
        (259_200_000, "3.0 d"),
    ],
)
def test_a_time_until_numbers_come_back_is_told_in_days_from_two_on(ms, words):
    assert rounded(ms) == words


CLOSE = {
    "a slot": ("1572865 B does not fit a slot of 1572864 B", "attempts: 2", "attempts: 2\n  image: 1572865 B"),
    "attempts": (
        "= 6144002 B, more than 6144000 B a month",
        "attempts: 2",
        "attempts: 2\n  image: 3072001 B",
        "1.5 MiB",
        "4 MiB",
    ),
    "RAM": ("need 81764 B of RAM, the device has 81763 B", "clock: {", "device: {ram: 81763 B, flash: 8 MiB}\nclock: {"),
    "flash": (
        "need 3145728 B of flash, the device has 3145727 B",
        "clock: {",
        "device: {ram: 1 MiB, flash: 3145727 B}\nclock: {",
    ),
    "data": ("29744640 B a month, more than its 29744639 B", "recovery: 60 s", "recovery: 60 s, data_budget: 29744639 B/month"),
    "price": (
        "29.75 EUR, more than 29.744639 EUR",
        "recovery: 60 s",
        "recovery: 60 s, data_cost: 1.048576 EUR/MiB, cost_max: 29.744639 EUR/month",
    ),
    "link": ("92 bit/s of a link of 183 bit/s, more than 50%", "recovery: 60 s", "recovery: 60 s, link_rate: 183 bit/s"),
    "battery": (
        "last 363.8 d, less than 364 d",
        *fed(
            "both",
            "{on: {may: [measure, publish, update], current: 80 mA, daily: 5 min}, off: {current: 20 uA}}",
            "battery: {capacity: 2600 mAh, life: 364 d}, ",
        ),
    ),
    "flash life": (
        "years of flash life: 9.8, less than 9.9",
        "buffer: {outage: 1 h, capacity: 16 KiB, store: ram",
        (
            "device: {ram: 1 MiB, flash: 8 MiB, page: 4 KiB, erase_cycles: 1382399}\n"
            "buffer: {outage: 1 h, capacity: 16 KiB, store: flash"
        ),
    ),
}
"""What is said where two quantities are as near as they can be, and what of base.yaml and what instead."""


@pytest.mark.parametrize("name", CLOSE)
def test_a_quantity_that_is_too_large_by_the_least_is_not_told_as_the_same(name):
    words, *pieces = CLOSE[name]
    with pytest.raises(ContractErrors) as caught:
        loads(edited(*pieces))
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("after", "cause"), [("3 publishes", "timing.presumed_lost.after"), ("7 publishes", "timing.keep_alive.value")]
)
def test_what_makes_a_presence_old_is_the_sooner_of_the_two_that_notice(after, cause):
    text = edited(
        "after: 3 publishes", f"after: {after}", "consumers:\n", "consumers:\n  app: {reads: [state], within: 1 s, fresh: 1 s}\n"
    )
    with pytest.raises(ContractErrors) as caught:
        loads(text)
    ((place, _),) = caught.value.problems[0].related
    section, key, value = cause.split(".")
    line = text.split("\n")[place.line - 1]
    assert line.strip().startswith(f"{key}: {{"), section
    assert line[: place.column - 1].endswith(f"{value}: ")
