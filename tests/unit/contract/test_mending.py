"""What a problem offers to write can be read, says what was meant, and is not guessed where it could be two things."""

import re
from functools import cache

import pytest
import yaml
from hypothesis import given, strategies as st
from tests.unit.contract.corpus import crossing, events, fields, sections
from tests.unit.contract.corpus.marks import MARK, edited, unmarked

from seamline.contract import ContractErrors, loads, quantities, scalars
from seamline.contract.mending import mended
from seamline.contract.scalars import Kind

KINDS = {
    f"{module.__name__}.{name}": kind
    for module in (scalars, quantities)
    for name, kind in vars(module).items()
    if isinstance(kind, Kind)
} | {"byte": scalars.integer_between(1, 255), "store": scalars.word("ram", "flash"), "jitter": scalars.word("full")}
CASES = sections.CASES | fields.CASES | crossing.CASES | events.CASES


@pytest.mark.parametrize(
    ("kind", "wrong", "meant"),
    [
        (scalars.DURATION, "1s", "1 s"),
        (scalars.DURATION, "90sec", "90 s"),
        (scalars.DURATION, "90 seconds", "90 s"),
        (scalars.DURATION, "1.5  hours", "1.5 h"),
        (scalars.DURATION, "18 Months", "18 months"),
        (scalars.DURATION, "250msec", "250 ms"),
        (scalars.SIZE, "512KiB", "512 KiB"),
        (scalars.SIZE, "1.5 mib", "1.5 MiB"),
        (scalars.SIZE, "100 bytes", "100 B"),
        (scalars.PPM, "50ppm", "50 ppm"),
        (scalars.RATE, "800 / s", "800/s"),
        (scalars.RATE, "800 per second", "800/s"),
        (scalars.BUDGET, "6MiB/month", "6 MiB/month"),
        (scalars.PUBLISHES, "3publishes", "3 publishes"),
        (scalars.BOOLEAN, "yes", "true"),
        (scalars.BOOLEAN, "Off", "false"),
        (scalars.BOOLEAN, "TRUE", "true"),
        (scalars.VERSION, "1.2", "1.2.0"),
        (scalars.VERSION, "v1.2.3", "1.2.3"),
        (scalars.DECIMAL, "5e-1", "0.5"),
        (scalars.DECIMAL, "1.25E2", "125"),
        (scalars.NAME, "Set-Point", "set_point"),
        (scalars.SHORT_NAME, "The Lamp", "the_lamp"),
        (scalars.word("ram", "flash"), "falsh", "flash"),
        (scalars.word("on power loss", "never"), "on powerloss", "on power loss"),
        (quantities.EVENT_RATE, "10/hour", "10/h"),
        (quantities.EVENT_RATE, "10 per h", "10/h"),
        (quantities.CURRENT, "80mA", "80 mA"),
        (quantities.CHARGE, "2600mAh", "2600 mAh"),
        (quantities.BITRATE, "40kbit/s", "40 kbit/s"),
    ],
)
def test_what_was_probably_meant_is_offered(kind, wrong, meant):
    assert mended(kind, wrong) == meant


@pytest.mark.parametrize(
    ("kind", "wrong"),
    [
        (scalars.DURATION, "10"),
        (scalars.DURATION, "10 m"),
        (scalars.DURATION, "soon"),
        (scalars.SIZE, "16 kB"),
        (scalars.RATE, "800"),
        (scalars.DECIMAL, "1e999"),
        (scalars.DECIMAL, "xe1"),
        (scalars.DECIMAL, "1e-30"),
        (scalars.NAME, "4711"),
        (scalars.UNIT, "per cent"),
        (scalars.TEXT, ""),
        (scalars.NAME, "Long" * 11),
        (scalars.word("ram", "flash"), "tape"),
    ],
)
def test_nothing_is_offered_where_nobody_knows(kind, wrong):
    assert mended(kind, wrong) is None


@given(
    st.sampled_from(sorted(KINDS)),
    st.text(max_size=60) | st.from_regex(r"[0-9]{1,4} ?[A-Za-z]{1,6}(/ ?[a-z]{1,5})?", fullmatch=True),
)
def test_whatever_is_offered_can_be_read(name, text):
    offered = mended(KINDS[name], text)
    if offered is not None:
        KINDS[name].read(offered)


def problems(text):
    try:
        loads(text)
    except ContractErrors as errors:
        return errors.problems
    return ()


@cache
def once_wrong():
    """Cases of one problem whose marked value can be cut out, with the problem."""
    cases = [(name, marked, *unmarked(marked)) for name, marked in ((name, edited(*case)) for name, case in CASES.items())]
    told = [(name, marked, problems(text)) for name, marked, text, places in cases if len(places) == 1]
    return [(name, marked, found[0]) for name, marked, found in told if len(found) == 1]


@pytest.mark.parametrize(
    ("name", "marked", "problem"),
    [each for each in once_wrong() if each[2].code in {"SL105", "SL107", "SL109", "SL110", "SL112"}],
)
def test_a_value_that_is_written_as_the_fix_says_is_no_problem_any_more(name, marked, problem):
    fix = re.fullmatch(r"write (.+?)( without quotes)?", problem.fix)[1]
    if not re.fullmatch(r"[0-9a-z.]+|[0-9.]+ [A-Za-z]+|[0-9]+/[a-z]", fix):
        assert fix.startswith(("a ", "an ", "true or")), f"{name}: {fix}"
        return
    mark = MARK.search(marked)
    value = re.match(r"\"[^\"]*\"|'[^']*'|[^,}\n\]]+", marked[mark.end() :])[0]
    mended_text = marked[: mark.start()] + fix + marked[mark.end() + len(value) :]
    assert [each.code for each in problems(mended_text)] == []


@pytest.mark.parametrize(
    ("old", "quoted", "remedy"),
    [
        ("recovery: 60 s", "recovery: '60 s'", "60 s"),
        ("recovery: 60 s", "recovery: '60sec'", "60 s"),
        ("recovery: 60 s", "recovery: 'soon'", "a duration such as '10 s'"),
        ("recovery: 60 s", "recovery: ''", "a duration such as '10 s'"),
        ("devices_max: 1000", 'devices_max: "0x3E8"', "0x3E8"),
        ("devices_max: 1000", 'devices_max: "0"', "an integer from 1 to 10000000"),
        ("store: ram", "store: 'Falsh'", "flash"),
        ("[hub, ntp]", "[hub, 'ntp']", "ntp"),
        ("  maker: {team", "  'Maker': {team", "maker"),
        ("product: lamp", "product: 'the lamp'", "the_lamp"),
    ],
)
def test_the_remedy_for_a_value_in_quotes_is_one_that_can_be_read(old, quoted, remedy):
    (problem, *_) = (each for each in problems(edited(old, quoted)) if each.code == "SL105")
    assert problem.fix == f"write {remedy} without quotes"


def test_every_fix_that_shows_yaml_shows_yaml_that_can_be_read():
    shown = 0
    for _, _, problem in once_wrong():
        for piece in re.findall(r"^([a-z_]+: \[[^\]]*\]|[a-z_]+: [^,:]+?)(?:,| or|$)", problem.fix or ""):
            read = yaml.safe_load(piece)
            assert isinstance(read, dict), problem.fix
            assert len(read) == 1, problem.fix
            shown += 1
        for piece in re.findall(r"'([a-z_]+: [^']+)'", problem.fix or ""):
            assert isinstance(yaml.safe_load(piece), dict), problem.fix
    assert shown > 20


def test_every_problem_of_the_corpus_offers_a_fix():
    assert [name for name, _, problem in once_wrong() if not problem.fix] == []
