"""Routes about a device's twin: its properties with their states, and asking for a change."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from typing import Annotated, Final, cast

import psycopg
from fastapi import APIRouter, Path
from pydantic import JsonValue

from seamline.contract.layout import LayoutError
from seamline.contract.model import Property
from seamline.hub import twin as rules
from seamline.hub.api.device import DeviceFacts, DeviceId, facts
from seamline.hub.api.device_models import Asked, Report, TwinProperty, Wish
from seamline.hub.api.problem import ApiError, answers, not_found
from seamline.hub.api.property_values import ValueRefusedError, limits, shown, to_raw
from seamline.hub.api.state import ApiState, State
from seamline.hub.store import PostgresStore
from seamline.hub.twin_store import desired_rows, twins_of

router: Final = APIRouter(prefix="/devices/{device}/twin")

PropertyName = Annotated[str, Path(max_length=64)]


@router.get("", responses=answers(404, 422))
async def twin_view(state: State, device: DeviceId) -> list[TwinProperty]:
    """List the device's properties: what was asked, what was reported, and which of six states that makes."""
    async with state.database.reading() as connection:
        it = await facts(connection, device)
        twins = (await twins_of(PostgresStore(connection), [it.no], lock=False))[it.no]
    known = _properties(state, it)
    now = state.context.now_ms()
    return [_shown(name, known.get(name), twins.get(name, rules.Twin()), now) for name in [*known, *(twins.keys() - known)]]


@router.put("/{name}", responses=answers(404, 409, 422))
async def ask(state: State, device: DeviceId, name: PropertyName, asked: Asked) -> TwinProperty:
    """Ask for a change: it replaces any wish before it, and is delivered until the device answers or it expires."""
    now = state.context.now_ms()
    async with state.database.writing() as connection:
        it = await facts(connection, device)
        known = _properties(state, it)
        prop = known.get(name)
        if prop is None:
            names = ", ".join(known) or "none"
            raise not_found(f"'{it.contract}' has no twin property '{name}'.", f"It has: {names}.")
        if it.state != "active":
            raise ApiError(409, "Device not active", f"'{device}' is {it.state}, so nothing can be asked of it.")
        try:
            raw = to_raw(prop, asked.value)
        except (ValueRefusedError, LayoutError) as error:
            raise ApiError(422, "Value refused", str(error)) from error
        store = PostgresStore(connection)
        before = (await twins_of(store, [it.no]))[it.no].get(name, rules.Twin())
        after = rules.ask(before, policy(prop), raw, asked.by, now)
        await store.write("write_desired", desired_rows(it.no, {name: after}))
    with contextlib.suppress(psycopg.Error, OSError):  # committed: the worker delivers what could not be told now
        await state.context.asked(device)
    return _shown(name, prop, after, now)


def policy(prop: Property | None) -> rules.Policy:
    """Return what the contract says of a property; an unknown one never expires and follows the cloud."""
    if prop is None:
        return rules.Policy(rules.Rule.CLOUD_WINS)
    return rules.Policy(rules.Rule(prop.conflict), prop.expires_ms, prop.confirm_within_ms)


def _properties(state: ApiState, it: DeviceFacts) -> Mapping[str, Property]:
    contract = None if it.contract is None else state.context.contract(it.contract)
    return {} if contract is None else contract.state


def _shown(name: str, prop: Property | None, twin: rules.Twin, now_ms: int) -> TwinProperty:
    status = rules.status(twin, policy(prop), now_ms)
    meaning = None if prop is None else limits(prop)
    return TwinProperty(
        name=name,
        type=None if prop is None else prop.type.value,
        unit=None if prop is None else prop.unit,
        low=None if meaning is None else meaning.low,
        high=None if meaning is None else meaning.high,
        step=None if meaning is None else meaning.step,
        enum=None if prop is None or prop.enum is None else dict(prop.enum),
        conflict=None if prop is None else prop.conflict,
        confirm_within_ms=None if prop is None else prop.confirm_within_ms,
        state=None if status is None else status.state.value,
        why=None if status is None else status.why,
        since_ms=None if status is None else now_ms - status.age_ms,
        overdue=status is not None and status.overdue,
        desired=None if twin.desired is None else _wish(prop, twin.desired),
        reported=None if twin.reported is None else _report(prop, twin.reported),
    )


def _wish(prop: Property | None, it: rules.Desired) -> Wish:
    return Wish(
        value=cast("JsonValue", shown(prop, it.value)),
        raw=cast("JsonValue", it.value),
        version=it.version,
        by=it.asked_by,
        asked_ms=it.asked_ms,
        expires_ms=it.expires_ms,
        sent_ms=it.sent_ms,
        seen_ms=it.seen_ms,
        resolved_ms=it.resolved_ms,
        resolution=None if it.resolution is None else it.resolution.value,
    )


def _report(prop: Property | None, it: rules.Reported) -> Report:
    return Report(
        value=cast("JsonValue", shown(prop, it.value)),
        raw=cast("JsonValue", it.value),
        version=it.version,
        based_on=it.based_on,
        fault=it.fault,
        boot=it.boot,
        at_ms=it.at_ms,
        received_ms=it.received_ms,
    )
