"""Text on the command line → values, each with a complaint that says what was expected."""

from __future__ import annotations

import argparse
import re
import time
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Final

UNIT_S: Final = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
SECONDS_MAX: Final = 366 * 86_400
CONTRACT: Final = "contract.yaml"
PRODUCTS_NAMED: Final = 8
"""A complaint that names more folders is not read."""


def number(low: int, high: int) -> Callable[[str], int]:
    """Return a converter for a whole number from `low` to `high`."""

    def convert(text: str) -> int:
        if not re.fullmatch(r"-?\d{1,20}", text):
            raise argparse.ArgumentTypeError(f"{text!r} is not a whole number")
        value = int(text)
        if not low <= value <= high:
            raise argparse.ArgumentTypeError(f"{value} is not between {low} and {high}")
        return value

    return convert


def numbers(low: int, high: int) -> Callable[[str], tuple[int, ...]]:
    """Return a converter for whole numbers from `low` to `high`, by commas."""
    one = number(low, high)
    return lambda text: tuple(one(part.strip()) for part in text.split(","))


def seconds(text: str) -> float:
    """Convert a positive number of seconds, at most a year."""
    try:
        value = float(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of seconds") from None
    if not 0 < value <= SECONDS_MAX:
        raise argparse.ArgumentTypeError(f"{text!r} is not more than 0 and at most {SECONDS_MAX} seconds")
    return value


def duration(text: str) -> int:
    """Convert a length of time to seconds: `90s`, `5m`, `2h`."""
    found = re.fullmatch(r"(\d{1,9})([smhd])", text)
    if not found or not 0 < int(found[1]) * UNIT_S[found[2]] <= SECONDS_MAX:
        raise argparse.ArgumentTypeError(f"{text!r} is no length of time: write 90s, 5m or 2h")
    return int(found[1]) * UNIT_S[found[2]]


def moment(text: str) -> int:
    """Convert a moment to Unix ms: ISO 8601 (UTC where no zone is given), or `90s`, `15m`, `2h`, `3d` ago."""
    ago = re.fullmatch(r"-?(\d{1,9})([smhd])", text)
    if ago:
        return time.time_ns() // 1_000_000 - int(ago[1]) * UNIT_S[ago[2]] * 1000
    try:
        value = datetime.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no time: write 2026-11-21T09:00Z, or 2h for two hours ago") from None
    if value.tzinfo is None:
        value = value.replace(tzinfo=UTC)
    return int(value.timestamp() * 1000)


def day(text: str) -> str:
    """Accept a date as YYYY-MM-DD."""
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no date: write 2026-11-21") from None


def contract_path(text: str) -> Path:
    """Accept a contract's file or a product's folder; of a folder of products, name those."""
    path = Path(text)
    if path.is_dir() and not (path / CONTRACT).exists():
        products = [str(found.parent) for found in sorted(path.glob(f"*/{CONTRACT}"))[:PRODUCTS_NAMED]]
        if products:
            raise argparse.ArgumentTypeError(f"{text} has no {CONTRACT}, but its folders do: write {', '.join(products)}")
    return path


def product_folder(text: str) -> Path:
    """Accept a product's folder, of which a file in it is only a part."""
    path = contract_path(text)
    if path.is_file():
        raise argparse.ArgumentTypeError(f"{text} is a file: write the product's folder, {path.parent}")
    return path
