"""A plan's nodes: what they use, what feeds them, whether it lasts; nothing of it is stated twice or made up."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from tests.unit.site.power.exports import hourly, radiation, system
from tests.unit.site.power.planned import EXAMPLES, written

from seamline.contract import load
from seamline.contract.checks.life import charge_a_day_uah
from seamline.site.catalogue import parts, shipped
from seamline.site.network.airtime import LORAWAN_BYTES, lora_s
from seamline.site.plan import load_plan, resolve
from seamline.site.power.figures import PowerError
from seamline.site.power.inference import Model
from seamline.site.power.plan_load import node_load
from seamline.site.power.plan_parts import array_of, battery_of, chemistry_of, engine_of, needed, uplink_of
from seamline.site.power.plan_power import site_power
from seamline.site.power.radio import airtime

COLD = "temperatures: [-5 Cel, -4 Cel, 0 Cel, 5 Cel, 10 Cel, 14 Cel, 16 Cel, 16 Cel, 12 Cel, 7 Cel, 2 Cel, -3 Cel]"


@pytest.fixture(scope="module")
def clear(tmp_path_factory):
    return site_power(resolve(load_plan(written(tmp_path_factory.mktemp("clear")))))


def by_id(found):
    return {node.node: node for node in found.nodes}


def with_weather(tmp_path, text, weather="pvgis: sun.csv"):
    path = written(tmp_path, weather)
    (tmp_path / "sun.csv").write_text(text, encoding="utf-8")
    return site_power(resolve(load_plan(path)))


def test_a_product_uses_what_its_contract_states(clear):
    contract = load(EXAMPLES / "trailcam" / "contract.yaml")
    node = by_id(clear)["trap-battery"]
    assert node.load is not None
    assert node.load.watt_hours == pytest.approx(charge_a_day_uah(contract.power) / 1e6 * 3.6)
    assert node.notes == (f"as contract {contract.reference} states its power",)


def test_a_profile_changes_the_states_it_names(clear):
    node = by_id(clear)["trap-solar"]
    looking = next(term for term in node.terms if term.name == "looking")
    assert looking.working.startswith("1 x 3600 s x ")  # of the day, where the contract says 10 min
    talking = next(term for term in node.terms if term.name == "talking")
    assert talking.working.startswith("1 x 450 s x ")


def test_a_battery_lasts_until_load_and_shelf_empty_it(clear):
    node = by_id(clear)["trap-battery"]
    assert node.autonomy_days is not None
    # 93.6 Wh, of which 95 % at -5 degrees... of 20: linear between 80 % at -20 and 100 % at 20
    assert node.autonomy_days == pytest.approx(93.6 * 0.875 / node.load.watt_hours, rel=0.02)
    assert node.met is True
    assert not node.upper_bound


def test_a_cell_that_would_outlast_its_kind_says_so(plan):
    frugal = replace(plan.nodes["listener"], power=plan.nodes["trap-battery"].power, id="frugal", profile=None, radio=None)
    site = resolve(plan)
    found = site_power(replace(site, plan=replace(plan, nodes={"frugal": frugal})), {})
    assert "more than the 20 years that such cells last by themselves: reckon with those" in found.nodes[0].notes


def test_the_links_rate_is_taken_where_a_node_reaches_a_gateway():
    found = by_id(site_power(resolve(load_plan(EXAMPLES / "sites" / "farm" / "plan.yaml"))))
    assert not [note for note in found["soil-v1"].notes if "slowest rate" in note]
    assert found["soil-v1"].load is not None


def test_a_clear_sky_can_refute_but_not_prove(clear):
    node = by_id(clear)["trap-solar"]
    assert node.upper_bound
    assert node.met is None
    assert node.dark_share == 0.0
    assert any(term.kind == "upper bound" for term in node.terms)
    assert any(note.startswith("no PVGIS file in the plan: upper bound") for note in clear.notes)


def test_a_node_of_parts_is_worked_out_of_them(clear):
    node = by_id(clear)["listener"]
    names = [term.name for term in node.terms]
    assert {"message", "infer kws", "all that is always on for the rest of the day"} <= set(names)
    infer = next(term for term in node.terms if term.name == "infer kws")
    assert infer.value == pytest.approx(1000 * 656e-6)
    assert "lora-868 at its slowest rate, sf12" in node.notes
    assert all(term.source for term in node.terms)


def test_where_to_infer_is_answered_with_reasons(clear):
    (verdict,) = by_id(clear)["listener"].verdicts
    assert verdict.workload == "listener, kws"
    engines = {option.engine for option in verdict.options}
    assert {"nucleo-u575", "ndp9120-module", None} <= engines
    raw = next(option for option in verdict.options if option.engine is None)
    assert "its band allows 864 s" in raw.refusals[0]


def test_a_faster_link_makes_a_node_use_less(tmp_path):
    site = resolve(load_plan(written(tmp_path)))
    radio = needed(site.plan.catalogue, "lora-868", parts.Radio)
    node = site.plan.nodes["listener"]
    slow, fast = (node_load(site.plan, node, rates).load.joules for rates in ({}, {"listener": radio.rates[0]}))
    assert fast < slow


def test_switches_are_the_networks(clear):
    (switch,) = clear.switches
    assert (switch.switch, switch.devices) == ("hall", 2)
    assert switch.reserved_w == pytest.approx(15.4 + 4.0)
    assert switch.drawn_w < switch.reserved_w
    assert (switch.spare_w, switch.spare_ports) == (pytest.approx(120 - 19.4), 6)
    assert not switch.refusals


def test_a_node_of_which_nothing_is_known_says_so(clear):
    node = by_id(clear)["mystery"]
    assert node.load is None
    assert "nothing is known of what it uses" in node.notes[0]
    assert clear.met


def test_pvgis_hours_decide(tmp_path):
    found = by_id(with_weather(tmp_path, hourly(air=5.0)))["trap-solar"]
    assert found.balance is not None
    assert not found.upper_bound
    assert found.met is True
    assert any("PVGIS hours" in note for note in found.notes)


def test_frost_all_year_leaves_a_panel_without_use(tmp_path):
    found = with_weather(tmp_path, hourly(air=-12.0))
    node = by_id(found)["trap-solar"]
    assert node.met is False
    assert node.dark_share == 1.0
    assert not found.met


def test_months_of_pvgis_take_the_plans_temperatures(tmp_path):
    node = by_id(with_weather(tmp_path, system(), "pvgis: sun.csv, " + COLD))["trap-solar"]
    assert node.balance is not None
    assert node.balance.months[0].air_c == pytest.approx(-5.0)
    assert any("random years" in note for note in node.notes)


def test_months_with_temperatures_keep_their_own(tmp_path):
    node = by_id(with_weather(tmp_path, radiation()))["trap-solar"]
    assert node.balance is not None
    assert node.balance.months[0].air_c == pytest.approx(0.0)


def test_a_file_of_another_plane_is_told_at_the_node_not_hidden(tmp_path):
    node = by_id(with_weather(tmp_path, hourly(tilt=30)))["trap-solar"]
    assert node.autonomy_days is None
    assert any("tilted by 30 degrees, the panel by 60" in note for note in node.notes)


def test_weather_that_cannot_be_read_is_refused(tmp_path):
    path = written(tmp_path, "pvgis: sun.csv")
    (tmp_path / "sun.csv").write_bytes(b"\xff\xfe\x00garbage\xff")
    site = resolve(load_plan(path))
    with pytest.raises(PowerError, match="the weather cannot be read"):
        site_power(site)


@pytest.fixture(scope="module")
def catalogue():
    return shipped()


def test_a_batterys_own_figures_come_with_it(catalogue):
    part = needed(catalogue, "lfp-12v-50ah", parts.Battery)
    found = battery_of(part, 2)
    assert found.label_wh == pytest.approx(1280)
    assert found.chemistry.charge_c == 5.0
    assert found.temperature_curve == part.usable
    assert found.years == pytest.approx(10.0)  # 2 % a year down to 80 %
    assert 1 - (1 - (found.self_discharge or 0)) ** 12 == pytest.approx(0.30)
    assert battery_of(needed(catalogue, "lithium-d-2p", parts.Battery)).chemistry.charge_c is None


def test_a_chemistry_without_a_name_of_ours_is_reckoned_by_whether_it_charges(catalogue):
    part = needed(catalogue, "lfp-12v-50ah", parts.Battery)
    odd = replace(part, chemistry="LTO", charge_coldest_c=None)
    assert chemistry_of(odd).name == "LTO"
    assert chemistry_of(odd).charge_c == 0.0
    assert chemistry_of(replace(odd, rechargeable=False)).charge_c is None
    assert battery_of(replace(odd, ageing_year=0.0)).years == 1000.0


def test_every_battery_panel_and_radio_of_the_catalogue_can_be_reckoned_with(catalogue):
    for part in catalogue.parts.values():
        if isinstance(part, parts.Battery):
            assert battery_of(part).label_wh > 0
        elif isinstance(part, parts.Board):
            engine = engine_of(part, catalogue.workloads)
            assert engine is None or engine.pj_per_mac > 0
        elif isinstance(part, parts.Radio):
            for rate in part.rates:
                assert uplink_of(part, rate).link.bits_per_s > 0


def test_a_boards_energy_of_a_mac_is_derived_of_what_was_measured(catalogue):
    found = engine_of(needed(catalogue, "nucleo-u575", parts.Board), catalogue.workloads)
    assert found is not None
    assert "derived: median of what was measured" in found.source
    assert found.measured["kws"].joules == pytest.approx(656e-6)
    other = Model(name="own", macs=10_000_000, parameters=1, ram_bytes=1, source="x")
    assert found.inference(other).energy.value == pytest.approx(10e6 * found.pj_per_mac / 1e12)
    bare = replace(needed(catalogue, "nucleo-u575", parts.Board), inferences=(), pj_per_mac=None)
    assert engine_of(bare, catalogue.workloads) is None


@pytest.mark.parametrize("factor", range(7, 13))
def test_loras_air_time_is_the_data_sheets_at_both_ends(catalogue, factor):
    part = needed(catalogue, "lora-868", parts.Radio)
    rate = next(found for found in part.rates if found.spreading_factor == factor)
    uplink = uplink_of(part, rate)
    for size in (0, 51):
        found = airtime(uplink.radio, uplink.link, size + LORAWAN_BYTES)
        assert found == pytest.approx(lora_s(size + LORAWAN_BYTES, factor, 125_000.0), rel=1e-6)


def test_parts_that_lack_a_figure_say_which(catalogue):
    part = needed(catalogue, "lora-868", parts.Radio)
    with pytest.raises(PowerError, match="neither the power of sending nor the energy of a byte"):
        uplink_of(replace(part, tx_mw=None), part.rates[0])
    with pytest.raises(PowerError, match="has no spreading factor or bandwidth"):
        uplink_of(part, replace(part.rates[0], spreading_factor=None))
    with pytest.raises(PowerError, match="lora-868 is no battery of the catalogue"):
        needed(catalogue, "lora-868", parts.Battery)


@pytest.fixture(scope="module")
def plan(tmp_path_factory):
    return load_plan(written(tmp_path_factory.mktemp("plan")))


def one(plan, **changes):
    """A node of the plan with other parts, and its day's lines by name."""
    node = replace(plan.nodes["listener"], **changes)
    found = node_load(plan, node)
    return found, {term.name: term for term in found.load.terms}


def test_a_sensor_is_awake_as_often_as_its_contract_samples(plan):
    contract = plan.nodes["trap-solar"].product
    power = replace(plan.nodes["listener"].power, kind="mains", kit=None, supply=None)
    found, lines = one(plan, part="soil-moisture", board=None, product=contract, profile=None, power=power)
    watch = lines["sample watch"]
    assert watch.value == pytest.approx(96 * 0.5 * 0.030)
    assert "assumed: 0.5 s awake for each" in watch.source
    assert lines["sample sighting"].kind == "upper bound"
    assert any("assumed" in note for note in found.notes)
    assert lines["publish watch"].value > 0
    assert lines["update"].kind == "upper bound"


def test_a_sensor_that_tells_no_sleep_is_always_on(plan):
    found, _ = one(plan, part="radar-50m", board=None, radio=None, profile=None)
    assert found.load.watts == pytest.approx(9.0, rel=1e-3)


def test_a_radio_that_stays_connected_costs_that_all_day(plan):
    found, lines = one(plan, part=None, board=None, radio="wifi-esp32", profile=None)
    assert found.load.watts == pytest.approx(0.00307 + 2e-3, rel=1e-3)
    assert "connected" in lines["all that is always on for the rest of the day"].source


def test_a_modem_measured_by_the_byte_is_paid_by_the_byte(plan):
    _, lines = one(plan, radio="lte-m-nrf9160", board=None)
    assert lines["message"].value > 24 * 0.105
    assert lines["message"].value < 24 * (0.105 + 1000 * 17e-6)


def test_a_radio_without_figures_of_sending_is_told(plan):
    lora = plan.catalogue.parts["lora-868"]
    mute = replace(plan.catalogue, parts={**plan.catalogue.parts, "lora-868": replace(lora, tx_mw=None)})
    with pytest.raises(PowerError, match="neither the power of sending"):
        node_load(replace(plan, catalogue=mute), plan.nodes["listener"])


def test_work_for_the_uplink_is_not_inferred_and_an_unknown_engine_is_noted(plan):
    profile = plan.profiles["listening"]
    up = replace(plan, profiles={"listening": replace(profile, work=(replace(profile.work[0], where="uplink"),))})
    assert not [name for name in one(up)[1] if name.startswith("infer")]
    found, lines = one(plan, board="pi-zero-2-w")
    assert not [name for name in lines if name.startswith("infer")]
    assert "kws: pi-zero-2-w tells no energy of an inference; not counted" in found.notes


def test_an_accelerator_infers_in_the_boards_place(plan):
    _, lines = one(plan, accelerator="ndp9120-module")
    assert lines["infer kws"].value == pytest.approx(1000 * 32e-6)


def converted(plan, kit, **changes):
    """The plan with a kit's converter changed, and the kit itself."""
    charger = replace(plan.catalogue.parts["charger-12v"], **changes)
    known = replace(plan.catalogue, parts={**plan.catalogue.parts, charger.id: charger})
    return replace(plan, catalogue=known, kits={**plan.kits, kit.id: replace(kit, converter=charger.id)})


def test_a_stated_load_takes_its_kits_charger_too(plan):
    node = plan.nodes["trap-solar"]
    bare = node_load(replace(plan, kits={"sunny": replace(plan.kits["sunny"], converter=None)}), node).load
    load = node_load(plan, node).load
    own = next(term for term in load.terms if term.name == "charger-12v itself")
    assert own.value == pytest.approx(0.002 * 86_400)
    assert own.working == "1 x 86400 s x 0.002 W"
    assert load.joules == pytest.approx(bare.joules + own.value)
    assert not [term for term in load.terms if term.name == "lost in the converter"]  # taken from the yield


@pytest.mark.parametrize("name", ["trap-battery", "listener"])
def test_a_converter_between_battery_and_node_loses_its_share(plan, name):
    node = replace(plan.nodes[name], power=plan.nodes["trap-battery"].power)
    bare = node_load(plan, node).load
    load = node_load(converted(plan, plan.kits["cells"], efficiency=0.8, quiescent_uw=0.0), node).load
    assert load.joules == pytest.approx(bare.joules / 0.8)
    lossless = node_load(converted(plan, plan.kits["cells"], efficiency=1.0, quiescent_uw=0.0), node).load
    assert lossless.joules == pytest.approx(bare.joules)


def test_a_node_lasts_no_longer_behind_a_worse_converter(plan):
    site = resolve(plan)
    days = []
    for efficiency in (1.0, 0.9, 0.7):
        changed = converted(plan, plan.kits["cells"], efficiency=efficiency, quiescent_uw=10.0)
        found = by_id(site_power(replace(site, plan=changed), {}))["trap-battery"]
        days.append(found.autonomy_days)
    assert days == sorted(days, reverse=True)
    assert days[0] > days[-1]


def test_a_sensor_samples_as_often_as_its_profile_says(plan):
    listening = plan.profiles["listening"]

    def sampled(**changes):
        profiles = {"listening": replace(listening, work=(), **changes)}
        return one(replace(plan, profiles=profiles), part="soil-moisture")

    none, lines = sampled()
    assert "sample" not in lines
    (told,) = [note for note in none.notes if "takes no sample" in note]
    assert told.endswith("give its profile 'samples', such as 'samples: 96/d'")
    board = needed(plan.catalogue, "nucleo-u575", parts.Board)
    assumed, lines = sampled(samples_per_day=96.0)
    assert lines["sample"].value == pytest.approx(96 * 0.5 * (board.active_mw / 1000 + 0.030))
    assert "assumed: 0.5 s awake for each" in lines["sample"].source
    stated, lines = sampled(samples_per_day=96.0, sample_s=2.0)
    assert lines["sample"].value == pytest.approx(96 * 2.0 * (board.active_mw / 1000 + 0.030))
    assert "assumed" not in lines["sample"].source
    assert stated.load.joules > assumed.load.joules > none.load.joules
    assert not [note for note in (*assumed.notes, *stated.notes) if "takes no sample" in note]


def test_a_relay_samples_nothing_and_says_nothing_of_it(plan):
    profiles = {"listening": replace(plan.profiles["listening"], samples_per_day=96.0)}
    found, lines = one(replace(plan, profiles=profiles))
    assert "sample" not in lines
    assert not [note for note in found.notes if "takes no sample" in note]


def test_a_primary_battery_under_a_panel_is_a_misfit_and_not_only_a_note(plan):
    kits = {"sunny": replace(plan.kits["sunny"], battery="lithium-d-2p", converter=None)}
    site = resolve(plan)
    found = site_power(replace(site, plan=replace(plan, kits={**plan.kits, **kits})), {})
    node = by_id(found)["trap-solar"]
    assert node.met is False
    assert not found.met
    assert node.misfits == ("kit sunny: lithium-d-2p takes no charge: leave solar-20w out, or take a battery that does",)


def test_a_supplys_voltage_makes_power_of_a_contracts_currents(plan):
    supply = replace(plan.supplies["hall"], kind="dc", volts=24.0)
    fed = replace(plan, supplies={"hall": supply})
    power = replace(plan.nodes["trap-solar"].power, kind="dc", kit=None, supply="hall")
    found = node_load(fed, replace(plan.nodes["trap-solar"], power=power, profile=None))
    contract = load(EXAMPLES / "trailcam" / "contract.yaml")
    assert found.load.watt_hours == pytest.approx(charge_a_day_uah(contract.power) / 1e6 * 24.0)


def test_a_kit_without_a_panel_has_none(tmp_path):
    plan = load_plan(written(tmp_path))
    assert array_of(plan.kits["cells"], plan.catalogue) is None
    array = array_of(plan.kits["sunny"], plan.catalogue, (5.0, 5.0))
    assert array is not None
    assert (array.peak_w, array.efficiency, array.horizon) == (20.0, 0.95, (5.0, 5.0))


def test_the_yards_cameras_are_all_fed():
    found = site_power(resolve(load_plan(Path(EXAMPLES) / "sites" / "yard" / "plan.yaml")))
    assert all(node.load is not None for node in found.nodes)
    assert found.switches


def test_a_node_that_nothing_feeds_says_so(plan):
    site = resolve(plan)
    bare = replace(plan.nodes["listener"], power=None)
    there = replace(bare, existing=True)

    def notes(node):
        return site_power(replace(site, plan=replace(plan, nodes={"listener": node})), {}, {}).nodes[0].notes

    assert any(note.startswith("the plan does not say what feeds it: give 'power'") for note in notes(bare))
    assert not any("what feeds it" in note for note in notes(there))
