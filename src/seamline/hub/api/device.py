"""Routes about one device: identity and presence, ledger, anchors, events."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated, Final

from fastapi import APIRouter, Path, Query
from psycopg import AsyncConnection

from seamline.hub.api.device_models import (
    Anchor,
    Boot,
    DeviceView,
    Event,
    LedgerFold,
    LedgerLine,
    LedgerView,
    Loss,
    MessageKind,
)
from seamline.hub.api.fleet import aged
from seamline.hub.api.fleet_models import Books
from seamline.hub.api.problem import answers, not_found
from seamline.hub.api.queries import first, rows
from seamline.hub.api.state import ApiState, State

router: Final = APIRouter(prefix="/devices/{device}")
LINES_MAX: Final = 500

DeviceId = Annotated[str, Path(pattern=r"^[A-Za-z0-9_-]+$", max_length=128, description="The device's name")]
Limit = Annotated[int, Query(ge=1, le=1_000)]


@dataclass(frozen=True, slots=True)
class DeviceFacts:
    """The device's own row."""

    no: int
    id: str
    product: str | None
    contract: str | None
    firmware: str | None
    state: str
    epoch: int
    incarnation: int | None
    boot: int | None
    created_ms: int


@dataclass(frozen=True, slots=True)
class _Session:
    session: int | None
    incarnation: int | None
    boot: int | None
    failures: list[list[str | int]]


@dataclass(frozen=True, slots=True)
class LayoutRow:
    """A registered layout of the device's product."""

    message: str
    channel: int
    layout: int
    canonical: str


@dataclass(frozen=True, slots=True)
class _Line:
    incarnation: int
    boot: int
    channel: int
    numbered: int
    stored: int
    quarantined: int
    declined: int
    lost: int
    duplicates: int
    mark: int
    high: int
    gaps: list[int]
    upper: int | None
    owed_since_ms: int | None
    first_arrival_ms: int | None
    last_arrival_ms: int | None


@dataclass(frozen=True, slots=True)
class _Fold:
    incarnation: int
    channel: int
    boots: int
    boot_first: int
    boot_last: int
    numbered: int
    stored: int
    quarantined: int
    declined: int
    lost: int
    duplicates: int


async def facts(connection: AsyncConnection, device: str) -> DeviceFacts:
    """Return the device's row; raises the 404 problem when there is none."""
    found = await first(connection, "device", {"device": device}, DeviceFacts)
    if found is None:
        what = f"No device '{device}' has been registered or heard."
        raise not_found(what, "Names are case-sensitive; `seamline devices --find PART` finds them by a part.")
    return found


async def layouts(connection: AsyncConnection, product: str | None) -> list[LayoutRow]:
    """Return the registered layouts of a product, the standard ones included."""
    return await rows(connection, "device_messages", {"product": product}, LayoutRow)


@router.get("", responses=answers(404, 422))
async def device_view(state: State, device: DeviceId) -> DeviceView:
    """Return a device: identity, presence in both directions with ages and reason, session, boots."""
    await state.feed.refresh()
    async with state.database.reading() as connection:
        it = await facts(connection, device)
        session = await first(connection, "device_session", {"no": it.no}, _Session)
        boots = await rows(connection, "device_boots", {"no": it.no}, Boot)
        registered = await layouts(connection, it.product)
    return await _view(state, it, session, boots, registered)


async def _view(
    state: ApiState, it: DeviceFacts, session: _Session | None, boots: list[Boot], registered: list[LayoutRow]
) -> DeviceView:
    entry = state.feed.find(it.no)
    if entry is None:
        await state.feed.refresh(0)
        entry = state.feed.find(it.no)
    if entry is None:
        raise not_found(f"Device '{it.id}' is not in the fleet.")
    now = state.context.now_ms()
    return DeviceView(
        now_ms=now,
        row=aged(entry, now),
        state=it.state,
        epoch=it.epoch,
        incarnation=it.incarnation,
        boot=it.boot,
        session=None if session is None else session.session,
        created_ms=it.created_ms,
        born_ms=entry.record.born_ms,
        died_ms=entry.record.died_ms,
        unanswered=max(0, entry.record.unanswered),
        last_end=entry.record.last_end,
        failures=[] if session is None else [(str(reason), int(count)) for reason, count in session.failures],
        answer_timeout_ms=entry.record.answer_timeout_ms,
        messages=_kinds(registered),
        boots=boots,
    )


@router.get("/ledger", responses=answers(404, 422))
async def ledger(state: State, device: DeviceId) -> LedgerView:
    """Return the device's books: every open line, folded boots, declared losses, and the sum."""
    async with state.database.reading() as connection:
        it = await facts(connection, device)
        lines = await rows(connection, "device_ledger", {"no": it.no, "limit": LINES_MAX + 1}, _Line)
        folds = await rows(connection, "device_folds", {"no": it.no}, _Fold)
        (total,) = await rows(connection, "device_books", {"no": it.no}, Books)
        losses = await rows(connection, "device_losses", {"no": it.no, "limit": LINES_MAX}, Loss)
        names = {row.channel: row.message for row in await layouts(connection, it.product)}
    return LedgerView(
        total=total,
        lines=[_line(line, names) for line in lines[:LINES_MAX]],
        folds=[_fold(fold, names) for fold in folds],
        losses=losses,
        truncated=len(lines) > LINES_MAX,
    )


@router.get("/anchors", responses=answers(404, 422))
async def anchors(state: State, device: DeviceId, limit: Limit = 100) -> list[Anchor]:
    """List clock anchors, newest first, refused ones with the reason."""
    async with state.database.reading() as connection:
        it = await facts(connection, device)
        return await rows(connection, "device_anchors", {"no": it.no, "limit": limit}, Anchor)


@router.get("/events", responses=answers(404, 422))
async def device_events(
    state: State,
    device: DeviceId,
    before: Annotated[int | None, Query(ge=0, le=2**63 - 1, description="Only events with a smaller id")] = None,
    limit: Limit = 100,
) -> list[Event]:
    """List what happened to the device, newest first, with the owner of the boundary it happened at."""
    async with state.database.reading() as connection:
        it = await facts(connection, device)
        return await rows(connection, "device_events", {"no": it.no, "before": before, "limit": limit}, Event)


def _kinds(registered: Iterable[LayoutRow]) -> list[MessageKind]:
    versions: defaultdict[tuple[int, str], list[int]] = defaultdict(list)
    for row in registered:
        if row.channel:
            versions[row.channel, row.message].append(row.layout)
    return [MessageKind(name=name, channel=channel, layouts=sorted(set(of))) for (channel, name), of in versions.items()]


def _books(it: _Line | _Fold) -> Books:
    owed = it.numbered - it.stored - it.quarantined - it.declined - it.lost
    return Books(
        numbered=it.numbered,
        stored=it.stored,
        quarantined=it.quarantined,
        declined=it.declined,
        lost=it.lost,
        owed=owed,
        duplicates=it.duplicates,
        owed_since_ms=it.owed_since_ms if isinstance(it, _Line) and owed > 0 else None,
        balanced=owed >= 0,
    )


def _line(it: _Line, names: dict[int, str]) -> LedgerLine:
    return LedgerLine(
        incarnation=it.incarnation,
        boot=it.boot,
        channel=it.channel,
        message=names.get(it.channel),
        mark=it.mark,
        high=it.high,
        upper=it.upper,
        gaps=list(zip(it.gaps[::2], it.gaps[1::2], strict=True)),
        books=_books(it),
        first_arrival_ms=it.first_arrival_ms,
        last_arrival_ms=it.last_arrival_ms,
    )


def _fold(it: _Fold, names: dict[int, str]) -> LedgerFold:
    return LedgerFold(
        incarnation=it.incarnation,
        channel=it.channel,
        message=names.get(it.channel),
        boots=it.boots,
        boot_first=it.boot_first,
        boot_last=it.boot_last,
        books=_books(it),
    )
