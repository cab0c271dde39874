"""The truth is kept as it was told, the readings stay within the contract, and percentiles are what they say."""

from random import Random

from hypothesis import given, strategies as st

from seamline.contract import Field, FieldType, Layout
from seamline.rig.latency import Latencies
from seamline.rig.truth import DeviceTruth, Sent, StreamKey
from seamline.rig.values import Sensor

LAYOUT = Layout(
    product="probe",
    message="all",
    message_id=1,
    version=1,
    fields=(
        Field(name="small", type=FieldType.I8),
        Field(name="wide", type=FieldType.U64),
        Field(name="flag", type=FieldType.BOOL),
        Field(name="mode", type=FieldType.U8, enum={0: "off", 7: "on"}, enum_name="mode"),
        Field(name="counts", type=FieldType.U16, calibrated=True, calibration="ntc"),
    ),
)
KEY = StreamKey(7, 1, 1)


@given(seed=st.integers(0, 2**32), moments=st.lists(st.floats(0, 1e6), min_size=1, max_size=20))
def test_readings_are_always_what_the_contract_allows(seed: int, moments: list[float]) -> None:
    sensor = Sensor(LAYOUT, Random(seed))
    for moment in moments:
        LAYOUT.pack(sensor.read(moment))  # raises when a value may not be sent


def test_the_same_stream_reads_the_same() -> None:
    first, again = (Sensor(LAYOUT, Random(5)) for _ in range(2))
    assert [first.read(n / 3) for n in range(50)] == [again.read(n / 3) for n in range(50)]


def test_records_come_back_as_they_were_noted() -> None:
    sensor = Sensor(LAYOUT, Random(1))
    truth = DeviceTruth("probe-1")
    stream = truth.stream(KEY, LAYOUT, "1.0.0")
    told = [sensor.read(float(n)) for n in range(9)]
    for n, values in enumerate(told):
        stream.append(n * 10, 1_700_000_000_000 + n, LAYOUT.pack(values))
    assert [stream.values(n) for n in range(9)] == told
    assert truth.numbered == 9
    assert list(stream.uptime_ms) == [n * 10 for n in range(9)]


def test_marks_give_each_record_its_latency_once() -> None:
    truth = DeviceTruth("probe-1")
    stream = truth.stream(KEY, LAYOUT, "1.0.0")
    for n in range(4):
        stream.append(n, 1000 + n, bytes(LAYOUT.record_bytes - 4))
    stream.sent.append(Sent(0, 2, 1010))
    stream.sent.append(Sent(2, 4, 1020))
    assert list(truth.marked(KEY, 3, 1030)) == [(30, 20), (29, 20), (28, 10)]
    assert list(truth.marked(KEY, 3, 1040)) == []
    assert list(truth.marked(KEY, 99, 1050)) == [(47, 30)]
    assert truth.acknowledged == 4
    assert list(truth.marked(StreamKey(8, 1, 1), 5, 1060)) == []


@given(st.lists(st.integers(-5, 10_000_000), min_size=1, max_size=300))
def test_percentiles_are_within_the_rounding_of_the_exact_ones(values: list[int]) -> None:
    latencies = Latencies()
    for value in values:
        latencies.add(value)
    exact = sorted(max(0, value) for value in values)
    for percent in (50, 90, 99, 100):
        wanted = exact[-(-len(exact) * percent // 100) - 1]
        told = latencies.percentile(percent)
        assert told is not None
        assert wanted * 0.99 - 1 <= told <= wanted
    assert latencies.summary()["count"] == len(values)


def test_no_latencies_have_no_percentiles() -> None:
    assert Latencies().summary() == {"p50": None, "p90": None, "p99": None, "max": None, "count": 0}


def test_boots_before_the_truth_began_are_earlier_and_only_where_it_began_late() -> None:
    truth = DeviceTruth("probe-1")
    assert not truth.is_earlier(7, 1)
    truth.begun = {7: 3}
    assert [truth.is_earlier(7, boot) for boot in (1, 2, 3, 4)] == [True, True, False, False]
    assert truth.is_earlier(8, 1)  # another incarnation: nothing is known of it
