"""A recording changes nothing, and its story tells each message, fault and end as they were."""

import json
from collections import Counter
from dataclasses import replace

import pytest

from seamline.rig.timeline import recording
from seamline.rig.timeline.recording import MARK, SENT, STORED, Recorded, record
from seamline.rig.timeline.story import BROKER, HUB, ON_BROKER, ON_NETWORK, concerned, lane_of, who
from seamline.rig.timeline.telling import BEFORE_US, tell
from seamline.rig.world.marks import Marks
from seamline.rig.world.plan import SPECS, Fault, Kind, Plan
from seamline.rig.world.promises import BrokenPromise
from seamline.rig.world.trace import Event
from seamline.rig.world.world import Outcome, Parts, World


def test_a_run_that_is_watched_is_the_run_that_nobody_watches(families, held, broken):
    alone = World(held.outcome.plan, Parts(families)).run()
    assert (alone.digest, alone.steps, alone.marks.counts) == (
        held.outcome.digest, held.outcome.steps, held.outcome.marks.counts,
    )  # fmt: skip
    assert alone.broken is held.outcome.broken is None
    assert broken.outcome.broken.promise == "boot-rises"


def test_everything_that_crosses_the_broker_is_recorded(held):
    kinds = Counter(event.what.split()[0] for event in held.events)
    stored = [event for event in held.events if event.what.startswith(STORED)]
    sent = [event for event in held.events if event.what.startswith(SENT)]
    assert {event.what.split()[-1] for event in stored} >= {"birth", "data", "anchor"}
    assert {event.what.removeprefix(SENT) for event in sent} >= {"session", "marks"}
    assert kinds["mark"] >= sum(times > 0 for times in held.outcome.marks.counts.values())
    assert held.is_whole


def test_only_the_last_events_are_kept_of_a_long_run(families, monkeypatch):
    monkeypatch.setattr(recording, "EVENTS_MAX", 50)
    recorded = record(Plan(3, 2, 120_000), Parts(families))
    assert len(recorded.events) == 50
    assert not recorded.is_whole
    assert not tell(recorded).is_whole


def test_every_message_of_a_story_came_or_says_why_not(held_story):
    for message in held_story.messages:
        assert (message.arrived_us is None) == bool(message.why)
        if message.arrived_us is not None:
            assert message.arrived_us >= message.sent.at_us
    fates = Counter(message.why for message in held_story.messages)
    assert fates["lost on its way up"]
    assert fates[""] > len(held_story.messages) // 2


def test_as_many_messages_are_lost_as_the_run_has_counted(held, held_story):
    counts, fates = held.outcome.marks.counts, Counter(message.why for message in held_story.messages)
    assert fates["lost on its way up"] == counts["uplink-lost"]
    assert fates["lost on its way down"] == counts["downlink-lost"]


def test_moments_come_in_order_and_messages_of_lanes_that_are_there(held_story):
    times = [moment.at_us for moment in held_story.moments]
    assert times == sorted(times)
    assert {moment.lane for moment in held_story.moments} <= set(held_story.lanes) == {"d0", "n0", "d1", "n1", BROKER, HUB}


def test_the_broken_promise_is_the_last_moment(broken_story):
    last = broken_story.moments[-1]
    assert (last.sort, last.lane, last.at_us) == ("broken", "d0", broken_story.end_us)
    assert last.what.startswith("broken: boot-rises")


def test_faults_begin_end_and_shade_their_lanes(held_story):
    begun = {(moment.lane, moment.at_us) for moment in held_story.moments if moment.sort == "fault"}
    assert begun == {("n1", 40_000_000), ("n0", 60_000_000), (BROKER, 150_000_000), ("d0", 200_000_000)}
    ended = {moment.what for moment in held_story.moments if moment.sort == "mend"}
    assert ended >= {"lossy is over", "partition is over", "broker-down is over", "power-cut is over"}
    shaded = {(each.lane, each.from_us, each.until_us) for each in held_story.spans if each.sort == "fault"}
    assert ("n0", 60_000_000, 100_000_000) in shaded


def test_a_device_without_power_is_dark_until_it_boots(held_story):
    (dark,) = [each for each in held_story.spans if each.sort == "dark"]
    assert (dark.lane, dark.from_us, dark.until_us) == ("d0", 200_000_000, 205_000_000)
    live = [each for each in held_story.spans if each.sort == "live" and each.lane == "d0"]
    assert all(each.until_us <= dark.from_us or each.from_us >= dark.until_us for each in live)


def test_commits_name_what_they_commit(held_story):
    commits = [moment.what for moment in held_story.moments if moment.sort == "commit"]
    assert any("birth of device 0" in what for what in commits)
    assert any("reading 0–" in what for what in commits)


def test_a_fault_stands_in_the_lane_of_what_it_strikes():
    for kind, spec in SPECS.items():
        lane = lane_of(Fault(0, kind, -1 if spec.house else 4))
        assert lane in ({BROKER, HUB} if spec.house else {"d4", "n4"})
    assert all(SPECS[kind].house for kind in ON_BROKER)
    assert not any(SPECS[kind].house for kind in ON_NETWORK)
    assert [who(lane) for lane in ("d4", "n4", BROKER, HUB)] == ["device 4", "network 4", "broker", "hub"]


def test_the_device_that_is_concerned_comes_first_and_others_only_as_far_as_there_is_room():
    plan = Plan(1, 40, 1_000, (Fault(5, Kind.DEAF, 30), Fault(6, Kind.CUT_ALL)))
    shown = concerned(plan, BrokenPromise("values", "wrong", 35))
    assert {30, 35} < set(shown)
    assert len(shown) == 6
    assert concerned(replace(plan, only=(30,)), None) == (30,)


# -- single events ---------------------------------------------------------------------------------------------------------


def story_of(*events, faults=(), end_us=10_000_000, broken=None):
    outcome = Outcome(Plan(1, 1, 5_000, faults), "beef", Marks(), end_us, 0, 0, 0, broken)
    return tell(Recorded(outcome, tuple(Event(*event) for event in events), {0: {1: "reading"}}, is_whole=True))


BYE = b'{"session": 1, "boot": 1}'
PROBE = b'{"probe": 1, "unanswered": 0}'


def test_a_will_is_told_where_the_broker_publishes_it():
    story = story_of((5, 0, f"{STORED}0 1 death", BYE))
    assert [(each.lane, each.what) for each in story.moments if each.at_us == 5] == [
        (BROKER, "stores the will of device 0: death of session 1, boot 1")
    ]


def test_a_message_that_comes_twice_is_one_that_comes_again():
    story = story_of((5, 0, "probe", PROBE), (8, 0, f"{STORED}0 1 probe", PROBE), (9, 0, f"{STORED}0 2 probe", PROBE))
    (message,) = story.messages
    assert (message.arrived_us, message.again) == (8, 1)


def test_equal_messages_come_in_the_order_in_which_they_were_sent():
    story = story_of((5, 0, "probe", PROBE), (6, 0, "probe", PROBE), (8, 0, f"{STORED}0 1 probe", PROBE))
    assert [message.arrived_us for message in story.messages] == [8, None]
    assert story.messages[1].why == "never comes"


def test_what_is_under_way_when_a_promise_breaks_is_said_to_be():
    broken = BrokenPromise("values", "wrong", 0)
    story = story_of((5, 0, "probe", PROBE), (9, 0, "broken", b"values: wrong"), end_us=9, broken=broken)
    assert story.messages[0].why == "still on its way at the end"


def test_a_flash_cut_is_told_with_the_boot_it_ends():
    story = story_of(
        (1, 0, "boot", b"power_on"), (5, -1, MARK + "cut-in-erase", b""), (5, 0, "dark", b""),
        (6, -1, MARK + "counters-lost", b""), (6, 0, "boot", b"brownout"),
    )  # fmt: skip
    told = [each.what for each in story.moments]
    assert told[1] == "goes dark: the power went while a flash sector was erased"
    assert told[2] == "boots after brownout; both counter slots were gone: a new incarnation"


def test_a_stream_that_counts_anew_commits_what_it_has_stored_since():
    story = story_of(
        (1, 0, f"{STORED}0 7 probe", PROBE),
        (2, 0, f"{STORED}0 1 death", BYE),
        (3, -1, "commit", b"0 1"),
        (4, -1, "commit", b"0 9"),
    )
    commits = [each.what for each in story.moments if each.sort == "commit"]
    assert commits == ["commits partition 0 up to message 1: death of device 0"]


def test_rare_states_of_broker_and_hub_are_told_once_a_moment():
    story = story_of(
        (1, -1, MARK + "takeover", b""), (2, -1, MARK + "redelivered", b""), (2, -1, MARK + "redelivered", b""),
        (3, -1, MARK + "probed", b""), (4, -1, "hub-killed-before", b""),
    )  # fmt: skip
    assert [(each.lane, each.sort) for each in story.moments if each.at_us < 5] == [
        (BROKER, "mark"),
        (HUB, "mark"),
        (HUB, "dark"),
    ]


@pytest.mark.parametrize(("what", "data"), [("failed", b"refused"), ("close", b"deaf"), ("lost", b"network"), ("connect", b"")])
def test_what_a_link_does_is_said_with_its_reason(what, data):
    (moment,) = [each for each in story_of((7, 0, what, data)).moments if each.at_us == 7]
    assert (moment.sort, moment.lane) == ("link", "d0")
    assert data.decode() in moment.what


def test_an_event_that_no_story_knows_is_left_out():
    assert not [each for each in story_of((7, 0, "sneeze", b"")).moments if each.at_us == 7]


def test_a_fault_without_a_length_is_never_over():
    told = story_of(faults=(Fault(1_000, Kind.LINK_CUT, 0), Fault(1_000, Kind.DEAF, 0, 2_000), Fault(9_000, Kind.MUTE, 0, 2_000)))
    assert [(each.sort, each.what.partition(":")[0]) for each in told.moments if each.sort in {"fault", "mend"}] == [
        ("fault", "link-cut"),
        ("fault", "deaf"),
        ("mend", "deaf is over"),
        ("mend", "faults are over and nothing more is measured"),
        ("fault", "mute"),
    ]


@pytest.mark.parametrize("at_ms", [9_999, 10_000, 10_001])
def test_only_what_begins_before_the_end_is_told(at_ms):
    told = story_of(faults=(Fault(at_ms, Kind.DEAF, 0, 1),), end_us=10_000_000)
    begun = [each.at_us for each in told.moments if each.sort == "fault"]
    assert begun == ([at_ms * 1_000] if at_ms <= 10_000 else [])
    assert [each.from_us for each in told.spans] == begun
    assert all(each.until_us <= told.end_us for each in told.spans)
    assert [each.at_us for each in told.moments if each.what == "deaf is over"] == ([10_000_000] if at_ms == 9_999 else [])


@pytest.mark.parametrize(("kind", "way"), [("reported", "up"), ("desired", "down")])
@pytest.mark.parametrize("name", ["target", "desired", "reported"])
def test_a_twin_goes_up_with_what_is_reported_and_down_with_what_is_desired(kind, way, name):
    payload = json.dumps({kind: {name: {"value": "desired"}}}, separators=(",", ":")).encode()
    first, second = ("twin", f"{STORED}0 1 twin") if way == "up" else (f"{SENT}twin", "twin")
    story = story_of((5, 0, first, payload), (8, 0, second, payload))
    (message,) = story.messages
    assert (message.sent.sort, message.arrived_us, message.why) == (way, 8, "")


@pytest.mark.parametrize(("gap_us", "why"), [(BEFORE_US - 1, "still on its way at the end"), (BEFORE_US, "never comes")])
def test_a_message_that_has_had_its_time_when_a_promise_breaks_never_comes(gap_us, why):
    broken = BrokenPromise("values", "wrong", 0)
    assert story_of((5, 0, "probe", PROBE), end_us=5 + gap_us, broken=broken).messages[0].why == why
    assert story_of((5, 0, "probe", PROBE), end_us=5 + gap_us).messages[0].why == "never comes"


def test_a_message_is_lost_only_by_the_mark_that_follows_it_at_once():
    lost, up = MARK + "uplink-lost", "lost on its way up"
    assert story_of((5, 0, "probe", PROBE), (5, -1, lost, b"")).messages[0].why == up
    assert story_of((5, 0, "probe", PROBE), (6, -1, lost, b"")).messages[0].why == "never comes"
    twice = story_of((5, 0, "probe", PROBE), (5, 0, "probe", PROBE), (5, -1, lost, b""), (8, 0, f"{STORED}0 1 probe", PROBE))
    assert [(each.arrived_us, each.why) for each in twice.messages] == [(8, ""), (None, up)]
    came = story_of((5, 0, "probe", PROBE), (5, 0, f"{STORED}0 1 probe", PROBE), (5, -1, lost, b""))
    assert [(each.arrived_us, each.why) for each in came.messages] == [(5, "")]


def test_what_an_ended_connection_took_along_is_not_what_comes_now():
    story = story_of(
        (1, 0, "connected", b""), (2, 0, "probe", PROBE), (3, 0, "lost", b"network"), (4, 0, "connected", b""),
        (5, 0, "probe", PROBE), (6, 0, f"{STORED}0 1 probe", PROBE), (7, 0, f"{STORED}0 2 probe", PROBE),
    )  # fmt: skip
    assert [(each.sent.at_us, each.arrived_us) for each in story.messages] == [(2, 7), (5, 6)]
    live = [(each.from_us, each.until_us) for each in story.spans if each.sort == "live"]
    assert live == [(1, 3), (4, story.end_us)]


def test_marks_of_one_moment_are_told_apart_by_what_they_say():
    story = story_of((2, -1, MARK + "redelivered", b""), (2, -1, MARK + "duplicate", b""), (3, -1, MARK + "duplicate", b""))
    marks = [(each.at_us, each.lane) for each in story.moments if each.sort == "mark"]
    assert marks == [(2, HUB), (2, HUB), (3, HUB)]


def test_what_was_counted_before_another_event_of_a_device_is_not_told_of_its_boot():
    rot = MARK + "flash-rot"
    story = story_of((1, -1, rot, b""), (2, 0, "failed", b"refused"), (3, 0, "boot", b"power_on"))
    assert [each.what for each in story.moments if each.sort == "boot"] == ["boots after power on"]


def test_a_record_that_is_sent_again_says_so_once():
    story = story_of((1, -1, MARK + "resent", b""), (1, 0, "probe", PROBE), (2, 0, "probe", PROBE))
    assert [each.sent.what.startswith("again: ") for each in story.messages] == [True, False]


def test_a_commit_names_what_it_commits_and_leaves_the_rest_for_the_next():
    story = story_of(
        (1, 0, f"{STORED}0 1 death", BYE), (2, 0, f"{STORED}0 2 probe", PROBE), (2, 0, f"{STORED}1 2 probe", PROBE),
        (3, -1, "commit", b"0 1"), (4, -1, "commit", b"0 1"), (5, -1, "commit", b"0 2"),
    )  # fmt: skip
    assert [(each.at_us, each.what) for each in story.moments if each.sort == "commit"] == [
        (3, "commits partition 0 up to message 1: death of device 0"),
        (5, "commits partition 0 up to message 2: probe of device 0"),
    ]


def test_a_promise_to_nobody_in_particular_breaks_in_the_lane_of_the_hub():
    for device, lane in ((-1, HUB), (0, "d0")):
        broken = BrokenPromise("values", "wrong", device)
        story = story_of((9, device, "broken", b"values: wrong"), end_us=9, broken=broken)
        assert [(each.lane, each.what) for each in story.moments if each.sort == "broken"] == [(lane, "broken: values: wrong")]
