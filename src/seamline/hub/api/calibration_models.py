"""What the API says and takes about calibrations. Times are Unix ms; bounds of validity are moments of measuring, the end exclusive."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from seamline.hub.api.fleet_models import Frozen

UNIX_MS_MAX = 253_402_300_799_999
"""The end of the year 9999, the last a calendar of four digits can show."""
VERSION_MAX = 2**31 - 2

Numbers = dict[str, float | list[tuple[float, float]]]
"""Coefficients by name: a number, or of a table `points`, pairs in rising order."""
Person = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[^\x00-\x1f\x7f]+$")]
Reason = Annotated[str, Field(min_length=1, max_length=300, pattern=r"^[^\x00-\x1f\x7f]+$")]
Moment = Annotated[int, Field(ge=0, le=UNIX_MS_MAX)]
Expected = Annotated[int, Field(ge=0, le=VERSION_MAX)]


class CalibrationVersion(Frozen):
    """Coefficients somebody gave; without bounds they hold for everything the device measured."""

    version: int
    coefficients: Numbers
    by: str
    reason: str
    made_ms: int
    from_ms: int | None
    to_ms: int | None


class Revaluation(Frozen):
    """A pass over the device's stored rows: those not valued with what is in force were, and are counted. Not finished: under way."""

    id: int
    calibration: str
    from_version: int | None
    to_version: int
    by: str
    reason: str
    asked_ms: int
    finished_ms: int | None
    rows: int
    first_ms: int | None
    last_ms: int | None


class CalibrationView(Frozen):
    """A calibration of the device's product: formula, the fields it gives, this device's coefficients, newest first, and the audit.

    `in_force` is the version that a record measured now is valued with; null when the device has none.
    """

    name: str
    kind: str
    terms: dict[str, str]
    unit: str | None
    fields: list[str]
    takes: list[str]
    in_force: int | None
    versions: list[CalibrationVersion]
    revaluations: list[Revaluation]


class NewCoefficients(Frozen):
    """Coefficients to be added. `expected` is the newest version that whoever asks has seen, 0 for none."""

    coefficients: Numbers
    by: Person
    reason: Reason
    expected: Expected
    from_ms: Moment | None = None
    to_ms: Moment | None = None


class ImportedLine(Frozen):
    """One line of an import; `by` and `reason` are the request's unless the line has its own."""

    device: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]+$", max_length=128)]
    product: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=64)]
    calibration: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=64)]
    coefficients: Numbers
    by: Person | None = None
    reason: Reason | None = None
    expected: Expected = 0
    from_ms: Moment | None = None
    to_ms: Moment | None = None


class Imported(Frozen):
    """What an import did: how many lines, how many versions it added, and how many were there already."""

    lines: int
    added: int
    unchanged: int
