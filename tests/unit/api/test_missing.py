"""Missing sequences are dated by their neighbours, whatever is seen and known."""

from hypothesis import given, strategies as st

from seamline.hub.api.missing import Key, Known, Seen, owed, place

KEY = Key(7, 1)


def seen(*sequences):
    return {KEY: [Seen(seq, seq * 10) for seq in sequences]}


def test_a_gap_lies_between_the_dates_of_its_neighbours():
    (found,) = place(seen(0, 1, 5), [Known(KEY, 2, 3, "lost", "buffer_full")])
    assert (found.from_ms, found.to_ms, found.reason) == (10, 50, "buffer_full")


def test_the_newest_boots_tail_stays_open_and_an_ended_boots_ends_where_it_was_last_seen():
    tail = owed(KEY, [], high=3, numbered=9)
    assert [(it.from_ms, it.to_ms) for it in place(seen(0, 1, 2), tail, newest=KEY)] == [(20, None)]
    assert [(it.from_ms, it.to_ms) for it in place(seen(0, 1, 2), tail, newest=Key(7, 2))] == [(20, 20)]


def test_what_touches_no_reading_of_the_window_is_left_out():
    assert place({}, [Known(KEY, 0, 5, "lost", None)]) == []


@given(
    st.sets(st.integers(0, 200), min_size=1),
    st.lists(st.tuples(st.integers(0, 200), st.integers(1, 20)), max_size=12),
)
def test_a_range_never_begins_after_it_ends_nor_reaches_over_a_reading(sequences, ranges):
    known = [Known(KEY, first, count, "lost", None) for first, count in ranges]
    for found in place({KEY: [Seen(seq, seq * 10) for seq in sequences]}, known, newest=KEY):
        before, after = found.from_ms, found.to_ms
        assert before is not None or after is not None
        assert before is None or before < found.first * 10
        assert after is None or after >= (found.first + found.count) * 10
        assert before is None or after is None or before <= after


def test_owed_is_every_gap_and_the_tail():
    assert [(it.first, it.count) for it in owed(KEY, [2, 4, 7, 8], high=9, numbered=12)] == [(2, 2), (7, 1), (9, 3)]
    assert owed(KEY, [], high=9, numbered=9) == []
