"""Faults in columns are the faults that were put in: whatever is drawn, looked at one by one, in part, and from the end."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, strategies as st

from seamline.rig.world.draw import draw
from seamline.rig.world.packed import Packed
from seamline.rig.world.plan import DEVICES_MAX, DURATION_MS_MAX, HOUSE, SPECS, Fault, Kind, Plan, parse


@st.composite
def faults(draw_one: st.DrawFn) -> Fault:
    """Any fault that a plan may have."""
    kind = draw_one(st.sampled_from(Kind))
    spec = SPECS[kind]
    return Fault(
        draw_one(st.integers(0, DURATION_MS_MAX)),
        kind,
        HOUSE if spec.house else draw_one(st.integers(0, DEVICES_MAX - 1)),
        draw_one(st.integers(0, DURATION_MS_MAX)),
        {name: draw_one(st.integers(*bounds)) for name, bounds in spec.numbers.items()},
    )


@given(st.lists(faults(), max_size=12))
def test_what_was_put_in_comes_out(listed: list[Fault]) -> None:
    packed = Packed(listed)
    assert len(packed) == len(listed)
    assert list(packed) == listed
    assert [packed[-1 - place] for place in range(len(listed))] == listed[::-1]
    assert packed == tuple(listed)
    assert tuple(listed) == packed
    assert packed == Packed(listed)


@given(st.lists(faults(), max_size=8), st.slices(8))
def test_a_part_is_what_it_is_of_a_tuple(listed: list[Fault], part: slice) -> None:
    assert Packed(listed)[part] == tuple(listed)[part]


@given(st.lists(faults(), min_size=1, max_size=4), st.data())
def test_one_other_fault_makes_another_list(listed: list[Fault], data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(listed) - 1))
    other = [*listed]
    other[place] = replace(other[place], at_ms=other[place].at_ms + 1)
    assert Packed(listed) != Packed(other)
    assert Packed(listed) != Packed(listed[1:])
    assert Packed(listed) != len(listed)


def test_there_is_nothing_beyond_the_end() -> None:
    with pytest.raises(IndexError):
        Packed([])[0]
    with pytest.raises(IndexError):
        Packed([Fault(1, Kind.LINK_CUT, 0)])[-2]


def test_it_has_no_hash_as_a_tuple_of_faults_has_none() -> None:
    with pytest.raises(TypeError, match="unhashable"):
        hash(Packed([Fault(1, Kind.LINK_CUT, 0)]))


@given(st.integers(0, 1_000))
def test_what_is_drawn_is_what_is_read_again(seed: int) -> None:
    """A plan that is kept and replayed has the very faults that were drawn."""
    plan: Plan = draw(seed, 4, 300_000)
    again = parse(plan.write())
    assert again.faults == plan.faults
    assert again == plan
