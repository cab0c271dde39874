"""The session: what is said when, how often, and when the core gives up."""

import pytest
from tests.model.device.world import Lcg
from tests.unit.device.hand import BODY, UNIX_MS, Hand, numbers, of_kind, rules, said

from seamline.device import Core, ReportError
from seamline.device.session import FAILURE_REASONS_MAX, TRANSITIONS


def test_the_first_thing_a_boot_does_is_to_make_its_counters_durable():
    core = Core(rules(), "d1", Lcg(1), {})
    assert core.deadline() is None
    core.tick(10)
    core.start(0)
    effects = core.effects()
    assert [effect[:2] for effect in effects] == [("persist", "c1")]
    assert core.deadline() is not None


def test_a_boot_begins_once():
    with pytest.raises(ReportError, match="twice"):
        Hand().core.start(0)


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ({"epoch": -1}, "epoch"),
        ({"epoch": 65536}, "epoch"),
        ({"firmware": ""}, "firmware"),
        ({"image": "a b"}, "image"),
        ({"slot": 1}, "slot"),
    ],
    ids=repr,
)
def test_a_boot_that_no_birth_could_tell_of_is_refused(said, message):
    with pytest.raises(ReportError, match=message):
        Hand(started=False).core.start(0, **said)


def test_a_birth_tells_who_and_why():
    core = Core(rules(), "d1", Lcg(1), {})
    core.start(0, reset="watchdog", firmware="1.3.0", image="ab", slot="b", epoch=7)
    core.effects()
    core.tick(core.deadline())
    core.connected(2000)
    birth = said(core.effects(), "birth")[0]
    assert birth == {
        "incarnation": core.incarnation,
        "boot": 1,
        "session": 1,
        "uptime_ms": 2000,
        "heard_ms": None,
        "contract": "toy/1.0.0",
        "firmware": "1.3.0",
        "image": "ab",
        "slot": "b",
        "reset": "watchdog",
        "epoch": 7,
        "last_end": None,
        "failures": [],
        "held": [],
        "ended": [],
    }


def test_an_unheard_of_reset_is_unknown():
    core = Core(rules(), "d1", Lcg(1), {})
    core.start(0, reset="gremlins")
    core.effects()
    core.tick(core.deadline())
    core.connected(2000)
    assert said(core.effects(), "birth")[0]["reset"] == "unknown"


def test_the_will_is_the_death_of_the_session_that_is_to_come():
    hand = Hand()
    while hand.core.state == "offline":
        effects = hand.tick()
    will = of_kind(effects, "connect")[0][0]
    assert will == b'{"boot":1,"heard_ms":null,"incarnation":%d,"session":1,"uptime_ms":%d}' % (
        hand.core.incarnation,
        hand.now_ms,
    )


def test_a_virgin_device_comes_soon_and_a_power_cut_comes_back_spread():
    slow = {"spread_ms": 3_600_000, "backoff_base_ms": 10}
    hand = Hand(**slow)
    assert hand.core.deadline() <= 10
    assert hand.power_cut(**slow).core.deadline() > 10
    core = Core(rules(**slow), "d1", Lcg(7), hand.flash)
    core.start(0, reset="software")
    assert core.deadline() <= 10


def test_the_hub_s_spread_is_in_force_after_a_power_cut_too():
    hand = Hand(spread_ms=0)
    effects = hand.live(spread_ms=3_000_000)
    assert of_kind(effects, "persist")
    assert hand.power_cut(spread_ms=0).core.deadline() > 10_000
    for spread_ms in (3_000_001, None):
        hand.core.disconnected(hand.now_ms, "network")
        assert of_kind(hand.live(spread_ms=spread_ms), "persist") == []
        assert hand.core._session.backoff.spread_ms == 3_000_001


def test_nothing_but_births_before_the_session():
    hand = Hand()
    for _ in range(8):
        hand.record()
    hand.core.clock(0, UNIX_MS, "ntp", 5)
    hand.core.report(0, "mode", 1)
    hand.greet()
    assert hand.drain() == []


def test_an_unanswered_birth_is_said_again_with_doubling_waits_and_then_the_core_is_deaf():
    hand = Hand()
    hand.greet()
    waits, births = [], 1
    while hand.core.state == "greeting" and births < 9:
        waits.append(hand.core.deadline() - hand.now_ms)
        effects = hand.tick()
        births += len(said(effects, "birth"))
    assert waits == [1000, 2000, 4000, 8000]
    assert births == 4
    assert of_kind(effects, "close") == [("deaf",)]
    assert hand.core.deadline() > hand.now_ms
    assert hand.greet()["last_end"] == "deaf"


def test_the_session_s_time_is_an_anchor_with_half_the_round_trip():
    hand = Hand()
    hand.greet()
    born_ms = hand.now_ms
    hand.at(born_ms + 301)
    anchor = said(hand.session(), "anchor")[0]
    assert anchor["at_ms"] == born_ms + 150
    assert anchor["unix_ms"] == UNIX_MS + hand.now_ms
    assert (anchor["source"], anchor["uncertainty_ms"]) == ("hub", 151 + 3)
    assert hand.core.unix_ms(hand.now_ms) == (UNIX_MS + hand.now_ms + 151, 155)


def test_every_source_s_newest_anchor_is_told_in_each_session():
    hand = Hand()
    hand.core.clock(0, UNIX_MS, "ntp", 5)
    hand.core.clock(1, UNIX_MS + 1, "ntp", 5)
    assert [(a["source"], a["unix_ms"]) for a in said(hand.live(time_ms=None), "anchor")] == [("ntp", UNIX_MS + 1)]
    hand.core.clock(hand.now_ms, UNIX_MS, "gnss", 5)
    assert [anchor["source"] for anchor in said(hand.drain(), "anchor")] == ["gnss"]
    hand.core.disconnected(hand.now_ms, "network")
    assert [anchor["source"] for anchor in said(hand.live(), "anchor")] == ["gnss", "hub", "ntp"]


def test_the_order_in_a_session_is_anchor_twin_frames():
    hand = Hand()
    for _ in range(4):
        hand.record()
    hand.core.report(0, "mode", 1)
    effects = hand.live()
    assert [effect[1] for effect in effects if effect[0] == "publish"] == ["anchor", "twin", "data"]


def test_what_the_hub_has_is_not_sent():
    hand = Hand()
    for _ in range(8):
        hand.record()
    assert numbers(hand.live([1, 1, 4])) == [(1, 1, 4, 4)]


@pytest.mark.parametrize("changes", [{"session": 9}, {"boot": 9}, {"incarnation": 9}], ids=["session", "boot", "incarnation"])
def test_an_answer_meant_for_another_session_is_stale(changes):
    hand = Hand()
    hand.greet()
    hand.session(**changes)
    assert hand.core.state == "greeting"
    assert hand.core.books()["stale"] == 1


def test_a_second_answer_changes_nothing():
    hand = Hand()
    for _ in range(4):
        hand.record()
    hand.live()
    assert hand.session() == []
    assert hand.core.books()["flight"] == 1


def test_marks_before_the_answer_are_custody_but_no_session():
    hand = Hand()
    for _ in range(4):
        hand.record()
    hand.greet()
    assert hand.marks([1, 1, 4]) == []
    assert hand.core.books()["channels"][1]["held"] == 0
    assert hand.core.state == "greeting"


def test_marks_of_an_older_session_are_true_for_ever_but_not_heard():
    hand = Hand()
    for _ in range(4):
        hand.record()
    hand.live()
    hand.marks([1, 1, 4], session=9)
    assert hand.core.books()["channels"][1]["held"] == 0
    assert hand.core.books()["stale"] == 1


def test_marks_of_another_incarnation_are_stale():
    hand = Hand()
    for _ in range(4):
        hand.record()
    hand.live()
    hand.say("marks", incarnation=hand.core.incarnation ^ 1, session=1, marks=[[1, 1, 4]], probe=None)
    assert hand.core.books()["channels"][1]["held"] == 4


def test_the_heard_flag_says_that_something_came_since_the_last_frame():
    hand = Hand(flight_frames=8)
    for _ in range(8):
        hand.record()
    hand.greet()
    assert [frame.flags for frame in said(hand.session(), "data")] == [1, 0]
    for _ in range(4):
        hand.record()
    assert [frame.flags for frame in said(hand.drain(), "data")] == [0]
    hand.marks([1, 1, 4])
    for _ in range(4):
        hand.record()
    assert [frame.flags for frame in said(hand.drain(), "data")] == [1]


def test_unaccounted_frames_are_probed_with_doubling_waits_and_then_the_core_is_deaf():
    hand = Hand()
    hand.live()
    hand.record(3, bytes(20))
    hand.drain()
    waits, probes = [], []
    while hand.core.state == "live" and len(probes) < 9:
        waits.append(hand.core.deadline() - hand.now_ms)
        effects = hand.tick()
        probes += [(probe["probe"], probe["unanswered"]) for probe in said(effects, "probe")]
        assert numbers(effects) == []
    assert waits == [1000, 1000, 2000, 4000]
    assert probes == [(1, 0), (2, 1), (3, 2)]
    assert of_kind(effects, "close") == [("deaf",)]


def test_a_probe_s_answer_shows_what_was_lost_and_only_that_is_sent_again():
    hand = Hand(flight_frames=8)
    hand.live()
    hand.record(3, bytes(20))
    hand.drain()
    hand.tick()
    hand.record(3, bytes(20))
    assert numbers(hand.drain()) == [(3, 1, 1, 1)]
    assert numbers(hand.marks(probe=1)) == [(3, 1, 0, 1)]
    assert numbers(hand.marks(probe=1)) == []


def test_an_answer_to_a_probe_that_was_never_sent_proves_nothing():
    hand = Hand()
    hand.live()
    hand.record(3, bytes(20))
    hand.drain()
    assert numbers(hand.marks(probe=4)) == []


def test_a_gap_is_probed_though_other_channels_go_on():
    hand = Hand(flight_frames=8)
    hand.live()
    hand.record(3, bytes(20))
    hand.drain()
    asked_ms = hand.core.deadline()
    for step in range(3):
        hand.at(hand.now_ms + 300)
        for _ in range(4):
            hand.record()
        hand.marks([1, 1, 4 * step + 4])
    assert hand.core.deadline() == asked_ms
    assert said(hand.tick(), "probe")


def test_progress_puts_the_probe_off():
    hand = Hand(flight_frames=8)
    hand.live()
    hand.record(3, bytes(20))
    hand.at(hand.now_ms + 600)
    hand.record(3, bytes(20))
    hand.at(hand.now_ms + 100)
    hand.marks([1, 3, 1])
    assert hand.core.deadline() == hand.now_ms + 1000


def test_a_quiet_session_asks_after_a_keep_alive_so_that_no_core_is_deaf_for_ever():
    hand = Hand()
    hand.live()
    assert hand.core.deadline() == hand.now_ms + 9000
    assert said(hand.tick(), "probe")[0]["probe"] == 1
    hand.marks(probe=1)
    assert hand.core.deadline() == hand.now_ms + 9000


def test_busy_is_obeyed_by_everything_and_then_everything_goes_on():
    hand = Hand()
    hand.live()
    hand.say("busy", retry_after_ms=20_000)
    until_ms = hand.core.deadline()
    assert hand.now_ms + 20_000 <= until_ms <= hand.now_ms + 30_000
    for _ in range(4):
        hand.record()
    hand.core.report(hand.now_ms, "mode", 1)
    hand.core.clock(hand.now_ms, UNIX_MS, "ntp", 1)
    hand.marks()
    assert hand.drain() == []
    assert hand.core.deadline() == until_ms
    effects = hand.tick()
    assert [effect[1] for effect in effects if effect[0] == "publish"] == ["probe", "anchor", "twin", "data"]


def test_busy_postpones_the_reconnect_too():
    hand = Hand()
    hand.live()
    hand.say("busy", retry_after_ms=50_000)
    hand.core.disconnected(hand.now_ms, "server_closed")
    assert hand.core.deadline() >= hand.now_ms + 50_000


def test_busy_before_the_session_means_another_birth_later():
    hand = Hand()
    hand.greet()
    hand.say("busy", retry_after_ms=5000)
    assert hand.core.deadline() >= hand.now_ms + 5000
    assert said(hand.tick(), "birth")
    assert hand.core.deadline() == hand.now_ms + 1000


def test_a_shorter_wait_does_not_end_a_longer_one():
    hand = Hand()
    hand.live()
    hand.say("busy", retry_after_ms=50_000)
    until_ms = hand.core.deadline()
    hand.say("busy", retry_after_ms=0)
    assert hand.core.deadline() == until_ms


def test_a_connect_that_never_ends_is_closed_and_counted():
    hand = Hand()
    while hand.core.state == "offline":
        hand.tick()
    assert hand.core.deadline() == hand.now_ms + 1500
    assert of_kind(hand.tick(), "close") == [("timeout",)]
    hand.core.connected(hand.now_ms)
    assert of_kind(hand.drain(), "close") == [("stale",)]
    assert hand.greet()["failures"] == [["timeout", 1]]


def test_failed_connects_are_counted_by_reason_until_a_session_heard_of_them():
    hand = Hand()
    for reason in ("refused", "dns", "refused"):
        while hand.core.state == "offline":
            hand.tick()
        hand.core.connect_failed(hand.now_ms, reason)
    birth = hand.greet()
    assert birth["failures"] == [["dns", 1], ["refused", 2]]
    hand.session()
    hand.core.disconnected(hand.now_ms, "keep_alive")
    birth = hand.greet()
    assert (birth["failures"], birth["last_end"], birth["session"]) == ([], "keep_alive", 5)


def test_the_kinds_of_failures_are_bounded():
    hand = Hand(backoff_cap_ms=1)
    for place in range(FAILURE_REASONS_MAX + 4):
        while hand.core.state == "offline":
            hand.tick()
        hand.core.disconnected(hand.now_ms, f"reason {place}" + "x" * 99)
    failures = hand.greet()["failures"]
    assert len(failures) == FAILURE_REASONS_MAX + 1
    assert ["other", 4] in failures
    assert max(len(reason) for reason, _ in failures) == 32
    assert failures[1][0].startswith("reason_0x")


def test_stale_events_change_nothing():
    hand = Hand()
    hand.core.connect_failed(0, "refused")
    hand.core.disconnected(0, "network")
    hand.core.receive(0, "marks", b"{}")
    assert (hand.core.state, hand.drain(), hand.core.books()["stale"]) == ("offline", [], 1)
    hand.live()
    hand.core.connected(hand.now_ms)
    hand.core.connect_failed(hand.now_ms, "refused")
    assert (hand.core.state, hand.drain()) == ("live", [])


@pytest.mark.parametrize(
    ("kind", "payload"), [("marks", b"\xff"), ("session", b"[]"), ("busy", b"{}"), ("gossip", b"{}"), ("twin", b"1")]
)
def test_what_is_malformed_is_counted_and_never_raises(kind, payload):
    hand = Hand()
    hand.live()
    hand.core.receive(hand.now_ms, kind, payload)
    assert (hand.core.books()["malformed"], hand.drain()) == (1, [])


def test_an_end_of_no_known_name_is_the_network():
    hand = Hand()
    hand.live()
    hand.core.disconnected(hand.now_ms, "gremlins")
    assert hand.greet()["last_end"] == "network"


@pytest.mark.parametrize(
    ("reset", "told"),
    [
        ("power_on", "power_loss"),
        ("brownout", "power_loss"),
        ("watchdog", "watchdog"),
        ("crash", "crash"),
        ("software", "unknown"),
        ("unknown", "unknown"),
        ("gremlins", "unknown"),
    ],
)
def test_a_new_boot_tells_how_the_last_one_ended_as_far_as_the_reset_says(reset, told):
    hand = Hand()
    hand.live()
    again = Hand(hand.flash, started=False)
    again.core.start(0, reset=reset)
    again.drain()
    assert again.greet()["last_end"] == told


def test_an_orderly_stop_is_told_by_the_next_boot_and_by_no_later_one():
    hand = Hand()
    hand.live()
    hand.core.stop(hand.now_ms)
    hand.drain()
    again = hand.power_cut()
    assert again.greet()["last_end"] == "stopped"
    assert again.power_cut().greet()["last_end"] == "power_loss"


def test_an_orderly_stop_leaves_bounds_that_over_state_nothing():
    hand = Hand()
    for _ in range(3):
        hand.record()
    hand.core.stop(hand.now_ms)
    hand.drain()
    again = hand.power_cut()
    assert [entry[2:] for entry in again.greet()["ended"]] == [[1, 3]]
    again.core.stop(again.now_ms)
    again.drain()
    written = again.core._counters._generation
    again.core.stop(again.now_ms)
    assert again.core._counters._generation == written, "what is written already is not written again"


def test_a_record_after_a_stop_is_bound_anew():
    hand = Hand()
    hand.record()
    hand.core.stop(hand.now_ms)
    hand.record()
    hand.drain()
    assert hand.power_cut().greet()["ended"][0][3] >= 2


def test_a_stop_that_was_torn_is_none():
    hand = Hand()
    hand.core.stop(hand.now_ms)
    hand.drain()
    hand.flash["end"] = hand.flash["end"][:-1]
    assert hand.power_cut().greet()["last_end"] == "power_loss"


def test_a_stable_session_resets_the_back_off():
    hand = Hand(spread_ms=0, backoff_cap_ms=600_000)
    for _ in range(10):
        while hand.core.state == "offline":
            hand.tick()
        hand.core.connect_failed(hand.now_ms, "dns")
    hand.live(spread_ms=0)
    assert hand.core._session.backoff._tries == 10
    hand.at(hand.now_ms + 6000).core.disconnected(hand.now_ms, "network")
    assert hand.core._session.backoff._tries == 1


def test_closed_boots_are_not_told_of_again():
    hand = Hand()
    hand.record()
    hand.drain()
    again = hand.power_cut()
    assert again.greet()["ended"] == [[1, 1, 1, 8]]
    again.session(closed=2)
    again.core.disconnected(again.now_ms, "network")
    assert again.greet()["ended"] == []


def test_a_tick_before_the_deadline_does_nothing():
    hand = Hand()
    hand.live()
    hand.core.tick(hand.core.deadline() - 1)
    assert hand.drain() == []


def test_the_table_names_only_states_it_can_leave():
    states = {state for state, _ in TRANSITIONS}
    assert set(TRANSITIONS.values()) == states == {"offline", "connecting", "greeting", "live"}


def test_the_spread_and_the_body_have_bounds():
    hand = Hand()
    hand.live(spread_ms=10**9)
    assert hand.core._session.backoff.spread_ms == 3_600_000
    assert len(BODY) == 12


def test_a_record_dated_back_does_not_turn_the_session_s_clock_back():
    hand = Hand()
    hand.live()
    said_ms = hand.now_ms
    hand.core.record(said_ms - 50, 3, bytes(20))
    frame = said(hand.drain(), "data")[0]
    assert frame.uptime_ms == said_ms - 50
    probe = said(hand.tick(), "probe")[0]
    assert hand.now_ms == said_ms + 1000
    assert probe["heard_ms"] <= probe["uptime_ms"]


def test_what_gathered_while_busy_leaves_when_the_wait_is_over_though_the_hub_spoke_meanwhile():
    hand = Hand()
    hand.live()
    hand.say("busy", retry_after_ms=2000)
    until_ms = hand.core.deadline()
    for _ in range(4):
        hand.record()
    hand.marks()
    assert hand.core.deadline() == until_ms
    assert numbers(hand.tick()) == [(1, 1, 0, 4)]


def test_what_the_application_says_before_the_boot_waits_for_it():
    hand = Hand(started=False)
    hand.core.clock(0, UNIX_MS, "rtc", 1000)
    hand.core.report(0, "mode", 1)
    assert hand.core.deadline() is None
    hand.core.tick(10**9)
    assert hand.drain() == []
    hand.core.start(0)
    assert said(hand.live(), "twin")
