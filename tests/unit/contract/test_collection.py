"""Python's collector pauses while something is built, and goes on afterwards, whatever else runs."""

import gc
from threading import Event, Thread

import pytest

from seamline.contract.collection import uncollected


def test_it_pauses_and_goes_on_also_after_an_error():
    assert uncollected(gc.isenabled)() is False
    assert gc.isenabled()
    with pytest.raises(ZeroDivisionError):
        uncollected(lambda: 1 // 0)()
    assert gc.isenabled()


def test_what_is_switched_off_stays_off():
    gc.disable()
    try:
        assert uncollected(gc.isenabled)() is False
        assert not gc.isenabled()
    finally:
        gc.enable()


def test_two_threads_whose_work_overlaps_leave_it_on():
    began, ended = Event(), Event()
    second = uncollected(lambda: began.set() or ended.wait(30))
    thread = Thread(target=second)

    def first():
        thread.start()
        assert began.wait(30)

    uncollected(first)()
    ended.set()
    thread.join(30)
    assert gc.isenabled()
