"""Units in UCUM form (ucum.org, case sensitive): what may be written, and which physical quantity a unit measures.

A small part of UCUM's table with the metric prefixes: enough to see that a unit is one, and fits its quantity. Dimensions are
exponents of length L, mass M, time T, temperature K, charge Q, luminous intensity J and angle A (UCUM's base units), and of
information I, which UCUM counts as a plain number. Levels (dB, dBm) and pH are dimensions of their own: they are logarithms.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Final, TypeAlias

Dimension: TypeAlias = tuple[tuple[str, int], ...]
"""Exponents by letter, sorted, none of them zero; empty for a plain number."""

NUMBER: Final[Dimension] = ()
EXPONENT_MAX: Final = 9
NESTING_MAX: Final = 4


class UnitError(ValueError):
    """A text that is no unit known here; the message completes "'10 Volt' ..."."""


def _dimension(text: str) -> Dimension:
    """Read `L2 M T-3 Q-1`."""
    found = {part[0]: int(part[1:] or 1) for part in text.split()}
    return tuple(sorted((letter, power) for letter, power in found.items() if power))


_PREFIXES: Final = ("da", *"YZEPTGMkhdcmunpfazy", "Ki", "Mi", "Gi", "Ti")


def _by_atom(table: Mapping[str, str]) -> dict[str, str]:
    """Turn dimension → atoms into atom → dimension."""
    return {atom: text for text, atoms in table.items() for atom in atoms.split()}


_METRIC: Final = _by_atom(
    {
        "L": "m",
        "T": "s",
        "M": "g t u",
        "K": "K",
        "Q": "C",
        "J": "cd",
        "A": "rad",
        "A2": "sr",
        "Q T-1": "A",
        "L2 M T-2 Q-1": "V",
        "L2 M T-3": "W",
        "L2 M T-2": "J eV cal cal_th",
        "L M T-2": "N dyn gf",
        "L-1 M T-2": "Pa bar m[H2O] m[Hg]",
        "T-1": "Hz Bq Ci kat",
        "L2 M T-1 Q-2": "Ohm",
        "L-2 M-1 T Q2": "S",
        "L-2 M-1 T2 Q2": "F",
        "L2 M Q-2": "H",
        "L2 M T-1 Q-1": "Wb",
        "M T-1 Q-1": "T",
        "J A2": "lm",
        "J A2 L-2": "lx",
        "L2 T-2": "Gy Sv",
        "L3": "l L",
        "L2": "ar",
        "": "mol eq osm [IU]",
        "I": "bit By",
        "T-1 I": "Bd",
        "L-1 M T-1": "P",
    }
)
"""Atoms that take a prefix."""
_PLAIN: Final = _by_atom(
    {
        "T": "min h d wk mo a",
        "A": "deg ' '' gon circ",
        "L": "[in_i] [ft_i] [yd_i] [mi_i] [nmi_i] Ao AU pc [ly]",
        "M": "[lb_av] [oz_av]",
        "L3": "[gal_us] [pt_us] [foz_us]",
        "L-1 M T-2": "[psi] att atm [in_i'H2O] [in_i'Hg]",
        "L M T-2": "[lbf_av]",
        "L T-1": "[kn_i] [c]",
        "L2 M T-3": "[HP]",
        "L2 M T-2": "[Btu] [Btu_IT]",
        "L2": "har [acr_us]",
        "": "% [ppth] [ppm] [ppb] 10* 10^ [pi]",
        "L T-2": "[g]",
    }
)
"""Atoms that stand alone."""
_SPECIAL: Final = _by_atom(
    {
        "K": "Cel [degF] [degRe]",
        "D": "B Np",
        "P": "B[W] B[kW] Bm",
        "V": "B[V] B[mV] B[uV]",
        "S": "B[SPL]",
        "H": "[pH]",
    }
)
"""Units with an offset or a logarithm: they stand alone, for 20 Cel twice is not 40 Cel. `Bm` (dBm) is not UCUM's, but everybody's."""
_KINDS: Final = {"D": "a level", "P": "a power level", "V": "a voltage level", "S": "a sound level", "H": "pH"}

QUANTITIES: Final[Mapping[str, Dimension]] = {
    name: _dimension(text)
    for text, names in {
        "K": "temperature temperature_difference",
        "L": "length distance height depth position wavelength precipitation",
        "L2": "area",
        "L3": "volume",
        "M": "mass",
        "T": "time duration",
        "A": "angle direction latitude longitude phase",
        "A2": "solid_angle",
        "T-1": "frequency rotational_speed radioactivity count_rate",
        "A T-1": "angular_velocity",
        "L T-1": "speed",
        "L T-2": "acceleration",
        "L M T-2": "force",
        "L2 M T-2": "energy torque heat",
        "L2 M T-3": "power heat_flow apparent_power reactive_power",
        "L-1 M T-2": "pressure stress",
        "M T-3": "irradiance heat_flux",
        "L-3 M": "density mass_concentration",
        "L3 T-1": "volume_flow",
        "M T-1": "mass_flow",
        "L-1 M T-1": "dynamic_viscosity",
        "Q": "charge",
        "Q T-1": "current",
        "L2 M T-2 Q-1": "voltage",
        "L2 M T-1 Q-2": "resistance impedance",
        "L3 M T-1 Q-2": "resistivity",
        "L-2 M-1 T Q2": "conductance",
        "L-3 M-1 T Q2": "conductivity",
        "L-2 M-1 T2 Q2": "capacitance",
        "L2 M Q-2": "inductance",
        "L M T-2 Q-1": "electric_field",
        "M T-1 Q-1": "magnetic_flux_density",
        "L2 M T-1 Q-1": "magnetic_flux",
        "J": "luminous_intensity",
        "J A2": "luminous_flux",
        "J A2 L-2": "illuminance",
        "L2 T-2": "absorbed_dose equivalent_dose",
        "L2 T-3": "dose_rate",
        "L-3": "molar_concentration number_concentration",
        "I": "information memory",
        "T-1 I": "data_rate",
        "D": "level attenuation gain",
        "P": "signal_strength power_level",
        "V": "voltage_level",
        "S": "sound_level",
        "H": "acidity",
        "": "ratio count relative_humidity efficiency state_of_charge duty_cycle power_factor concentration amount index",
    }.items()
    for name in names.split()
}
"""The quantities a value may name, with what their units must measure."""

_NUMBER: Final = re.compile(r"[0-9]+")
_ANNOTATION: Final = re.compile(r"\{[!-+\--<>-z|~]*\}")
"""UCUM's remark in braces, without a comma or `=`, which the canonical layout separates by."""
_ATOM: Final = re.compile(r"(?:10[*^]|[A-Za-z%']+(?:_[a-z]+)?)?(?:\[[A-Za-z0-9_']+\])?")
_POWER: Final = re.compile(r"[+-]?[0-9]+")


@lru_cache(maxsize=1024)
def dimension(unit: str) -> Dimension:
    """Return what a unit measures. Raises UnitError for what is no unit, or none of this table."""
    special = _special(unit)
    if special is not None:
        return special
    found, end = _term(unit, 0, 0)
    if end != len(unit):
        msg = f"is no unit from {unit[end:]!r} on"
        raise UnitError(msg)
    return found


def spoken(found: Dimension) -> str:
    """Return a dimension for people: `L M T-2`, `a power level`, `a plain number`."""
    if len(found) == 1 and found[0][0] in _KINDS:
        return _KINDS[found[0][0]]
    return " ".join(letter if power == 1 else f"{letter}{power}" for letter, power in found) or "a plain number"


def quantities(measured: Dimension) -> tuple[str, ...]:
    """Return the quantities that a unit of this dimension can measure; none for a plain number, which can be anything."""
    return tuple(name for name, found in QUANTITIES.items() if found == measured) if measured else ()


def _special(unit: str) -> Dimension | None:
    bare = _ANNOTATION.sub("", unit)
    for prefix in ("", *_PREFIXES):
        text = _SPECIAL.get(bare.removeprefix(prefix)) if bare.startswith(prefix) else None
        if text is not None:
            return _dimension(text)
    return None


def _times(one: Dimension, other: Dimension, power: int) -> Dimension:
    found = dict(one)
    for letter, exponent in other:
        found[letter] = found.get(letter, 0) + exponent * power
    return tuple(sorted((letter, exponent) for letter, exponent in found.items() if exponent))


def _term(unit: str, at: int, depth: int) -> tuple[Dimension, int]:
    """Read components joined by `.` and `/`, from left to right, as UCUM does: `a/b.c` is (a/b).c."""
    found, power = (), 1
    if unit[at : at + 1] == "/":
        at, power = at + 1, -1
    while True:
        component, at = _component(unit, at, depth)
        found = _times(found, component, power)
        sign = unit[at : at + 1]
        if sign not in {".", "/"}:
            return found, at
        at, power = at + 1, 1 if sign == "." else -1


def _component(unit: str, at: int, depth: int) -> tuple[Dimension, int]:
    if unit[at : at + 1] == "(":
        if depth == NESTING_MAX:
            msg = f"has more than {NESTING_MAX} brackets in each other"
            raise UnitError(msg)
        found, at = _term(unit, at + 1, depth + 1)
        if unit[at : at + 1] != ")":
            msg = "has a bracket that does not close"
            raise UnitError(msg)
        return found, at + 1
    annotation = _ANNOTATION.match(unit, at)
    if annotation is not None:
        return (), annotation.end()
    found, at = _powered(unit, at)
    annotation = _ANNOTATION.match(unit, at)
    return found, at if annotation is None else annotation.end()


def _powered(unit: str, at: int) -> tuple[Dimension, int]:
    atom = _ATOM.match(unit, at)
    word = "" if atom is None else atom[0]
    if not word:
        number = _NUMBER.match(unit, at)
        if number is None:
            msg = "ends where a unit is expected" if at == len(unit) else f"is no unit from {unit[at:]!r} on"
            raise UnitError(msg)
        return (), number.end()
    found, at = _atom(word), at + len(word)
    power = _POWER.match(unit, at)
    if power is None:
        return found, at
    exponent = int(power[0]) if len(power[0]) <= 1 + 1 else 0
    if word not in {"10*", "10^"} and not 0 < abs(exponent) <= EXPONENT_MAX:
        msg = f"has the exponent {power[0]}; it is 1 to {EXPONENT_MAX}, or negative"
        raise UnitError(msg)
    return _times((), found, exponent), power.end()


def _atom(word: str) -> Dimension:
    text = _METRIC.get(word, _PLAIN.get(word))
    for prefix in _PREFIXES:
        if text is None and word.startswith(prefix):
            text = _METRIC.get(word.removeprefix(prefix))
    if text is not None:
        return _dimension(text)
    if _special(word) is not None:
        msg = f"cannot be multiplied, divided or raised: {word} has an offset or is a logarithm"
        raise UnitError(msg)
    msg = f"is no unit known here: {word!r}"
    raise UnitError(msg)
