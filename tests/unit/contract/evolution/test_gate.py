"""Bits of old fields stay where they are, whatever moves them."""

from pathlib import Path

import pytest

from seamline.contract import ContractErrors, load_family

BASE = (Path(__file__).parents[1] / "base.yaml").read_text(encoding="utf-8")
FIELDS = BASE[BASE.index("    fields:") : BASE.index("  vitals:")]


def contract(version, layout, fields, encoding=""):
    text = BASE.replace("version: 2.1.0", f"version: {version}").replace("layout: 4", f"layout: {layout}{encoding}")
    return text.replace(FIELDS, "    fields:\n" + "".join(f"      - {field}\n" for field in fields))


def problems(tmp_path, old, new):
    (tmp_path / "released").mkdir(exist_ok=True)
    (tmp_path / "released" / "2.0.0.yaml").write_text(old, encoding="utf-8")
    (tmp_path / "contract.yaml").write_text(new, encoding="utf-8")
    try:
        load_family(tmp_path)
    except ContractErrors as errors:
        return list(errors.problems)
    return []


def codes(tmp_path, old, new):
    return [(problem.code, problem.message) for problem in problems(tmp_path, old, new)]


A, B, GAP = "{name: a, type: u4}", "{name: b, type: u4}", "{reserved: 4}"
BIG = "\n    encoding: {order: big}"


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ([A, GAP], [A, B], None),  # a new field in what was reserved moves nothing
        ([A, GAP, B], [A, B], "SL307"),
        ([A, B], [GAP, A, B], "SL307"),
        ([A, B], [A, "{name: b, type: u4, optional: true}"], "SL307"),
        ([A, B], [A, B, "{name: c, type: u8, optional: true}"], None),
        ([A, B], [A, "{name: b, type: u5}"], "SL308"),
        ([A, B], [A, "{name: b, type: u4, count: 2}"], "SL308"),
        ([A, "{name: b, type: u4, range: [0, 9]}"], [A, "{name: b, type: u4, range: [0, 9], out_of_range: missing}"], None),
        ([A, B], [A, "{name: b, type: u4, unit: V}"], "SL309"),
    ],
)
def test_a_new_layout_leaves_old_bits_in_their_places(old, new, code, tmp_path):
    found = codes(tmp_path, contract("2.0.0", 4, old), contract("2.1.0", 5, new))
    assert [each for each, _ in found] == ([] if code is None else [code])


def test_a_new_layout_keeps_the_byte_order(tmp_path):
    ((code, message),) = codes(tmp_path, contract("2.0.0", 4, [A, B]), contract("2.1.0", 5, [A, B], BIG))
    assert code == "SL308"
    assert message == "layout 5 has another byte order than layout 4"


def test_every_changed_field_is_told_once(tmp_path):
    changed = ["{name: a, type: u4, unit: V, scale: 2}", "{name: b, type: u4, unit: A}"]
    found = codes(tmp_path, contract("2.0.0", 4, [A, B]), contract("2.1.0", 5, changed))
    assert [message.split(" has")[0] for _, message in found] == ["'a'", "'b'"]


def test_a_layout_number_has_one_meaning_to_the_last_word(tmp_path):
    ((code, message),) = codes(
        tmp_path, contract("2.0.0", 4, [A, B]), contract("2.1.0", 4, [A, "{name: b, type: u4, quantity: voltage, unit: V}"])
    )
    assert code == "SL306"
    assert "in fields.b.unit, fields.b.quantity (" in message


C = "{name: c, type: u8}"
MODE = "{name: mode, type: mode}"
RANGED = "{name: b, type: u4, range: [0, 9]}"
UNLIKE = "leave {} as in layout 4, and give what is new a new field at the end, with layout: 5"


@pytest.mark.parametrize(
    ("old", "new", "fix"),
    [
        ([A, B], [A, B, C], "layout: 5"),
        ([A, B], [A, RANGED], "layout: 5"),
        ([A, B], [A, "{name: b, type: u4, scale: 0.1}"], UNLIKE.format("'b'")),
        ([A, B], ["{name: a, type: u4, unit: V, scale: 2}", "{name: b, type: u5}", C], UNLIKE.format("'a', 'b'")),
        ([A, B, C], [A, C], UNLIKE.format("'b'")),
        ([A, B], [B, A], UNLIKE.format("the old fields, their bits and their order")),
        ([A, GAP, C], [A, "{reserved: 8}", C], UNLIKE.format("the old fields, their bits and their order")),
    ],
)
def test_the_remedy_for_a_kept_number_is_one_that_holds(old, new, fix, tmp_path):
    before = contract("2.0.0", 4, old)
    (problem,) = problems(tmp_path, before, contract("2.1.0", 4, new))
    assert (problem.code, problem.fix) == ("SL306", fix)
    obeyed = contract("2.1.0", 5, new if fix == "layout: 5" else [*old, "{name: fresh, type: u8}"])
    assert problems(tmp_path, before, obeyed) == []


def test_a_new_member_of_an_enum_needs_the_next_number_and_no_field(tmp_path):
    before = contract("2.0.0", 4, [A, MODE])
    after = contract("2.1.0", 4, [A, MODE]).replace("1: bright", "1: bright, 9: glaring")
    (problem,) = problems(tmp_path, before, after)
    assert (problem.code, problem.fix) == ("SL306", "layout: 5")
    assert problems(tmp_path, before, after.replace("layout: 4", "layout: 5")) == []


def test_the_newest_older_layout_is_what_counts(tmp_path):
    (tmp_path / "released").mkdir()
    (tmp_path / "released" / "1.9.0.yaml").write_text(contract("1.9.0", 3, [A]), encoding="utf-8")
    assert codes(tmp_path, contract("2.0.0", 4, [A, B]), contract("2.1.0", 5, [A, B])) == []
    ((code, _),) = codes(tmp_path, contract("2.0.0", 4, [A, B]), contract("2.1.0", 5, [A]))
    assert code == "SL307"
