"""Random lives of a few devices, as batches of the stream: frames, births, anchors, twin reports, losses, and what is none of these."""

from __future__ import annotations

import json
from dataclasses import dataclass

from hypothesis import strategies as st
from tests.integration.hub.harness import birth, frame, losses, said
from tests.integration.store.calls import NOW_MS

from seamline.hub.ingest.reader import Batch

STEP_MS = 700
WISHES = [("set_point", 2100), ("set_point", 1900), ("set_point", 1 << 40)]
STEPS = ["presence", "redate", "release", "quarantine", "losses", "gaps", "twins", "wishes", "wish", "forget"]
STEPS += ["correct", "correct", "revalue", "revalue"]

devices = st.sampled_from(["d1", "d2", "d3"])
boots = st.integers(1, 3)
incarnations = st.sampled_from([7, 7, 7, 8])
heads = st.fixed_dictionaries(
    {
        "boot": boots,
        "incarnation": incarnations,
        "uptime_ms": st.integers(0, 5_000),
        "flags": st.sampled_from([0, 0, 1, 0x10]),
        "epoch": st.just(0),
    }
)
ranges = st.tuples(boots, st.integers(0, 1), st.integers(0, 6), st.integers(1, 6)).map(lambda one: [*one[:3], one[2] + one[3]])


@dataclass(frozen=True)
class Turn:
    """One batch, and what is done after it."""

    messages: list
    steps: list
    restart: bool

    def batch(self, number):
        """As read from the stream."""
        first_ms = NOW_MS + number * STEP_MS
        return Batch(
            [f"up.0.{device}.{kind}".encode() for device, kind, _ in self.messages],
            [payload for *_, payload in self.messages],
            [number * 100 + at for at in range(1, len(self.messages) + 1)],
            [(first_ms + at) * 1_000_000 + 999 for at in range(len(self.messages))],
        )


def frames(family):
    """Frames of every layout of the readings: continuing, repeated, with holes, impossible values, other bytes, damaged."""
    layouts = [one for one in family.layouts.values() if one.message == "reading"]

    def make(of, first, values, head, damage):
        name = of.fields[0].name
        whole = frame(of, first, [{name: of.fields[0].raw_range[0] + value} for value in values], **head)
        flagged, odd = bytes([whole[0], 0x40]) + whole[2:], whole[: -of.record_bytes + 4] + b"\xff" * (of.record_bytes - 4)
        return {"cut": whole[:-3], "short": whole[:9], "alien": b"{}", "flag": flagged, "odd": odd}.get(damage, whole)

    damages = st.sampled_from([None] * 12 + ["cut", "short", "alien", "flag", "odd", "odd", "odd"])
    values = st.lists(st.sampled_from([0, 0, 1]), min_size=1, max_size=3)
    return st.builds(make, st.sampled_from(layouts), st.integers(0, 8), values, heads, damages)


lost = st.lists(
    st.tuples(st.integers(1, 2), st.integers(1, 3), boots, st.integers(0, 8), st.integers(0, 3)), min_size=1, max_size=3
)
losses_said = st.builds(lambda first, runs, head: losses(first, *runs, **head), st.integers(0, 3), lost, heads)
talk = st.fixed_dictionaries(
    {"incarnation": incarnations, "boot": boots, "session": st.integers(1, 3), "uptime_ms": st.integers(0, 5_000)}
)
ended = st.tuples(boots, st.integers(0, 1), st.integers(0, 1), st.integers(1, 9)).map(
    lambda one: [one[0], one[0] + one[1], *one[2:]]
)


def inventory(talk, held, ended, contract, reset, last_end):
    """A birth, with what it holds in order and without overlaps, as the wire wants it."""
    kept = {(boot, channel): [boot, channel, first, end] for boot, channel, first, end in held if boot <= talk["boot"]}
    over = {(one[0], one[2]): one for one in ended if one[1] < talk["boot"]}
    told = {"held": [*kept.values()], "ended": [*over.values()], "contract": contract, "reset": reset, "last_end": last_end}
    return birth(**talk, **told)


births = st.builds(
    inventory,
    talk,
    st.lists(ranges, max_size=2),
    st.lists(ended, max_size=2),
    st.sampled_from(["heater/1.3.0", "heater/1.2.0", "other/1.0.0"]),
    st.sampled_from(["power_on", "watchdog"]),
    st.sampled_from([None, "network"]),
)


def report(talk, value, version, based_on, seen):
    told = {"value": value, "version": version, "at_ms": talk["uptime_ms"], "based_on": based_on, "fault": None}
    return said(**talk, seen={"set_point": seen} if seen else {}, reported={"set_point": told})


twins = st.builds(report, talk, st.integers(1900, 2100), st.integers(1, 4), st.none() | st.integers(1, 3), st.integers(0, 3))
anchors = st.builds(
    lambda talk, off, source, uncertainty: said(
        **talk, at_ms=talk["uptime_ms"], unix_ms=NOW_MS + off, source=source, uncertainty_ms=uncertainty
    ),
    talk,
    st.sampled_from([-4_000, -1_000, 0, 900, 10**9]),
    st.sampled_from(["hub", "ntp", "gnss"]),
    st.sampled_from([5, 20, 400]),
)
probes = st.builds(
    lambda talk, number, unanswered: said(**talk, probe=number, unanswered=unanswered), talk, st.integers(1, 9), st.integers(0, 4)
)


def turns(family):
    """Batches with what is between them."""
    data = frames(family).map(lambda payload: ("data", payload))
    spoken = st.one_of(
        births.map(lambda one: ("birth", one)),
        anchors.map(lambda one: ("anchor", one)),
        twins.map(lambda one: ("twin", one)),
        probes.map(lambda one: ("probe", one)),
        talk.map(lambda one: ("death", said(**one))),
        st.just(("birth", {"odd": True})),
    ).map(lambda one: (one[0], json.dumps(one[1]).encode()))
    message = st.tuples(devices, st.one_of(data, data, data, losses_said.map(lambda one: ("data", one)), spoken, spoken))
    messages = st.lists(message.map(lambda one: (one[0], *one[1])), min_size=1, max_size=8)
    turn = st.builds(Turn, messages, st.lists(st.sampled_from(STEPS), max_size=3), st.booleans())
    return st.lists(turn, min_size=1, max_size=4)
