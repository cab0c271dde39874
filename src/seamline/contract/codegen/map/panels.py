"""The lower half of the map: every wait on one logarithmic scale, and what the contract holds."""

from __future__ import annotations

from collections.abc import Mapping
from math import log10

from seamline.contract.codegen.map.drawing import Sheet, Style, shortened, width
from seamline.contract.codegen.map.theme import MARGIN, ROOM
from seamline.contract.codegen.map.waits import Stretch, waits
from seamline.contract.codegen.wording import current, duration, limits, pace, phrase, size, supply, symbol
from seamline.contract.layout import Field, Layout, Value
from seamline.contract.model import Contract
from seamline.contract.scalars import MS

GAP = 44
SCALE_WIDE = 640
COLUMN_WIDE = (ROOM - SCALE_WIDE - 2 * GAP) / 2
NAMES_WIDE = 200
ROW = 21

_TICKS = (
    *((ms, f"{ms} ms") for ms in (1, 10, 100)),
    *((s * MS["s"], f"{s} s") for s in (1, 10)),
    *((m * MS["min"], f"{m} min") for m in (1, 10)),
    (MS["h"], "1 h"),
    (MS["d"], "1 d"),
    (30 * MS["d"], "30 d"),
    (365 * MS["d"], "1 yr"),
    (3650 * MS["d"], "10 yr"),
    (36500 * MS["d"], "100 yr"),
)
_TITLE = Style(17, bold=True)
_GROUP = Style(9.5, "faint", bold=True, spacing=1.1)
_NAME = Style(12, "soft")
_VALUE = Style(12, bold=True)
_TICK = Style(10, "faint")
_HEAD = Style(13, bold=True)
_TEXT = Style(12, "soft")


def scale(sheet: Sheet, contract: Contract, colours: Mapping[str, int], top: float) -> float:
    """Draw the answer's budget, then all waits, one a row; return the bottom."""
    top = sheet.paragraph(MARGIN, top, SCALE_WIDE, "Every wait, on one scale", _TITLE)
    top = _budget(sheet, contract, colours, top + 10)
    groups = waits(contract)
    times = [ms for _, found in groups for wait in found for ms in (wait.low_ms, wait.high_ms)]
    ticks = _ticks(min(times), max(times))
    first, last = log10(ticks[0][0]), log10(ticks[-1][0])
    left, room = MARGIN + NAMES_WIDE, SCALE_WIDE - NAMES_WIDE - 96

    def at(ms: int) -> float:
        return left + room * (log10(ms) - first) / (last - first)

    rows_top, bottom = top + 30, top + 30 + sum(20 + ROW * len(found) for _, found in groups)
    for ms, text in ticks:
        sheet.line(at(ms), rows_top - 8, at(ms), bottom - 6, "grid")
        sheet.text(at(ms), rows_top - 14, text, _TICK, "middle")
    top = rows_top
    for title, found in groups:
        sheet.text(MARGIN, top + 12, title.upper(), _GROUP)
        top += 20
        for wait in found:
            _wait(sheet, wait, colours, at(wait.low_ms), at(wait.high_ms), top + 12)
            top += ROW
    return top


def _ticks(low_ms: int, high_ms: int) -> list[tuple[int, str]]:
    """The ticks from the last one not above the shortest wait to the first one not below the longest."""
    below = max(at for at, (ms, _) in enumerate(_TICKS) if ms <= low_ms)
    above = min(at for at, (ms, _) in enumerate(_TICKS) if ms >= high_ms)
    return list(_TICKS[below : max(above, below + 1) + 1])


def _wait(sheet: Sheet, wait: Stretch, colours: Mapping[str, int], start: float, end: float, base: float) -> None:
    """A dot, or a bar from the shortest to the longest, with its name before and its time after."""
    fill = f"fill{colours[wait.owner]}" if wait.owner in colours else "own"
    stroke = f"line{colours[wait.owner]}" if wait.owner in colours else "ownline"
    sheet.text(MARGIN, base, shortened(wait.name, NAMES_WIDE - 16, _NAME), _NAME, whole=wait.name)
    if end > start:
        sheet.line(start, base - 4, end, base - 4, f"bar {stroke}")
    else:
        sheet.circle(start, base - 4, 5, fill)
    sheet.text(end + 11, base, wait.words, _VALUE)


def _budget(sheet: Sheet, contract: Contract, colours: Mapping[str, int], top: float) -> float:
    """How the device's patience is spent: network, commit, and what is spare."""
    timing, owners = contract.timing, contract.timing.owners
    whole = timing.answer_timeout_ms
    spent = (
        ("network", timing.network_ms, owners.get("network", "")),
        ("commit", timing.commit_budget_ms, owners.get("commit_budget", "")),
    )
    spare = whole - timing.network_ms - timing.commit_budget_ms
    words = f"A device waits {duration(whole)} for an answer: " + ", ".join(f"{duration(ms)} {name}" for name, ms, _ in spent)
    top = sheet.paragraph(MARGIN, top, SCALE_WIDE, f"{words}, {duration(spare)} spare.", _TEXT) + 5
    wide = SCALE_WIDE
    sheet.rect(MARGIN, top, wide, 12, "card", 6)
    left = float(MARGIN)
    for _, ms, owner in spent:
        share = wide * ms / whole
        sheet.rect(left + 1, top + 1, max(share - 2, 1), 10, f"fill{colours[owner]}" if owner in colours else "own", 5)
        left += share
    return top + 26


def contents(sheet: Sheet, contract: Contract, top: float) -> float:
    """Draw two columns beside the scale; return the lower of their bottoms."""
    left = MARGIN + SCALE_WIDE + GAP
    first = _messages(sheet, contract, left, top)
    first = _kept(sheet, contract, left, first + 22)
    left += COLUMN_WIDE + GAP
    second = _readers(sheet, contract, left, top)
    second = _wishes(sheet, contract, left, second)
    second = _faults(sheet, contract, left, second)
    return max(first, second)


def _title(sheet: Sheet, text: str, left: float, top: float) -> float:
    return sheet.paragraph(left, top, COLUMN_WIDE, text, _TITLE) + 8


def _entry(sheet: Sheet, left: float, top: float, head: tuple[str, str], lines: list[str]) -> float:
    top = sheet.row(left, top, COLUMN_WIDE, *head, (_HEAD, _TEXT))
    for text in lines:
        top = sheet.paragraph(left, top, COLUMN_WIDE, text, _TEXT)
    return top + 9


def _messages(sheet: Sheet, contract: Contract, left: float, top: float) -> float:
    top = _title(sheet, "What travels", left, top)
    for message in contract.messages.values():
        layout = message.layout
        head = (f"{message.id}  {phrase(message.name)}", f"layout {layout.version}, {layout.record_bytes} B")
        fields = ", ".join(_field(item) for item in layout.fields)
        top = _entry(sheet, left, top, head, [f"{pace(message)}, priority {message.priority}.", f"{fields}.", *_guesses(layout)])
    return top


def _guesses(layout: Layout) -> list[str]:
    """A line for each model: what it guesses in this message."""
    found: dict[str, list[str]] = {}
    for item in layout.fields:
        if item.inferred is not None:
            found.setdefault(f"{phrase(item.inferred.model)} {item.inferred.version}", []).append(phrase(item.name))
    return [f"Guessed by {model}: {', '.join(names)}." for model, names in found.items()]


def _field(field: Field) -> str:
    unit = symbol(field.unit)
    return f"{phrase(field.name)} {unit}".rstrip()


def _kept(sheet: Sheet, contract: Contract, left: float, top: float) -> float:
    """What a device keeps, how it knows the time, how it is renewed."""
    buffer, clock, update = contract.buffer, contract.clock, contract.update
    top = _title(sheet, "What a device keeps", left, top)
    dropped = ", then ".join(phrase(name) for name in buffer.drop_first)
    first = f"Bridges {duration(buffer.outage_ms)} without a hub. Drops {dropped} first, the oldest of each."
    top = _entry(sheet, left, top, ("Buffer", f"{size(buffer.capacity_bytes)} in {buffer.store}"), [first])
    sources = f"From {', '.join(clock.sources)}; drifts {clock.drift_ppm} ppm, resets {clock.resets}."
    top = _entry(sheet, left, top, ("Clock", f"error below {duration(clock.error_max_ms)}"), [sources])
    if update is not None:
        slots = (
            f"{update.slot_count} slots of {size(update.slot_bytes)}; healthy when {', '.join(map(phrase, update.healthy_when))}."
        )
        top = _entry(sheet, left, top, ("Update", f"{size(update.bytes_per_month)} a month"), [slots])
    if contract.identity is not None:
        claim = f"Renewed at {duration(contract.identity.renew_at_ms)}, claimed at the {phrase(contract.identity.claim)}."
        top = _entry(sheet, left, top, ("Certificate", f"lives {duration(contract.identity.lifetime_ms)}"), [claim])
    if contract.power is not None:
        states = (f"{phrase(item.name)} {current(item.current_ua)}" for item in contract.power.states.values())
        top = _entry(sheet, left, top, ("Power", supply(contract.power)), [f"{', '.join(states)}."])
    return top


def _readers(sheet: Sheet, contract: Contract, left: float, top: float) -> float:
    if not contract.consumers:
        return top
    top = _title(sheet, "Who reads it", left, top)
    for consumer in contract.consumers.values():
        back = "" if consumer.window_ms is None else f", {duration(consumer.window_ms)} back"
        head = (phrase(consumer.name), f"within {duration(consumer.within_ms)}")
        top = _entry(sheet, left, top, head, [f"{', '.join(map(phrase, consumer.reads))}{back}."])
    return top + 22


def _wishes(sheet: Sheet, contract: Contract, left: float, top: float) -> float:
    if not contract.state and not contract.commands:
        return top
    top = _title(sheet, "What may be wished", left, top)
    for item in contract.state.values():
        about = [f"{limits(item)}." if limits(item) else "", f"In conflict: {phrase(item.conflict)}."]
        top = _entry(sheet, left, top, (phrase(item.name), "state"), [" ".join(filter(None, about))])
    for command in contract.commands.values():
        body = ", ".join(_argument(value) for value in command.body.values())
        about = [f"With {body}."] if body else []
        top = _entry(
            sheet, left, top, (phrase(command.name), "command"), [*about, f"Done within {duration(command.deadline_ms)}."]
        )
    return top + 22


def _argument(value: Value) -> str:
    return f"{phrase(value.name)} {limits(value)}".rstrip()


def _faults(sheet: Sheet, contract: Contract, left: float, top: float) -> float:
    if not contract.faults:
        return top
    top = _title(sheet, "What may go wrong", left, top)
    for fault in sorted(contract.faults.values(), key=lambda fault: fault.code):
        severity = f"{fault.severity}, latches" if fault.latches else fault.severity
        name = shortened(f"0x{fault.code:02X}  {phrase(fault.name)}", COLUMN_WIDE - width(severity, _TEXT) - 14, _HEAD)
        top = _entry(sheet, left, top, (name, severity), [f"{fault.meaning}."])
    return top
