"""What is breaking, for whom, and what is not: one change of a small contract at a time."""

from decimal import Decimal
from pathlib import Path

import pytest

from seamline.contract import Reserved, loads
from seamline.contract.evolution import Category, Direction, against, compare, said
from seamline.contract.evolution.spoken import written
from seamline.contract.hardware import Battery
from seamline.contract.quantities import Money

BASE = (Path(__file__).parents[1] / "base.yaml").read_text(encoding="utf-8")
OLD_FIRMWARE, NEW_FIRMWARE, BOTH = Direction.OLD_FIRMWARE, Direction.NEW_FIRMWARE, Direction.BOTH
WIRE, MEANING, BEHAVIOUR = Category.WIRE, Category.MEANING, Category.BEHAVIOUR


def version(text, number="2.2.0"):
    return loads(text.replace("version: 2.1.0", f"version: {number}"))


def edited(*pieces):
    text = BASE
    for old, new in pieces:
        assert old in text
        text = text.replace(old, new)
    return version(text)


def found(path, *pieces):
    """The difference at a path that the edit makes."""
    return next(each for each in compare(loads(BASE), edited(*pieces)) if each.path == path)


GROWN = ("layout: 4", "layout: 5")
SEEN = "- {name: seen, type: bool, since: 2.0.0}"
BREAKING = [
    ("messages.vitals.id", WIRE, BOTH, [("id: 9", "id: 8")]),
    ("messages.health", WIRE, BOTH, [("vitals: {id: 9", "health: {id: 9"), ("[vitals,", "[health,"), ("light, vitals", "light, health")]),
    ("messages.light.fields.drive.type", WIRE, BOTH, [GROWN, ("drive, type: i16", "drive, type: i32")]),
    ("messages.light.fields.drive.scale", MEANING, BOTH, [GROWN, ("scale: 0.01", "scale: 0.02")]),
    ("messages.light.fields.drive.range", MEANING, BOTH, [("range: [0, 20]", "range: [0, 21]")]),
    ("messages.light.fields.seen", WIRE, BOTH, [GROWN, (SEEN, "")]),
    ("messages.light.fields", WIRE, BOTH, [GROWN, (", since: 2.0.0", ""), ("{name: drive, type: i16, scale: 0.01, offset: 5, unit: W, range: [0, 20]}", "{name: mode, type: mode}"), ("      - {name: mode, type: mode}\n      - {name: seen", "      - {name: drive, type: i16, scale: 0.01, offset: 5, unit: W, range: [0, 20]}\n      - {name: seen")]),
    ("messages.light.fields.new", WIRE, BOTH, [GROWN, ("- {name: drive", "- {name: new, type: u8}\n      - {name: drive")]),
    ("messages.light.fields.mode.type", MEANING, BOTH, [GROWN, ("{name: mode, type: mode}", "{name: mode, type: u8}")]),
    ("enums.mode.1", MEANING, BOTH, [GROWN, ("1: bright", "1: dim")]),
    ("enums.mode.1", MEANING, OLD_FIRMWARE, [GROWN, (", 1: bright", "")]),
    ("calibrations.ntc.terms.adc.bits", MEANING, BOTH, [GROWN, ("bits: 12", "bits: 14")]),
    ("faults.0x4F.name", MEANING, BOTH, [("name: lamp_open", "name: lamp_short")]),
    ("state.level.scale", MEANING, BOTH, [("scale: 0.5", "scale: 1")]),
    ("state.level.range", MEANING, NEW_FIRMWARE, [("range: [0, 100], conflict", "range: [0, 50], conflict")]),
    ("state.level.conflict", BEHAVIOUR, BOTH, [("conflict: newest", "conflict: cloud_wins")]),
    ("commands.blink.body.hurry", WIRE, BOTH, [("body: {times", "body: {hurry: {type: bool}, times")]),
    ("timing.commit_budget.p99", BEHAVIOUR, OLD_FIRMWARE, [("p99: 4 s", "p99: 9 s"), ("value: 12 s", "value: 15 s")]),
    ("timing.answer_timeout.value", BEHAVIOUR, NEW_FIRMWARE, [("p99: 4 s", "p99: 2 s"), ("value: 12 s", "value: 6 s")]),
    ("fleet.devices_max", BEHAVIOUR, OLD_FIRMWARE, [("devices_max: 1000, accept_rate: 100/s, recovery: 60 s", "devices_max: 4000, accept_rate: 100/s, recovery: 90 s")]),
    ("update.slots.size", BEHAVIOUR, OLD_FIRMWARE, [("size: 1.5 MiB", "size: 2 MiB")]),
    ("identity.claim", BEHAVIOUR, OLD_FIRMWARE, [("claim: factory", "claim: code")]),
    ("product", WIRE, BOTH, [("product: lamp", "product: torch")]),
]  # fmt: skip
COMPATIBLE = [
    ("messages.light.layout", WIRE, NEW_FIRMWARE, [GROWN]),
    ("messages.light.fields.new", WIRE, NEW_FIRMWARE, [GROWN, (SEEN, f"{SEEN}\n      - {{name: new, type: u8, since: 2.2.0}}")]),
    ("messages.light.fields.drive.range", MEANING, NEW_FIRMWARE, [GROWN, ("range: [0, 20]", "range: [0, 21]")]),
    ("messages.light.fields.mode.type", MEANING, NEW_FIRMWARE, [
        GROWN, ("{name: mode, type: mode}", "{name: mode, type: mood}"), ("enums:", "enums:\n  mood: {0: off, 1: bright, 2: dim}"),
    ]),
    ("enums.mode.2", MEANING, NEW_FIRMWARE, [GROWN, ("1: bright", "1: bright, 2: dim")]),
    ("enums.mood", MEANING, NEW_FIRMWARE, [("enums:", "enums:\n  mood: {0: off}")]),
    ("enums.code", MEANING, NEW_FIRMWARE, [("  code: {0: none, 300: far}\n", "")]),
    ("calibrations.bend.terms.degree", MEANING, BOTH, [("degree: 3", "degree: 4")]),
    ("state.level.range", MEANING, OLD_FIRMWARE, [("range: [0, 100], conflict", "range: [0, 120], conflict")]),
    ("faults.0x4F.meaning", MEANING, BOTH, [("circuit is open", "circuit is broken")]),
    ("timing.commit_budget.p99", BEHAVIOUR, BOTH, [("p99: 4 s", "p99: 5 s")]),
    ("fleet.devices_max", BEHAVIOUR, BOTH, [("devices_max: 1000", "devices_max: 1100")]),
    ("update.slots.size", BEHAVIOUR, OLD_FIRMWARE, [("size: 1.5 MiB", "size: 1 MiB")]),
    ("buffer.outage", BEHAVIOUR, BOTH, [("outage: 1 h", "outage: 50 min")]),
]  # fmt: skip


def named(cases):
    return [f"{number}-{case[0]}" for number, case in enumerate(cases)]


@pytest.mark.parametrize(("path", "category", "direction", "pieces"), BREAKING, ids=named(BREAKING))
def test_what_a_side_would_take_for_something_else_is_breaking(path, category, direction, pieces):
    each = found(path, *pieces)
    assert (each.category, each.direction, each.breaking) == (category, direction, True)


@pytest.mark.parametrize(("path", "category", "direction", "pieces"), COMPATIBLE, ids=named(COMPATIBLE))
def test_what_each_side_knows_by_the_version_is_compatible(path, category, direction, pieces):
    each = found(path, *pieces)
    assert (each.category, each.direction, each.breaking, each.code) == (category, direction, False, None)


def test_a_command_keeps_its_words_and_its_repeatability():
    blink = "deadline: 5 min"
    old = version(BASE.replace(blink, f"idempotent: true, outcomes: [done, failed], {blink}"), "2.0.0")
    verdicts = {
        each.path: each.breaking for each in compare(old, version(BASE.replace(blink, f"outcomes: [done, late], {blink}")))
    }
    assert verdicts["commands.blink.idempotent"]
    assert verdicts["commands.blink.outcomes"]
    back = {each.path: each.breaking for each in compare(version(BASE.replace(blink, f"outcomes: [done], {blink}")), old)}
    assert not back["commands.blink.idempotent"]
    fewer = {each.path: each.breaking for each in compare(old, version(BASE.replace(blink, f"outcomes: [done], {blink}")))}
    assert not fewer["commands.blink.outcomes"]


def test_firmware_is_named_by_direction():
    assert found("messages.light.layout", GROWN).firmware == ("2.2.0",)
    assert found("identity.claim", ("claim: factory", "claim: code")).firmware == ("2.1.0",)
    assert found("buffer.outage", ("outage: 1 h", "outage: 50 min")).firmware == ("2.1.0", "2.2.0")


def test_values_are_told_as_people_write_them():
    told = {
        "buffer.outage": ("1 h", "50 min", [("outage: 1 h", "outage: 50 min")]),
        "buffer.capacity": ("16 KiB", "32 KiB", [("capacity: 16 KiB", "capacity: 32 KiB")]),
        "messages.light.fields.seen.type": ("bool", "u8", [GROWN, ("seen, type: bool", "seen, type: u8")]),
        "state.level.scale": ("0.5", "0.25", [("scale: 0.5", "scale: 0.25"), ("range: [0, 100], conflict", "range: [0, 50], conflict")]),
        "clock.sources": ("[hub, ntp]", "[hub]", [("[hub, ntp]", "[hub]")]),
        "buffer.flight_frames": ("8", "9", [("store: ram", "store: ram, flight_frames: 9")]),
        "commands.blink.idempotent": ("false", "true", [("deadline: 5 min", "idempotent: true, deadline: 5 min")]),
    }  # fmt: skip
    for path, (old, new, pieces) in told.items():
        each = found(path, *pieces)
        assert (each.old, each.new) == (old, new)
        assert str(each).startswith(f"{path}: {old} → {new} (")
    long = found("summary", ("The smallest", "x" * 100))
    assert long.new.endswith("…")
    assert len(long.new) == 60
    assert (said(None, "a"), said("a", None)) == ("added a", "removed a")
    assert found("enums.more", ("enums:", "enums:\n  more: {0: none, 1: some}")).new == "{0: none, 1: some}"
    assert found("messages.light.fields.seen", GROWN, (SEEN, "")).old == "seen"


@pytest.mark.parametrize(
    ("attribute", "value", "text"),
    [
        ("current_ua", 45, "45 uA"),
        ("current_ua", 60_000, "60 mA"),
        ("capacity_uah", 20_800_000, "20800 mAh"),
        ("capacity_uah", 26_000_000, "26 Ah"),
        ("drift_ppm", 0, "0 ppm"),
        ("accept_rate", 400, "400/s"),
        ("link_rate", 100_000, "100 kbit/s"),
        ("bytes_per_month", 4 << 20, "4 MiB/month"),
        ("data_budget", 1000, "1000 B/month"),
        ("data_cost", Money(Decimal("0.10"), "EUR"), "0.1 EUR"),
        ("battery", Battery(1_000_000, 3_600_000), "{capacity: 1 Ah, life: 1 h}"),
        ("reserved", (Reserved(3, 1), Reserved(9, 4)), "[{before: 3, bits: 1}, {before: 9, bits: 4}]"),
        ("devices_max", 4000, "4000"),
    ],
)
def test_a_quantity_is_told_with_its_unit_and_a_part_by_its_keys(attribute, value, text):
    assert written(attribute, value) == text


def test_against_several_versions_tells_alike_differences_once():
    old, older = (version(BASE, number) for number in ("2.0.2", "2.0.1"))
    new = edited(("claim: factory", "claim: code"))
    (claim,) = [each for each in against(new, [older, old]) if each.path == "identity.claim"]
    assert claim.firmware == ("2.0.1", "2.0.2")
    assert sum(each.path == "version" for each in against(new, [older, old])) == 2
