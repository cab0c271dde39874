"""Routes about calibrations: a device's coefficients with their audit, new ones, and the factory's import."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Final

from fastapi import APIRouter, Path, Query, Request
from psycopg import AsyncConnection
from pydantic import ValidationError

from seamline.contract import Layout, canonical
from seamline.contract.calibration import CalibrationError, check
from seamline.contract.model import Calibration
from seamline.hub.api.calibration_models import (
    CalibrationVersion,
    CalibrationView,
    Imported,
    ImportedLine,
    NewCoefficients,
    Numbers,
    Person,
    Reason,
    Revaluation,
)
from seamline.hub.api.device import DeviceFacts, DeviceId, LayoutRow, facts
from seamline.hub.api.problem import ApiError, answers, not_found
from seamline.hub.api.queries import rows
from seamline.hub.api.state import ApiState, State
from seamline.hub.calibration_store import Added, ConflictError, Newest, Outcome, add
from seamline.hub.calibrations import NONE, Version, of_layouts, spans
from seamline.hub.store import PostgresStore

router: Final = APIRouter()
PASSES_MAX: Final = 200
IMPORT_BYTES_MAX: Final = 16 * 1024 * 1024
IMPORT_LINES_MAX: Final = 20_000
PROBLEMS_TOLD: Final = 5

CalibrationName = Annotated[str, Path(max_length=64, description="The calibration's name in the contract")]
_LINES: Final = {
    "required": True,
    "content": {"application/x-ndjson": {"schema": {"type": "string", "description": "One ImportedLine as JSON a line"}}},
}


@dataclass(frozen=True, slots=True)
class _VersionRow:
    name: str
    version: int
    coefficients: Numbers
    by: str
    reason: str
    made_ms: int
    from_ms: int | None
    to_ms: int | None

    def shown(self) -> CalibrationVersion:
        return CalibrationVersion(
            version=self.version,
            coefficients=self.coefficients,
            by=self.by,
            reason=self.reason,
            made_ms=self.made_ms,
            from_ms=self.from_ms,
            to_ms=self.to_ms,
        )


@router.get("/devices/{device}/calibrations", responses=answers(404, 422))
async def calibrations(state: State, device: DeviceId) -> list[CalibrationView]:
    """List the calibrations of the device's product: formula, coefficients in all their versions, and what they re-valued."""
    async with state.database.reading() as connection:
        it = await facts(connection, device)
        return await _views(state, connection, it, await _layouts(connection, [it.product or ""]))


@router.put("/devices/{device}/calibrations/{name}", responses=answers(404, 409, 422))
async def calibrate(state: State, device: DeviceId, name: CalibrationName, asked: NewCoefficients) -> CalibrationView:
    """Give the device new coefficients: a version more. What is stored already is valued anew in the background."""
    async with state.database.writing() as connection:
        it = await facts(connection, device)
        layouts = await _layouts(connection, [it.product or ""])
        known = of_layouts(layouts)
        if it.product is None or name not in known:
            raise not_found(f"'{it.product}' has no calibration '{name}'.", f"It has: {', '.join(known) or 'none'}.")
        wanted = Added(
            it.id, it.product, name, asked.coefficients, asked.by, asked.reason, asked.expected, asked.from_ms, asked.to_ms
        )
        wrong = _wrong(known[name], wanted)
        if wrong:
            raise ApiError(422, "Coefficients refused", wrong, _takes(known[name]))
        try:
            await add(PostgresStore(connection, "calibration"), [wanted])
        except ConflictError as error:
            detail = _conflict(wanted, error.found[0])
            raise ApiError(409, "Changed meanwhile", detail, "Read the calibrations again, then decide.") from error
        return next(view for view in await _views(state, connection, it, layouts) if view.name == name)


@router.post("/calibrations", responses=answers(409, 413, 422), openapi_extra={"requestBody": _LINES})
async def import_calibrations(
    state: State,
    request: Request,
    by: Annotated[Person, Query(description="Who says so")],
    reason: Annotated[Reason, Query(description="Why")],
) -> Imported:
    """Take the coefficients of many devices, one JSON object a line, all or none. Done again it changes nothing.

    A device that was never heard becomes known by it. Lines are ImportedLine: device, product, calibration, coefficients.
    """
    wanted = {number: _added(line, by, reason) for number, line in _parsed(await _body(request)).items()}
    async with state.database.writing() as connection:
        await _check_all(connection, wanted)
        try:
            outcome = await add(PostgresStore(connection, "calibration"), list(wanted.values())) if wanted else Outcome(0, 0)
        except ConflictError as error:
            numbered = list(wanted.items())
            conflicts = [(*numbered[place], newest) for place, newest in error.found.items()]
            told = [f"line {number}: {_conflict(one, newest)}" for number, one, newest in conflicts]
            raise ApiError(
                409, "Changed meanwhile", _some(told), "Nothing was taken. Say in `expected` what is corrected."
            ) from error
    return Imported(lines=len(wanted), added=outcome.added, unchanged=outcome.unchanged)


async def _views(
    state: ApiState, connection: AsyncConnection, it: DeviceFacts, layouts: Sequence[Layout]
) -> list[CalibrationView]:
    named = {"no": it.no, "product": it.product or "", "limit": PASSES_MAX}
    versions = await rows(connection, "calibration_versions", named, _VersionRow)
    passes = await rows(connection, "calibration_passes", named, Revaluation)
    now_us = state.context.now_ms() * 1000
    return [
        _view(
            calibration,
            layouts,
            [row for row in versions if row.name == calibration.name],
            [one for one in passes if one.calibration == calibration.name],
            now_us,
        )
        for calibration in of_layouts(layouts).values()
    ]


def _view(
    calibration: Calibration,
    layouts: Sequence[Layout],
    versions: Sequence[_VersionRow],
    passes: list[Revaluation],
    now_us: int,
) -> CalibrationView:
    fields = {
        f"{layout.message}.{place.name}": place.field
        for layout in layouts
        for place in layout.places
        if place.field.calibration == calibration.name
    }
    when = spans(_version(row) for row in versions)
    in_force = when.at(now_us)
    return CalibrationView(
        name=calibration.name,
        kind=calibration.kind,
        terms=dict(calibration.terms),
        unit=calibration.unit or next((field.unit for field in fields.values() if field.unit), None),
        fields=list(fields),
        takes=list(calibration.coefficients),
        in_force=None if in_force == NONE else in_force,
        versions=[row.shown() for row in versions],
        revaluations=passes,
    )


def _version(row: _VersionRow) -> Version:
    bounds = [None if bound is None else bound * 1000 for bound in (row.from_ms, row.to_ms)]
    return Version(row.version, row.coefficients, *bounds)


async def _layouts(connection: AsyncConnection, products: Sequence[str]) -> list[Layout]:
    """Return every registered layout of these products."""
    found = await rows(connection, "product_layouts", {"products": list(products)}, LayoutRow)
    return [canonical.parse(row.canonical) for row in found]


def _wrong(calibration: Calibration, wanted: Added) -> str | None:
    """Say what is wrong with coefficients or their bounds, if anything is."""
    if wanted.from_ms is not None and wanted.to_ms is not None and wanted.from_ms >= wanted.to_ms:
        return f"they would hold for no moment: from {wanted.from_ms} is not before to {wanted.to_ms}"
    try:
        check(calibration, wanted.coefficients)
    except CalibrationError as error:
        return str(error)
    return None


def _takes(calibration: Calibration) -> str:
    return f"'{calibration.name}' takes {', '.join(calibration.coefficients)}."


def _conflict(wanted: Added, newest: Newest | None) -> str:
    there = "there is none yet" if newest is None else f"the newest is version {newest.version}, by {newest.added.by}"
    expected = "none" if wanted.expected == 0 else f"version {wanted.expected}"
    return f"'{wanted.calibration}' of '{wanted.device}': {there}; {expected} was expected."


async def _body(request: Request) -> bytes:
    """Read the request's body, as far as it may be long."""
    content = bytearray()
    async for part in request.stream():
        content += part
        if len(content) > IMPORT_BYTES_MAX:
            detail = f"An import is at most {IMPORT_BYTES_MAX} bytes and {IMPORT_LINES_MAX} lines."
            raise ApiError(413, "Import too large", detail, "Send it in parts: each is taken whole or not at all.")
    return bytes(content)


def _parsed(content: bytes) -> dict[int, ImportedLine]:
    """The lines of an import by their numbers; empty ones count, and are left out."""
    lines = {number: line for number, line in enumerate(content.splitlines(), 1) if line.strip()}
    if len(lines) > IMPORT_LINES_MAX:
        detail = f"An import is at most {IMPORT_LINES_MAX} lines, these are {len(lines)}."
        raise ApiError(413, "Import too large", detail, "Send it in parts: each is taken whole or not at all.")
    found: dict[int, ImportedLine] = {}
    wrong: list[str] = []
    for number, line in lines.items():
        try:
            found[number] = ImportedLine.model_validate_json(line)
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            where = ".".join(str(part) for part in first["loc"])
            wrong.append(f"line {number}: {where + ': ' if where else ''}{first['msg']}")
    _refuse(wrong)
    return found


def _added(line: ImportedLine, by: str, reason: str) -> Added:
    return Added(
        line.device,
        line.product,
        line.calibration,
        line.coefficients,
        line.by or by,
        line.reason or reason,
        line.expected,
        line.from_ms,
        line.to_ms,
    )


async def _check_all(connection: AsyncConnection, wanted: Mapping[int, Added]) -> None:
    """Refuse an import with a line (by its number) that cannot be meant. Raises ApiError with the first of them."""
    known: dict[str, Mapping[str, Calibration]] = {}
    layouts = await _layouts(connection, sorted({one.product for one in wanted.values()}))
    for product in {layout.product for layout in layouts}:
        known[product] = of_layouts(layout for layout in layouts if layout.product == product)
    seen: dict[tuple[str, str, str], int] = {}
    wrong: list[str] = []
    for number, one in wanted.items():
        before = seen.setdefault((one.device, one.product, one.calibration), number)
        calibration = known.get(one.product, {}).get(one.calibration)
        if before != number:
            wrong.append(f"line {number}: '{one.calibration}' of '{one.device}' stands in line {before} already")
        elif calibration is None:
            wrong.append(f"line {number}: no registered layout of '{one.product}' has a calibration '{one.calibration}'")
        else:
            error = _wrong(calibration, one)
            wrong += [] if error is None else [f"line {number}: {error}"]
    _refuse(wrong)


def _refuse(wrong: Sequence[str]) -> None:
    if wrong:
        raise ApiError(422, "Import refused", _some(wrong), "Nothing was taken. Mend the lines and send it again.")


def _some(told: Sequence[str]) -> str:
    more = len(told) - PROBLEMS_TOLD
    return "; ".join(told[:PROBLEMS_TOLD]) + (f"; and {more} more" if more > 0 else "")
