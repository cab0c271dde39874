"""The local frame: there and back, the right zone, and how far its north is from true north."""

import math

import pytest
from hypothesis import given, strategies as st
from pyproj import Geod
from shapely.geometry import Point

from seamline.site import SiteError
from seamline.site.plan.local import LocalFrame, anchor_of, made_for, projected, tangent, utm_of

ZONES = [
    ((8.5, 50.0), 32632),
    ((-70.7, -33.4), 32719),
    ((0.0, 0.0), 32631),
    ((5.3, 60.4), 32632),  # Bergen: zone 32 reaches to the west
    ((15.6, 78.2), 32633),  # Longyearbyen
    ((8.0, 79.0), 32631),
    ((25.0, 80.0), 32635),
    ((40.0, 75.0), 32637),
    ((179.9, 10.0), 32660),
    ((-180.0, 10.0), 32601),
]


@pytest.mark.parametrize(("place", "code"), ZONES)
def test_the_zone_is_utms_with_its_exceptions(place, code):
    assert utm_of(*place) == code


@pytest.mark.parametrize("lat", [84.5, -80.5])
def test_near_the_poles_a_frame_must_be_named(lat):
    with pytest.raises(SiteError, match="UTM does not reach"):
        utm_of(0.0, lat)


@given(st.floats(-179.5, 179.5), st.floats(-79.0, 83.0), st.floats(-5000, 5000), st.floats(-5000, 5000))
def test_there_and_back_is_the_same_place(lon, lat, x, y):
    frame = LocalFrame(f"EPSG:{utm_of(lon, lat)}")
    east, north = frame.local(lon, lat)
    near = LocalFrame(frame.crs, (round(east), round(north)))
    there = near.local(*near.degrees(x, y))
    assert there == pytest.approx((x, y), abs=0.001)


@pytest.mark.parametrize(("lon", "lat"), [(8.5, 50.0), (11.9, 60.0), (-70.7, -33.4), (6.1, 5.0)])
def test_a_heading_and_the_convergence_make_the_true_bearing(lon, lat):
    frame = LocalFrame(f"EPSG:{utm_of(lon, lat)}")
    x, y = frame.local(lon, lat)
    there = frame.degrees(x + 100 * math.sin(math.radians(40)), y + 100 * math.cos(math.radians(40)))
    bearing, _, _ = Geod(ellps="WGS84").inv(lon, lat, *there)
    assert bearing == pytest.approx(40 + frame.convergence(x, y), abs=0.01)


def test_a_frame_of_its_own_has_its_origin_at_zero():
    frame = LocalFrame(tangent(8.5, 50.0))
    assert frame.local(8.5, 50.0) == pytest.approx((0.0, 0.0), abs=1e-6)
    assert frame.to_degrees(Point(0, 0)).distance(Point(8.5, 50.0)) < 1e-9
    assert frame.convergence(0.0, 0.0) == pytest.approx(0.0, abs=1e-9)


def test_altitudes_are_left_behind():
    assert not LocalFrame("EPSG:32632").to_local(Point(8.5, 50.0, 300.0)).has_z
    assert LocalFrame("EPSG:32632").to_local_all([]) == []


def test_what_is_nowhere_is_named():
    with pytest.raises(SiteError, match="are longitude and latitude exchanged"):
        LocalFrame("EPSG:32632").local(99.0, 0.0)


@pytest.mark.parametrize(
    ("code", "message"), [(4326, "is not in metres"), (2263, "is not in metres"), (1024, "is no frame of coordinates")]
)
def test_a_frame_that_is_not_in_metres_is_refused(code, message):
    with pytest.raises(SiteError, match=message):
        projected(code)


def test_a_frame_is_made_for_its_region():
    assert made_for(25832, 8.5, 50.0)
    assert made_for(32632, 13.0, 50.0)  # a neighbouring zone
    assert not made_for(32632, 30.0, 50.0)
    assert not made_for(32632, 8.5, -50.0)
    assert made_for(32660, -179.5, 10.0)  # across the date line


def test_an_anchor_is_on_whole_hundreds():
    assert anchor_of(464163.2, 5538711.9) == (464100.0, 5538700.0)
    assert anchor_of(-0.1, 100.0) == (-100.0, 100.0)
