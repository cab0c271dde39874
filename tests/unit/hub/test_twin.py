import pytest
from tests.unit.hub.messages import said

from seamline.hub.downlink import Wish
from seamline.hub.twin import (
    REASSERTED_BY,
    Policy,
    Reported,
    Resolution,
    Rule,
    Side,
    Twin,
    TwinState,
    ask,
    deadline,
    document,
    mark_seen,
    mark_sent,
    receive,
    report,
    status,
    tick,
)

T0 = 1_763_000_000_000
CLOUD = Policy(Rule.CLOUD_WINS)
DEVICE = Policy(Rule.DEVICE_WINS)
NEWEST = Policy(Rule.NEWEST)
OVERRIDE = Policy(Rule.LOCAL_OVERRIDE, override_ms=60_000)
EVERY = [CLOUD, DEVICE, NEWEST, OVERRIDE]


def reported(value, version, based_on=None, fault=None, incarnation=7, boot=1, now_ms=T0 + 50):
    return Reported(value, version, based_on, fault, incarnation, boot, 1_000, now_ms)


def state(twin, policy=CLOUD, now_ms=T0 + 100):
    return status(twin, policy, now_ms).state


def local(twin, policy, value, version, made=(T0 + 40, 5), now_ms=T0 + 50, **members):
    return report(twin, policy, reported(value, version, now_ms=now_ms, **members), made, now_ms)


def answered(twin, policy, value=21, version=1, fault=None, now_ms=T0 + 50):
    return report(twin, policy, reported(value, version, twin.desired.version, fault, now_ms=now_ms), None, now_ms)


@pytest.fixture
def wished():
    """A wish against a device that reported 18 before; the asker did not know."""
    return ask(Twin(), CLOUD, 21, "anna", T0)._replace(reported=reported(18, 0))


@pytest.fixture
def confirmed(wished):
    return answered(mark_seen(wished, 1, T0 + 20), CLOUD)


def test_nothing_asked_and_nothing_reported_has_no_state():
    assert status(Twin(), CLOUD, T0) is None


def test_a_report_alone_is_in_sync():
    twin = report(Twin(), CLOUD, reported(5, 1), None, T0 + 50)
    found = status(twin, CLOUD, T0 + 100)
    assert (found.state, found.age_ms, found.why) == (TwinState.IN_SYNC, 50, "nothing asked")


def test_a_wish_goes_from_asked_to_delivered_to_in_sync_each_with_its_age(wished):
    found = status(wished, CLOUD, T0 + 10)
    assert (found.state, found.age_ms, found.why) == (TwinState.ASKED, 10, "never sent")
    sent = mark_sent(wished, T0 + 12)
    assert status(sent, CLOUD, T0 + 15).why == "sent, not seen by the device"
    seen = mark_seen(sent, 1, T0 + 20)
    assert status(seen, CLOUD, T0 + 30).age_ms == 10
    assert state(seen) is TwinState.DELIVERED
    done = answered(seen, CLOUD)
    assert (state(done), done.desired.resolution) == (TwinState.IN_SYNC, Resolution.CONFIRMED)
    assert mark_sent(done, T0 + 60) is done


def test_seen_of_another_version_or_seen_again_changes_nothing(wished):
    seen = mark_seen(wished, 1, T0 + 20)
    assert mark_seen(seen, 1, T0 + 30) is seen
    assert mark_seen(wished, 9, T0 + 20) is wished
    assert mark_seen(Twin(), 1, T0) == Twin()
    assert mark_sent(Twin(), T0) == Twin()


def test_a_confirmation_is_its_own_proof_of_delivery(wished):
    assert answered(wished, CLOUD).desired.seen_ms == T0 + 50


def test_a_wish_that_is_late_to_be_confirmed_says_so(wished):
    policy = Policy(Rule.CLOUD_WINS, confirm_within_ms=1_000)
    assert not status(wished, policy, T0 + 1_000).overdue
    assert status(wished, policy, T0 + 1_001).overdue


def test_a_refused_wish_is_rejected_with_its_fault(wished):
    twin = answered(wished, CLOUD, value=18, fault="too_hot")
    found = status(twin, CLOUD, T0 + 60)
    assert (found.state, found.why, found.age_ms) == (TwinState.REJECTED, "too_hot", 10)
    assert state(local(twin, CLOUD, 17, 2)) is TwinState.REJECTED


def test_a_value_the_device_changed_while_confirming_is_drifted(wished):
    assert state(answered(wished, CLOUD, value=20)) is TwinState.DRIFTED


def test_a_wish_expires_and_a_late_confirmation_still_tells_the_truth():
    policy = Policy(Rule.CLOUD_WINS, expires_ms=100)
    twin = ask(Twin(), policy, 21, "anna", T0)
    assert deadline(twin, policy) == T0 + 100
    assert tick(twin, policy, T0 + 99) is twin
    assert state(twin, policy, T0 + 100) is TwinState.EXPIRED
    expired = tick(twin, policy, T0 + 105)
    found = status(expired, policy, T0 + 130)
    assert (found.state, found.age_ms, found.why) == (TwinState.EXPIRED, 30, "not confirmed in time")
    assert tick(expired, policy, T0 + 200) is expired
    assert deadline(expired, policy) is None
    assert state(local(expired, policy, 5, 1), policy, T0 + 200) is TwinState.EXPIRED
    assert state(answered(expired, policy), policy, T0 + 200) is TwinState.IN_SYNC


def test_a_document_holds_everything_unresolved_and_every_known_version(wished, confirmed):
    lapsed = ask(Twin(), Policy(Rule.CLOUD_WINS, expires_ms=1), 3, "anna", T0)
    found = document({"a": wished._replace(reported=None), "b": confirmed, "c": lapsed, "d": Twin()}, T0 + 10)
    assert found.desired == {"a": Wish(21, 1, None)}
    assert found.known == {"b": 1}


def test_reports_known_already_or_older_change_nothing(confirmed):
    assert local(confirmed, CLOUD, 5, 1) is confirmed
    assert local(confirmed, CLOUD, 5, 9, boot=0) is confirmed


def test_a_later_boot_or_a_new_incarnation_counts_its_reports_anew(confirmed):
    assert local(confirmed, CLOUD, 21, 1, boot=2).reported.boot == 2
    assert local(confirmed, CLOUD, 21, 1, incarnation=9).reported.incarnation == 9


def test_the_cloud_asks_back_what_was_changed_locally(confirmed):
    twin = local(confirmed, CLOUD, 5, 2)
    assert (twin.desired.version, twin.desired.value, twin.desired.asked_by) == (2, 21, REASSERTED_BY)
    assert state(twin) is TwinState.ASKED


def test_a_wish_under_way_stands_against_a_local_change_where_the_cloud_wins(wished):
    twin = local(wished, CLOUD, 5, 1)
    assert twin.desired == wished.desired


def test_the_device_wins_over_wishes_made_without_knowing_its_change(wished, confirmed):
    for twin in (local(wished, DEVICE, 5, 2), local(confirmed, DEVICE, 5, 2)):
        assert twin.desired.resolution is Resolution.DEVICE_WON
        assert status(twin, DEVICE, T0 + 60).why == "a change on the device stands"
        assert document({"a": twin}, T0).desired == {}
        assert local(twin, DEVICE, 6, 3).desired == twin.desired


@pytest.mark.parametrize("policy", EVERY)
def test_a_wish_made_in_knowledge_of_the_local_change_stands(policy):
    known = Twin()._replace(reported=reported(18, 2))
    twin = ask(local(known, policy, 5, 3), policy, 21, "anna", T0 + 60)._replace(reported=known.reported)
    assert local(twin, policy, 5, 3).desired == twin.desired


@pytest.mark.parametrize("policy", EVERY)
def test_a_local_change_to_the_wished_value_is_no_conflict(policy, wished):
    assert local(wished, policy, 21, 1).desired == wished.desired


@pytest.mark.parametrize("policy", EVERY)
def test_a_value_reported_again_is_no_local_change(policy, wished):
    assert local(wished, policy, 18, 9).desired == wished.desired
    assert local(wished, policy, 18, 1, boot=2).desired == wished.desired


@pytest.mark.parametrize("policy", EVERY)
def test_the_wished_value_reported_by_a_device_that_saw_the_wish_confirms_it(policy, wished):
    twin = local(mark_seen(wished, 1, T0 + 20), policy, 21, 2)
    assert twin.desired.resolution is Resolution.CONFIRMED


@pytest.mark.parametrize(("value", "version"), [(5, 2), (18, 2)])
def test_a_wish_that_stands_after_the_device_saw_it_and_went_elsewhere_is_asked_anew(wished, value, version):
    twin = local(mark_seen(wished, 1, T0 + 20), CLOUD, value, version)
    assert (twin.desired.version, twin.desired.resolution) == (2, None)
    older = local(mark_seen(wished, 1, T0 + 20), NEWEST, value, version, made=(T0 - 90, 5))
    assert older.desired.version == 2


@pytest.mark.parametrize("policy", EVERY)
def test_the_default_a_new_device_reports_first_does_not_decide_a_wish(policy):
    wished = ask(Twin(), policy, 21, "anna", T0)
    assert local(wished, policy, 18, 1).desired == wished.desired
    seen = mark_seen(wished, 1, T0 + 20)
    assert local(seen, policy, 18, 1).desired == seen.desired
    assert local(seen, policy, 18, 2).desired.version == 2  # its answer may have been the report that was missed


@pytest.mark.parametrize("policy", EVERY)
def test_the_answer_to_an_earlier_wish_does_not_decide_a_later_one(policy, wished):
    later = ask(wished, policy, 23, "bert", T0 + 30)
    twin = report(later, policy, reported(21, 1, based_on=1), None, T0 + 50)
    assert twin.desired == later.desired


@pytest.mark.parametrize("policy", EVERY)
def test_a_device_that_has_done_an_older_wish_since_is_asked_anew(policy, confirmed):
    newer = answered(ask(confirmed, policy, 25, "ben", T0 + 60), policy, 25, version=2, now_ms=T0 + 70)
    assert newer.desired.resolution is Resolution.CONFIRMED
    astray = report(newer, policy, reported(21, 3, based_on=1, boot=2), None, T0 + 90)
    assert (astray.desired.value, astray.desired.version, astray.desired.asked_by) == (25, 3, REASSERTED_BY)
    assert astray.desired.resolution is None


@pytest.mark.parametrize(
    ("value", "based_on", "fault"),
    [(25, 1, None), (21, 1, "locked"), (21, 9, None)],
    ids=["as asked all the same", "refused", "a wish that a restored database lost"],
)
def test_an_older_wish_that_led_nobody_astray_is_not_asked_over(confirmed, value, based_on, fault):
    newer = answered(ask(confirmed, CLOUD, 25, "ben", T0 + 60), CLOUD, 25, version=2, now_ms=T0 + 70)
    after = report(newer, CLOUD, reported(value, 3, based_on, fault, boot=2), None, T0 + 90)
    assert after.desired == newer.desired


@pytest.mark.parametrize(
    ("made", "tie", "winner"),
    [
        ((T0 + 40, 5), Side.CLOUD, Side.DEVICE),
        ((T0 - 40, 5), Side.DEVICE, Side.CLOUD),
        ((T0 + 40, 40), Side.CLOUD, Side.CLOUD),
        ((T0 - 40, 40), Side.DEVICE, Side.DEVICE),
        (None, Side.DEVICE, Side.DEVICE),
        (None, Side.CLOUD, Side.CLOUD),
    ],
)
def test_newest_goes_by_time_and_overlapping_bounds_fall_to_the_declared_winner(wished, made, tie, winner):
    twin = local(wished, Policy(Rule.NEWEST, tie=tie), 5, 1, made=made)
    assert (twin.desired.resolution is Resolution.DEVICE_WON) == (winner is Side.DEVICE)


def test_newest_is_decided_once_and_dating_it_anew_changes_nothing(wished):
    twin = local(wished, NEWEST, 5, 1, made=(T0 + 40, 5))
    assert local(twin, NEWEST, 5, 1, made=(T0 - 40, 5)) is twin
    assert local(twin, NEWEST, 5, 2, made=(T0 - 40, 5)).desired == twin.desired


def test_a_change_after_the_confirmation_is_newer(confirmed):
    assert local(confirmed, NEWEST, 5, 2, made=None).desired.resolution is Resolution.DEVICE_WON


def test_a_local_override_holds_for_a_while_then_the_wish_is_asked_back(confirmed):
    twin = local(confirmed, OVERRIDE, 5, 2, now_ms=T0 + 70)
    assert state(twin, OVERRIDE) is TwinState.DRIFTED
    assert deadline(twin, OVERRIDE) == T0 + 70 + 60_000
    assert tick(twin, OVERRIDE, T0 + 60_069) is twin
    back = tick(twin, OVERRIDE, T0 + 60_070)
    assert (back.desired.version, back.desired.value, back.desired.resolution) == (2, 21, None)


@pytest.mark.parametrize("policy", [CLOUD, NEWEST, OVERRIDE])
def test_the_defaults_of_an_erased_device_are_no_edit(policy, confirmed):
    twin = local(confirmed, policy, 18, 1, incarnation=99)
    assert (twin.desired.version, twin.desired.resolution) == (2, None)
    pending = ask(confirmed, policy, 23, "bert", T0 + 55)
    assert local(pending, policy, 18, 1, incarnation=99).desired == pending.desired


def test_an_erased_device_that_wins_keeps_its_default_but_not_against_a_wish_under_way(confirmed):
    assert local(confirmed, DEVICE, 18, 1, incarnation=99).desired.resolution is Resolution.DEVICE_WON
    pending = ask(confirmed, DEVICE, 23, "bert", T0 + 55)
    assert local(pending, DEVICE, 18, 1, incarnation=99).desired == pending.desired


def test_time_changes_nothing_where_nothing_is_asked():
    assert tick(Twin(), CLOUD, T0) == Twin()
    assert deadline(Twin(), CLOUD) is None
    assert deadline(ask(Twin(), CLOUD, 1, "anna", T0), CLOUD) is None


def test_a_twin_message_is_worked_in_and_unknown_names_are_told(wished):
    item = {"value": 21, "version": 4, "at_ms": 10, "based_on": 1, "fault": None}
    said_twin = said("twin", seen={"a": 1, "x": 3}, reported={"a": item, "y": item})
    changed, unknown = receive({"a": wished, "b": Twin()}, {"a": CLOUD, "b": CLOUD}, said_twin, {}, T0 + 30)
    assert unknown == ("x", "y")
    assert set(changed) == {"a"}
    assert changed["a"].desired.resolution is Resolution.CONFIRMED
    assert changed["a"].reported == Reported(21, 4, 1, None, 7, 1, 10, T0 + 30)
    new, _ = receive({}, {"a": CLOUD}, said_twin, {}, T0 + 30)
    assert new["a"].desired is None
    only_seen, _ = receive({"a": wished}, {"a": CLOUD}, said("twin", seen={"a": 1}), {}, T0 + 30)
    assert only_seen["a"].desired.seen_ms == T0 + 30


def unknown_to_the_firmware(based_on, version=1, value=None, fault="unknown_property", boot=1):
    item = {"value": value, "version": version, "at_ms": 10, "based_on": based_on, "fault": fault}
    return said("twin", seen={} if based_on is None else {"a": based_on}, reported={"a": item}, boot=boot)


def test_a_wish_for_a_property_the_firmware_lacks_is_refused_for_good_and_says_why():
    asked = {"a": mark_sent(ask(Twin(), CLOUD, 21, "anna", T0), T0 + 5)}
    changed, unknown = receive(asked, {}, unknown_to_the_firmware(1), {}, T0 + 30)
    wish = changed["a"].desired
    assert (wish.resolution, wish.seen_ms, wish.resolved_ms, unknown) == (Resolution.UNKNOWN_PROPERTY, T0 + 30, T0 + 30, ())
    assert changed["a"].reported.fault == "unknown_property"
    found = status(changed["a"], CLOUD, T0 + 100)
    assert (found.state, found.age_ms, found.why) == (TwinState.REJECTED, 70, "unknown_property")
    assert document(changed, T0 + 100).desired == {}
    assert receive(changed, {}, unknown_to_the_firmware(1), {}, T0 + 40)[0] == {}


@pytest.mark.parametrize("policy", EVERY)
def test_firmware_that_has_the_property_may_be_asked_anew_and_until_then_the_refusal_stands(policy):
    asked = {"a": ask(Twin(), policy, 21, "anna", T0)}
    refused, _ = receive(asked, {"a": policy}, unknown_to_the_firmware(1), {}, T0 + 30)
    later, _ = receive(refused, {"a": policy}, unknown_to_the_firmware(None, 2, 18, None, boot=2), {}, T0 + 50)
    assert state(later["a"], policy) is TwinState.REJECTED
    assert status(later["a"], policy, T0 + 60).why == "unknown_property"
    anew = ask(later["a"], policy, 21, "anna", T0 + 60)
    assert document({"a": anew}, T0 + 70).desired["a"].version == 2
    done = report(anew, policy, reported(21, 3, 2, boot=2), None, T0 + 80)
    assert done.desired.resolution is Resolution.CONFIRMED


def test_a_refusal_of_another_wish_or_of_nothing_asked_changes_no_wish():
    twice = {"a": ask(ask(Twin(), CLOUD, 21, "anna", T0), CLOUD, 22, "anna", T0)}
    changed, _ = receive(twice, {}, unknown_to_the_firmware(1), {}, T0 + 30)
    assert changed["a"].desired == twice["a"].desired
    assert receive({}, {}, unknown_to_the_firmware(1), {}, T0 + 30) == ({}, ("a",))


def test_a_wishs_version_is_above_the_one_before_and_above_all_that_a_restore_may_have_lost():
    first = ask(Twin(), CLOUD, 21, "anna", T0, above=100)
    assert first.desired.version == 101
    assert ask(first, CLOUD, 22, "anna", T0, above=100).desired.version == 102
    assert ask(first, CLOUD, 22, "anna", T0, above=500).desired.version == 501
