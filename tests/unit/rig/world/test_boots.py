"""Rows know whose they are by four bytes: what is looked up is what was put there, whatever boots there are and in what order."""

from itertools import pairwise

import numpy as np
from hypothesis import given, strategies as st

from seamline.rig.world.tables_boots import OF_BOOT, Boots, runs

KEYS = st.tuples(st.integers(1, 3), st.sampled_from([1, 7, 0xFFFFFFFF]), st.integers(1, 2) | st.just(0xFFFFFFFF))


def columns_of(keys):
    return tuple(np.array([key[at] for key in keys], np.int64) for at in range(3))


@given(st.lists(KEYS, max_size=30))
def test_rows_have_the_device_incarnation_and_boot_that_were_put_there(keys):
    boots = Boots()
    found, bounds = runs(columns_of(keys))
    whose = np.repeat(np.array([boots.number(key) for key in found], np.uint32), np.diff(bounds))
    for name, column in zip(OF_BOOT, columns_of(keys), strict=True):
        held = boots.column(name, whose)
        assert held[:].tolist() == column.tolist()
        assert held[np.arange(len(keys))[::-1]].tolist() == column[::-1].tolist()
        assert [int(held[at]) for at in range(len(keys))] == column.tolist()


@given(st.lists(KEYS, max_size=30))
def test_a_run_is_of_one_boot_and_its_neighbours_are_not(keys):
    found, bounds = runs(columns_of(keys))
    assert [key for key, size in zip(found, np.diff(bounds).tolist(), strict=True) for _ in range(size)] == keys
    assert all(one != other for one, other in pairwise(found))


@given(st.lists(KEYS, max_size=12), KEYS)
def test_a_boot_keeps_its_number_and_who_has_no_rows_has_none(keys, other):
    boots = Boots()
    numbers = [boots.number(key) for key in keys]
    assert [boots.find(key) for key in keys] == numbers
    assert len(set(numbers)) == len(set(keys))
    assert (boots.find(other) >= 0) == (other in keys)
