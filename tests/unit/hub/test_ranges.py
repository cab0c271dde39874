from itertools import pairwise

from hypothesis import given, strategies as st

from seamline.hub.ranges import intersect, normal, size, subtract, union

RAW = st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30)), max_size=8)


def numbers(ranges):
    return {number for first, end in ranges for number in range(first, end)}


def is_normal(ranges):
    return all(first < end for first, end in ranges) and all(left[1] < right[0] for left, right in pairwise(ranges))


@given(RAW, RAW)
def test_range_arithmetic_is_set_arithmetic(one, other):
    a, b = normal(one), normal(other)
    assert numbers(a) == numbers(one)
    for got, wanted in (
        (union(a, b), numbers(a) | numbers(b)),
        (intersect(a, b), numbers(a) & numbers(b)),
        (subtract(a, b), numbers(a) - numbers(b)),
    ):
        assert numbers(got) == wanted
        assert is_normal(got)
        assert size(got) == len(wanted)
