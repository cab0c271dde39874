"""A device whose power goes again and again while it has no network."""

from seamline.rig.world.plan import Fault, Kind, Plan
from seamline.rig.world.world import Parts, World

AT_MS, DOWN_MS, UP_MS, LASTS_MS = 120_000, 2_000, 58_000, 300_000
MINUTES_US = 60_000_000


def world(families, *faults):
    made = World(Plan(4, 2, 900_000, faults), Parts(families, keep_all=True))
    outcome = made.run()
    assert outcome.broken is None
    return made, outcome


def events(outcome, device, what):
    return [event.at_us for event in outcome.events if (event.device, event.what) == (device, what)]


def test_the_power_goes_and_comes_back_in_turns_and_no_connect_succeeds_until_it_is_over(families):
    brownouts = Fault(AT_MS, Kind.BROWNOUTS, 0, LASTS_MS, {"down_ms": DOWN_MS, "up_ms": UP_MS})
    _, outcome = world(families, brownouts)
    dark = events(outcome, 0, "dark")
    assert dark == [(AT_MS + number * (DOWN_MS + UP_MS)) * 1_000 for number in range(LASTS_MS // (DOWN_MS + UP_MS))]
    assert events(outcome, 0, "boot")[1:] == [at_us + DOWN_MS * 1_000 for at_us in dark]
    connected = events(outcome, 0, "connected")
    assert not [at_us for at_us in connected if AT_MS * 1_000 <= at_us < (AT_MS + LASTS_MS) * 1_000]
    assert max(connected) > (AT_MS + LASTS_MS) * 1_000
    assert len(events(outcome, 0, "failed")) > len(dark)


def test_another_device_has_its_power_and_its_network(families):
    brownouts = Fault(AT_MS, Kind.BROWNOUTS, 0, LASTS_MS, {"down_ms": DOWN_MS, "up_ms": UP_MS})
    _, outcome = world(families, brownouts)
    assert not events(outcome, 1, "dark")
    assert len(events(outcome, 1, "boot")) == len(events(outcome, 1, "connected")) == 1


def test_two_that_overlap_leave_the_network_away_until_the_last_is_over(families):
    numbers = {"down_ms": DOWN_MS, "up_ms": UP_MS}
    first, last = Fault(AT_MS, Kind.BROWNOUTS, 0, 120_000, numbers), Fault(AT_MS + 60_000, Kind.BROWNOUTS, 0, LASTS_MS, numbers)
    made, outcome = world(families, first, last)
    connected = [at_us for at_us in events(outcome, 0, "connected") if at_us >= AT_MS * 1_000]
    assert min(connected) >= (AT_MS + 60_000 + LASTS_MS) * 1_000
    assert made.devices[0].link.weather.away == 0


def test_a_device_that_is_dark_when_it_is_over_comes_back(families):
    _, outcome = world(families, Fault(AT_MS, Kind.BROWNOUTS, 0, 1_000, {"down_ms": 20_000, "up_ms": UP_MS}))
    assert events(outcome, 0, "boot")[1:] == [(AT_MS + 20_000) * 1_000]
