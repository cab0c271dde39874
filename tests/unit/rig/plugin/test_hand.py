"""A process of the rig begins whole or not at all: SIGTERM waits for that, and it obeys SIGTERM from then on."""

import gc
import os
import signal
from multiprocessing import util

import pytest

from seamline.rig.plugin import elsewhere
from seamline.rig.plugin.elsewhere import Elsewhere

CORE = "seamline.device:Core"


class Told(Exception):
    """What the command makes of SIGTERM."""


@pytest.fixture
def hearing():
    """This process raises Told when it hears SIGTERM."""

    def told(_number, _frame):
        raise Told

    before = signal.signal(signal.SIGTERM, told)
    yield
    signal.signal(signal.SIGTERM, before)


def test_sigterm_while_a_process_begins_leaves_no_traceback_of_that(hearing, families, monkeypatch, capfd):
    start, begun = util.spawnv_passfds, []

    def interrupted(*arguments):
        process = start(*arguments)
        if "spawn_main" in str(arguments[1]):  # and not the tracker of resources
            begun.append(process)
            signal.raise_signal(signal.SIGTERM)
        return process

    monkeypatch.setattr(util, "spawnv_passfds", interrupted)
    with pytest.raises(Told):
        Elsewhere(CORE, families).check()
    gc.collect()  # the traceback has held its pipe
    (process,) = begun
    os.waitid(os.P_PID, process, os.WEXITED | os.WNOWAIT)
    assert capfd.readouterr().err == ""
    assert signal.SIGTERM not in signal.pthread_sigmask(signal.SIG_BLOCK, ())


def test_a_process_that_has_begun_obeys_sigterm(families, monkeypatch):
    ended = []

    class Noting(elsewhere.Hand):
        def end(self):
            super().end()
            ended.append(self.process.exitcode)

    monkeypatch.setattr(elsewhere, "Hand", Noting)
    there = Elsewhere(CORE, families)
    there.check()
    there.end()
    assert ended == [-signal.SIGTERM], "one that does not hear SIGTERM would have been killed"
