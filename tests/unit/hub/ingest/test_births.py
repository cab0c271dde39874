"""What a birth does in ingest: the answer, the books of ended boots, what is written of device and boot, and the odd ones."""

import pytest
from hypothesis import given, strategies as st
from tests.integration.hub.harness import birth, frame, losses as declared, said
from tests.unit.hub.ingest.stage import NOW_MS, Ledger, Stage, marks, told

from seamline.hub.ingest.sessions import (
    GREETING_MESSAGES,
    SPREAD_MARGIN,
    SPREAD_MS_MIN,
    UNCERTAINTY_MS,
    Told,
    reconnect_spread_ms,
)

FLEET = {"devices": st.integers(0, 10**6), "rate": st.integers(1, 5_000), "longest_ms": st.integers(1_000, 3_600_000)}


def answer(stage, **given):
    """The session that answers this birth."""
    (session,) = told(stage.take(("birth", birth(**given))), "session")
    return session


def readings(stage, *runs, **head):
    """A frame for each (first, count); each number has its uptime, so that the same number is the same record."""
    return [("data", frame(stage.reading, first, [{}] * count, uptime_ms=1_000 + 10 * first, **head)) for first, count in runs]


def losses(stage):
    names = ("incarnation", "boot", "boots", "channel", "first", "count", "reason")
    return [tuple(row[name] for name in names) for row in stage.tables.loss.rows.values()]


def test_a_session_echoes_who_was_born_and_carries_the_hubs_time_of_sending(stage):
    stage.told.generation = 3
    session = answer(stage, boot=4, session=9, incarnation=12)
    assert (session["session"], session["boot"], session["incarnation"]) == (9, 4, 12)
    assert (session["time_ms"], session["uncertainty_ms"]) == (stage.now_ms, UNCERTAINTY_MS)
    assert (session["generation"], session["closed"], session["marks"]) == (3, 4, [])
    assert session["twin"] == {"desired": {}, "known": {}}


def test_sessions_are_said_before_marks_so_that_a_device_knows_its_session_when_marks_come(stage):
    downs = stage.take(*readings(stage, (0, 2)), ("birth", birth()), ("probe", said(probe=1, unanswered=0)))
    assert [kind for _, kind, _ in downs] == ["session", "marks"]
    assert told(downs, "marks")[0]["session"] == 1


def test_of_two_births_in_a_batch_the_last_is_answered(stage):
    downs = stage.take(("birth", birth(session=1)), ("birth", birth(session=2, uptime_ms=2_000)))
    assert [session["session"] for session in told(downs, "session")] == [2]
    assert stage.presence()["session"] == 2


def test_a_birth_is_answered_with_what_came_before_it_and_what_came_behind_is_said_besides(stage):
    downs = stage.take(*readings(stage, (0, 2)), ("birth", birth()), *readings(stage, (2, 3)))
    assert told(downs, "session")[0]["marks"] == [[1, 1, 2]]
    assert marks(downs) == {(1, 1): 5}


def test_what_is_written_of_a_device_and_its_boot_is_what_the_birth_said(stage):
    stage.take(("birth", birth(boot=3, uptime_ms=700, reset="watchdog", firmware="1.3.0-rc1")))
    device, boot = stage.tables.device.rows["dev"], stage.boot(3)
    assert {name: device[name] for name in ("product", "contract", "firmware", "incarnation", "boot")} == {
        "product": "heater", "contract": "heater/1.3.0", "firmware": "1.3.0-rc1", "incarnation": 7, "boot": 3,
    }  # fmt: skip
    assert {name: boot[name] for name in ("reset", "firmware", "contract", "began_before_ms", "uptime_ms", "unborn")} == {
        "reset": "watchdog", "firmware": "1.3.0-rc1", "contract": "heater/1.3.0", "began_before_ms": NOW_MS - 700,
        "uptime_ms": 700, "unborn": False,
    }  # fmt: skip
    assert (boot["first_heard"], boot["last_heard"]) == (NOW_MS * 1000, NOW_MS * 1000)


def test_a_later_birth_of_a_boot_keeps_when_it_was_first_heard(stage):
    stage.take(("birth", birth(uptime_ms=10)))
    first = stage.boot()["first_heard"]
    stage.now_ms += 60_000
    stage.take(("birth", birth(session=2, uptime_ms=50_000)))
    boot = stage.boot()
    assert (boot["first_heard"], boot["last_heard"]) == (first, (stage.now_ms - 1) * 1000)
    assert (boot["began_before_ms"], boot["uptime_ms"]) == (NOW_MS - 10, 50_000)


# -- ended boots -----------------------------------------------------------------------------------------------------------


def test_an_ended_boot_is_written_down_as_lost_from_what_was_heard_to_its_bound(stage):
    stage.take(("birth", birth()), *readings(stage, (0, 20)))
    assert answer(stage, boot=2, ended=[[1, 1, 1, 256]])["closed"] == 2
    assert losses(stage) == [(7, 1, 1, 1, 20, 236, "power_loss")]
    assert stage.ledger() is None
    fold = stage.fold()
    assert (fold["boots"], fold["numbered"], fold["stored"], fold["lost"]) == (1, 256, 20, 236)


def test_ended_boots_nobody_heard_of_are_one_row_for_the_whole_stretch(stage):
    answer(stage, boot=1_442, ended=[[1, 1_441, 1, 8]])
    assert losses(stage) == [(7, 1, 1_441, 1, 0, 8, "power_loss")]
    assert (stage.fold()["boots"], stage.fold()["lost"]) == (1_441, 8 * 1_441)
    assert stage.ledger() is None


def test_what_an_ended_boot_holds_is_waited_for_and_its_last_record_folds_it(stage):
    stage.take(("birth", birth()), *readings(stage, (0, 2)))
    assert answer(stage, boot=2, held=[[1, 1, 4, 2]], ended=[[1, 1, 1, 8]])["closed"] == 1
    assert stage.ledger() == Ledger(4, 8, [4, 6], 2, 0, 0, 4, 0)
    assert marks(stage.take(*readings(stage, (4, 2)))) == {(1, 1): 8}
    assert stage.ledger() is None
    assert (stage.fold()["stored"], stage.fold()["lost"], stage.fold()["numbered"]) == (4, 4, 8)
    assert [row["seq"] for row in stage.readings()] == [0, 1, 4, 5]


@pytest.mark.parametrize("anew", [False, True], ids=["in memory", "after a restart"])
def test_frames_of_a_closed_boot_are_answered_with_a_mark_at_their_end_and_not_counted(stage, anew):
    stage.take(("birth", birth()), *readings(stage, (0, 3)))
    answer(stage, boot=2)
    if anew:
        stage.start()
    assert marks(stage.take(*readings(stage, (0, 3)))) == {(1, 1): 3}
    assert marks(stage.take(*readings(stage, (1, 2), (0, 1)))) == {(1, 1): 3}
    assert (stage.fold()["stored"], stage.fold()["duplicates"]) == (3, 0)
    assert (stage.ledger(), stage.quarantine("reason")) == (None, [])


def test_losses_told_again_of_a_closed_boot_take_no_mark_back(stage):
    stage.take(("birth", birth()), *readings(stage, (0, 4)))
    answer(stage, boot=2)
    again = ("data", declared(0, (1, 1, 1, 0, 1), boot=2))
    assert marks(stage.take(*readings(stage, (0, 4)), again))[1, 1] == 4


def test_an_answered_probe_also_names_what_its_own_batch_moved_of_a_closed_boot(stage):
    stage.take(("birth", birth()), *readings(stage, (0, 3)))
    answer(stage, boot=2)
    probe = ("probe", said(boot=2, probe=4, unanswered=0))
    downs = stage.take(*readings(stage, (0, 3)), *readings(stage, (0, 1), boot=2), probe, (*readings(stage, (0, 2))[0], "other"))
    (content,) = told(downs, "marks")
    assert (content["probe"], marks(downs)) == (4, {(1, 1): 3, (2, 1): 1})
    assert (told(downs, "marks", "other")[0]["probe"], marks(downs, "other")) == (None, {(1, 1): 2})


def test_held_records_of_a_closed_boot_get_a_final_mark_with_the_session(stage):
    stage.take(("birth", birth()), *readings(stage, (0, 3)))
    answer(stage, boot=2)
    session = answer(stage, boot=2, session=2, held=[[1, 1, 1, 2]])
    assert session["marks"] == [[1, 1, 3]]


def test_a_birth_of_another_incarnation_closes_what_the_old_one_owed_as_erased(stage):
    stage.take(("birth", birth()), *readings(stage, (0, 2), (5, 1)))
    answer(stage, incarnation=99)
    assert losses(stage) == [(7, 1, 1, 1, 2, 3, "erased")]
    assert stage.ledger() is None
    assert (stage.fold()["numbered"], stage.fold()["stored"], stage.fold()["lost"]) == (6, 3, 3)
    assert stage.events("incarnation", "boot", "was") == [("new-incarnation", 99, 1, 7)]


def test_a_birth_of_a_boot_that_is_over_is_an_event_and_changes_nothing(stage):
    stage.take(("birth", birth(boot=3, firmware="1.3.0")))
    before = dict(stage.tables.device.rows["dev"]), {**stage.presence(), "check_at": 0}
    assert stage.take(("birth", birth(boot=2, firmware="0.9", contract="heater/1.2.0"))) == []
    assert (dict(stage.tables.device.rows["dev"]), {**stage.presence(), "check_at": 0}) == before
    assert stage.boot(2) is None
    assert stage.events("incarnation", "boot") == [("stale-birth", 7, 2)]


def test_a_stale_birth_beside_a_fresh_one_leaves_the_fresh_ones_answer(stage):
    downs = stage.take(("birth", birth(boot=3)), ("birth", birth(boot=2)), *readings(stage, (0, 1), boot=3))
    assert [session["boot"] for session in told(downs, "session")] == [3]
    assert marks(downs) == {(3, 1): 1}
    assert (stage.presence()["boot"], stage.events()) == (3, [("stale-birth",)])


# -- contracts ---------------------------------------------------------------------------------------------------------------


def test_a_contract_that_nobody_registered_is_told_once(stage):
    for session in (1, 2):
        answer(stage, session=session, contract="heater/9.9.9")
    assert stage.events("contract", "boot") == [("unregistered-contract", "heater/9.9.9", 1)]
    answer(stage, session=3, contract="heater/1.3.0")
    answer(stage, session=4, contract="heater/9.9.9")
    assert len(stage.events()) == 2


def test_an_event_names_the_boundary_and_its_owner_by_the_products_contract(stage):
    answer(stage, contract="heater/9.9.9")
    (row,) = stage.tables.event.rows.values()
    assert (row.boundary, row.owner, row.device_no) == ("radio-broker", "firmware", stage.no())
    answer(stage, boot=2, contract="toaster/1.0.0")
    assert list(stage.tables.event.rows.values())[-1].boundary is None


def test_a_device_that_is_born_as_another_product_has_its_readings_quarantined_from_there_on(stage):
    downs = stage.take(*readings(stage, (0, 2)), ("birth", birth(contract="toaster/1.0.0", session=2)), *readings(stage, (2, 3)))
    assert marks(downs) == {(1, 1): 5}
    assert stage.ledger() == Ledger(5, 5, [], 2, 3, 0, 0, 0)
    assert stage.quarantine("reason", "first", "count", "counted") == [("wrong-product", 2, 3, True)]
    stage.take(*readings(stage, (5, 1)))
    assert stage.ledger().quarantined == 4


# -- the reconnect spread ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("devices", "wanted_ms"),
    [(0, SPREAD_MS_MIN), (9, SPREAD_MS_MIN), (640, 1_000), (8_000, 12_500), (38_400, 60_000), (10**6, 60_000)],
)
def test_a_session_gives_the_spread_that_the_fleet_needs_at_the_contracts_accept_rate(families, devices, wanted_ms):
    stage = Stage(families, told=Told(fleet_devices=devices))
    assert answer(stage)["spread_ms"] == wanted_ms


@given(**FLEET)
def test_a_spread_keeps_connects_to_the_accept_rate_within_its_bounds(devices, rate, longest_ms):
    spread_ms = reconnect_spread_ms(devices, rate, longest_ms)
    assert SPREAD_MS_MIN <= spread_ms <= longest_ms
    if spread_ms < longest_ms:
        assert devices * 1000 <= spread_ms * rate
    if spread_ms > SPREAD_MS_MIN:
        assert spread_ms <= devices * 1000 * SPREAD_MARGIN / rate


@given(**FLEET, messages=st.integers(1, 50_000))
def test_a_message_rate_only_lengthens_the_spread_and_leaves_room_for_each_devices_greeting(devices, rate, longest_ms, messages):
    plain = reconnect_spread_ms(devices, rate, longest_ms)
    spread_ms = reconnect_spread_ms(devices, rate, longest_ms, messages)
    assert plain <= spread_ms <= longest_ms
    if spread_ms < longest_ms:
        assert devices * GREETING_MESSAGES * 1000 <= spread_ms * messages


def test_a_fleet_of_forty_thousand_is_asked_for_what_both_rates_need():
    assert reconnect_spread_ms(40_000, 1_000, 600_000) == 50_000
    assert reconnect_spread_ms(40_000, 1_000, 600_000, 2_000) == 100_000
    assert reconnect_spread_ms(40_000, 1_000, 600_000, 8_000) == 50_000
