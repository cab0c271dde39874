"""The world's own books: truth, waits, marks and trace."""

from pathlib import Path

import pytest

from seamline.contract import load_family, policy
from seamline.device import Policy
from seamline.rig.world.marks import CATALOGUE, Marks
from seamline.rig.world.pacing import Pacer, Waits
from seamline.rig.world.promises import BrokenPromise
from seamline.rig.world.run import plan_of, run
from seamline.rig.world.streams import Stream
from seamline.rig.world.trace import Trace
from seamline.rig.world.truth import LOST, STORED, VALUES, DeviceTruth, Line, LineKey, Values
from seamline.rig.world.world import Parts

EXAMPLES = Path(__file__).parents[4] / "examples"
PRODUCTS = sorted(path.parent.name for path in EXAMPLES.glob("*/contract.yaml"))


@pytest.mark.parametrize("product", PRODUCTS)
def test_sensors_of_every_example_read_only_what_their_layouts_admit(product):
    for layout in load_family(EXAMPLES / product).layouts.values():
        values = Values(layout, Stream(1, layout.message, "values"))
        assert len(values.bodies) == VALUES
        for at, body in enumerate(values.bodies):
            assert layout.unpack(body) == {name: column[at] for name, column in values.columns.items()}


@pytest.mark.parametrize("product", PRODUCTS)
def test_every_example_survives_a_world(product):
    families = [load_family(EXAMPLES / product)]
    outcome = run(plan_of(4, 3, 3_600_000, families), Parts(families))
    assert outcome.broken is None
    assert outcome.rows


@pytest.fixture
def line(families):
    layout = next(iter(families[0].current.messages.values())).layout
    line = Line(Values(layout, Stream(1, "d", "v")))
    for number in range(5):
        line.extend([number], [number])
    return line


def test_a_record_is_classed_once(line):
    assert line.classify(0, 3, STORED) == ""
    assert line.classify(4, 9, LOST) == ""
    assert line.classify(2, 4, LOST) == "record 2 is stored already, and becomes lost"


def test_a_mark_over_a_record_in_no_class_breaks_a_promise(line):
    truth, key = DeviceTruth(), LineKey(1, 1, 1)
    truth.lines[key] = line
    line.classify(0, 3, STORED)
    truth.acknowledge(0, key, 3)
    assert [number for _, number in truth.owed()] == [3]
    with pytest.raises(BrokenPromise, match="record 3 is not committed"):
        truth.acknowledge(0, key, 4)


def test_a_number_that_the_power_may_have_unmade_is_not_owed(line):
    truth = DeviceTruth()
    truth.lines[LineKey(1, 1, 1)] = line
    line.classify(0, 4, STORED)
    line.unsure = 4
    assert not list(truth.owed())


def test_a_boot_that_does_not_rise_breaks_a_promise():
    truth = DeviceTruth()
    truth.booted(0, 9, 1)
    truth.booted(0, 8, 1)
    truth.booted(0, 9, 3)
    with pytest.raises(BrokenPromise, match="boot 3 of incarnation 00000009 comes after boot 3"):
        truth.booted(0, 9, 3)


@pytest.fixture
def pacer(families):
    return Pacer(0, Policy(policy(families[0].current)), Waits())


def test_a_connect_after_its_window_breaks_a_promise_unless_it_was_told_to_wait(pacer):
    pacer.failed(1_000)  # base 2 s
    pacer.connects(3_000, 0)
    pacer.failed(10_000)  # twice that
    pacer.connects(60_000, 60_000)
    pacer.failed(100_000)
    with pytest.raises(BrokenPromise, match="its window was 8000 ms"):
        pacer.connects(108_003, 0)


def test_the_count_of_tries_begins_anew_only_after_a_stable_minute(pacer):
    pacer.answered(0, 1_000)
    pacer.ended(59_999)
    pacer.failed(60_000)
    with pytest.raises(BrokenPromise, match="its window was 4000 ms"):
        pacer.connects(64_003, 0)
    pacer.answered(70_000, 1_000)
    pacer.ended(130_000)
    with pytest.raises(BrokenPromise, match="its window was 2000 ms"):
        pacer.connects(132_003, 0)


def flap(pacer, waits_ms, up_ms=5_000):
    """Session after session is answered and ends; before each there is a wait. Returns how many there were, and what broke."""
    now_ms = 0
    for count, wait_ms in enumerate(waits_ms):
        try:
            pacer.ended(now_ms)
            now_ms += wait_ms
            pacer.connects(now_ms, 0)
        except BrokenPromise as broken:
            return count, str(broken)
        pacer.answered(now_ms, 1_000)
        now_ms += up_ms
    return len(waits_ms), ""


def test_a_device_whose_tries_begin_anew_with_each_short_session_is_caught_while_its_link_flaps(pacer):
    count, said = flap(pacer, [1_000] * 40)  # half of a window that never grows
    assert count < 20
    assert "paced: tries too often: " in said


def test_waits_of_windows_that_grow_are_none_too_short_even_if_a_third_of_them(pacer):
    windows_ms = [min(600_000, 2_000 << tries) for tries in range(200)]
    assert flap(pacer, [window_ms // 3 for window_ms in windows_ms]) == (200, "")  # rare for one device, no more
    assert pacer.flaps == 199


def test_a_device_may_try_often_once_its_sessions_hold(pacer):
    assert flap(pacer, [900, 50, 1_100, 400] * 50, up_ms=60_000) == (200, "")
    assert pacer.flaps == 0


def test_chance_alone_breaks_no_pace(pacer):
    stream = Stream(3, "device", "waits")
    for _ in range(2_000):
        assert flap(pacer, [stream.below(min(600_000, 2_000 << tries) + 1) for tries in range(12)])[1] == ""
        pacer.answered(0, 1_000)
        pacer.ended(60_000)


@pytest.mark.parametrize(
    ("waits_ms", "spread"),
    [(range(0, 1_000, 5), True), ([0] * 200, False), ([1_000] * 200, False)],
    ids=["even", "at once", "in step"],
)
def test_waits_are_judged_by_how_they_fill_their_windows(waits_ms, spread):
    waits = Waits()

    def judge():
        for wait_ms in waits_ms:
            waits.add("failure", wait_ms, 1_000)
        waits.check()

    if spread:
        judge()
    else:
        with pytest.raises(BrokenPromise, match=r"jitter: \d+ waits after a failure"):
            judge()


def test_a_mark_that_nobody_declared_is_an_error():
    marks = Marks()
    with pytest.raises(KeyError):
        marks.hit("unheard-of")
    assert marks.missed(CATALOGUE) == tuple(CATALOGUE)
    demanded = ("busy", "power-cut", "revalued")
    marks.hit("busy", 3)
    assert marks.missed(demanded) == ("power-cut", "revalued")
    assert (marks.share(demanded), marks.told(demanded)) == ("1 of 3", "1 of 3 rare states met; never: power-cut, revalued")
    marks.hit("power-cut")
    marks.hit("revalued")
    assert marks.told(demanded) == "3 of 3 rare states met"


def test_the_trace_tells_every_difference_apart():
    def digest(*events):
        trace = Trace()
        for event in events:
            trace.note(*event)
        return trace.digest()

    whole = digest((1, 0, "data", b"ab"), (2, 0, "data", b""))
    others = [
        digest((1, 0, "data", b"ab")),
        digest((2, 0, "data", b""), (1, 0, "data", b"ab")),
        digest((1, 0, "data", b"a"), (2, 0, "data", b"b")),
        digest((1, 1, "data", b"ab"), (2, 0, "data", b"")),
        digest((1, 0, "dat", b"aab"), (2, 0, "data", b"")),
    ]
    assert len({whole, *others}) == 6
