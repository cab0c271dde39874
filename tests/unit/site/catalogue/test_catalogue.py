"""The catalogue: every figure has a source, what has none is named, and what is shipped holds."""

from decimal import Decimal

import pytest
from hypothesis import given, strategies as st

from seamline.contract.problems import ContractErrors
from seamline.contract.scalars import ScalarError
from seamline.site import quantities
from seamline.site.catalogue import Money, load_catalogue, shipped
from seamline.site.catalogue.loader import NOTHING, refuse
from seamline.site.catalogue.parts import Accelerator, Battery, Board, Camera, Gateway, Radio, Sensor

CATALOGUE = shipped()
KINDS = (
    "camera",
    "sensor",
    "board",
    "accelerator",
    "radio",
    "gateway",
    "switch",
    "battery",
    "panel",
    "converter",
    "enclosure",
    "mount",
    "mast",
    "cable",
)


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_part_is_shipped(kind):
    assert any(part.kind == kind for part in CATALOGUE.parts.values())


@pytest.mark.parametrize("part", CATALOGUE.parts.values(), ids=lambda part: part.id)
def test_every_shipped_figure_has_a_source_and_what_is_generic_says_what_it_assumes(part):
    assert part.source
    assert part.title
    assert part.price is None, "prices are the plan's: they change"
    assert part.generic == ("class assumption" in part.source or part.source.startswith("IEC 60228")), part.source


def test_a_figures_own_source_comes_before_the_parts():
    lora = CATALOGUE.parts["lora-868"]
    assert "300 220" in lora.source_of("duty")
    assert lora.source_of("nothing") == lora.source


def test_the_two_editions_of_the_standard_are_there():
    old, new = CATALOGUE.densities["2015"], CATALOGUE.densities["2025"]
    assert [(one.name, one.px_per_m) for one in old.classes] == [
        ("monitor", 12.5), ("detect", 25), ("observe", 62.5), ("recognise", 125), ("identify", 250), ("inspect", 1000),
    ]  # fmt: skip
    assert [one.px_per_m for one in new.classes] == [20, 40, 80, 125, 250, 500, 1500]
    assert (new.density("validate"), new.density("identify")) == (500, None)
    assert all("62676-4" in table.source for table in (old, new))


def test_sensitivities_are_those_of_the_data_sheet():
    lora = CATALOGUE.parts["lora-868"]
    assert isinstance(lora, Radio)
    assert [(rate.spreading_factor, rate.sensitivity_dbm) for rate in lora.rates] == [
        (7, -124),
        (8, -127),
        (9, -130),
        (10, -133),
        (11, -135),
        (12, -137),
    ]
    for rate in lora.rates:
        assert rate.bits_per_s == pytest.approx(
            rate.spreading_factor * rate.bandwidth_hz / 2**rate.spreading_factor * 0.8, rel=0.002
        )


def test_the_frames_of_measured_inferences_are_known():
    boards = [part for part in CATALOGUE.parts.values() if isinstance(part, Board) and part.inferences]
    assert len(boards) >= 4
    for board in boards:
        assert all(one.workload in CATALOGUE.workloads and "MLPerf" in one.source for one in board.inferences)
    assert isinstance(CATALOGUE.parts["ndp9120-module"], Accelerator)


def test_gateways_have_radios_that_are_parts():
    for part in CATALOGUE.parts.values():
        if isinstance(part, Gateway):
            assert all(isinstance(CATALOGUE.parts[name], Radio) for name in part.radios)


def test_a_camera_has_its_lenses():
    camera = CATALOGUE.parts["dome-4mp"]
    assert isinstance(camera, Camera)
    assert camera.lens(None).name == "2.8mm"
    assert camera.lens("4mm").hfov_deg == 79
    assert camera.lens("9mm") is None


def test_a_battery_in_the_cold_has_less():
    battery = CATALOGUE.parts["lfp-12v-50ah"]
    assert isinstance(battery, Battery)
    assert battery.usable == ((-20.0, 0.5), (0.0, 0.8), (25.0, 1.0))
    assert battery.capacity_mwh == 640_000


SENSOR = "kind: sensor, title: P, senses: soil, range: 3 m"
WRONG = [
    (f"{{{SENSOR}}}", "SP201", "part 'p' names no source for: range"),
    (f"{{{SENSOR}, sources: {{range: maker}}}}", None, ""),
    (f"{{{SENSOR}, width: 90 deg, sources: {{range: maker}}}}", "SP201", "part 'p' names no source for: width"),
    (f"{{{SENSOR}, source: s, sources: {{colour: maker}}}}", "SP202", "has no figure 'colour'"),
    (f"{{{SENSOR}, source: s, sources: {{title: maker}}}}", "SP202", "has no figure 'title'"),
    (f"{{{SENSOR}, source: ''}}", "SP201", "names no source"),
    (f"{{{SENSOR}, source: s, width: 0 deg}}", "SP110", "above 0 deg"),
    (f"{{{SENSOR}, source: s, ip: IP99K9}}", "SP106", "degree of protection"),
    ("{title: P, source: s}", "SP102", "has no 'kind'"),
    ("5", "SP103", "is a single value"),
    ("{kind: camera, title: C, source: s, pixels: 100x100, lenses: {}, range: 3 m}", "SP110", "'100x100' is not a size"),
    (
        "{kind: camera, title: C, source: s, pixels: 100 x 100, lenses: {w: {hfov: 180 deg}}, range: 3 m}",
        "SP110",
        "at most 179 deg",
    ),
    (
        "{kind: radio, title: R, source: s, technology: smoke, frequency: 1 Hz, tx: 1 dBm, antenna: 0 dBi, rates: {a: {speed: 1 bit/s, sensitivity: 1 dBm}}}",
        "SP111",
        "'smoke'",
    ),
    ("{kind: gateway, title: G, source: s, radios: [ghost], uplinks: [wifi], power: 1 W}", "SP203", "'ghost' is not a part"),
    ("{kind: gateway, title: G, source: s, radios: [pir-12m], uplinks: [wifi], power: 1 W}", "SP203", "a sensor, not a radio"),
    (
        "{kind: board, title: B, source: s, active: 1 W, sleep: 1 uW, inferences: {chess: {energy: 1 uJ}}}",
        "SP204",
        "'chess' is not a workload",
    ),
    ("{kind: panel, title: P, source: s, peak: 5 W, temperature_loss: 40 %/K}", "SP110", "is not a loss"),
    (
        "{kind: battery, title: B, source: s, chemistry: X, volts: 3 V, capacity: 2 Ah, rechargeable: true, self_discharge: 1 %}",
        "SP110",
        "'2 Ah'",
    ),
    (
        "{kind: battery, title: B, source: s, chemistry: X, volts: 3 V, capacity: 2 Wh, rechargeable: maybe, self_discharge: 1 %}",
        "SP112",
        "'maybe'",
    ),
    ("{kind: enclosure, title: B, source: s, size: 10 x 20 mm}", "SP110", "is not a size"),
    ("{kind: mount, title: B, source: s, fits: [moon]}", "SP111", "'moon'"),
]


@pytest.mark.parametrize(("part", "code", "message"), WRONG, ids=[str(at) for at in range(len(WRONG))])
def test_a_part_that_cannot_be_used_is_named_with_its_place(tmp_path, part, code, message):
    path = tmp_path / "parts.yaml"
    path.write_text(f"format: 1\nparts:\n  p: {part}\n", encoding="utf-8")
    _, problems = load_catalogue(path, CATALOGUE)
    assert [problem.code for problem in problems][:1] == ([] if code is None else [code])
    if code is not None:
        assert message in problems[0].message
        assert problems[0].fix
        assert problems[0].span.line == 3
        with pytest.raises(ContractErrors, match=code):
            refuse(problems)


def test_a_file_adds_parts_and_replaces_those_of_the_same_name(tmp_path):
    path = tmp_path / "parts.yaml"
    path.write_text(
        "format: 1\n"
        "parts: {pir-12m: {kind: sensor, title: Mine, source: s, senses: motion, range: 9 m}}\n"
        "workloads: {chess: {title: Chess, macs: 5, input: 64, output: 2, source: s}}\n"
        'densities: {"1999": {source: s, classes: {rough: 5, fine: 50}}}\n',
        encoding="utf-8",
    )
    found, problems = load_catalogue(path, CATALOGUE)
    assert not problems
    part = found.parts["pir-12m"]
    assert isinstance(part, Sensor)
    assert (part.title, part.range_m, part.width_deg) == ("Mine", 9.0, 360.0)
    assert len(found.parts) == len(CATALOGUE.parts)
    assert found.workloads["chess"].macs == 5
    assert found.densities["1999"].density("fine") == 50
    assert CATALOGUE.parts["pir-12m"].title != "Mine"


@pytest.mark.parametrize(
    ("text", "code"), [("", "SP014"), ("- 1", "SP103"), ("format: 2", "SP108"), ("format: 1\nbits: {}", "SP101")]
)
def test_a_file_that_is_no_catalogue_is_named(tmp_path, text, code):
    path = tmp_path / "parts.yaml"
    path.write_text(text, encoding="utf-8")
    found, problems = load_catalogue(path, NOTHING)
    assert code in [problem.code for problem in problems]
    assert not found.parts


QUANTITIES = [
    (quantities.LENGTH, "6 m", 6.0), (quantities.LENGTH, "50 cm", 0.5), (quantities.LENGTH, "1.2 km", 1200.0), (quantities.LENGTH, "3 mm", 0.003),
    (quantities.OFFSET, "-12.5 m", -12.5), (quantities.HEADING, "360 deg", 360.0), (quantities.POWER, "1.5 W", 1500.0), (quantities.SLEEP, "2 mW", 2000.0),
    (quantities.ENERGY, "2 J", 2000.0), (quantities.CAPACITY, "0.5 kWh", 500_000.0), (quantities.FREQUENCY, "868.1 MHz", 868_100_000.0),
    (quantities.LEVEL, "-137 dBm", -137.0), (quantities.GAIN, "2.15 dBi", 2.15), (quantities.BIT_RATE, "5.47 kbit/s", 5470.0), (quantities.SHARE, "95 %", 0.95),
    (quantities.SHARE, "100 %", 1.0), (quantities.PER_KELVIN, "0.4 %/K", 0.004), (quantities.PER_DAY, "2/h", 48.0), (quantities.PER_DAY, "0.5/d", 0.5),
    (quantities.MONEY, "189 EUR", Money(18900, "EUR")), (quantities.MONEY, "0.05 CHF", Money(5, "CHF")), (quantities.PIXELS, "10 x 20", (10, 20)),
    (quantities.MILLIMETRES, "1 x 2.5 x 3 mm", (1.0, 2.5, 3.0)), (quantities.LATENCY, "5 us", 0.005), (quantities.PER_SECOND, "2 MMAC/s", 2_000_000.0),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "text", "value"), QUANTITIES, ids=[row[1] for row in QUANTITIES])
def test_a_quantity_is_read_exactly(kind, text, value):
    assert kind.read(text) == value


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        (quantities.LENGTH, "6"), (quantities.LENGTH, "6m"), (quantities.LENGTH, "6 ft"), (quantities.LENGTH, "0 m"), (quantities.LENGTH, "1e3 m"),
        (quantities.LENGTH, "30 km"), (quantities.METRES, "-1 m"), (quantities.HEADING, "361 deg"), (quantities.SHARE, "101 %"), (quantities.SHARE, "0.9"),
        (quantities.MONEY, "1.5 EUR"), (quantities.MONEY, "-1 EUR"), (quantities.MONEY, "1 eur"), (quantities.PIXELS, "0 x 5"), (quantities.PER_DAY, "5"),
        (quantities.PER_KELVIN, "-0.4 %/K"), (quantities.MILLIMETRES, "1 x 2 x 3"), (quantities.MILLIMETRES, "1 x 2..5 x 3 mm"), (quantities.LATITUDE, "91"),
    ],
)  # fmt: skip
def test_a_quantity_that_is_none_is_refused(kind, text):
    with pytest.raises(ScalarError):
        kind.read(text)


@given(st.decimals(Decimal("0.01"), Decimal(19999), places=2), st.sampled_from([("m", 1), ("cm", 0.01), ("mm", 0.001)]))
def test_a_length_is_its_number_in_its_unit(number, unit):
    name, factor = unit
    assert quantities.LENGTH.read(f"{number} {name}") == pytest.approx(float(number) * factor, rel=1e-12)


@given(st.integers(0, 10**9), st.sampled_from(["EUR", "CHF"]))
def test_money_reads_back_what_it_says(cents, currency):
    assert quantities.MONEY.read(str(Money(cents, currency))) == Money(cents, currency)
    assert str(Money(-cents - 1, currency)).startswith("-")
