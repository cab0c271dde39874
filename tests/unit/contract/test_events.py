"""A message that waits for an event has a bound: it is read, reckoned with, told to devices, and never what a device is missed by."""

from dataclasses import replace

import pytest
from hypothesis import given, strategies as st
from tests.unit.contract.corpus.events import EVENT, PACE, PUBLISH
from tests.unit.contract.corpus.marks import BASE, edited

from seamline.contract import ContractErrors, loads, policy
from seamline.contract.checks.traffic import frames, month_bytes
from seamline.contract.codegen.arithmetic import load
from seamline.contract.codegen.wording import pace
from seamline.contract.evolution import Category, compare
from seamline.contract.pace import hurried
from seamline.contract.quantities import EventRate, event_rate
from seamline.contract.scalars import MS, ScalarError

AT_ONCE = edited(PACE, EVENT, PUBLISH, "{priority: high}")
GATHERED = edited(PACE, EVENT, PUBLISH, "{every: 30 min, priority: high}")
DOOR = "  door: {id: 3, layout: 1, when: event, at_most: 100/s, publish: {}, fields: [{name: open, type: u1}]}\n"
CHATTERING = edited(
    *("  vitals: {id", f"{DOOR}  vitals: {{id", "[vitals, oldest light]", "[vitals, oldest light, door]"),
    *("[light, vitals, state]", "[light, door, vitals, state]", "capacity: 16 KiB", "capacity: 64 MiB"),
)


@pytest.mark.parametrize(
    ("text", "count", "per_ms"),
    [("10/h", 10, 3_600_000), ("1/min", 1, 60_000), ("3/d", 3, 86_400_000), ("1000/s", 1000, 1000), ("5/s", 5, 1000)],
)
def test_a_bound_is_read_exactly_and_written_as_it_was(text, count, per_ms):
    assert event_rate(text) == EventRate(count, per_ms)
    assert str(event_rate(text)) == text


@pytest.mark.parametrize(
    "text", ["", "10", "10/", "/h", "0/h", "01/h", "-1/h", "1.5/h", "10 /h", "10/month", "10/ms", "1001/s", "9" * 9 + "/d"]
)
def test_a_bound_that_is_none_is_refused(text):
    with pytest.raises(ScalarError):
        event_rate(text)


@given(st.integers(1, 1000), st.sampled_from(["s", "min", "h", "d"]))
def test_events_at_their_spacing_keep_their_bound_to_the_millisecond(count, unit):
    bound = EventRate(count, MS[unit])
    assert bound.spacing_ms * count <= bound.per_ms < (bound.spacing_ms + 1) * count
    assert bound.spaced(bound.spacing_ms).spacing_ms == bound.spacing_ms


def test_an_event_leaves_at_once_and_alone_unless_it_may_wait():
    light = loads(AT_ONCE).messages["light"]
    assert (light.at_most, light.sample_ms, light.publish_every_ms, light.batch_max) == (EventRate(10, MS["h"]), 360_000, 0, 1)
    light = loads(GATHERED).messages["light"]
    assert (light.publish_every_ms, light.batch_max) == (1_800_000, 24)


def test_a_period_is_what_a_message_has_unless_it_says_otherwise():
    light = loads(edited(PACE, f"{PACE}    when: period\n")).messages["light"]
    assert light == loads(BASE).messages["light"]
    assert light.at_most is None


def test_budgets_reckon_with_the_bound():
    light = loads(AT_ONCE).messages["light"]
    assert frames(light, MS["d"])[0] == load(light, MS["d"], connected=True).frames == 240
    gathered = loads(GATHERED).messages["light"]
    assert frames(gathered, MS["d"])[0] == load(gathered, MS["d"], connected=True).frames == 48
    assert month_bytes(loads(AT_ONCE)) > month_bytes(loads(GATHERED))


def test_no_event_keeps_a_connection_open_or_shows_that_a_device_lives():
    assert loads(CHATTERING).heartbeat_ms == loads(BASE).heartbeat_ms == 60_000
    forgets = "value: 240 s}\n  nat: {owner: maker, boundary: radio-broker, kind: idle, value: 50 s}"
    with pytest.raises(ContractErrors) as caught:
        loads(CHATTERING.replace("value: 240 s}", forgets))
    assert [problem.code for problem in caught.value.problems] == ["SL213"]


def test_a_product_of_events_only_is_missed_by_its_keep_alive():
    contract = loads(BASE)
    only = {"light": replace(contract.messages["light"], at_most=EventRate(1, 1000))}
    assert replace(contract, messages=only).heartbeat_ms == contract.timing.keep_alive_ms


def test_a_device_is_told_the_bound_of_events_and_nothing_new_of_periods():
    bounds = {"events_max", "events_per_ms"}
    told = {channel["name"]: channel for channel in policy(loads(CHATTERING))["channels"]}
    assert (told["door"]["events_max"], told["door"]["events_per_ms"], told["door"]["every_ms"]) == (100, 1000, 0)
    assert not bounds & (told["light"].keys() | told["vitals"].keys() | told["losses"].keys())
    assert told["losses"]["every_ms"] == 60_000


@pytest.mark.parametrize(("text", "words"), [
    (AT_ONCE, "sent on an event, at most 10/h, at once"),
    (GATHERED, "sent on an event, at most 10/h, within 30 min"),
])  # fmt: skip
def test_documents_say_how_often_an_event_may_come(text, words):
    assert pace(loads(text).messages["light"]) == words


def test_in_compressed_time_events_come_as_much_faster():
    contract = loads(AT_ONCE)
    assert contract.accelerated(60).messages["light"].at_most == EventRate(10, MS["min"])
    light = hurried(contract, 2_000).messages["light"]
    assert (light.sample_ms, light.at_most, str(light.at_most)) == (2_000, EventRate(10, 20_000), "10 in 20000 ms")
    assert light.publish_every_ms == 0


def differences(old, new):
    return {each.path: (each.old, each.new) for each in compare(loads(old), loads(new)) if each.category is Category.BEHAVIOUR}


def test_a_bound_differs_by_itself_and_no_period_is_made_up():
    faster = AT_ONCE.replace("10/h", "1/min")
    assert differences(AT_ONCE, faster) == {"messages.light.at_most": ("10/h", "1/min")}


def test_a_message_that_becomes_an_event_gets_a_bound_and_loses_its_period():
    found = differences(GATHERED.replace(EVENT, PACE), GATHERED)
    assert found == {"messages.light.at_most": (None, "10/h"), "messages.light.sample": ("10 s", None)}
    assert not any(each.breaking for each in compare(loads(BASE), loads(AT_ONCE)))
