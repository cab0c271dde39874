"""Reads `calibrations`: the kind and the terms fixed for the product; coefficients belong to each device."""

from __future__ import annotations

from seamline.contract.keys import Keys
from seamline.contract.limits import NAMES_MAX
from seamline.contract.model import Calibration
from seamline.contract.scalars import NAME, UNIT, Kind, amount, integer_between, word
from seamline.contract.values import known_unit

_KINDS = ("linear", "polynomial", "table", "steinhart_hart")
_VOLTAGE = Kind("SL110", "a voltage such as '3.3 V'", lambda text: amount(text, {"mV": 1, "V": 1000}, "a voltage"), 1)
_OHMS = {"Ohm": 1, "kOhm": 1000, "MOhm": 1_000_000}
_RESISTANCE = Kind("SL110", "a resistance such as '10 kOhm'", lambda text: amount(text, _OHMS, "a resistance"), 1)
_THERMISTOR_UNITS = ("Cel", "K")


def calibrations(keys: Keys) -> dict[str, Calibration]:
    """Read the section."""
    found: dict[str, Calibration] = {}
    for name, calibration in keys.each(NAME, items_max=NAMES_MAX):
        before = keys.report.count
        kind = calibration.one("kind", word(*_KINDS))
        terms: dict[str, str] = {}
        if kind == "polynomial":
            terms["degree"] = str(calibration.one("degree", integer_between(1, 9)))
        if kind == "table":
            terms["points"] = str(calibration.one("points", integer_between(2, 256)))
        if kind == "steinhart_hart" or calibration.has("adc"):
            terms |= _adc(calibration.mapping("adc"), divided=kind == "steinhart_hart")
        unit = calibration.maybe("unit", word(*_THERMISTOR_UNITS) if kind == "steinhart_hart" else UNIT)
        if unit is not None:
            known_unit(calibration, unit)
            terms["unit"] = unit
        if keys.report.count == before:
            calibration.done()  # with an unknown kind nobody knows its keys
        found[name] = Calibration(name, kind, terms)
    return found


def _adc(keys: Keys, *, divided: bool) -> dict[str, str]:
    terms = {
        "adc.bits": str(keys.one("bits", integer_between(1, 32))),
        "adc.reference": f"{keys.one('reference', _VOLTAGE)}mV",
    }
    if divided or keys.has("divider"):
        terms["adc.divider"] = f"{keys.one('divider', _RESISTANCE)}Ohm"
    if divided and keys.either("thermistor", word("low", "high"), "low") == "high":
        terms["adc.thermistor"] = "high"  # low is how it was read before the language had the word
    keys.done()
    return terms
