"""Parts kept flat become the shapes that they are, in their order, whatever stands between them."""

import gc
from array import array

import pytest
import shapely
from hypothesis import given, strategies as st

from seamline.site.survey import SurveyError
from seamline.site.survey.kml import read_kml
from seamline.site.survey.shapes import Part, Parts, Places

NUMBERS = st.integers(-90, 90)


def places(width, least, most):
    return st.lists(st.tuples(*[NUMBERS] * width), min_size=least, max_size=most)


def rings(width):
    open_ones = st.lists(places(width, 3, 5), min_size=1, max_size=3)
    return open_ones.map(lambda found: [[*ring, ring[0]] for ring in found])


DRAWN = st.sampled_from([2, 3]).flatmap(
    lambda width: st.one_of(
        st.tuples(st.just("Point"), places(width, 1, 1).map(lambda one: [one])),
        st.tuples(st.just("LineString"), places(width, 2, 4).map(lambda one: [one])),
        st.tuples(st.just("Polygon"), rings(width)),
    )
)


def part_of(kind, sequences):
    return Part(kind, [Places(array("d", [n for place in one for n in place]), len(one[0])) for one in sequences])


def shape_of(kind, sequences):
    if kind == "Point":
        return shapely.Point(sequences[0][0])
    return shapely.LineString(sequences[0]) if kind == "LineString" else shapely.Polygon(sequences[0], sequences[1:])


@given(st.lists(st.lists(DRAWN, max_size=3), max_size=6))
def test_every_part_becomes_its_own_shape(drawn):
    parts = Parts()
    which = [parts.add([part_of(*one) for one in together]) for together in drawn]
    shapes = parts.built()
    assert len(shapes) == sum(map(len, drawn))
    for at, together in zip(which, drawn, strict=True):
        found = shapes[at.start : at.stop]
        assert [shapely.to_wkt(one, output_dimension=3) for one in found] == [
            shapely.to_wkt(shape_of(*one), output_dimension=3) for one in together
        ]


@pytest.mark.parametrize("data", [b"<kml/>", b"<kml>"])
def test_the_garbage_collector_is_as_it_was_after_a_survey_is_read_or_refused(data):
    assert gc.isenabled()
    try:
        read_kml(data, "survey")
    except SurveyError:
        assert data == b"<kml>"
    assert gc.isenabled()
