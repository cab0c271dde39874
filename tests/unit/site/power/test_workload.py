"""Local inference or uplink: the cheaper way wins by energy, with the arithmetic shown, and what cannot be says why."""

from dataclasses import replace

import pytest
from hypothesis import given, strategies as st

from seamline.contract.checks.traffic import EXCHANGE_BYTES
from seamline.site.power.figures import PowerError
from seamline.site.power.inference import Engine, Model, measured_engines
from seamline.site.power.load import Mode
from seamline.site.power.radio import Quality, Radio
from seamline.site.power.workload import Uplink, Workload, decide

MODEL = Model(
    name="fencenet", macs=7_489_664, parameters=325_000, ram_bytes=150_000, source="its authors", accuracy=0.86, reference="vww"
)
LTE_M = Radio(
    name="LTE-M",
    transmit=Mode("transmit", 0.8, "modem datasheet"),
    receive=Mode("receive", 0.2, "modem datasheet"),
    source="modem datasheet",
    start_j=0.105,
    start_s=2.0,
    cents_per_mib=10.0,
    overhead=(0, 0),
)
LORA = Radio(
    name="LoRa",
    transmit=Mode("transmit", 0.1, "radio datasheet"),
    receive=Mode("receive", 0.02, "radio datasheet"),
    source="radio datasheet",
    packet_max=51,
    duty_max=0.01,
    overhead=(13, 0),
)
UPLINKS = [
    Uplink(LTE_M, Quality(bits_per_s=100_000.0, source="network")),
    Uplink(LORA, Quality(bits_per_s=293.0, airtime_s=1.8104, source="network: SF12")),
]
ENGINE = Engine(
    name="mcu",
    kind="mcu",
    ram_bytes=256_000,
    flash_bytes=1_000_000,
    pj_per_mac=200.0,
    macs_per_s=100e6,
    source="board datasheet",
)


def workload(**more):
    figures = {
        "name": "what passed",
        "events": 300.0,
        "event_bytes": 27_648.0,
        "result_bytes": 16.0,
        "model": MODEL,
        "source": "survey of a fence",
        "told": 0.3,
    }
    return Workload(**{**figures, **more})


def test_a_local_option_worked_out_by_hand():
    found = decide(workload(), [ENGINE], UPLINKS[:1])
    local = next(option for option in found.options if option.kind == "mcu")
    inference = 7_489_664 * 200e-12
    sending = 16 * 8 / 100_000 * 0.8
    assert local.joules == pytest.approx(300 * inference + 90 * (0.105 + sending))
    assert local.bytes_sent == pytest.approx(90 * 16)
    assert local.cents == pytest.approx(90 * 16 / 1_048_576 * 10)
    assert local.latency_s == pytest.approx(7_489_664 / 100e6 + 2.0 + 16 * 8 / 100_000)
    assert local.accuracy == 0.86


def test_a_raw_option_worked_out_by_hand():
    raw = next(option for option in decide(workload(cloud_s=0.5), [], UPLINKS[:1]).options if option.kind == "uplink")
    up, down = 27_648 * 8 / 100_000, 16 * 8 / 100_000
    assert raw.joules == pytest.approx(300 * (0.105 + up * 0.8 + down * 0.2))
    assert raw.latency_s == pytest.approx(2.0 + up + down + 0.5)
    assert raw.engine is None
    assert raw.price_cents == 0


def test_over_ip_every_frame_pays_its_layers():
    plain = replace(LTE_M, overhead=None)
    bare, paying = (
        next(o for o in decide(workload(), [], [Uplink(radio, UPLINKS[0].link)]).options if o.kind == "uplink")
        for radio in (LTE_M, plain)
    )
    frames = 4  # of 8 KiB each
    assert paying.bytes_sent - bare.bytes_sent == pytest.approx(300 * frames * EXCHANGE_BYTES)


def test_a_radio_measured_by_the_byte_is_paid_by_the_byte():
    measured = Uplink(replace(LTE_M, byte_j=17e-6), UPLINKS[0].link)
    raw = next(o for o in decide(workload(), [], [measured]).options if o.kind == "uplink")
    assert raw.joules == pytest.approx(300 * (0.105 + (27_648 + 16) * 17e-6))
    assert any("27664 B x 0.000017 J" in term.working for term in raw.terms)


def test_the_arithmetic_adds_up_line_by_line():
    for option in decide(workload(), measured_engines(), UPLINKS).options:
        lines = [term for term in option.terms if term.unit == "J/d"]
        *parts, whole = lines
        assert whole.value == pytest.approx(sum(part.value for part in parts))
        assert whole.value == pytest.approx(option.joules)
        assert all(term.source for term in option.terms)


def test_pictures_are_judged_where_they_are_taken():
    found = decide(workload(), [ENGINE], UPLINKS)
    assert found.best is not None
    assert found.best.kind == "mcu"
    assert found.factor is not None
    assert found.factor > 10
    assert found.answer.startswith("what passed: infer locally, mcu, results over LTE-M:")
    assert "times less than the best other way" in found.answer


def test_a_few_bytes_are_sent_up_rather_than_judged_by_a_large_model():
    large = replace(MODEL, macs=50_000_000_000, reference=None)
    found = decide(workload(event_bytes=20.0, events=24.0, model=large, told=1.0), [ENGINE], UPLINKS[:1])
    assert found.best is not None
    assert found.best.kind == "uplink"
    assert "send it up raw" in found.answer


def test_the_accelerator_that_fits_is_named():
    neural = next(engine for engine in measured_engines() if "NDP120 at 30.7" in engine.name)
    found = decide(workload(), [ENGINE, neural], UPLINKS[:1])
    assert found.best is not None
    assert found.best.engine == neural.name
    assert found.best.kind == "accelerator"


def test_an_engine_that_waits_and_starts_pays_for_it():
    idle = replace(ENGINE, idle_w=0.001, wake_j=0.01)
    bare, paying = (decide(workload(), [engine], UPLINKS[:1]).options[0] for engine in (ENGINE, idle))
    busy = 300 * 7_489_664 / 100e6
    assert paying.joules - bare.joules == pytest.approx(300 * 0.01 + (86_400 - busy) * 0.001)


def test_raw_pictures_over_lora_break_the_bands_rule_and_it_says_so():
    found = decide(workload(), [ENGINE], UPLINKS[1:])
    raw = next(option for option in found.options if option.kind == "uplink")
    assert not raw.feasible
    assert raw.refusals[0].startswith("LoRa would send ")
    assert "its band allows 864 s" in raw.refusals[0]
    assert found.factor is None  # the other side cannot be done
    assert found.options[-1] is raw


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ({"latency_max": 1.0}, "s, it may take 1 s"),
        ({"accuracy_min": 0.9}, "its accuracy is 86.0%, 90.0% is asked for"),
        ({"data_budget": 100.0}, "the budget is 100 B"),
        ({"events": 5_000_000.0}, "inferences take"),
    ],
)
def test_a_limit_that_is_not_kept_is_told(more, reason):
    options = decide(workload(**more), [ENGINE], UPLINKS[:1]).options
    assert any(reason in refusal for option in options for refusal in option.refusals)


def test_an_accuracy_that_nobody_gives_is_not_taken_for_granted():
    raw = next(o for o in decide(workload(accuracy_min=0.5), [], UPLINKS[:1]).options if o.kind == "uplink")
    assert raw.refusals == ("its accuracy is not given, 50% is asked for",)
    assert decide(workload(accuracy_min=0.5, cloud_accuracy=0.97), [], UPLINKS[:1]).best is not None


def test_a_model_that_fits_nowhere_leaves_the_nearest_with_its_reason():
    huge = replace(MODEL, ram_bytes=10**9)
    found = decide(workload(model=huge, latency_max=0.5), [ENGINE], UPLINKS[:1])
    assert found.best is None
    assert found.cheapest is None
    assert found.factor is None
    assert "nothing fits; nearest is" in found.answer
    assert any("B of RAM" in refusal for option in found.options for refusal in option.refusals)


def test_the_cheapest_in_money_may_be_another_than_the_least_in_energy():
    free = replace(LTE_M, name="Wi-Fi", cents_per_mib=0.0, start_j=5.0)
    found = decide(workload(), [ENGINE], [UPLINKS[0], Uplink(free, UPLINKS[0].link)])
    assert found.best is not None
    assert found.cheapest is not None
    assert (found.best.radio, found.cheapest.radio) == ("LTE-M", "Wi-Fi")


def test_a_radio_that_is_busy_all_day_is_refused():
    slow = Uplink(replace(LTE_M, start_s=600.0), UPLINKS[0].link)
    raw = next(o for o in decide(workload(), [], [slow]).options if o.kind == "uplink")
    assert "would be busy" in raw.refusals[0]


def test_without_a_radio_nothing_is_told_to_anyone():
    with pytest.raises(PowerError, match="no radio is given"):
        decide(workload(), [ENGINE], [])


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"events": -1.0}, "events a day is -1"),
        ({"event_bytes": 0.0}, "bytes of an event is 0"),
        ({"result_bytes": float("nan")}, "bytes of a result is nan"),
        ({"told": 30.0}, "share of events that are told is 30"),
        ({"cloud_s": 500_000.0}, "is this in ms?"),
        ({"latency_max": 0.0}, "longest time to an answer (s) is 0"),
        ({"accuracy_min": 90.0}, "least accuracy is 90"),
        ({"source": ""}, "workload what passed has no source"),
    ],
)
def test_a_workload_that_cannot_be_meant_is_refused(more, said):
    with pytest.raises(PowerError) as caught:
        workload(**more)
    assert said in str(caught.value)


@given(st.floats(0, 1000), st.floats(1, 1e5), st.floats(0, 1))
def test_a_verdict_is_the_least_of_what_can_be_done(events, size, told):
    found = decide(workload(events=events, event_bytes=size, told=told), measured_engines(), UPLINKS)
    feasible = [option for option in found.options if option.feasible]
    assert (found.best is None) == (not feasible)
    if found.best is not None:
        assert found.best.joules == min(option.joules for option in feasible)
        assert found.best is found.options[0]


@given(st.floats(0, 500), st.floats(0, 500))
def test_more_events_never_cost_less(one, other):
    low, high = sorted((one, other))
    costs = [decide(workload(events=events), [ENGINE], UPLINKS[:1]).options for events in (low, high)]
    by_name = [{option.name: option.joules for option in options} for options in costs]
    assert all(by_name[0][name] <= by_name[1][name] * (1 + 1e-9) for name in by_name[0])
