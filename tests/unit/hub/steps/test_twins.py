"""Wishes on their way: asked, sent with the session or by the worker, seen, answered, expired; and what is kept of reports."""

import asyncio
import json

import pytest
from tests.integration.hub.harness import birth, frame, said
from tests.unit.hub.ingest.stage import NOW_MS, told

from seamline.hub.drive import drive
from seamline.hub.steps.twins import AGAIN_MS, send_wishes, tick_twins
from seamline.hub.twin_service import Announcer, UnknownPropertyError, ValueRefusedError, wish

WEEK_MS = 7 * 86_400_000
SET_POINT = 2_100


class Outlet:
    """A broker that takes down what is sent."""

    def __init__(self):
        self.closed = asyncio.Event()
        self.sent = []

    def publish(self, messages):
        self.sent += [(subject, json.loads(payload)) for subject, payload in messages]


class Hand:
    """A hub with a device that was born, and somebody who wishes."""

    def __init__(self, stage):
        self.stage, self.outlet = stage, Outlet()
        stage.take(("birth", birth()))

    def wish(self, value=SET_POINT, name="set_point", device="dev"):
        stage = self.stage
        return drive(wish(stage.store(), stage.catalogue, device, name, value, by="anna", now_ms=stage.now_ms))

    def send(self, outlet=None):
        """The worker sends what was never sent or not seen; returns to how many devices."""
        stage = self.stage
        return drive(send_wishes(*stage.stores(), self._announcer(outlet), stage.now_ms))

    def tick(self, after_ms):
        stage = self.stage
        return drive(tick_twins(*stage.stores(), stage.catalogue, self._announcer(), stage.now_ms + after_ms))

    def report(self, *, seen=None, head=None, **reported):
        """The device reports: `set_point=(value, version, based_on)`."""
        values = {
            name: {"value": value, "version": version, "at_ms": 900, "based_on": based_on, "fault": None}
            for name, (value, version, based_on) in reported.items()
        }
        return self.stage.take(("twin", said(**(head or {}), seen=seen or {}, reported=values)))

    def desired(self, name="set_point"):
        """(version, whether sent, whether seen, resolution) of a wish."""
        row = self.stage.tables.twin_desired.rows[self.stage.no(), name]
        return row["version"], row["delivered_at"] is not None, row["seen_at"] is not None, row["resolution"]

    def reported(self, name="set_point"):
        row = self.stage.tables.twin_reported.rows.get((self.stage.no(), name))
        return None if row is None else (row["value"], row["version"], row["based_on"])

    def _announcer(self, outlet=None):
        found = self.outlet if outlet is None else outlet
        return Announcer("", lambda: found, lambda: self.stage.now_ms)


@pytest.fixture
def hand(stage):
    return Hand(stage)


# -- asked -----------------------------------------------------------------------------------------------------------------------


def test_a_wish_is_asked_and_each_one_after_it_has_a_higher_version(hand):
    assert hand.wish().state == "asked, not delivered"
    assert hand.desired() == (1, False, False, None)
    hand.wish(2_200)
    assert hand.desired()[0] > 1


@pytest.mark.parametrize("value", [499, 3_001, "warm", None, 1 << 40])
def test_a_value_that_the_contract_does_not_allow_is_refused_and_nothing_is_written(hand, value):
    with pytest.raises(ValueRefusedError):
        hand.wish(value)
    assert hand.stage.tables.twin_desired.rows == {}


@pytest.mark.parametrize("value", [500, 3_000])
def test_the_ends_of_the_contracts_range_are_allowed(hand, value):
    hand.wish(value)
    assert hand.desired() == (1, False, False, None)


def test_a_property_or_device_that_nobody_knows_is_refused(hand):
    for name, device in (("colour", "dev"), ("set_point", "nobody")):
        with pytest.raises(UnknownPropertyError):
            hand.wish(name=name, device=device)


# -- sent ------------------------------------------------------------------------------------------------------------------------


def test_a_birth_is_answered_with_everything_unresolved_and_the_wish_is_sent_by_that(hand):
    hand.wish()
    (session,) = told(hand.stage.take(("birth", birth(session=2))), "session")
    assert session["twin"] == {"desired": {"set_point": {"value": SET_POINT, "version": 1, "expires_ms": None}}, "known": {}}
    assert hand.desired() == (1, True, False, None)


def test_what_a_device_says_besides_its_birth_sends_no_wish(hand):
    hand.wish()
    hand.report(child_lock=(0, 1, None))
    hand.stage.take(("probe", said(probe=1, unanswered=0)))
    assert hand.desired() == (1, False, False, None)


def test_a_birth_of_another_device_sends_no_wish_of_this_one(hand):
    hand.wish()
    hand.stage.take(("birth", birth(), "other"))
    assert hand.desired() == (1, False, False, None)


def test_a_document_says_for_which_session_it_is(hand):
    hand.stage.take(("birth", birth(session=4)))
    hand.wish()
    assert hand.send() == 1
    ((_, sent),) = hand.outlet.sent
    head = birth(session=4)
    assert [sent[name] for name in ("session", "boot", "incarnation")] == [
        head[name] for name in ("session", "boot", "incarnation")
    ]


def test_the_worker_sends_a_wish_once_and_again_when_it_is_not_seen_for_long(hand):
    hand.wish()
    assert (hand.send(), hand.send()) == (1, 0)
    desired = {"set_point": {"value": SET_POINT, "version": 1, "expires_ms": None}}
    assert hand.outlet.sent == [("dn.dev.twin", {"session": 1, "boot": 1, "incarnation": 7, "desired": desired, "known": {}})]
    hand.stage.now_ms += AGAIN_MS - 100
    hand.stage.take(("data", frame(hand.stage.reading)))
    assert hand.send() == 0
    hand.stage.now_ms += 1_200
    hand.stage.take(("data", frame(hand.stage.reading, 1)))
    assert hand.send() == 1
    hand.report(seen={"set_point": 1})
    hand.stage.now_ms += 10 * AGAIN_MS
    hand.stage.take(("data", frame(hand.stage.reading, 2)))
    assert hand.send() == 0


def test_a_broker_that_is_away_or_gone_leaves_the_wish_to_be_sent(hand):
    hand.wish()
    gone = Outlet()
    gone.closed.set()
    assert hand.send(gone) == 0
    assert hand.desired() == (1, False, False, None)
    assert hand.send() == 1
    assert gone.sent == []


# -- seen and answered -------------------------------------------------------------------------------------------------------------


def test_a_wish_goes_from_sent_to_seen_to_confirmed_and_is_asked_no_more(hand):
    hand.wish()
    hand.send()
    hand.report(seen={"set_point": 1})
    assert hand.desired() == (1, True, True, None)
    hand.report(seen={"set_point": 1}, set_point=(SET_POINT, 1, 1))
    assert hand.desired() == (1, True, True, "confirmed")
    (session,) = told(hand.stage.take(("birth", birth(session=2))), "session")
    assert session["twin"] == {"desired": {}, "known": {"set_point": 1}}


def test_a_report_is_kept_with_its_version_and_an_older_one_changes_nothing(hand):
    hand.report(set_point=(2_000, 3, None))
    hand.report(set_point=(1_900, 2, None))
    assert hand.reported() == (2_000, 3, None)
    hand.report(set_point=(2_050, 4, None))
    assert hand.reported() == (2_050, 4, None)


def test_two_reports_of_one_batch_are_worked_in_one_after_the_other(hand):
    hand.wish()
    reports = [
        said(seen={"set_point": 1}, reported={}),
        said(seen={}, reported={"set_point": {"value": SET_POINT, "version": 1, "at_ms": 900, "based_on": 1, "fault": None}}),
    ]
    hand.stage.take(*(("twin", report) for report in reports))
    assert hand.desired()[2:] == (True, "confirmed")
    assert hand.reported() == (SET_POINT, 1, 1)


def test_a_report_before_a_birth_in_the_same_batch_is_in_the_births_answer(hand):
    report = {"value": 2_000, "version": 5, "at_ms": 900, "based_on": None, "fault": None}
    downs = hand.stage.take(("twin", said(seen={}, reported={"set_point": report})), ("birth", birth(session=2)))
    assert told(downs, "session")[0]["twin"]["known"] == {"set_point": 5}


def test_what_an_older_incarnation_reports_late_is_no_state_any_more(hand):
    hand.report(set_point=(2_000, 1, None))
    hand.stage.take(("birth", birth(incarnation=8)))
    hand.report(set_point=(2_500, 9, None))
    assert hand.reported() == (2_000, 1, None)
    hand.report(head={"incarnation": 8}, set_point=(2_200, 1, None))
    assert hand.reported() == (2_200, 1, None)


def test_what_a_device_reports_before_it_has_named_a_contract_is_not_worked_in(stage):
    report = {"value": 2_000, "version": 1, "at_ms": 900, "based_on": None, "fault": None}
    stage.take(("twin", said(seen={}, reported={"set_point": report})))
    assert stage.tables.twin_reported.rows == {}
    stage.take(("birth", birth()), ("twin", said(seen={}, reported={"set_point": report})))
    assert stage.tables.twin_reported.rows[stage.no(), "set_point"]["value"] == 2_000


def test_each_device_has_a_twin_of_its_own(hand):
    report = {"value": 1_800, "version": 1, "at_ms": 900, "based_on": None, "fault": None}
    hand.stage.take(("birth", birth(), "other"), ("twin", said(seen={}, reported={"set_point": report}), "other"))
    hand.report(set_point=(2_000, 4, None))
    rows = hand.stage.tables.twin_reported.rows
    assert rows[hand.stage.no(), "set_point"]["value"] == 2_000
    assert rows[hand.stage.no("other"), "set_point"]["value"] == 1_800


# -- over time -----------------------------------------------------------------------------------------------------------------------


def test_a_wish_expires_by_its_contract_and_not_a_millisecond_before(hand):
    hand.wish(1, "child_lock")
    assert hand.tick(WEEK_MS - 1) == 0
    assert hand.desired("child_lock")[3] is None
    assert hand.tick(WEEK_MS) == 1
    assert hand.desired("child_lock")[3] == "expired"
    assert hand.tick(2 * WEEK_MS) == 0


def test_a_wish_without_an_end_never_expires(hand):
    hand.wish()
    assert hand.tick(100 * WEEK_MS) == 0
    assert hand.desired()[3] is None


def test_a_wish_that_expired_is_not_sent(hand):
    hand.wish(1, "child_lock")
    hand.tick(WEEK_MS)
    assert hand.send() == 0
    (session,) = told(hand.stage.take(("birth", birth(session=2))), "session")
    assert session["twin"]["desired"] == {}


def test_the_time_a_wish_was_asked_and_seen_is_kept(hand):
    hand.wish()
    row = hand.stage.tables.twin_desired.rows[hand.stage.no(), "set_point"]
    assert (row["asked_by"], row["asked_at"]) == ("anna", (NOW_MS + 1) * 1000)
    hand.send()
    seen_ms = hand.stage.now_ms
    hand.report(seen={"set_point": 1})
    row = hand.stage.tables.twin_desired.rows[hand.stage.no(), "set_point"]
    assert row["seen_at"] == seen_ms * 1000
