"""The terms of a storm come from the contract, and from nowhere else what a contract says."""

from dataclasses import replace

import pytest
from hypothesis import given, strategies as st
from tests.unit.rig.storm.conftest import EXAMPLES

from seamline.contract import load_family
from seamline.hub.ingest.catalogue import Terms as HubTerms
from seamline.hub.ingest.sessions import Sessions, Told
from seamline.rig.storm.terms import (
    CONNECT_MS,
    CONNECTIONS_MAX,
    HUB_RATE,
    OUTAGE_MS_MAX,
    StormError,
    backlog_frames,
    terms_of,
    told_spread_ms,
)


class OneContract:
    """A catalogue of one contract."""

    def __init__(self, terms):
        self._terms = terms

    def terms(self, contract):
        return self._terms


@given(
    st.integers(1, 10_000_000), st.integers(1, 1_000_000), st.integers(2_000, 86_400_000), st.none() | st.integers(1, 1_000_000)
)
def test_the_spread_is_the_one_that_the_hub_tells(devices, accept_rate, recovery_ms, messages_rate):
    sessions = Sessions.__new__(Sessions)
    sessions.told = Told(fleet_devices=devices)
    terms = HubTerms(spread_ms=recovery_ms // 2, accept_rate=accept_rate, messages_rate=messages_rate)
    sessions._catalogue = OneContract(terms)
    assert told_spread_ms(devices, accept_rate, recovery_ms, messages_rate) == sessions._spread_ms("any/1.0.0")


@pytest.mark.parametrize(
    ("messages_rate", "spread_ms"),
    [(None, 12_500), (8_000, 12_500), (1_600, 31_250), (100, 60_000)],
    ids=["not stated", "more than they say", "less than they say", "so little that recovery ends it"],
)
def test_devices_come_back_no_faster_than_the_hub_takes_what_they_say(messages_rate, spread_ms):
    """10,000 devices at 1,000 connects a second; each says four things at once when it is back."""
    assert told_spread_ms(10_000, 1_000, 120_000, messages_rate) == spread_ms


def test_what_the_contract_says_is_taken(heater):
    terms = terms_of(heater)
    assert (terms.devices, terms.accept_rate, terms.recovery_ms) == (20_000, 800, 120_000)
    assert (terms.connect_timeout_ms, terms.answer_timeout_ms) == (15_000, 12_000)
    assert (terms.base_ms, terms.cap_ms, terms.declared_spread_ms, terms.told_spread_ms) == (2_000, 600_000, 60_000, 31_250)
    assert (terms.messages_rate, terms.rate_is_measured) == (HUB_RATE, False)
    assert terms.greeting_messages == 2
    assert terms.connections_max == CONNECTIONS_MAX


def test_a_measured_rate_is_preferred_to_ours():
    terms = terms_of(load_family(EXAMPLES / "labmeter").current)
    assert (terms.messages_rate, terms.rate_is_measured) == (5_000, True)


def test_messages_that_leave_at_once_count_by_their_samples():
    """The camera publishes a sighting as soon as it is made: `every` is 0."""
    terms = terms_of(load_family(EXAMPLES / "trailcam").current)
    assert 96 < terms.frames_per_day < 1_000


def test_a_larger_fleet_has_as_many_servers_as_hold_it(heater):
    assert terms_of(heater, 1_000_000).connections_max == 16 * CONNECTIONS_MAX
    assert terms_of(heater, CONNECTIONS_MAX).connections_max == CONNECTIONS_MAX


def test_the_backlog_is_of_full_batches_and_no_more_than_the_buffer_holds(heater):
    assert backlog_frames(heater, 0) == 0
    assert backlog_frames(heater, 240_000) == 1  # 24 readings; the vitals' quarter of an hour is not over
    assert terms_of(heater).backlog_frames == 259_200_000 // 10_000 // 24 + -(-288 // 24)
    small = replace(heater, buffer=replace(heater.buffer, capacity_bytes=5_000))
    assert 1 <= backlog_frames(small, 259_200_000) < 20


@given(st.integers(0, OUTAGE_MS_MAX), st.integers(0, OUTAGE_MS_MAX))
def test_a_longer_outage_never_leaves_less_than_the_buffer_would(heater, one_ms, other_ms):
    short, long = sorted((one_ms, other_ms))
    unlimited = replace(heater, buffer=replace(heater.buffer, capacity_bytes=1 << 50))
    assert backlog_frames(unlimited, short) <= backlog_frames(unlimited, long)
    assert backlog_frames(heater, long) <= backlog_frames(unlimited, long)


@pytest.mark.parametrize(
    ("devices", "outage_ms", "place"),
    [(0, None, "devices: 0"), (-3, None, "devices: -3"), (10**9, None, "devices"), (5, -1, "outage"), (5, 10**12, "outage")],
)
def test_what_cannot_be_meant_is_refused_with_its_place(heater, devices, outage_ms, place):
    with pytest.raises(StormError, match=place):
        terms_of(heater, devices, outage_ms)


def test_a_connect_timeout_that_no_connect_can_keep_is_refused(heater):
    hasty = replace(heater, timing=replace(heater.timing, connect_timeout_ms=CONNECT_MS))
    with pytest.raises(StormError, match=r"timing\.connect_timeout: within 150 ms nobody connects"):
        terms_of(hasty)
