"""The verdict: the truth the fleet kept against what the database holds, record by record.

Every numbered record must be in exactly one class of the ledger, every stored value must be what the device measured, every date
within its error bound of the true time, and the hub's own books must say the same.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Final

import psycopg

from seamline.contract import Layout
from seamline.rig.books import FoldKey, HubBooks, ReadingTable, RowKey, Span, StoredRow, read_books, tables_of
from seamline.rig.latency import Latencies
from seamline.rig.truth import DeviceTruth, Stream

DATE_SLACK_MS: Final = 2
"""Two clocks are read in whole milliseconds."""
EXAMPLES_MAX: Final = 3
"""How many cases of one kind of problem are told in full."""
LOSSES_CHANNEL: Final = 0


class Class(IntEnum):
    """A record's place in the books. UNKNOWN: the hub has never heard of it."""

    UNKNOWN = 0
    STORED = 1
    QUARANTINED = 2
    LOST = 3


@dataclass(slots=True)
class Sums:
    """Records by class."""

    numbered: int = 0
    stored: int = 0
    quarantined: int = 0
    declined: int = 0
    lost: int = 0
    owed: int = 0

    def add(self, other: "Sums") -> None:
        """Add another's figures."""
        for name in Sums.__slots__:
            setattr(self, name, getattr(self, name) + getattr(other, name))

    def as_dict(self) -> dict[str, int]:
        """Return the figures by name."""
        return {name: getattr(self, name) for name in Sums.__slots__}


@dataclass(slots=True)
class Verdict:
    """The figures, and what broke: nothing in `problems` means that every promise held."""

    sums: Sums = field(default_factory=Sums)
    by_version: dict[str, Sums] = field(default_factory=dict[str, Sums])
    duplicates_received: int = 0
    duplicates_stored: int = 0
    misdated: int = 0
    undated: int = 0
    value_mismatches: int = 0
    refused_frames: int = 0
    lost_beyond_knowing: int = 0
    """Of `lost`: numbered on a flash that was erased before the hub had heard of them; closed with their incarnation,
    unless the hub never heard of that either."""
    overstated: int = 0
    """What the hub counts as numbered and lost beyond that: bounds that ran ahead of the records a power cut ended. Nobody made
    these, and no hub can tell. 0 where the truth begins in the midst of a device's life."""
    measured_to_stored: Latencies = field(default_factory=Latencies)
    cases: Counter[str] = field(default_factory=Counter[str])
    examples: dict[str, list[str]] = field(default_factory=dict[str, list[str]])

    def complain(self, kind: str, example: str, count: int = 1) -> None:
        """Note a broken promise."""
        self.cases[kind] += count
        told = self.examples.setdefault(kind, [])
        if len(told) < EXAMPLES_MAX:
            told.append(example)

    @property
    def problems(self) -> list[str]:
        """One line a kind of broken promise, with examples."""
        return [f"{kind}: {count} ({'; '.join(self.examples[kind])})" for kind, count in self.cases.items()]


@dataclass(slots=True)
class _Account:
    """One stream under examination."""

    device: str
    key: RowKey
    stream: Stream
    classes: bytearray
    unpack: Callable[[bytes], tuple[int | None, ...]]

    def __str__(self) -> str:
        return f"{self.device} incarnation {self.key.incarnation} boot {self.key.boot} channel {self.key.channel}"


def verify(
    dsn: str,
    truths: Iterable[DeviceTruth],
    layouts: Sequence[Layout],
    connection: psycopg.Connection | None = None,
    *,
    date_slack_ms: int = DATE_SLACK_MS,
) -> Verdict:
    """Compare everything about these devices, in one snapshot of the database (or in the transaction of `connection`).

    `date_slack_ms`: how far the truth itself may be off about when a record was measured.
    Blocks for the length of a table scan. Raises psycopg.Error when the database cannot be read.
    """
    known = list(truths)
    if connection is not None:
        return _verify(connection, known, layouts, date_slack_ms)
    with psycopg.connect(dsn) as own:
        own.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        own.read_only = True
        return _verify(own, known, layouts, date_slack_ms)


def _verify(
    connection: psycopg.Connection, known: Sequence[DeviceTruth], layouts: Sequence[Layout], date_slack_ms: int
) -> Verdict:
    verdict = Verdict()
    books = read_books(connection, [truth.device for truth in known])
    accounts = _accounts(known, books, verdict)
    numbers = list(books.device_no.values())
    begun = {books.device_no[truth.device]: truth for truth in known if truth.device in books.device_no}
    earlier: Counter[FoldKey] = Counter()
    for table in tables_of([layout for layout in layouts if layout.message_id != LOSSES_CHANNEL]):
        for row in table.rows(connection, numbers):
            key = row.key
            if key not in accounts and begun[key.device_no].is_earlier(key.incarnation, key.boot):
                earlier[FoldKey(key.device_no, key.incarnation, key.channel)] += 1
            else:
                _check_row(row, table, accounts, verdict, date_slack_ms)
    for account in accounts.values():
        _classify(account, books, verdict)
    for truth in known:
        _losses_channel(truth, books, verdict)
    _compare_books(accounts, books, earlier, verdict)
    if all(truth.begun is None for truth in known):
        told = sum(counts.lost for counts in books.counts.values())
        verdict.overstated = max(0, told - verdict.sums.lost + verdict.lost_beyond_knowing)
    verdict.refused_frames = books.refused
    verdict.duplicates_received = sum(counts.duplicates for counts in books.counts.values())
    return verdict


def _accounts(truths: Sequence[DeviceTruth], books: HubBooks, verdict: Verdict) -> dict[RowKey, _Account]:
    accounts: dict[RowKey, _Account] = {}
    for truth in truths:
        number = books.device_no.get(truth.device, -1)
        if number < 0 and truth.numbered:
            verdict.complain("devices the hub has never heard of", truth.device)
        for key, stream in truth.streams.items():
            row_key = RowKey(number, *key) if number >= 0 else RowKey(-1 - len(accounts), *key)
            accounts[row_key] = _Account(truth.device, row_key, stream, bytearray(stream.numbered), stream.layout.stored)
    return accounts


def _check_row(
    row: StoredRow, table: ReadingTable, accounts: Mapping[RowKey, _Account], verdict: Verdict, date_slack_ms: int
) -> None:
    account = accounts.get(row.key)
    if account is None or row.sequence >= account.stream.numbered:
        verdict.complain("rows that no device measured", f"{row.key} sequence {row.sequence}")
        return
    if account.classes[row.sequence] == Class.STORED:
        verdict.duplicates_stored += 1
        verdict.complain("records stored twice", f"{account} sequence {row.sequence}")
        return
    account.classes[row.sequence] = Class.STORED
    _check_values(row, table, account, verdict)
    _check_date(row, account, verdict, date_slack_ms)


def _check_values(row: StoredRow, table: ReadingTable, account: _Account, verdict: Verdict) -> None:
    stream = account.stream
    layout = stream.layout
    same = row.layout == layout.version and row.uptime_ms == stream.uptime_ms[row.sequence]
    if same:
        own, absent = table.places(row.layout)
        expected = account.unpack(stream.body(row.sequence))
        same = tuple(row.values[place] for place in own) == expected and all(row.values[place] is None for place in absent)
    if not same:
        verdict.value_mismatches += 1
        stored = dict(zip(table.fields, row.values, strict=True))
        measured = f"layout {layout.version}, uptime {stream.uptime_ms[row.sequence]}, {stream.values(row.sequence)}"
        text = f"{account} sequence {row.sequence}: stored layout {row.layout}, uptime {row.uptime_ms}, {stored}; measured {measured}"
        verdict.complain("stored values that differ from the measured", text)


def _check_date(row: StoredRow, account: _Account, verdict: Verdict, date_slack_ms: int) -> None:
    true_ms = account.stream.true_ms[row.sequence]
    verdict.measured_to_stored.add(row.arrival_ms - true_ms)
    if row.measured_ms is None or row.error_ms is None:
        verdict.undated += 1
    elif abs(row.measured_ms - true_ms) > row.error_ms + date_slack_ms:
        verdict.misdated += 1
        off_ms = round(row.measured_ms - true_ms)
        verdict.complain(
            "dates beyond their error bound", f"{account} sequence {row.sequence}: {off_ms} ms off, bound {row.error_ms} ms"
        )


def _classify(account: _Account, books: HubBooks, verdict: Verdict) -> None:
    """Put the rest of a stream's records in their classes, and see that none is in two or in none."""
    stream, key = account.stream, account.key
    _mark(account, books.quarantined.get(key, []), Class.QUARANTINED, verdict)
    _mark(account, books.lost_spans(key), Class.LOST, verdict)
    found = Counter(account.classes)
    unmade = 0 if stream.unsure is None else account.classes.count(Class.UNKNOWN, stream.unsure)
    found[Class.UNKNOWN] -= unmade
    sums = Sums(stream.numbered - unmade, found[Class.STORED], found[Class.QUARANTINED], lost=found[Class.LOST])
    unknown = found[Class.UNKNOWN]
    if unknown and _never_heard_of(account, books):
        verdict.lost_beyond_knowing += unknown
        sums.lost += unknown
    elif unknown and key.boot < books.closed.get((key.device_no, key.incarnation), 0):
        if books.current.get(key.device_no) == key.incarnation:
            verdict.complain("records of an ended boot in no class", f"{account}: {_first_unknown(account)}", unknown)
        else:
            verdict.lost_beyond_knowing += unknown
        sums.lost += unknown
    else:
        sums.owed += unknown
    if stream.quarantined_expected and sums.quarantined != sums.numbered:
        verdict.complain("frames of an unregistered build not quarantined", f"{account}: {sums}")
    verdict.sums.add(sums)
    verdict.by_version.setdefault(stream.version, Sums()).add(sums)


def _never_heard_of(account: _Account, books: HubBooks) -> bool:
    """Whether the flash was erased before this incarnation had said a word: nobody but the truth kept here knows that it was."""
    key = account.key
    superseded = books.current.get(key.device_no, key.incarnation) != key.incarnation
    return superseded and (key.device_no, key.incarnation) not in books.closed and not account.stream.acknowledged


def _mark(account: _Account, spans: Iterable[Span], kind: Class, verdict: Verdict) -> None:
    for first, end in spans:
        for sequence in range(first, min(end, account.stream.numbered)):
            before = account.classes[sequence]
            if before != Class.UNKNOWN:
                text = f"{account} sequence {sequence}: {Class(before).name.lower()} and {kind.name.lower()}"
                verdict.complain("records in two classes", text)
            else:
                account.classes[sequence] = kind


def _first_unknown(account: _Account) -> str:
    return f"sequence {account.classes.index(Class.UNKNOWN)} of {account.stream.numbered}"


def _losses_channel(truth: DeviceTruth, books: HubBooks, verdict: Verdict) -> None:
    """Channel 0 has no table: its records are the loss ranges themselves, so here the ledger's counts are held to the truth."""
    number = books.device_no.get(truth.device, -1)
    numbered: Counter[int] = Counter()
    for (incarnation, _boot), count in truth.declared.items():
        numbered[incarnation] += count
    for incarnation, count in numbered.items():
        hub = books.counts.get(FoldKey(number, incarnation, LOSSES_CHANNEL))
        stored, lost = (hub.stored, hub.lost) if hub is not None else (0, 0)
        missing = count - stored
        if missing < 0 and (truth.begun is None or truth.begun.get(incarnation, 1) == 1):
            verdict.complain(
                "loss records the device never wrote", f"{truth.device} incarnation {incarnation}: {stored} of {count}"
            )
        missing = max(missing, 0)
        superseded = books.current.get(number) != incarnation
        lost = missing if superseded else min(missing, lost)
        verdict.sums.add(Sums(count, min(stored, count), lost=lost, owed=missing - lost))


def _compare_books(
    accounts: Mapping[RowKey, _Account], books: HubBooks, earlier: Mapping[FoldKey, int], verdict: Verdict
) -> None:
    """Hold the hub's ledger to the rows that were just counted, and to the ranges behind its other figures."""
    stored: Counter[FoldKey] = Counter(earlier)
    quarantined: Counter[FoldKey] = Counter()
    for key, account in accounts.items():
        stored[FoldKey(key.device_no, key.incarnation, key.channel)] += account.classes.count(Class.STORED)
    for key, spans in books.quarantined.items():
        quarantined[FoldKey(key.device_no, key.incarnation, key.channel)] += sum(end - first for first, end in spans)
    for key, counts in books.counts.items():
        lost = sum((end - first) * (span[1] - span[0]) for first, end, span in books.lost.get(key, ()))
        told = {"stored": counts.stored, "quarantined": counts.quarantined, "lost": counts.lost}
        found = {"stored": stored[key], "quarantined": quarantined[key], "lost": lost}
        if key.channel == LOSSES_CHANNEL:
            found["stored"] = counts.stored  # kept as loss ranges, not as rows
        if told != found:
            verdict.complain("ledger rows that miscount", f"{key}: the ledger says {told}, the database holds {found}")
