"""Desired and reported: no wish is lost, none is applied twice, no report is taken for an older one."""

import pytest
from tests.unit.device.hand import UNIX_MS, Hand, of_kind, said

from seamline.device import ReportError
from seamline.device.twin import UNKNOWN_MAX


def wish(value, version, expires_ms=None):
    return {"value": value, "version": version, "expires_ms": expires_ms}


def test_a_wish_is_handed_to_the_application_once_and_said_to_be_seen():
    hand = Hand()
    effects = hand.live(twin={"desired": {"mode": wish(2, 5)}, "known": {}})
    assert of_kind(effects, "apply") == [("mode", 2, 5)]
    assert said(effects, "twin")[0]["seen"] == {"mode": 5}
    assert said(effects, "twin")[0]["reported"] == {}
    again = hand.say("twin", desired={"mode": wish(2, 5)}, known={})
    assert of_kind(again, "apply") == []
    assert said(again, "twin")[0]["seen"] == {"mode": 5}  # asked again: the hub was not heard to know
    assert of_kind(hand.say("twin", desired={"mode": wish(3, 6)}), "apply") == [("mode", 3, 6)]


def test_the_answer_carries_the_value_in_force_and_the_wish_it_answers():
    hand = Hand()
    hand.live(twin={"desired": {"mode": wish(2, 5)}, "known": {"mode": 40}})
    hand.at(hand.now_ms + 10).core.report(hand.now_ms, "mode", 2, 5)
    document = said(hand.drain(), "twin")[0]
    assert document["reported"] == {"mode": {"value": 2, "version": 41, "at_ms": hand.now_ms, "based_on": 5, "fault": None}}


def test_reports_made_before_the_session_are_lifted_above_what_the_hub_knows():
    hand = Hand()
    for value in (1, 2):
        hand.core.report(0, "mode", value)
    assert hand.drain() == []
    document = said(hand.live(twin={"desired": {}, "known": {"mode": 40, "level": 3}}), "twin")[0]
    assert document["reported"]["mode"]["version"] == 42
    assert list(document["reported"]) == ["mode"]


def test_what_the_hub_does_not_have_is_reported_anew():
    hand = Hand()
    hand.live()
    hand.core.report(hand.now_ms, "mode", 1)
    hand.core.report(hand.now_ms, "level", 9)
    hand.drain()
    again = said(hand.say("twin", desired={}, known={"level": 1}), "twin")[0]
    assert list(again["reported"]) == ["mode"]
    assert hand.say("twin", desired={}, known={"level": 1, "mode": 1}) == []
    assert hand.say("twin", desired={}) == []


def test_a_new_session_says_again_what_was_seen_and_is_not_known():
    hand = Hand()
    hand.live(twin={"desired": {"mode": wish(2, 5)}, "known": {}})
    hand.core.report(hand.now_ms, "level", 3)
    hand.drain()
    hand.core.disconnected(hand.now_ms, "network")
    document = said(hand.live(twin={"desired": {"mode": wish(2, 5)}, "known": {}}), "twin")[0]
    assert document["seen"] == {"mode": 5}
    assert document["reported"]["level"]["version"] == 1


def test_a_property_this_firmware_does_not_have_is_answered_with_a_fault():
    hand = Hand()
    effects = hand.live(twin={"desired": {"turbo": wish(1, 3)}, "known": {}})
    assert of_kind(effects, "apply") == []
    report = said(effects, "twin")[0]["reported"]["turbo"]
    assert (report["fault"], report["based_on"], report["value"]) == ("unknown_property", 3, None)


def test_how_many_unknown_properties_are_answered_is_bounded():
    hand = Hand()
    desired = {f"p{place:03}": wish(1, 1) for place in range(UNKNOWN_MAX + 20)}
    document = said(hand.live(twin={"desired": desired, "known": {}}), "twin")[0]
    assert len(document["seen"]) == UNKNOWN_MAX + 2


def test_an_expired_wish_is_seen_but_not_applied():
    hand = Hand()
    late = UNIX_MS - 1000
    effects = hand.live(twin={"desired": {"mode": wish(2, 5, late), "level": wish(2, 5, UNIX_MS + 10_000_000)}, "known": {}})
    assert of_kind(effects, "apply") == [("level", 2, 5)]
    assert said(effects, "twin")[0]["seen"] == {"level": 5, "mode": 5}


def test_without_a_clock_a_wish_is_not_taken_for_expired():
    hand = Hand()
    effects = hand.live(time_ms=None, twin={"desired": {"mode": wish(2, 5, 1)}, "known": {}})
    assert of_kind(effects, "apply") == [("mode", 2, 5)]


def test_after_a_restore_the_hub_s_versions_count_anew():
    hand = Hand()
    hand.live(twin={"desired": {"mode": wish(2, 5)}, "known": {}})
    hand.core.disconnected(hand.now_ms, "network")
    effects = hand.live(generation=2, twin={"desired": {"mode": wish(4, 1)}, "known": {}})
    assert of_kind(effects, "apply") == [("mode", 4, 1)]


def test_a_twin_outside_a_session_is_stale():
    hand = Hand()
    hand.greet()
    assert hand.say("twin", desired={"mode": wish(2, 5)}) == []
    assert hand.core.books()["stale"] == 1


def to_here(hand, **other):
    """The members that say for whom a document is."""
    return {"session": hand.core.books()["session"], "boot": hand.core.boot, "incarnation": hand.core.incarnation, **other}


def test_a_twin_for_this_session_is_obeyed():
    hand = Hand()
    hand.live()
    assert of_kind(hand.say("twin", desired={"mode": wish(2, 5)}, **to_here(hand)), "apply") == [("mode", 2, 5)]
    assert hand.core.books()["stale"] == 0


@pytest.mark.parametrize("member", ["session", "boot", "incarnation"])
def test_a_twin_for_another_session_boot_or_incarnation_is_stale(member):
    hand = Hand()
    hand.live()
    here = to_here(hand)
    effects = hand.say("twin", desired={"mode": wish(2, 5)}, **{**here, member: here[member] + 1})
    assert (effects, hand.core.books()["stale"]) == ([], 1)


@pytest.mark.parametrize("wrong", [{"boot": None}, {"incarnation": "x"}, {"session": -1}, {"session": True}])
def test_a_twin_that_does_not_say_whole_for_whom_it_is_changes_nothing(wrong):
    hand = Hand()
    hand.live()
    assert hand.say("twin", desired={"mode": wish(2, 5)}, **to_here(hand, **wrong)) == []
    assert hand.core.books()["malformed"] == 1


def test_a_session_without_a_twin_is_a_session():
    hand = Hand()
    hand.core.report(0, "mode", 1)
    document = said(hand.live(twin=None), "twin")[0]
    assert document["reported"]["mode"]["version"] == 1


@pytest.mark.parametrize(("prop", "value", "fault"), [("turbo", 1, None), ("mode", 1.5, None), ("mode", 1, "")])
def test_a_report_that_cannot_be_told_is_refused(prop, value, fault):
    with pytest.raises(ReportError, match=prop):
        Hand().core.report(0, prop, value, None, fault)
