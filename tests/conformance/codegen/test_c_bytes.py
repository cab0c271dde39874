"""The generated C writes and reads the bytes that Python does, on every processor."""

import pytest
from tests.conformance.codegen.cases import cases, layouts
from tests.conformance.codegen.layouts import PRODUCTS, RANDOM, contract
from tests.conformance.codegen.processors import PROCESSORS, build, run

from seamline.contract.layout import Order, OutOfRange


@pytest.mark.parametrize("product", PRODUCTS)
@pytest.mark.parametrize("processor", PROCESSORS, ids=lambda processor: processor.name)
def test_c_answers_as_python_does(processor, product, tmp_path):
    """At least 1,000 drawn records of each message, packed and unpacked, every edge, refusals, and bytes nobody packed."""
    program = build(processor, contract(product), tmp_path)
    asked = cases(product)
    answers = run(program, input=b"".join(case.asked for case in asked))
    at = 0
    for case in asked:
        answer, at = answers[at : at + len(case.answer)], at + len(case.answer)
        layout = layouts(product)[case.message]
        assert answer == case.answer, f"{layout.canonical}{case.asked.hex()}"
    assert at == len(answers)


def test_the_cases_are_enough():
    for product in PRODUCTS:
        for index, _ in enumerate(layouts(product)):
            packed = [case for case in cases(product) if case.message == index and case.values is not None and case.body]
            assert len(packed) >= 1000


def test_the_random_layouts_have_everything():
    """Both orders, gaps, arrays, optional fields, and values of odd widths beyond 32 bits in each order."""
    drawn = layouts(RANDOM)[1:]
    for order in Order:
        places = [place for layout in drawn if layout.order is order for place in layout.places]
        assert any(place.bits > 32 and place.bits % 8 for place in places)
        assert any(place.bits == 64 for place in places)
        assert any(place.bit % 8 and place.field.count and place.presence_bit is not None for place in places)
        assert any(layout.reserved for layout in drawn if layout.order is order)
    fields = [field for layout in drawn for field in layout.fields]
    assert {field.out_of_range for field in fields} == set(OutOfRange)
    assert any(field.enum for field in fields)
    assert any(field.flags for field in fields)
    assert any(field.type.signed and field.type.bits % 8 for field in fields)
