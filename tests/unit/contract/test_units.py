"""Units: what is one, what it measures, and what it cannot be combined with."""

from contextlib import suppress

import pytest
from hypothesis import example, given, strategies as st

from seamline.contract.units import QUANTITIES, UnitError, dimension, quantities, spoken


@pytest.mark.parametrize(
    ("unit", "quantity"),
    [
        *[("m/s2", "acceleration"), ("[g]", "acceleration"), ("kW.h", "energy"), ("N.m", "torque"), ("(kg.m)/s2", "force")],
        *[("Cel", "temperature"), ("mCel", "temperature"), ("[degF]", "temperature"), ("K", "temperature")],
        *[("mm[Hg]", "pressure"), ("hPa", "pressure"), ("mbar", "pressure"), ("[psi]", "pressure"), ("kg.m-1.s-2", "pressure")],
        *[("%", "relative_humidity"), ("%{RH}", "relative_humidity"), ("1", "ratio"), ("{tick}", "count"), ("[ppm]", "ratio")],
        *[("dBm", "signal_strength"), ("dB", "attenuation"), ("dB[SPL]", "sound_level"), ("[pH]", "acidity")],
        *[("A.h", "charge"), ("mA", "current"), ("kOhm", "resistance"), ("uS/cm", "conductivity"), ("V.A", "apparent_power")],
        *[("min", "duration"), ("/min", "frequency"), ("Hz", "frequency"), ("deg/s", "angular_velocity"), ("'", "angle")],
        *[
            ("L/min", "volume_flow"),
            ("ug/m3", "mass_concentration"),
            ("10*3/uL", "number_concentration"),
            ("mol/L", "molar_concentration"),
        ],
        *[("By", "memory"), ("KiBy", "memory"), ("kbit/s", "data_rate"), ("lx", "illuminance"), ("cd", "luminous_intensity")],
        *[("W/m2", "irradiance"), ("m{axial}", "length"), ("dam", "length"), ("uSv/h", "dose_rate"), ("J/s/m2", "heat_flux")],
    ],
)
def test_a_unit_measures_its_quantity(unit, quantity):
    assert dimension(unit) == QUANTITIES[quantity]


@pytest.mark.parametrize(
    ("unit", "says"),
    [
        ("Volt", "is no unit known here: 'Volt'"),
        ("kmin", "is no unit known here: 'kmin'"),
        ("Ah", "is no unit known here: 'Ah'"),
        ("m//s", "is no unit from '/s' on"),
        ("m^2", r"is no unit from '\^2' on"),
        ("m2)", r"is no unit from '\)' on"),
        ("m/", "ends where a unit is expected"),
        ("", "ends where a unit is expected"),
        ("(m", "a bracket that does not close"),
        ("((((((m))))))", "more than 4 brackets"),
        ("Cel/s", "cannot be multiplied"),
        ("m.Cel", "cannot be multiplied"),
        ("Cel2", "cannot be multiplied"),
        ("m0", "exponent 0"),
        ("m99", "exponent 99"),
        ("m{a,b}", "is no unit from '{a,b}' on"),
        ("\N{DEGREE SIGN}C", "is no unit from"),
    ],
)
def test_what_is_no_unit_is_refused_with_the_reason(unit, says):
    with pytest.raises(UnitError, match=says):
        dimension(unit)


@pytest.mark.parametrize(
    ("unit", "text"), [("N", "L M T-2"), ("1", "a plain number"), ("dBm", "a power level"), ("m/m", "a plain number")]
)
def test_a_dimension_is_spoken(unit, text):
    assert spoken(dimension(unit)) == text


@given(st.text(alphabet="mskgVAWCelB[]()./{}0123456789-+*^%'_", max_size=32))
@example("(" * 4096)
@example("m." * 2000)
@example("m" + "9" * 4000)
def test_any_text_is_a_unit_or_a_unit_error(text):
    with suppress(UnitError):
        assert spoken(dimension(text))


units = st.sampled_from(["m", "s", "kg", "K", "A", "V", "Pa", "rad", "cd", "By", "1"])


@given(units, units, st.integers(1, 9))
def test_products_quotients_and_powers_are_those_of_dimensions(one, other, power):
    assert dimension(f"{one}.{other}") == dimension(f"{other}.{one}")
    assert dimension(f"{one}/{one}") == ()
    assert dimension(f"({one}.{other})/{other}") == dimension(one)
    if one != "1":
        assert dimension(f"{one}{power}") == dimension(".".join([one] * power))
        assert dimension(f"{one}-{power}") == dimension(f"/{one}{power}")


def test_a_dimension_names_the_quantities_it_can_be_and_a_plain_number_none():
    assert quantities(dimension("mS")) == ("conductance",)
    assert quantities(dimension("%")) == ()
    assert quantities(dimension("lm.s")) == ()
