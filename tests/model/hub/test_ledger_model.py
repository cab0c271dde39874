"""The ledger of a device against a naive model that keeps the class of every single sequence number."""

from collections import Counter
from itertools import count

from hypothesis import settings, strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from tests.model.hub.books import balance, of_fold, of_row
from tests.unit.hub.messages import birth

from seamline.hub.births import receive_birth
from seamline.hub.folds import Key, merged
from seamline.hub.inventory import Admission, DeviceLedger, admit, changes, closed_below, declare, marks, settle, take
from seamline.hub.ledger import Class

INCARNATIONS = st.integers(1, 3)
BOOTS = st.integers(1, 6)
CHANNELS = st.integers(0, 1)
SEQUENCES = st.integers(0, 40)
COUNTS = st.integers(1, 10)
HELD = st.lists(st.tuples(BOOTS, CHANNELS, SEQUENCES, COUNTS), max_size=4)
ENDED = st.lists(st.tuples(BOOTS, st.integers(0, 3), CHANNELS, st.integers(0, 30)), max_size=4)


class NaiveLedger:
    """A dict of sequence → class for each key; `numbered` are bounds that were told; `gone` the keys that are closed."""

    def __init__(self):
        self.current = None
        self.over = {}
        self.classes = {}
        self.numbered = {}
        self.gone = set()

    def known(self):
        return self.classes.keys() | self.numbered.keys()

    def closed(self, key):
        known_open = key in self.known() and key not in self.gone
        return key in self.gone or (key.boot < self.over.get(key.incarnation, 0) and not known_open)

    def bound(self, key):
        return max([self.numbered.get(key, 0), *(number + 1 for number in self.classes.get(key, {}))])

    def missing(self, key):
        return [number for number in range(self.bound(key)) if number not in self.classes.get(key, {})]

    def mark(self, key):
        return next(number for number in count() if number not in self.classes.get(key, {}))

    def class_each(self, key, numbers, cls):
        classes = self.classes.setdefault(key, {})
        for number in numbers:
            classes.setdefault(number, cls)

    def retire(self):
        for key in self.known():
            if key.boot < self.over.get(key.incarnation, 0) and not self.missing(key):
                self.gone.add(key)

    def take(self, key, numbers, cls):
        if not self.closed(key):
            self.class_each(key, numbers, cls)
            self.retire()

    def end_older(self, said, held):
        for entry in said.ended:
            for boot in range(entry.boot_first, entry.boot_last + 1):
                key = Key(said.incarnation, boot, entry.channel)
                if not self.closed(key):
                    self.numbered[key] = max(self.numbered.get(key, 0), entry.upper)
        for key in self.known():
            if key.incarnation == said.incarnation and key.boot < said.boot and key not in self.gone:
                lost = [number for number in self.missing(key) if number not in held.get(key, ())]
                self.class_each(key, lost, Class.LOST)

    def born(self, said):
        if said.boot < self.over.get(said.incarnation, 0):
            return False
        held = {}
        for run in said.held:
            held.setdefault(Key(said.incarnation, run.boot, run.channel), set()).update(range(run.first, run.end))
        if self.current not in {None, said.incarnation}:
            self.over[self.current] += 1
        for key in self.known():
            if key.incarnation != said.incarnation and key not in self.gone:
                self.over[key.incarnation] = max(self.over.get(key.incarnation, 0), key.boot + 1)
                self.class_each(key, self.missing(key), Class.LOST)
        for key, numbers in held.items():
            if not self.closed(key):
                self.numbered[key] = max(self.numbered.get(key, 0), *(number + 1 for number in numbers))
        self.end_older(said, held)
        self.current = said.incarnation
        self.over[said.incarnation] = said.boot
        self.retire()
        return True


class LedgerMachine(RuleBasedStateMachine):
    def __init__(self):
        super().__init__()
        self.naive = NaiveLedger()
        self.ledger = DeviceLedger()
        self.folds = {}
        self.last_marks = {}
        self.now_ms = 0

    def adopt(self, after, folds):
        """Write what changed as a driver would: apply the difference, add the folds."""
        diff = changes(self.ledger, after)
        rows = {key: row for key, row in self.ledger.rows.items() if key not in diff.deletes} | dict(diff.upserts)
        incarnation = self.ledger.incarnation if diff.incarnation is None else diff.incarnation
        self.ledger = DeviceLedger(incarnation, dict(self.ledger.closed) | dict(diff.closed), rows)
        assert self.ledger == after
        for at, fold in folds.items():
            self.folds[at] = merged(self.folds.get(at), fold)

    @rule(incarnation=INCARNATIONS, boot=BOOTS, channel=CHANNELS, first=SEQUENCES, many=COUNTS, cls=st.sampled_from(list(Class)))
    def frame_or_loss(self, incarnation, boot, channel, first, many, cls):
        key = Key(incarnation, boot, channel)
        self.now_ms += 1
        assert (admit(self.ledger, key) is Admission.CLOSED) == self.naive.closed(key)
        if cls is Class.LOST:
            taken = declare(self.ledger, key, first, many, now_ms=self.now_ms)
        else:
            taken = take(self.ledger, key, first, many, cls, now_ms=self.now_ms)
        fresh = {number for a, b in taken.outcome.fresh for number in range(a, b)}
        known = set() if self.naive.closed(key) else set(range(first, first + many)) - self.naive.classes.get(key, {}).keys()
        assert fresh == known
        assert taken.outcome.refused == ()
        self.adopt(taken.ledger, taken.folds)
        self.naive.take(key, range(first, first + many), cls)

    @precondition(lambda self: self.ledger.rows)
    @rule(data=st.data(), many=COUNTS)
    def next_frame(self, data, many):
        """Frames in order, as they mostly come: these take the shortcut."""
        key = data.draw(st.sampled_from(sorted(self.ledger.rows)))
        first = self.ledger.rows[key].mark
        taken = take(self.ledger, key, first, many, Class.STORED, now_ms=self.now_ms)
        self.adopt(taken.ledger, taken.folds)
        self.naive.take(key, range(first, first + many), Class.STORED)

    @rule(incarnation=INCARNATIONS, boot=BOOTS, held=HELD, ended=ENDED, again=st.booleans())
    def birth(self, incarnation, boot, held, ended, again):
        ended = [(first, first + more, channel, upper) for first, more, channel, upper in ended]
        said = birth(
            incarnation=incarnation,
            boot=boot,
            held=[list(run) for run in held if run[0] <= boot],
            ended=[list(entry) for entry in ended if entry[1] < boot],
        )
        self.now_ms += 1
        born = receive_birth(self.ledger, said, self.now_ms)
        assert born.stale != self.naive.born(said)
        self.adopt(born.ledger, born.folds)
        if born.stale:
            return
        for run in said.held:
            told = [mark.next for mark in born.marks if (mark.boot, mark.channel) == (run.boot, run.channel)]
            assert len(told) == 1
            key = Key(incarnation, run.boot, run.channel)
            assert key in self.ledger.rows or told[0] >= run.end
        if again:
            repeated = receive_birth(self.ledger, said, self.now_ms + 1)
            assert repeated.ledger == self.ledger
            assert (repeated.closures, dict(repeated.folds), repeated.superseded) == ((), {}, None)

    @rule()
    def background(self):
        after, folds, _ = settle(self.ledger)
        assert after == self.ledger  # nothing folds late unless the fast path moved it
        assert not folds

    @invariant()
    def every_number_is_in_exactly_one_class(self):
        wanted = Counter()
        for key, classes in self.naive.classes.items():
            for cls in classes.values():
                wanted[key.incarnation, key.channel, cls] += 1
        got = Counter()
        for key, row in self.ledger.rows.items():
            for cls in Class:
                got[key.incarnation, key.channel, cls] += getattr(row, cls.value)
        for (incarnation, channel), fold in self.folds.items():
            assert of_fold(fold).balanced
            for cls in Class:
                got[incarnation, channel, cls] += getattr(fold, cls.value)
        assert +got == wanted

    @invariant()
    def what_is_owed_is_what_is_missing(self):
        for key in self.naive.known():
            row = self.ledger.rows.get(key)
            assert (row is None) == (key in self.naive.gone)
            if row is not None:
                missing = {number for a, b in row.missing for number in range(a, b)}
                assert missing == set(self.naive.missing(key))
                assert row.mark == self.naive.mark(key)
                assert of_row(row, self.now_ms).balanced
                assert (row.owed_since_ms is not None) == bool(missing)
        books = balance(self.ledger.rows.values(), self.folds.values(), self.now_ms)
        assert books.balanced
        assert books.owed == sum(len(self.naive.missing(key)) for key in self.naive.known())

    @invariant()
    def marks_only_advance(self):
        for incarnation in (1, 2, 3):
            for mark in marks(self.ledger, incarnation):
                at = (incarnation, mark.boot, mark.channel)
                assert mark.next >= self.last_marks.get(at, 0)
                self.last_marks[at] = mark.next
            assert closed_below(self.ledger, incarnation) <= self.ledger.closed.get(incarnation, 0)


LedgerMachine.TestCase.settings = settings(max_examples=150, stateful_step_count=30, deadline=None)
TestLedgerAgainstTheModel = LedgerMachine.TestCase
