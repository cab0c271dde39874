"""Inference costs what was measured, or what its multiply-accumulates say, and the line tells which."""

import itertools

import pytest

from seamline.site.power.figures import PowerError
from seamline.site.power.inference import Engine, Measured, Model, engine, measured_engines
from seamline.site.power.mlperf import MACS, TASKS, WEIGHTS, results

U575 = "STM32U575ZI at 160 MHz (X-CUBE-AI 9.0)"


def model(**more):
    figures = {"name": "fencenet", "macs": 100_000_000, "parameters": 400_000, "ram_bytes": 200_000, "source": "its authors"}
    return Model(**{**figures, **more})


def made(**more):
    figures = {
        "name": "board",
        "kind": "mcu",
        "ram_bytes": 256_000,
        "flash_bytes": 1_000_000,
        "pj_per_mac": 200.0,
        "macs_per_s": 100e6,
        "source": "board datasheet",
    }
    return Engine(**{**figures, **more})


def conv(side, into, out, kernel=3):
    return side * side * kernel * kernel * into * out


def macs_of_keyword_spotting():
    # DS-CNN: 49 x 10 features; 10 x 4 filters with stride 2; four depthwise-separable blocks of 64 on 25 x 5; a dense layer of 12
    places = 25 * 5
    return places * 10 * 4 * 64 + 4 * (places * 9 * 64 + places * 64 * 64) + 64 * 12


def macs_of_visual_wake_words():
    # MobileNetV1 0.25 on 96 x 96 x 3, to 256 features and 2 classes
    blocks = [(8, 16, 1), (16, 32, 2), (32, 32, 1), (32, 64, 2), (64, 64, 1), (64, 128, 2), *[(128, 128, 1)] * 5]
    side, count = 48, conv(48, 3, 8)
    for into, out, stride in [*blocks, (128, 256, 2), (256, 256, 1)]:
        side //= stride
        count += side * side * 9 * into + side * side * into * out
    return count + 256 * 2


def macs_of_image_classification():
    # ResNet-8 on 32 x 32 x 3: stacks of 16, 32, 64, the last two halving the side, with 1 x 1 shortcuts
    first = conv(32, 3, 16) + 2 * conv(32, 16, 16)
    second = conv(16, 16, 32) + conv(16, 32, 32) + conv(16, 16, 32, 1)
    third = conv(8, 32, 64) + conv(8, 64, 64) + conv(8, 32, 64, 1)
    return first + second + third + 64 * 10


def macs_of_anomaly_detection():
    widths = [640, 128, 128, 128, 128, 8, 128, 128, 128, 128, 640]
    return sum(into * out for into, out in itertools.pairwise(widths))


def test_the_reference_models_multiply_as_often_as_their_layers_say():
    assert {
        "kws": macs_of_keyword_spotting(),
        "vww": macs_of_visual_wake_words(),
        "ic": macs_of_image_classification(),
        "ad": macs_of_anomaly_detection(),
    } == MACS


def test_every_result_is_of_a_known_task_and_positive():
    assert len(results()) == 34
    for result in results():
        assert result.task in TASKS
        assert result.task in WEIGHTS
        assert result.energy_uj > 0
        assert result.per_s > 0
        assert result.ram_bytes < result.flash_bytes
        assert result.round in result.source
        assert result.submitter in result.source


def test_no_result_is_given_twice():
    keys = [(result.round, result.submitter, result.system, result.task) for result in results()]
    assert len(set(keys)) == len(keys)


def test_known_medians_of_the_submissions():
    found = {(r.round, r.system, r.task): r for r in results()}
    assert found["v1.2", "NUCLEO_U575ZI_Q", "kws"].energy_uj == 656.163
    assert found["v1.2", "NUCLEO_L4R5ZI", "ic"].energy_uj == 6919.375
    assert found["v1.2", "NUCLEO_H7A3ZI_Q", "vww"].energy_uj == 2965.461
    assert found["v1.1", "NUCLEO_U575ZI_Q", "ad"].energy_uj == 121.446
    assert found["v1.2", "syntiant_9120_0v9_30mhz", "kws"].energy_uj == 31.537
    row = found["v1.2", "NUCLEO_U575ZI_Q", "kws"]
    assert row.seconds == pytest.approx(1 / 34.416)
    assert row.joules == pytest.approx(656.163e-6)
    assert row.picojoules_per_mac == pytest.approx(656.163e6 / 2_656_768)


def test_power_of_a_submission_is_that_of_a_chip():
    for result in results():
        assert 0.001 < result.joules * result.per_s < 1.0, result.source


def test_engines_are_of_each_systems_newest_round():
    names = [found.name for found in measured_engines()]
    assert U575 in names
    assert not [name for name in names if "8.1.0" in name]
    assert {found.kind for found in measured_engines()} == {"mcu", "accelerator"}
    with pytest.raises(PowerError, match="no engine abacus was measured; there are STM32"):
        engine("abacus")


def test_what_was_measured_is_taken_as_it_was():
    found = engine(U575).inference(model(reference="kws"))
    assert found.energy.value == pytest.approx(656.163e-6)
    assert found.energy.kind == "given"
    assert "MLPerf Tiny v1.2" in found.energy.source
    assert found.time.value == pytest.approx(1 / 34.416)


def test_what_was_not_measured_is_derived_and_says_so():
    found = made().inference(model())
    assert found.energy.value == pytest.approx(0.02)  # 100 M x 200 pJ
    assert found.time.value == pytest.approx(1.0)
    assert found.energy.kind == "derived"
    assert found.energy.working == "100000000 MACs x 200 pJ"
    assert found.energy.source == "its authors; board datasheet"


def test_a_derived_energy_lies_among_the_measured_ones():
    for found in measured_engines():
        energies = [measured.joules / MACS[task] * 1e12 for task, measured in found.measured.items()]
        assert min(energies) <= found.pj_per_mac <= max(energies)


def test_a_model_fits_or_each_reason_is_told():
    assert made().refusals(model()) == ()
    small = made(ram_bytes=100_000, flash_bytes=300_000)
    assert small.refusals(model()) == (
        "fencenet needs 200000 B of RAM, board has 100000",
        "fencenet needs 400000 B for its parameters, board has 300000",
    )
    assert model(bytes_each=0.5).flash_bytes == 200_000


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: model(macs=0), "the multiply-accumulates of fencenet is 0"),
        (lambda: model(parameters=-1), "the parameters of fencenet is -1"),
        (lambda: model(ram_bytes=float("nan")), "the RAM of fencenet (bytes) is nan"),
        (lambda: model(bytes_each=32), "is this in bits?"),
        (lambda: model(accuracy=93.0), "not per cent"),
        (lambda: model(source=""), "model fencenet has no source"),
        (lambda: Measured(656.0 * 1000, 0.03, "x"), "is this in µJ?"),
        (lambda: Measured(0.001, 29_000.0, "x"), "is this in ms?"),
        (lambda: Measured(0.001, 0.03, ""), "a measured inference has no source"),
        (lambda: made(pj_per_mac=0), "energy of a multiply-accumulate (pJ) is 0"),
        (lambda: made(macs_per_s=0), "multiply-accumulates a second is 0"),
        (lambda: made(idle_w=1500.0), "power while it waits (W) is 1500"),
        (lambda: made(wake_j=20_000.0), "energy of a start (J) is 20000"),
        (lambda: made(price_cents=-1), "price (cents) is -1"),
        (lambda: made(ram_bytes=-1), "memory (bytes) is -1"),
        (lambda: made(source=" "), "engine board has no source"),
    ],
)
def test_a_model_or_engine_that_cannot_be_meant_is_refused(call, said):
    with pytest.raises(PowerError) as caught:
        call()
    assert said in str(caught.value)
