from seamline.rig.world.heap import Heap


def test_what_is_due_at_the_same_moment_happens_in_the_order_it_was_asked_for():
    heap, seen = Heap(), []
    for name in "abc":
        heap.at(5, lambda name=name: seen.append(name))
    heap.at(3, lambda: seen.append("first"))
    heap.run(5)
    assert seen == ["first", "a", "b", "c"]
    assert heap.now_us == 5


def test_a_cancelled_timer_does_nothing():
    heap, seen = Heap(), []
    heap.at(1, lambda: seen.append(1)).cancel()
    heap.run(10)
    assert not seen
    assert heap.steps == 0


def test_what_an_event_asks_for_in_the_past_happens_now_and_time_never_runs_backwards():
    heap, seen = Heap(), []
    heap.at(7, lambda: heap.at(2, lambda: seen.append(heap.now_us)))
    heap.run(7)
    assert seen == [7]


def test_nothing_beyond_the_end_happens():
    heap, seen = Heap(), []
    heap.after(11, lambda: seen.append(1))
    heap.run(10)
    assert not seen
    assert len(heap) == 1
    heap.run(11)
    assert seen == [1]


def test_what_is_posted_and_what_is_timed_happen_in_one_order():
    heap, seen = Heap(), []
    heap.post(5, seen.append, "posted")
    heap.at(5, lambda: seen.append("timed"))
    heap.post(5, lambda *words: seen.extend(words), "with", "words")
    heap.run(5)
    assert seen == ["posted", "timed", "with", "words"]
    assert heap.steps == 3
    assert heap.now_us == 5
