"""Routes about sites: publishing a plan, binding devices to its places, and planned against installed against alive."""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Final, get_args

from fastapi import APIRouter, Path, Query
from psycopg import AsyncConnection
from psycopg.types.json import Json

from seamline.hub.api.calibration_models import Person, Reason
from seamline.hub.api.device import DeviceFacts, Limit
from seamline.hub.api.feed import Entry, Scalar
from seamline.hub.api.fleet_models import Presence
from seamline.hub.api.problem import ApiError, answers, not_found
from seamline.hub.api.queries import first, rows, statement
from seamline.hub.api.site_document import DocumentError, Unpacked, unpack
from seamline.hub.api.site_models import (
    Binding,
    BindingLine,
    DarkNode,
    Helps,
    NeedNow,
    PlaceState,
    PlannedNode,
    PlanVersion,
    Publication,
    Published,
    SiteDocument,
    SiteLine,
    SiteNow,
    Standing,
)
from seamline.hub.api.state import ApiState, State
from seamline.hub.sites.live import Dark, Live, bits_of, look

router: Final = APIRouter()
KEPT: Final = 4
"""Plans that are kept unpacked: a mask is a byte a cell."""

SiteId = Annotated[str, Path(pattern=r"^[A-Za-z0-9_-]+$", max_length=64, description="The site's name, as the plan has it")]
NodeId = Annotated[str, Path(pattern=r"^[A-Za-z0-9_-]+$", max_length=64, description="The place's name, as the plan has it")]
STANDINGS: Final[Mapping[Presence, Standing]] = {
    Presence.ONLINE: "alive",
    Presence.DEAF: "alive",
    Presence.UNKNOWN: "unknown",
}
"""Of a place whose device was heard; else it is dark."""


@dataclass(frozen=True, slots=True)
class _Head:
    """A published plan without its document."""

    site: str
    version: int
    hash: str
    published_ms: int
    by: str


@dataclass(frozen=True, slots=True)
class _Plan(_Head):
    document: dict[str, object]


@dataclass(frozen=True, slots=True)
class _Document:
    value: dict[str, object]


@dataclass(frozen=True, slots=True)
class _Place:
    node: str
    device: str
    no: int | None
    product: str | None
    bound_ms: int


@dataclass(frozen=True, slots=True)
class _Where:
    site: str
    node: str


@dataclass(frozen=True, slots=True)
class _Known:
    document: SiteDocument
    unpacked: Unpacked


_kept: Final[OrderedDict[_Head, _Known]] = OrderedDict()
"""The plans shown last: what was published never changes."""


@router.get("/sites", responses=answers())
async def sites(state: State) -> list[SiteLine]:
    """List the sites with a published plan."""
    async with state.database.reading() as connection:
        return await rows(connection, "sites", None, SiteLine)


@router.put("/sites/{site}", responses=answers(422))
async def publish(state: State, site: SiteId, asked: Publication) -> Published:
    """Publish a plan: it is in force from now on. The versions before it are kept; devices stay where they are bound."""
    try:
        unpack(asked.document)
    except DocumentError as error:
        raise ApiError(422, "Plan refused", str(error), "Publish it with the version of Seamline that this hub runs.") from error
    async with state.database.writing() as connection:
        await connection.execute(statement("site_lock"))
        known = await first(connection, "site_plan", {"site": site}, _Plan)
        document = asked.document.model_dump(mode="json")
        if known is not None and known.document == document:
            return Published(site=site, version=known.version, hash=known.hash, changed=False)
        named = {"site": site, "hash": asked.document.hash, "document": Json(document), "by": asked.by}
        version = await first(connection, "site_publish", named, Scalar)
    if version is None or not isinstance(version.value, int):
        raise RuntimeError("an INSERT with RETURNING gave no row")
    return Published(site=site, version=version.value, hash=asked.document.hash, changed=True)


@router.get("/sites/{site}/plan", responses=answers(404, 422))
async def plan(state: State, site: SiteId) -> SiteDocument:
    """Return the plan in force, as it was published."""
    async with state.database.reading() as connection:
        return (await _known(connection, await _head(connection, site))).document


@router.get("/sites/{site}/versions", responses=answers(404, 422))
async def versions(
    state: State,
    site: SiteId,
    before: Annotated[int | None, Query(ge=0, le=2**31 - 1, description="Only versions below this")] = None,
    limit: Limit = 100,
) -> list[PlanVersion]:
    """List the plans that were published, newest first: at most `limit`, older ones by `before`."""
    async with state.database.reading() as connection:
        await _head(connection, site)
        return await rows(connection, "site_plan_history", {"site": site, "before": before, "limit": limit}, PlanVersion)


@router.get("/sites/{site}/bindings", responses=answers(404, 422))
async def bindings(
    state: State,
    site: SiteId,
    before: Annotated[int | None, Query(ge=0, le=2**63 - 1, description="Only ids below this")] = None,
    limit: Limit = 100,
) -> list[BindingLine]:
    """List who bound which device to which place, and why, newest first: at most `limit`, older ones by `before`."""
    async with state.database.reading() as connection:
        await _head(connection, site)
        return await rows(connection, "site_binding_history", {"site": site, "before": before, "limit": limit}, BindingLine)


@router.get("/sites/{site}", responses=answers(404, 422))
async def site_now(state: State, site: SiteId) -> SiteNow:
    """Return the site now: planned, installed, alive and dark places, live coverage, and what helps where one is dark."""
    await state.feed.refresh()
    async with state.database.reading() as connection:
        found = await _head(connection, site)
        known = await _known(connection, found)
        places = await rows(connection, "site_places", {"site": site}, _Place)
    bound = {place.node: place for place in places}
    states = [_state(state, node.id, bound.get(node.id)) for node in known.document.nodes]
    planned = {node.id for node in known.document.nodes}
    working = frozenset(it.node for it in states if it.state == "alive")
    unheard = {it.node for it in states if it.state == "unknown"}
    seen = look(known.unpacked.watched, known.unpacked.nodes, working, known.unpacked.remedies)
    return SiteNow(
        site=site,
        title=known.document.title,
        version=found.version,
        hash=found.hash,
        now_ms=state.context.now_ms(),
        published_ms=found.published_ms,
        counts=dict.fromkeys(get_args(Standing), 0) | Counter(it.state for it in states),
        places=states,
        needs=_needs(known, seen),
        dark=[_dark(it) for it in seen.dark if it.node not in unheard],
        left_over=[_state(state, place.node, place) for place in places if place.node not in planned],
    )


@router.put("/sites/{site}/places/{node}", responses=answers(404, 409, 422))
async def bind(state: State, site: SiteId, node: NodeId, asked: Binding) -> PlaceState:
    """Put a device at a place.

    Refused when it is unknown and not expected, stands elsewhere, is of another product, or the place is not as you thought.
    """
    async with state.database.writing() as connection:
        await connection.execute(statement("site_lock"))
        planned = _node(await _known(connection, await _head(connection, site)), node)
        bound = {place.node: place for place in await rows(connection, "site_places", {"site": site}, _Place)}
        there = bound.get(node)
        if there is not None and there.device == asked.device:
            return _state(state, node, there)
        if (None if there is None else there.device) != asked.replaces:
            stands = "nothing stands" if there is None else f"'{there.device}' stands"
            raise ApiError(
                409, "Changed meanwhile", f"At '{node}' {stands}.", "Look at the place again, then say what is replaced."
            )
        elsewhere = await first(connection, "site_place_of_device", {"device": asked.device}, _Where)
        if elsewhere is not None:
            where = f"'{asked.device}' is bound to '{elsewhere.node}' of '{elsewhere.site}'."
            raise ApiError(409, "Bound elsewhere", where, "Release it there first.")
        await _check_device(connection, planned, asked)
        if there is not None:
            await _release(connection, site, node, there.device, asked.by, asked.reason)
        named = {"site": site, "node": node, "device": asked.device}
        await connection.execute(statement("site_bind"), named)
        note = {**named, "action": "bound", "by": asked.by, "reason": asked.reason}
        await connection.execute(statement("site_binding_note"), note)
        places = await rows(connection, "site_places", {"site": site}, _Place)
    await state.feed.refresh()
    return _state(state, node, next(place for place in places if place.node == node))


@router.delete("/sites/{site}/places/{node}", responses=answers(404, 409, 422))
async def release(
    state: State,
    site: SiteId,
    node: NodeId,
    device: Annotated[str, Query(pattern=r"^[A-Za-z0-9_-]+$", max_length=128, description="Which stands there by what you know")],
    by: Annotated[Person, Query(description="Who takes it away")],
    reason: Annotated[Reason, Query(description="Why")],
) -> PlaceState:
    """Take a device from its place; also from one that the plan no longer has."""
    async with state.database.writing() as connection:
        await connection.execute(statement("site_lock"))
        await _head(connection, site)
        bound = {place.node: place for place in await rows(connection, "site_places", {"site": site}, _Place)}
        there = bound.get(node)
        if there is None:
            raise not_found(f"Nothing is bound to '{node}' of '{site}'.", f"`seamline site live {site}` shows its places.")
        if there.device != device:
            raise ApiError(409, "Changed meanwhile", f"At '{node}' '{there.device}' stands.", "Look at the place again.")
        await _release(connection, site, node, device, by, reason)
    return _state(state, node, None)


async def _release(connection: AsyncConnection, site: str, node: str, device: str, by: str, reason: str) -> None:
    named = {"site": site, "node": node, "device": device, "action": "released", "by": by, "reason": reason}
    await connection.execute(statement("site_unbind"), named)
    await connection.execute(statement("site_binding_note"), named)


async def _head(connection: AsyncConnection, site: str) -> _Head:
    """Return the plan in force, without its document."""
    found = await first(connection, "site_plan_head", {"site": site}, _Head)
    if found is None:
        raise not_found(f"No plan of a site '{site}' has been published.", "Publish one: seamline site publish PLAN")
    return found


async def _check_device(connection: AsyncConnection, planned: PlannedNode, asked: Binding) -> None:
    """A device is known, or said to be expected; one that was heard says which product it is."""
    found = await first(connection, "device", {"device": asked.device}, DeviceFacts)
    if found is None and not asked.expected:
        what = f"No device '{asked.device}' has been registered or heard."
        remedy = (
            "Names are case-sensitive. One that is mounted before it speaks is bound as expected: `--expected`, `expected: true`."
        )
        raise ApiError(409, "Unknown device", what, remedy)
    if found is not None and planned.product is not None and found.product not in {None, planned.product}:
        what = f"'{asked.device}' is a {found.product}, and '{planned.id}' is planned for a {planned.product}."
        raise ApiError(409, "Another product", what, "Bind a device of the planned product, or change the plan.")


async def _known(connection: AsyncConnection, head: _Head) -> _Known:
    """A plan with its masks: from the few that are kept, or else read, checked and unpacked."""
    known = _kept.get(head)
    if known is None:
        (found,) = await rows(connection, "site_plan_document", {"site": head.site, "version": head.version}, _Document)
        document = SiteDocument.model_validate(found.value)
        known = _kept[head] = _Known(document, unpack(document))
        while len(_kept) > KEPT:
            _kept.popitem(last=False)
    _kept.move_to_end(head)
    return known


def _node(known: _Known, name: str) -> PlannedNode:
    for node in known.document.nodes:
        if node.id == name:
            return node
    raise not_found(f"The plan has no place '{name}'.", f"It has: {_some([node.id for node in known.document.nodes])}.")


def _some(names: list[str]) -> str:
    return ", ".join(names[:10]) + (f" and {len(names) - 10} more" if len(names) > 10 else "")


def _state(state: ApiState, node: str, place: _Place | None) -> PlaceState:
    if place is None:
        return _place(node, "planned", None, None, "no device is bound to it")
    entry = None if place.no is None else state.feed.find(place.no)
    if entry is None or entry.record.last_heard_ms is None:
        return _place(node, "installed", place, entry, "bound, and never heard")
    return _place(node, STANDINGS.get(Presence(entry.claim.presence), "dark"), place, entry, entry.claim.why)


def _place(
    node: str,
    state: Standing,
    place: _Place | None,
    entry: Entry | None,
    why: str,
) -> PlaceState:
    return PlaceState(
        node=node,
        state=state,
        device=None if place is None else place.device,
        bound_ms=None if place is None else place.bound_ms,
        presence=None if entry is None else Presence(entry.claim.presence),
        why=why,
        since_ms=None if entry is None else entry.claim.since_ms,
        last_heard_ms=None if entry is None else entry.record.last_heard_ms,
    )


def _needs(known: _Known, seen: Live) -> list[NeedNow]:
    needed: Mapping[tuple[str, int], float] = {(one.zone, one.need): one.needed for one in known.unpacked.watched}
    return [
        NeedNow(
            zone=it.zone,
            need=it.need,
            needed=needed[it.zone, it.need],
            planned=it.planned,
            share=it.share,
            met=it.met,
            missing=bits_of(it.missing),
            missing_m2=it.missing_m2,
        )
        for it in seen.needs
    ]


def _dark(it: Dark) -> DarkNode:
    helps = [
        Helps(remedy=gain.remedy.place, gain_m2=gain.gain_m2, back_m2=dict(gain.back_m2), given_up_m2=dict(gain.given_up_m2))
        for gain in it.gains
    ]
    return DarkNode(node=it.node, alone_m2=dict(it.alone_m2), helps=helps)
