"""An event beyond the contract's bound has no number, and a user's core says so with -1: of such events, and of no other record."""

import sys

import pytest
from tests.unit.rig.plugin.conftest import ROOT

from seamline.contract import load_family
from seamline.device import OVER_RATE, Core
from seamline.rig.plugin.alarm import Alarm
from seamline.rig.plugin.guard import Guarded
from seamline.rig.plugin.process import Programs
from seamline.rig.world.promises import BrokenPromise
from seamline.rig.world.world import models_of


@pytest.fixture(scope="module")
def labmeter():
    return models_of([load_family(ROOT / "examples" / "labmeter")])[-1].policy


def channels(policy):
    """One with a bound on its events, and one without."""
    mine = [channel for number, channel in policy.channels.items() if number]
    return next(each for each in mine if each.events_max), next(each for each in mine if not each.events_max)


class SaysSo(Core):
    def record(self, _now_ms, _channel, _body):
        return OVER_RATE


def test_an_event_beyond_its_bound_has_no_number_and_any_other_record_has(labmeter):
    bounded, free = channels(labmeter)
    core = Guarded("app.py:make", SaysSo, Alarm(), labmeter, "d00003", lambda: 7, {})
    assert core.record(1, bounded.id, b"") == OVER_RATE
    with pytest.raises(BrokenPromise, match="gives -1 for its number of a record; a whole number is needed"):
        core.record(1, free.id, b"")


def test_of_events_that_are_too_many_seamlines_core_says_so_under_guard(labmeter):
    bounded, _ = channels(labmeter)
    core = Guarded("app.py:make", Core, Alarm(), labmeter, "d00003", lambda: 7, {})
    core.start(0, "power_on", "1.0.0")
    numbers = [core.record(1, bounded.id, bytes(bounded.record_bytes - 4)) for _ in range(bounded.events_max + 1)]
    assert numbers == [*range(bounded.events_max), OVER_RATE]


def test_a_program_says_so_with_its_line(tmp_path, labmeter):
    path = tmp_path / "app.py"
    path.write_text(
        "import sys\nfor line in sys.stdin:\n    if line.startswith('record'): print('number -1')\n"
        "    if line.split()[0] not in {'core', 'policy', 'stored'}: print('done - live 1 1', flush=True)\n"
    )
    core = Programs([sys.executable, str(path)]).make(labmeter, "d00000", lambda: 7, {})
    core.start(0, "power_on", "1.0.0")
    assert core.record(1, 1, b"") == OVER_RATE
    core.end()
