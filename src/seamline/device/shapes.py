"""The shapes of the values that pass between the modules, for readers and type checkers; at run time they are just objects."""

TYPE_CHECKING = False  # type checkers take this name for true; `typing` does not exist on MicroPython

if TYPE_CHECKING:
    from collections.abc import Callable

    Random = Callable[[], int]  # a whole number in [0, 2**32), evenly, from the device's own stream
    Document = dict[str, object]  # a JSON object
    Stored = dict[str, bytes]  # what was persisted, by key
    Effect = tuple[object, ...]  # see core.py
    Anchor = tuple[int, int, str, int]  # at_ms (uptime), unix_ms, source, uncertainty_ms
    Mark = tuple[int, int, int]  # boot, channel, next: everything below `next` is accounted for
    Taken = tuple[int, int, int]  # boot, session, number of a word
    Held = tuple[int, int, int, int]  # boot, channel, first sequence, count
    Ended = tuple[int, int, int, int]  # first boot, last boot, channel, exclusive upper bound of what each numbered
    Slot = tuple[int, int, int, int, dict[int, int], list[Ended]]  # see counters.py
    Wish = tuple[str, object, int, int | None]  # property, value, version, expires_ms (Unix time)
else:
    Random = Document = Stored = Effect = Anchor = Mark = Taken = Held = Ended = Slot = Wish = object
