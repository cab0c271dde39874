"""The agenda hands out every device once, in order, in the slot it is due in."""

import numpy as np
from hypothesis import given, settings, strategies as st

from seamline.rig.storm.agenda import PAGE_SLOTS, Agenda

SLOT_NS = 10
DEVICES = 50
ENTRIES = st.lists(st.tuples(st.integers(0, 3 * PAGE_SLOTS * SLOT_NS), st.integers(0, DEVICES - 1)), max_size=40)


def add(agenda, entries):
    agenda.add(np.array([time for time, _ in entries], np.int64), np.array([device for _, device in entries], np.int64))


@given(st.lists(ENTRIES, max_size=6), st.integers(0, 40))
@settings(max_examples=150)
def test_each_slot_gives_what_is_due_by_time_and_device(batches, add_every):
    """Against a plain list: batches are added while slots are taken; what is late comes in the next slot, not dated back."""
    agenda, waiting, slot = Agenda(SLOT_NS, DEVICES), [], 0
    batches = list(batches)
    while batches or waiting:
        if batches and slot % (add_every + 1) == 0:
            batch = batches.pop()
            add(agenda, batch)
            waiting += batch
        due = [(max(time, slot * SLOT_NS), device) for time, device in waiting if time < (slot + 1) * SLOT_NS]
        waiting = [(time, device) for time, device in waiting if time >= (slot + 1) * SLOT_NS]
        times, devices = agenda.take(slot)
        assert list(zip(times.tolist(), devices.tolist(), strict=True)) == sorted(due)
        slot += 1


def test_the_next_slot_is_never_after_the_next_device():
    agenda = Agenda(SLOT_NS, DEVICES)
    assert agenda.next(0) is None
    far = 5 * PAGE_SLOTS + 3
    add(agenda, [(far * SLOT_NS, 4)])
    assert agenda.next(0) == 5 * PAGE_SLOTS  # the page is known, not yet the slot
    assert not len(agenda.take(5 * PAGE_SLOTS)[0])
    assert agenda.next(5 * PAGE_SLOTS + 1) == far
    assert agenda.take(far)[1].tolist() == [4]
    assert agenda.next(far + 1) is None


def test_a_scatter_over_more_slots_than_sixteen_bits_count_keeps_its_order():
    agenda = Agenda(1, 3)
    times = np.array([100_000 * PAGE_SLOTS, 5, 70_000 * PAGE_SLOTS])
    agenda.add(times, np.array([0, 1, 2]))
    assert agenda.take(5)[1].tolist() == [1]
    assert agenda.take(70_000 * PAGE_SLOTS)[1].tolist() == [2]
    assert agenda.take(100_000 * PAGE_SLOTS)[1].tolist() == [0]
