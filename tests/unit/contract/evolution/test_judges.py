"""Changes that are breaking only sometimes: from which value on, for whom, and in which words."""

import pytest
from tests.unit.contract.evolution.test_compare import BASE, BOTH, NEW_FIRMWARE, OLD_FIRMWARE

from seamline.contract import loads
from seamline.contract.evolution.compare import compare, compare_layouts

GROWN = ("layout: 4", "layout: 5")
WARMTH = "{name: warmth, type: u16, calibration: ntc, unit: Cel, range: [-20, 60]}"
DRIVE = "{name: drive, type: i16, scale: 0.01, offset: 5, unit: W, range: [0, 20]}"
MODE, SEEN = "{name: mode, type: mode}", "- {name: seen, type: bool, since: 2.0.0}"
BLINK = "blink: {body"
ALARM = ("messages:\n", "flags:\n  alarm: {0: hot, 1: open}\n  alert: {0: hot, 1: open, 2: wet}\n  wet: {0: wet}\nmessages:\n")
ENUMS = ("enums:", "enums:\n  mood: {0: off, 1: bright, 2: dim}\n  less: {0: off}\n  other: {0: off, 1: dim}")


def contract(version, *pieces):
    text = BASE.replace("version: 2.1.0", f"version: {version}")
    for old, new in pieces:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    return loads(text)


def judged(path, *pieces, before=()):
    """(whether it is breaking, for whom, why) of the one change at a path, from base.yaml with `before` to it with these pieces."""
    (found,) = (each for each in compare(contract("2.1.0", *before), contract("2.2.0", *pieces)) if each.path == path)
    return found.breaking, found.direction, found.reason


GIVES_UP = "firmware gives up before the {} hub must have answered, and sends again"
STEPS = [
    # what the new hub may take, 3 s and this, against the 12 s that old firmware waits
    ("timing.commit_budget.p99", [("p99: 4 s", "p99: 8999 ms"), ("value: 12 s", "value: 13 s")],
     (False, BOTH, "each firmware still waits longer than either hub may take")),
    ("timing.commit_budget.p99", [("p99: 4 s", "p99: 9 s"), ("value: 12 s", "value: 13 s")],
     (True, OLD_FIRMWARE, f"old {GIVES_UP.format('new')}")),
    ("timing.network.p99", [("p99: 3 s", "p99: 8 s"), ("value: 12 s", "value: 13 s")],
     (True, OLD_FIRMWARE, f"old {GIVES_UP.format('new')}")),
    # what the old hub may take, 7 s, against what new firmware waits
    ("timing.answer_timeout.value", [("p99: 4 s", "p99: 3 s"), ("value: 12 s", "value: 7001 ms")],
     (False, BOTH, "each firmware still waits longer than either hub may take")),
    ("timing.answer_timeout.value", [("p99: 4 s", "p99: 3 s"), ("value: 12 s", "value: 7 s")],
     (True, NEW_FIRMWARE, f"new {GIVES_UP.format('old')}")),
    # 100 connects a second in half of the 60 s that old firmware knows
    ("fleet.devices_max", [("devices_max: 1000", "devices_max: 3000")],
     (False, BOTH, "old firmware's spread is slow enough for the new cloud")),
    ("fleet.devices_max", [("devices_max: 1000", "devices_max: 3001"), ("recovery: 60 s", "recovery: 2 min")],
     (True, OLD_FIRMWARE, "old firmware comes back faster than the new cloud accepts it")),
    ("fleet.accept_rate", [("accept_rate: 100/s", "accept_rate: 34/s")],
     (False, BOTH, "old firmware's spread is slow enough for the new cloud")),
    ("fleet.accept_rate", [("accept_rate: 100/s", "accept_rate: 33/s"), ("recovery: 60 s", "recovery: 2 min")],
     (True, OLD_FIRMWARE, "old firmware comes back faster than the new cloud accepts it")),
    # an image counts where it is known, the slot where it is not
    ("update.slots.size", [("size: 1.5 MiB", "size: 2 MiB"), ("attempts: 2", "attempts: 2\n  image: 1.5 MiB")],
     (False, OLD_FIRMWARE, "the largest new image fits the slot of devices made before")),
    ("update.slots.size", [("size: 1.5 MiB", "size: 2 MiB"), ("attempts: 2", "attempts: 2\n  image: 1572865 B")],
     (True, OLD_FIRMWARE, "the largest new image does not fit the slot of devices made before")),
    ("update.image", [("attempts: 2", "attempts: 2\n  image: 1 MiB")],
     (False, OLD_FIRMWARE, "the largest new image fits the slot of devices made before")),
    ("update.slots.size", [("size: 1.5 MiB", "size: 1573 KiB")],
     (True, OLD_FIRMWARE, "the largest new image does not fit the slot of devices made before")),
    # what somebody may ask for, in halves
    ("state.level.range", [("range: [0, 100]", "range: [0, 99.5]")],
     (True, NEW_FIRMWARE, "it refuses what could be asked before, and may still be waiting")),
    ("state.level.range", [("range: [0, 100]", "range: [0.5, 100]")],
     (True, NEW_FIRMWARE, "it refuses what could be asked before, and may still be waiting")),
    ("state.level.range", [("range: [0, 100]", "range: [0, 100.5]")],
     (False, OLD_FIRMWARE, "the hub asks each device within the range of its own contract")),
]  # fmt: skip


@pytest.mark.parametrize(("path", "pieces", "verdict"), STEPS, ids=[f"{n}-{step[0]}" for n, step in enumerate(STEPS)])
def test_a_change_breaks_from_where_the_sides_no_longer_agree(path, pieces, verdict):
    assert judged(path, *pieces) == verdict


NEWER_LAYOUT = (False, NEW_FIRMWARE, "a hub that does not know the layout yet keeps such frames in quarantine until it does")


@pytest.mark.parametrize(
    ("path", "pieces", "verdict"),
    [
        ("fields.new", [(SEEN, f"{SEEN}\n      - {{name: new, type: u8, since: 2.2.0}}")], NEWER_LAYOUT),
        (
            "fields.new",
            [(f"- {DRIVE}", f"- {{name: new, type: u8}}\n      - {DRIVE}")],
            (True, BOTH, "new fields come last: everything behind this one means another field"),
        ),
    ],
)
def test_only_a_field_behind_all_others_leaves_them_where_they_were(path, pieces, verdict):
    assert judged(f"messages.light.{path}", GROWN, *pieces) == verdict


def test_bits_that_move_are_named():
    wider = (f"- {MODE}", f"- {{reserved: 8}}\n      - {MODE}")
    (found,) = (each for each in compare(contract("2.1.0"), contract("2.2.0", GROWN, wider)) if "moves bits" in each.reason)
    assert found.reason == "it moves bits of fields that were there before: mode, seen"
    assert (found.breaking, found.direction) == (True, BOTH)


@pytest.mark.parametrize(
    ("name", "verdict"),
    [
        ("mood", (False, NEW_FIRMWARE, "the other set has the same members")),
        ("less", (True, BOTH, "its numbers mean other members, or none")),
        ("other", (True, BOTH, "its numbers mean other members, or none")),
        ("u8", (True, BOTH, "its numbers mean other members, or none")),
    ],
)
def test_another_enum_is_the_same_when_it_has_every_member_unchanged(name, verdict):
    assert (
        judged("messages.light.fields.mode.type", GROWN, ENUMS, (MODE, f"{{name: mode, type: {name}}}"), before=[ENUMS])
        == verdict
    )


@pytest.mark.parametrize(("name", "is_breaking"), [("alert", False), ("wet", True)])
def test_another_set_of_flags_is_the_same_when_it_has_every_flag_unchanged(name, is_breaking):
    old, new = ((MODE, f"{{name: mode, type: {each}}}") for each in ("alarm", name))
    assert judged("messages.light.fields.mode.type", GROWN, ALARM, new, before=[ALARM, old])[0] is is_breaking


def test_a_number_that_becomes_an_enum_is_another_thing_and_so_the_other_way_round():
    number = (MODE, "{name: mode, type: u8}")
    for pieces, before in (([], [number]), ([number], [])):
        assert judged("messages.light.fields.mode.type", GROWN, *pieces, before=before) == (
            *(True, BOTH),
            "its numbers mean other members, or none",
        )


@pytest.mark.parametrize(
    ("members", "verdict"),
    [
        ("{0: off, 1: bright, 2: dim}", (False, NEW_FIRMWARE, "an older hub does not know the member, and shows its number")),
        ("{0: off}", (True, OLD_FIRMWARE, "firmware in the field still sends it, and stored records hold it")),
        ("{0: off, 1: dim}", (True, BOTH, "the number means something else: stored records would be read anew")),
    ],
)
def test_a_member_may_come_but_never_go_or_mean_something_else(members, verdict):
    old, new = contract("2.1.0"), contract("2.2.0", GROWN, ("mode: {0: off, 1: bright}", f"mode: {members}"))
    own = [each for each in compare(old, new) if each.path.startswith("enums.mode")]
    restated = compare_layouts(*(one.messages["light"].layout for one in (old, new)))
    for found in (*own, *(each for each in restated if "fields.mode" in each.path)):
        assert (found.breaking, found.direction, found.reason) == verdict
    assert len(own) == 1


def test_a_layout_that_makes_a_number_an_enum_says_so():
    old, new = contract("2.1.0", (MODE, "{name: mode, type: u8}")), contract("2.2.0", GROWN)
    for first, second in ((old, new), (new, old)):
        found = compare_layouts(*(one.messages["light"].layout for one in (first, second)))
        assert "a number and a member of an enum are not the same thing" in {each.reason for each in found if each.breaking}


@pytest.mark.parametrize("used", ["before", "after", "both"])
def test_a_calibration_is_breaking_as_soon_as_one_version_uses_it(used):
    unused = (WARMTH, "{name: warmth, type: u16}")
    other = ("bits: 12", "bits: 14")
    before, pieces = ([unused] if used == "after" else []), ([unused] if used == "before" else [])
    assert judged("calibrations.ntc.terms.adc.bits", GROWN, other, *pieces, before=before) == (
        *(True, BOTH),
        "stored raw counts would turn into other values",
    )
    assert judged("calibrations.ntc.terms.adc.bits", GROWN, other, unused, before=[unused]) == (False, BOTH, "no message uses it")


RENAMED = [("vitals: {id: 9", "health: {id: 9"), ("[vitals,", "[health,"), ("light, vitals", "light, health")]
ANOTHER = "  dusk: {id: 7, layout: 1, sample: 1 h, publish: {every: 1 h}, fields: [{name: sky, type: u8}]}\n"
DUSK = [
    ("  vitals: {id: 9", ANOTHER + "  vitals: {id: 9"),
    ("[vitals,", "[vitals, dusk,"),
    ("light, vitals", "light, dusk, vitals"),
]


def test_an_id_that_gets_another_name_is_breaking_for_both_names_and_a_new_one_is_not():
    reused = "the id is the channel of every stored record"
    assert judged("messages.health", *RENAMED) == (True, BOTH, f"id 9 was 'vitals': {reused}")
    assert judged("messages.vitals", *RENAMED) == (True, BOTH, f"id 9 was 'health': {reused}")
    assert judged("messages.dusk", *DUSK) == NEWER_LAYOUT
    assert judged("messages.dusk", before=DUSK) == (False, NEW_FIRMWARE, "new firmware no longer sends it; what is stored stays")


def with_keys(keys):
    return BLINK, BLINK.replace("{", f"{{{keys}, ")


def test_an_order_that_may_be_given_twice_must_go_on_to_bear_it():
    twice = with_keys("idempotent: true")
    assert judged("commands.blink.idempotent", twice) == (
        *(False, NEW_FIRMWARE),
        "an older hub gives the order once, which is right as well",
    )
    assert judged("commands.blink.idempotent", before=[twice]) == (
        *(True, NEW_FIRMWARE),
        "an older hub gives the order again when it is in doubt",
    )


@pytest.mark.parametrize(
    ("before", "after", "is_breaking"),
    [
        ("[done, refused, failed]", "[done, refused]", False),
        ("[done, refused]", "[refused, done, late]", True),
        ("[done, refused]", "[late, done]", True),
        ("[done, refused]", "[refused, done]", False),
    ],
)
def test_an_order_ends_in_no_word_that_an_older_hub_does_not_know(before, after, is_breaking):
    old, new = (with_keys(f"outcomes: {words}") for words in (before, after))
    reason = "an older hub or app does not know how the order ended" if is_breaking else "an older hub or app knows every word"
    assert judged("commands.blink.outcomes", new, before=[old]) == (is_breaking, NEW_FIRMWARE, reason)
