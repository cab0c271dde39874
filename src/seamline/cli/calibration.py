"""`seamline calibration`: what a device's raw counts mean, who said so, and what that changed."""

from __future__ import annotations

import argparse
import json
from math import isfinite, nan
from pathlib import Path
from typing import cast

from seamline.cli.answer import Answer
from seamline.cli.ask import get, send
from seamline.cli.exits import OK, PromiseBroken, WrongUse
from seamline.cli.screen import Column, heading, number, painted, show, show_json, table
from seamline.cli.words import NOTHING, counted, stamp, value

VERSIONS = (
    number("version"), Column("since (UTC)"), Column("by"), Column("coefficients"), Column("holds (UTC)"), Column("reason", elastic=True),
)  # fmt: skip
PASSES = (
    Column("asked (UTC)"), Column("versions"), number("rows"), Column("measured (UTC)"), Column("finished (UTC)"), Column("by"),
    Column("reason", elastic=True),
)  # fmt: skip
JSON = "application/json"
LINES = "application/x-ndjson"


def show_calibrations(options: argparse.Namespace) -> int:
    """Show every calibration of the device's product: formula, versions newest first, and what they re-valued."""
    answer = get(options, "devices", options.device, "calibrations")
    views = Answer({"calibrations": answer}).many("calibrations")
    if options.json:
        show_json({"calibrations": [view.members for view in views]})
        return OK
    if not views:
        show(f"{options.device}: its product has no calibrated field")
    for view in views:
        _view(view)
    return OK


def set_coefficients(options: argparse.Namespace) -> int:
    """Add a version. Without `--expected` the newest version is asked for first, so only what comes between is a conflict."""
    words: list[str] = options.coefficients
    in_file = len(words) == 1 and "=" not in words[0]
    coefficients = _from_file(Path(words[0])) if in_file else _from_words(words)
    expected = options.expected if options.expected is not None else _newest(options)
    asked = {"coefficients": coefficients, "by": options.by, "reason": options.reason, "expected": expected}
    asked |= {"from_ms": options.since, "to_ms": options.until}
    view = send(options, "PUT", json.dumps(asked).encode(), JSON, "devices", options.device, "calibrations", options.calibration)
    if options.json:
        show_json(view.members)
        return OK
    newest = next(iter(view.many("versions")), Answer())
    show(f"{options.calibration} of {options.device} has version {newest.count('version')}; what is stored is valued anew")
    return OK


def import_coefficients(options: argparse.Namespace) -> int:
    """Send a file of JSON lines, whole or not at all."""
    done = send(options, "POST", _read(options.file), LINES, "calibrations", by=options.by, reason=options.reason)
    if options.json:
        show_json(done.members)
        return OK
    lines, added, unchanged = (counted(done.count(name)) for name in ("lines", "added", "unchanged"))
    show(f"{lines} lines: {added} versions added, {unchanged} were there already")
    return OK


def _view(view: Answer) -> None:
    in_force, unit = view.integer("in_force"), view.text("unit")
    fields = ", ".join(str(each) for each in view.values("fields"))
    known = "no coefficients yet" if in_force is None else f"version {in_force} is in force"
    show(f"{painted(view.text('name') or '?', '1')}, {view.text('kind')}{f' in {unit}' if unit else ''}, of {fields}: {known}")
    versions, passes = view.many("versions"), view.many("revaluations")
    if versions:
        table(VERSIONS, map(_version, versions))
    else:
        show(f"It takes {', '.join(str(each) for each in view.values('takes'))}.")
    if passes:
        heading(f"Valued anew by {view.text('name')}")
        table(PASSES, map(_pass, passes))


def _version(each: Answer) -> list[str]:
    numbers = each.one("coefficients").members
    first, last = each.integer("from_ms"), each.integer("to_ms")
    holds = "always" if first is None and last is None else f"{stamp(first) if first else '…'} to {stamp(last) if last else '…'}"
    return [
        counted(each.integer("version")), stamp(each.integer("made_ms")), each.text("by") or NOTHING,
        ", ".join(f"{name} {_number(numbers[name])}" for name in numbers), holds, each.text("reason") or NOTHING,
    ]  # fmt: skip


def _number(given: object) -> str:
    return f"{len(cast('list[object]', given))} points" if isinstance(given, list) else value(given)


def _pass(each: Answer) -> list[str]:
    before, first = each.integer("from_version"), each.integer("first_ms")
    measured = NOTHING if first is None else f"{stamp(first)} … {stamp(each.integer('last_ms'))}"
    finished = each.integer("finished_ms")
    return [
        stamp(each.integer("asked_ms")), f"{'none' if before is None else before} → {each.count('to_version')}",
        counted(each.integer("rows")), measured, "under way" if finished is None else stamp(finished), each.text("by") or NOTHING,
        each.text("reason") or NOTHING,
    ]  # fmt: skip


def _newest(options: argparse.Namespace) -> int:
    """Return the newest version of the calibration, 0 for none. Raises PromiseBroken when the device has no such calibration."""
    views = Answer({"views": get(options, "devices", options.device, "calibrations")}).many("views")
    for view in views:
        if view.text("name") == options.calibration:
            return max((each.count("version") for each in view.many("versions")), default=0)
    names = ", ".join(view.text("name") or "?" for view in views) or "none"
    raise PromiseBroken(f"{options.device} has no calibration {options.calibration!r}: it has {names}")


def _from_words(words: list[str]) -> dict[str, float]:
    found: dict[str, float] = {}
    for word in words:
        name, sign, text = word.partition("=")
        try:
            given = float(text)
        except ValueError:
            given = nan
        if not sign or not name or not isfinite(given) or name in found:
            raise WrongUse(f"{word!r} is no coefficient: write each once, as KEY=NUMBER, e.g. gain=1.02")
        found[name] = given
    return found


def _from_file(path: Path) -> object:
    try:
        return cast("object", json.loads(_read(path)))
    except (ValueError, RecursionError) as error:
        raise WrongUse(f"{path} is not JSON ({error})") from None


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise WrongUse(f"{path} cannot be read ({error.strerror})") from None
