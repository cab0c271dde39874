"""Every part of the contract's model is judged: the table is complete, and each single change is seen."""

import dataclasses

import pytest
from hypothesis import given, settings, strategies as st
from tests.unit.contract.evolution import specimen

from seamline.contract.evolution import Category, compare, compare_layouts
from seamline.contract.evolution.part import Derived
from seamline.contract.evolution.table import TABLE, UNCLASSIFIED, parts_of
from seamline.contract.model import Contract

W, M, B, S = Category.WIRE, Category.MEANING, Category.BEHAVIOUR, Category.SOURCE
SENSIBLE = {
    "Layout": {W}, "Reserved": {W}, "Field": {W, M, S}, "Value": {W, M}, "Property": {W, M, B}, "Command": {W, M, B},
    "Calibration": {M}, "Fault": {M, B, S}, "Clock": {M}, "Message": {W, B}, "Contract": {W, M, B, S}, "Owner": {B, S}, "Inferred": {M},
}  # fmt: skip
"""Where the language puts each part; all others are behaviour."""
CHANGES = {}
for one, what, changed_contract in specimen.changed(specimen.CONTRACT):
    CHANGES.setdefault(f"{one}.{what}", []).append(changed_contract)


def test_the_table_knows_every_part_of_the_model_and_nothing_else():
    model = {
        each.__name__: {field.name for field in dataclasses.fields(each) if field.init} for each in specimen.classes(Contract)
    }
    assert {name: set(parts) for name, parts in TABLE.items()} == model


@pytest.mark.parametrize("name", CHANGES)
def test_no_change_goes_unseen(name):
    model, attribute = name.split(".")
    part = TABLE[model][attribute]
    for changed in CHANGES[name]:
        if not part.restates:
            found = compare(specimen.CONTRACT, changed)
            assert all(each.firmware for each in found)
        elif model == "Field":
            found = compare_layouts(*(each.messages["m"].layout for each in (specimen.CONTRACT, changed)))
        else:
            continue  # a twin's or a command's value restates the enum that it names, and no layout has it
        assert part.category in {each.category for each in found} <= SENSIBLE.get(model, {B})
        assert all(each.old != each.new and each.reason for each in found)


def test_every_part_of_the_model_was_changed_once():
    judged = {f"{name}.{key}" for name, parts in TABLE.items() for key, part in parts.items() if not isinstance(part, Derived)}
    never_absent = {"Message.layout", *(f"Contract.{name}" for name in ("fleet", "timing", "backoff", "buffer", "clock"))}
    assert judged - set(CHANGES) == never_absent  # what is inside them is changed instead


def test_what_follows_from_other_parts_says_from_which():
    for parts in TABLE.values():
        assert all(part.source for part in parts.values() if isinstance(part, Derived))


def test_a_part_that_nobody_has_judged_is_breaking():
    assert parts_of(int) == {}
    assert UNCLASSIFIED.judge(None).breaking


@st.composite
def contracts(draw):
    """The specimen with up to four changes, one after the other."""
    contract = specimen.CONTRACT
    for _ in range(draw(st.integers(0, 4))):
        options = list(specimen.changed(contract))
        contract = options[draw(st.integers(0, len(options) - 1))][2]
    return contract


@given(contracts())
@settings(max_examples=50, deadline=None)
def test_a_contract_does_not_differ_from_itself(contract):
    assert compare(contract, contract) == ()


@given(contracts(), contracts())
@settings(max_examples=50, deadline=None)
def test_seen_from_the_other_side_the_same_things_differ(one, other):
    there, back = compare(one, other), compare(other, one)
    assert {(each.path, each.category, each.old, each.new) for each in there} == {
        (each.path, each.category, each.new, each.old) for each in back
    }
