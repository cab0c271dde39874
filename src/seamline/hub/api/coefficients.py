"""One device's coefficients, for showing what single counts mean: rows carry their values already, frames do not."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from psycopg import AsyncConnection

from seamline.contract.calibration import CalibrationError, physical
from seamline.contract.model import Calibration
from seamline.hub.api.calibration_models import Numbers
from seamline.hub.api.queries import rows
from seamline.hub.calibrations import NONE, Version, spans


class Valued(NamedTuple):
    """A count's physical value (None: there is none) and the version of the coefficients (None: the device has none)."""

    value: float | None
    version: int | None


@dataclass(frozen=True, slots=True)
class Coefficients:
    """All versions of a device's coefficients, by product and calibration. Without any, nothing is valued."""

    versions: dict[tuple[str, str], list[Version]] = field(default_factory=dict[tuple[str, str], list[Version]])

    def value(self, product: str, calibration: Calibration, raw: int, at_ms: int) -> Valued:
        """Value a count of a moment (Unix ms)."""
        known = self.versions.get((product, calibration.name), [])
        version = spans(known).at(at_ms * 1000)
        if version == NONE:
            return Valued(None, None)
        coefficients = next(one.coefficients for one in known if one.version == version)
        try:
            return Valued(physical(calibration, coefficients, raw), version)
        except CalibrationError:
            return Valued(None, version)


@dataclass(frozen=True, slots=True)
class _Row:
    product: str
    name: str
    version: int
    coefficients: Numbers
    from_us: int | None
    to_us: int | None


async def coefficients_of(connection: AsyncConnection, device: str) -> Coefficients:
    """Return the coefficients of the device of this id, which may be unknown."""
    return _grouped(await rows(connection, "coefficients_of", {"device": device}, _Row))


def _grouped(found: Iterable[_Row]) -> Coefficients:
    grouped: defaultdict[tuple[str, str], list[Version]] = defaultdict(list)
    for row in found:
        grouped[row.product, row.name].append(Version(row.version, row.coefficients, row.from_us, row.to_us))
    return Coefficients(dict(grouped))
