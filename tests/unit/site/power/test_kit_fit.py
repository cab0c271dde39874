"""A kit's parts go together, or what does not is named with what would."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, strategies as st

from seamline.site.catalogue import Catalogue, shipped
from seamline.site.catalogue.parts import Battery, Converter, Panel
from seamline.site.plan.model import Kit
from seamline.site.power.figures import PowerError
from seamline.site.power.kit_fit import CHARGING_SHARE, NOMINAL_SHARE, charges, misfits, takes

CATALOGUE = shipped()


def kit(battery, panel=None, converter=None):
    return Kit("k", "K", battery, panel=panel, panels=0 if panel is None else 1, converter=converter)


def with_parts(*parts):
    return Catalogue({**CATALOGUE.parts, **{part.id: part for part in parts}}, CATALOGUE.workloads, CATALOGUE.densities)


@pytest.mark.parametrize(
    ("battery", "panel", "converter"),
    [
        ("lfp-12v-12ah", "solar-20w", "charger-12v"),
        ("lfp-12v-50ah", "solar-100w", "mppt-100-30"),
        ("li-ion-18650-2p", "solar-5w", "charger-small"),
        ("lithium-d-2p", None, None),
        ("lithium-d-2p", None, "charger-small"),  # a converter behind a battery charges nothing
        ("lfp-12v-12ah", "solar-20w", None),  # nothing is known of its charger
    ],
)
def test_what_goes_together_is_not_spoken_of(battery, panel, converter):
    assert misfits(kit(battery, panel, converter), CATALOGUE) == ()


@pytest.mark.parametrize(
    ("battery", "panel", "converter", "told"),
    [
        ("lfp-12v-12ah", "solar-5w", "charger-small", "charger-small charges Li-ion, and lfp-12v-12ah is LiFePO4"),
        ("lfp-12v-12ah", "solar-5w", "charger-small", "charger-small is for batteries of 3.6 V, and lfp-12v-12ah has 12.8 V"),
        ("li-ion-18650-2p", "solar-20w", "charger-small", "solar-20w gives up to 21.6 V without a load, more in the cold, and charger-small bears 18 V"),
        ("lfp-12v-12ah", "solar-5w", "charger-12v", "solar-5w peaks at 6 V, below the 15.0 V of lfp-12v-12ah full, and charger-12v does not boost"),
        ("lithium-d-2p", "solar-5w", "charger-small", "lithium-d-2p takes no charge: leave solar-5w out"),
        ("lithium-d-2p", "solar-5w", None, "lithium-d-2p takes no charge"),
        ("li-ion-18650-2p", "solar-20w", "mppt-100-30", "mppt-100-30 is for batteries of 12 V or 24 V, and li-ion-18650-2p has 3.6 V"),
    ],
)  # fmt: skip
def test_what_does_not_go_together_is_named_with_what_would(battery, panel, converter, told):
    found = misfits(kit(battery, panel, converter), CATALOGUE)
    assert any(text.startswith(f"kit k: {told}") for text in found)
    assert all(": take " in text or ": leave " in text for text in found)


def test_a_figure_that_the_catalogue_lacks_is_no_misfit():
    charger = CATALOGUE.parts["charger-small"]
    assert isinstance(charger, Converter)
    mute = replace(charger, charges=(), batteries_v=(), input_v=None, boosts=None)
    assert misfits(kit("lfp-12v-12ah", "solar-20w", "charger-small"), with_parts(mute)) == ()
    panel = CATALOGUE.parts["solar-20w"]
    assert isinstance(panel, Panel)
    assert misfits(kit("li-ion-18650-2p", "solar-20w", "charger-small"), with_parts(replace(panel, open_v=None))) == ()


def test_chemistries_are_told_apart_by_their_name_and_not_its_spelling():
    charger, battery = CATALOGUE.parts["charger-small"], CATALOGUE.parts["li-ion-18650-2p"]
    assert isinstance(charger, Converter)
    assert isinstance(battery, Battery)
    assert charges(charger, replace(battery, chemistry="LI ION"))
    assert not charges(charger, replace(battery, chemistry="LTO"))


def test_a_kit_of_parts_that_are_none_is_refused():
    with pytest.raises(PowerError, match="solar-5w is no battery"):
        misfits(kit("solar-5w"), CATALOGUE)


@given(nominal=st.sampled_from([3.6, 12.0, 24.0, 48.0]), share=st.floats(-0.5, 0.5))
def test_a_voltage_near_its_class_is_of_it(nominal, share):
    charger, battery = CATALOGUE.parts["charger-12v"], CATALOGUE.parts["lfp-12v-12ah"]
    assert isinstance(charger, Converter)
    assert isinstance(battery, Battery)
    fits = charges(replace(charger, batteries_v=(nominal,)), replace(battery, volts=nominal * (1 + share)))
    assert fits == (abs(share) <= NOMINAL_SHARE) or abs(abs(share) - NOMINAL_SHARE) < 1e-9


@given(battery_v=st.floats(1.0, 60.0), peak_v=st.floats(1.0, 120.0), more=st.floats(1.0, 1.5))
def test_a_charger_takes_a_panel_between_the_battery_and_what_it_bears(battery_v, peak_v, more):
    charger, panel = CATALOGUE.parts["charger-12v"], CATALOGUE.parts["solar-20w"]
    assert isinstance(charger, Converter)
    assert isinstance(panel, Panel)
    asked = replace(panel, peak_v=peak_v, open_v=peak_v * more)
    fits = takes(replace(charger, input_v=50.0, boosts=False), asked, battery_v)
    assert fits == (battery_v * CHARGING_SHARE <= peak_v and peak_v * more <= 50.0)
    assert takes(replace(charger, input_v=None, boosts=True), asked, battery_v)
