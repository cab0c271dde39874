"""Single values: what each kind reads, exactly, and what it refuses."""

import json
import pickle
from decimal import Decimal

import pytest
from hypothesis import given, strategies as st

from seamline.contract import scalars
from seamline.contract.checks import spoken
from seamline.contract.scalars import MONTH_MS, MS, Kind, ScalarError, duration_ms

KINDS = {name: kind for name, kind in vars(scalars).items() if isinstance(kind, Kind)} | {
    "integer": scalars.integer_between(-5, 300),
    "word": scalars.word("on power loss", "never"),
}


@pytest.mark.parametrize(
    ("read", "text", "value"),
    [
        (scalars.duration_ms, "10 s", 10_000),
        (scalars.duration_ms, "1.5 s", 1500),
        (scalars.duration_ms, "5 min", 300_000),
        (scalars.duration_ms, "72 h", 259_200_000),
        (scalars.duration_ms, "7 d", 604_800_000),
        (scalars.duration_ms, "1 ms", 1),
        (scalars.duration_ms, "1 month", 30 * 86_400_000),
        (scalars.duration_ms, "18 months", 18 * 30 * 86_400_000),
        (scalars.size_bytes, "512 KiB", 524_288),
        (scalars.size_bytes, "1.5 MiB", 1_572_864),
        (scalars.size_bytes, "1 GiB", 1 << 30),
        (scalars.size_bytes, "7 B", 7),
        (scalars.per_second, "800/s", 800),
        (scalars.ppm, "50 ppm", 50),
        (scalars.bytes_per_month, "6 MiB/month", 6 << 20),
        (scalars.bytes_per_month, "200 KiB/d", 30 * 200 << 10),
        (scalars.publishes, "3 publishes", 3),
        (scalars.publishes, "1 publish", 1),
        (scalars.decimal, "-0.01", Decimal("-0.01")),
        (scalars.decimal, "1.10", Decimal("1.10")),
        (scalars.boolean, "true", True),
        (scalars.boolean, "false", False),
        (scalars.version, "1.3.0", "1.3.0"),
        (scalars.line, "two\n  lines", "two lines"),
        (scalars.integer_between(0, 255).read, "0x4F", 79),
        (scalars.integer_between(-9, 9).read, "-9", -9),
    ],
)
def test_a_value_is_read_exactly(read, text, value):
    assert read(text) == value


@pytest.mark.parametrize(
    ("kind", "texts"),
    [
        ("DURATION", ["10", "10s", "10  s", "1e3 s", "+1 s", "-1 s", "01 s", ".5 s", "1. s", "10 sec", "22:30", "٣ s", "1 s "]),
        ("SIZE", ["1 KB", "1 kib", "0.3 B", "1"]),
        ("RATE", ["800", "800 /s", "800/min", "0/s", "0800/s", "/s"]),
        ("DECIMAL", ["1e3", "0x1", ".5", "5.", "--1", "1_000", "inf", "nan", "1,5", "9" * 21]),
        ("BOOLEAN", ["yes", "no", "on", "off", "True", "1"]),
        ("VERSION", ["1.3", "v1.3.0", "1.3.0-rc1", "01.3.0", "1.3.0.0"]),
        ("NAME", ["Room", "1st", "a-b", "a b", "é", "_a", "a" * 33, ""]),
        ("integer", ["1.0", "0o7", "0b1", "007", "1_0", "-6", "301", "0x", "-0x1"]),
        ("UNIT", ["-", "m s", "µm", ""]),
        ("TEXT", ["", " ", "a\x00b", "\u200b"]),
        ("word", ["Never", "on  power loss", ""]),
    ],
)
def test_what_is_not_of_the_kind_is_refused(kind, texts):
    for text in texts:
        with pytest.raises(ScalarError):
            KINDS[kind].read(text)


@pytest.mark.parametrize(
    ("kind", "inside", "outside", "why"),
    [
        ("DURATION", ["1 ms", "1200 months"], ["0 s", "1201 months"], "is not between 1 ms and 1200 months"),
        ("DURATION", ["0.001 s", "1.5 min"], ["0.0001 s", "1.5 ms"], "is not a whole number of ms"),
        ("SIZE", ["1 B"], ["0 B", "0 GiB"], "is not at least 1 B"),
        ("SIZE", ["0.5 KiB"], ["1.5 B", "1.0001 KiB"], "is not a whole number of B"),
        ("PPM", ["0 ppm", "100000 ppm"], ["100001 ppm"], "is not between 0 ppm and 100000 ppm"),
        ("PUBLISHES", ["1 publish", "1000 publishes"], ["0 publishes", "1001 publishes"], "is not between 1 and 1000 publishes"),
        ("BUDGET", ["1 B/d", "1 B/month"], ["6 MiB/year", "6 MiB", "6 MiB/"], "is not a budget such as '6 MiB/month' or '200 KiB/d'"),
        ("BUDGET", ["0.5 KiB/d"], ["0.0001 KiB/d"], "is not a whole number of B"),
        ("RATE", ["1/s", "9999999/s"], ["10000000/s", "1.5/s", "0/s"], "is not a rate such as '800/s'"),
        ("integer", ["-5", "300", "0x12C"], ["-6", "301", "0x12D"], "is not between -5 and 300"),
        ("DECIMAL", ["9" * 20, "-0." + "9" * 20], ["9" * 21, "0." + "9" * 21], "is not a number such as 12 or -0.01"),
        ("VERSION", ["99999.99999.99999"], ["100000.0.0", "0.0.100000"], "is not a version such as 1.3.0"),
        ("UNIT", ["m", "m" * 32, "--"], ["m" * 33, "-"], "is not a unit in UCUM form, such as Cel, W or m/s2"),
        ("NAME", ["a" * 32], ["a" * 33], f"is not {scalars.NAME.wanted}"),
        ("SHORT_NAME", ["a" * 24], ["a" * 25], f"is not {scalars.SHORT_NAME.wanted}"),
        ("LABEL", ["a" * 48], ["a" * 49], f"is not {scalars.LABEL.wanted}"),
    ],
)  # fmt: skip
def test_a_kind_ends_where_it_says_that_it_ends(kind, inside, outside, why):
    for text in inside:
        KINDS[kind].read(text)
    for text in outside:
        with pytest.raises(ScalarError) as refused:
            KINDS[kind].read(text)
        assert str(refused.value) == why


@given(st.integers(-(10**19), 10**19), st.integers(0, 10**6), st.integers(-3, 3))
def test_an_integer_s_kind_takes_the_numbers_between_its_ends_and_no_other(low, width, step):
    high = low + width
    kind = scalars.integer_between(low, high)
    assert (kind.placeholder, kind.wanted) == (low, f"an integer from {low} to {high}")
    assert (kind.read(str(low)), kind.read(str(high))) == (low, high)
    for value in (low - 1 - abs(step), high + 1 + abs(step)):
        with pytest.raises(ScalarError, match=f"is not between {low} and {high}"):
            kind.read(str(value))


@given(st.integers(0, 2**64 - 1))
def test_an_integer_is_the_same_in_either_notation(value):
    kind = scalars.integer_between(0, 2**64 - 1)
    assert kind.read(str(value)) == kind.read(hex(value)) == kind.read(f"0x{value:X}") == value


@given(st.sampled_from(list(scalars.BYTES.items())), st.integers(1, 10**6))
def test_a_budget_is_a_size_a_month_or_thirty_times_one_a_day(unit, count):
    word, size = unit
    assert scalars.bytes_per_month(f"{count} {word}/month") == count * size
    assert scalars.bytes_per_month(f"{count} {word}/d") == 30 * count * size


@pytest.mark.parametrize(
    ("choices", "wanted", "why"),
    [
        (("on", "off"), "one of on, off", "is not one of: on, off"),
        (("on",), "on", "is not on"),
    ],
)
def test_a_word_s_kind_names_its_choices_and_takes_them_alone(choices, wanted, why):
    kind = scalars.word(*choices)
    assert (kind.wanted, kind.choices, kind.placeholder) == (wanted, choices, choices[0])
    assert [kind.read(choice) for choice in choices] == list(choices)
    with pytest.raises(ScalarError) as refused:
        kind.read("On")
    assert str(refused.value) == why


@given(st.text(max_size=12))
def test_text_for_people_is_one_line_with_single_spaces(text):
    try:
        read = scalars.line(text)
    except ScalarError:
        assert not text.strip() or not " ".join(text.split()).isprintable()
        return
    assert read.split(" ") == text.split()


@pytest.mark.parametrize("name", KINDS)
@given(text=st.one_of(st.text(max_size=40), st.from_regex(r"\A-?[0-9.]{0,30} ?[A-Za-z/]{0,9}\Z")))
def test_any_text_is_read_or_refused_never_a_traceback(name, text):
    kind = KINDS[name]
    try:
        value = kind.read(text)
    except ScalarError:
        return
    assert isinstance(value, type(kind.placeholder))


@given(st.integers(1, scalars.DURATION_MS_MAX))
def test_a_duration_in_ms_is_itself_and_spoken_it_is_the_same_again(ms):
    text = f"{ms} ms"
    if ms < 10**15:
        assert scalars.duration_ms(text) == ms
        assert scalars.duration_ms(spoken(ms)) == ms


@given(st.tuples(*[st.integers(0, 99_999)] * 3), st.tuples(*[st.integers(0, 99_999)] * 3))
def test_versions_compare_as_numbers(one, other):
    keys = [scalars.version_key(scalars.version(".".join(map(str, parts)))) for parts in (one, other)]
    assert (keys[0] < keys[1]) == (one < other)


@given(st.sampled_from([(unit, ms) for unit, ms in MS.items()] + [("months", MONTH_MS)]), st.integers(1, 1000))
def test_a_duration_is_its_number_and_remembers_its_words(unit, count):
    word, ms = unit
    text = f"{count} {word}"
    read = duration_ms(text)
    assert (read, read.text, spoken(read)) == (count * ms, text, text)
    copied = pickle.loads(pickle.dumps(read))
    assert (copied, copied.text) == (read, text)
    assert type(read + 1) is type(read // 2) is int
    assert json.dumps(read) == f"{read}" == str(count * ms)


def test_what_is_reckoned_from_durations_is_said_in_its_largest_whole_unit():
    assert spoken(duration_ms("16 months") - duration_ms("1 d")) == "479 d"
    assert spoken(duration_ms("72 h")) == "72 h"
    assert spoken(duration_ms("90 s") + 0) == "90 s"
    assert spoken(duration_ms("90 s") + 1) == "90001 ms"
