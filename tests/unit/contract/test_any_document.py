"""Any document that a person could get wrong is a contract, or is refused with places and remedies: never a traceback.

Documents are base.yaml and the examples with pieces left out, put elsewhere, or replaced by what belongs to another key.
"""

import json
from functools import cache
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings, strategies as st
from tests.unit.contract.corpus.marks import BASE

from seamline.contract import ContractErrors, loads
from seamline.contract.canonical import parse
from seamline.contract.problems import PROBLEMS_MAX
from seamline.contract.rules import RULES

EXAMPLES = sorted((Path(__file__).parents[3] / "examples").glob("*/contract.yaml"))
ODD = (
    *("", "0", "-1", "1", "0x", "0xFFFFFFFFFFFFFFFF", "00", "1e3", "1.5", "-0", "0.00000000000000000001", "99999999999999999999"),
    *(
        "0 s",
        "1 ms",
        "10 s",
        "10s",
        "1200 months",
        "1201 months",
        "999999999999999 d",
        "0.1 ms",
        "1 B",
        "999999 GiB",
        "0 B",
        "8 KiB",
    ),
    *(
        "0 ppm",
        "100000 ppm",
        "1/s",
        "9999999/s",
        "1000/s",
        "1001/s",
        "0.000001 EUR/MiB",
        "1 EUR/month",
        "1 bit/s",
        "0 mA",
        "1 uAh",
    ),
    *(
        "true",
        "false",
        "off",
        "~",
        "null",
        "u1",
        "u8",
        "i64",
        "u65",
        "f32",
        "bool",
        "time",
        "event",
        "retry",
        "budget",
        "idle",
        "newest",
    ),
    *(
        "light",
        "vitals",
        "mode",
        "lux",
        "maker",
        "radio-broker",
        "oldest light",
        "vitals/1",
        "2.1.0",
        "99999.0.0",
        "%",
        "Cel",
        "ä\u200b",
    ),
)
LEAVES = st.sampled_from(ODD) | st.text(max_size=8)


def tree(text):
    """A document as mappings, lists and texts."""
    return yaml.load(text, Loader=yaml.BaseLoader)


@cache
def bases():
    return [tree(BASE), *(tree(path.read_text(encoding="utf-8")) for path in EXAMPLES)]


def paths(node, path=()):
    """Every place of a tree but its root."""
    items = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, value in items:
        yield (*path, key)
        yield from paths(value, (*path, key))


def at(node, path):
    for key in path:
        node = node[key]
    return node


@st.composite
def documents(draw):
    """A base with up to five pieces changed."""
    changed = json.loads(json.dumps(draw(st.sampled_from(bases()))))
    for _ in range(draw(st.integers(1, 5))):
        places = list(paths(changed))
        *around, key = draw(st.sampled_from(places))
        home, what = at(changed, around), draw(st.sampled_from(["leave out", "graft", "odd", "list", "mapping", "add", "rename"]))
        graft = json.loads(json.dumps(at(changed, draw(st.sampled_from(places)))))
        if what == "leave out":
            del home[key]
        elif what == "add" and isinstance(home, dict):
            home[draw(LEAVES | st.sampled_from([str(path[-1]) for path in places]))] = graft
        elif what == "rename" and isinstance(home, dict):
            home[draw(LEAVES)] = home.pop(key)
        else:
            home[key] = {"graft": graft, "list": [home[key], graft], "mapping": {str(key): graft}}.get(what) or draw(LEAVES)
        if not changed:
            break
    return yaml.safe_dump(
        changed, allow_unicode=draw(st.booleans()), default_flow_style=draw(st.sampled_from([None, False, True])), width=200
    )


def read(text, *, pure=False):
    """The contract, or the problems."""
    try:
        return loads(text, "any.yaml", pure=pure)
    except ContractErrors as errors:
        return errors.problems


def assert_can_be_acted_on(problem, text):
    assert problem.code in RULES
    for span, said in ((problem.span, problem.message), *problem.related):
        assert span.file == "any.yaml"
        assert (1, 1) <= (span.line, span.column) <= (span.end_line, span.end_column)
        assert span.end_line <= text.count("\n") + 2
        assert said.isprintable()
        assert said
    assert problem.fix
    assert problem.fix.isprintable()


@settings(max_examples=150)
@given(documents())
def test_a_document_is_a_contract_or_is_refused_with_a_place_and_a_remedy(text):
    found = read(text)
    if not isinstance(found, tuple):
        assert read(text).document == found.document
        for layout in (message.layout for message in found.messages.values()):
            assert parse(layout.canonical).record_bytes == layout.record_bytes
        return
    assert 1 <= len(found) <= PROBLEMS_MAX + 1
    assert list(found) == sorted(found, key=lambda problem: (problem.span.line, problem.span.column, problem.code))
    for problem in found:
        assert_can_be_acted_on(problem, text)


@settings(max_examples=60)
@given(documents())
def test_both_parsers_refuse_a_document_for_the_same_reasons(text):
    found, pure = read(text), read(text, pure=True)
    assert isinstance(found, tuple) == isinstance(pure, tuple)
    if isinstance(found, tuple):
        assert found == pure
    else:
        assert found.document == pure.document


@pytest.mark.parametrize("written", [r"\e[31mred", r"two\nlines", r"\u202eback", r"\x07bell", r"\0"])
@pytest.mark.parametrize(
    "place",
    ['product: "@"\n', '"@": lamp\n', 'owners: {"@": {team: a, contact: b}}\n', 'owners: {maker: {"@": a}}\n', 'version: "@"\n'],
)
def test_no_message_hands_on_what_a_terminal_would_obey(written, place):
    with pytest.raises(ContractErrors) as caught:
        loads(place.replace("@", written), "any.yaml")
    assert all(line.isprintable() for line in str(caught.value).split("\n"))
    for problem in caught.value.problems:
        assert_can_be_acted_on(problem, place)
