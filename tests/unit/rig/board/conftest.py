"""The heater's contract at its newest, and ways to write what a board says."""

from __future__ import annotations

from pathlib import Path

import pytest

from seamline.contract import load_family
from seamline.rig.board.lines import write

ROOT = Path(__file__).resolve().parents[4]
READING = {"room": 2048, "element": 900, "power": 0, "mode": 1, "set_point": 2150}


@pytest.fixture(scope="session")
def heater():
    return load_family(ROOT / "examples" / "heater")


@pytest.fixture
def contracts(heater):
    return {contract.reference: contract for contract in heater.versions.values()}


def hello(device="b1", contract="heater/1.3.0", lines=1, obeys="rest,held"):
    return write("hello", lines, device, contract, obeys).strip()


def boot(at_ms=0, incarnation=7, number=1, reset="power_on"):
    return write("boot", at_ms, incarnation, number, reset).strip()


def numbered(at_ms, sequence, channel=1, **values):
    return write("numbered", at_ms, channel, sequence, *(f"{k}={v}" for k, v in (READING | values).items())).strip()


def said(word, at_ms, *more):
    return write(word, at_ms, *more).strip()
