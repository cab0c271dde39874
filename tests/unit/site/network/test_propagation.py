"""Free space and diffraction against published values, and what must hold for every path."""

import math

import numpy as np
import pytest
from hypothesis import assume, given, strategies as st
from shapely.geometry import box

from seamline.site import Grid, Scene, Solid
from seamline.site.network.profile import Antenna, Ground
from seamline.site.network.propagation import (
    LIGHT_M_S,
    bullington_db,
    free_space_db,
    knife_edge_db,
    nu_of,
    path_loss,
)
from seamline.site.network.smooth_earth import effective_heights, smooth_earth_db

GRID = Grid(10, 10, 0.0, 0.0, 1.0)
MHZ = 868.1


@pytest.mark.parametrize(("metres", "mhz", "db"), [(1000, 868, 91.2), (100, 2400, 80.0), (10_000, 868, 111.2), (1, 2450, 40.2)])
def test_free_space_is_what_p525_says_in_its_practical_units(metres, mhz, db):
    assert free_space_db(metres, mhz) == pytest.approx(db, abs=0.06)
    assert free_space_db(metres, mhz) == pytest.approx(32.4 + 20 * math.log10(mhz) + 20 * math.log10(metres / 1000), abs=0.05)


def test_nearer_than_a_metre_is_a_metre():
    assert free_space_db(0, 868) == free_space_db(1, 868)


def fresnel_loss_db(nu):
    """P.526-15 equation 30, with the Fresnel integrals summed: J(nu) = -20 log(sqrt((1-C-S)^2 + (C-S)^2) / 2)."""
    steps = np.linspace(0, nu, 200_001)
    phase = math.pi * steps**2 / 2
    c, s = np.trapezoid(np.cos(phase), steps), np.trapezoid(np.sin(phase), steps)
    return -20 * math.log10(math.hypot(1 - c - s, c - s) / 2)


@pytest.mark.parametrize("nu", [-0.7, -0.5, -0.2, 0.0, 0.3, 0.7, 1.0, 1.5, 2.0, 2.4, 3.0, 5.0, 8.0, 10.0])
def test_the_knife_edge_is_that_of_the_fresnel_integrals(nu):
    assert knife_edge_db(nu) == pytest.approx(fresnel_loss_db(nu), abs=0.3)


def test_an_edge_that_grazes_costs_six_decibels_and_one_far_below_nothing():
    assert knife_edge_db(0) == pytest.approx(6.03, abs=0.01)
    assert knife_edge_db(-0.78) == 0.0
    assert knife_edge_db(-0.77) < 0.1
    assert knife_edge_db(2.4) == pytest.approx(20.54, abs=0.01)


def test_fresnels_parameter_is_that_of_a_textbook_example():
    """Rappaport, Wireless Communications, 2nd ed., example 4.7 a: wavelength 1/3 m, 25 m above the line, 1 km either way: 2.74."""
    assert nu_of(25, 1000, 1000, 1 / 3) == pytest.approx(2.74, abs=0.005)
    assert knife_edge_db(nu_of(25, 1000, 1000, 1 / 3)) == pytest.approx(21.7, abs=0.3)


VALIDATED = [
    (83079.93853, 830.0, 332.0, 1000, [(48100.0, 570.0), (55050.0, 548.0)], 32.84284766),
    (83079.93853, 850.0, 312.0, 2500, [(48100.0, 570.0), (55050.0, 548.0)], 37.229036),
    (83079.93853, 820.0, 322.0, 600, [(48100.0, 570.0), (55050.0, 548.0)], 31.22595813),
    (83079.93853, 840.0, 352.0, 200, [(48100.0, 570.0), (55050.0, 548.0)], 24.87792613),
    (83079.93853, 870.0, 307.0, 150, [(48100.0, 570.0), (55050.0, 548.0)], 24.78223928),
    (132315.397, 599.0, 558.0, 1000, [(32950.0, 556.0), (68900.0, 505.0)], 36.20419305),
    (132315.397, 619.0, 538.0, 2500, [(32950.0, 556.0), (131650.0, 539.0)], 44.81240928),
    (132315.397, 589.0, 548.0, 600, [(32950.0, 556.0), (82250.0, 475.0)], 34.43917939),
    (132315.397, 609.0, 578.0, 200, [(32950.0, 556.0), (68900.0, 505.0)], 28.37368149),
    (132315.397, 639.0, 533.0, 150, [(32950.0, 556.0), (131650.0, 539.0)], 34.61746032),
    (17396.88966, 727.0, 599.0, 1000, [(12700.0, 639.0)], 17.62040631),
    (17396.88966, 747.0, 579.0, 2500, [(12700.0, 639.0)], 25.1016907),
    (17396.88966, 717.0, 589.0, 600, [(12700.0, 639.0)], 20.25488733),
    (17396.88966, 737.0, 619.0, 200, [(12700.0, 639.0)], 10.1899085),
    (17396.88966, 767.0, 574.0, 150, [(12700.0, 639.0)], 16.27593106),
    (40511.12702, 750.0, 1438.0, 1000, [(2300.0, 778.0)], 7.8709851352),
    (40511.12702, 770.0, 1418.0, 2500, [(2300.0, 778.0)], 0.0),
    (40511.12702, 740.0, 1428.0, 600, [(2300.0, 778.0)], 15.30876397),
    (40511.12702, 760.0, 1458.0, 200, [(2300.0, 778.0)], 6.526730443),
    (40511.12702, 790.0, 1413.0, 150, [(2300.0, 778.0)], 0.0),
]
"""ITU-R, "Validation examples for the delta-Bullington diffraction prediction method", sheet "outputs", column LBA, paths 1 to 4.

Length (m), both antennas above the sea (m), MHz, those points of the profile on which the method's result hangs (m along, m above the
sea), the loss (dB).
"""


@pytest.mark.parametrize(("length", "first", "last", "mhz", "points", "db"), VALIDATED)
def test_diffraction_is_that_of_the_itus_worked_examples(length, first, last, mhz, points, db):
    places, heights = (np.array(column) for column in zip(*points, strict=True))
    assert bullington_db(places, heights, (first, last), length, mhz) == pytest.approx(db, abs=0.005)


SMOOTH = [
    (211.3366061, 30.0, 1000, 13.74840484),
    (233.4945304, 10.0, 2500, 18.5970601),
    (204.7165548, 20.0, 600, 15.79373777),
    (215.727222, 50.0, 200, 11.50981857),
    (252.3138569, 5.0, 150, 14.93033347),
]


@pytest.mark.parametrize(("first", "last", "mhz", "db"), SMOOTH)
def test_over_the_smooth_earth_it_is_that_of_the_itus_worked_examples(first, last, mhz, db):
    """The same sheet, column LBS, path 1: no terrain, only the curve of the earth, sampled every 50 m."""
    length = 83079.93853
    places = np.arange(50, length, 50)
    assert bullington_db(places, np.zeros(len(places)), (first, last), length, mhz) == pytest.approx(db, abs=0.005)


def edge_by_edge(places, heights, levels, length, mhz):
    """Bullington written once more, edge by edge."""
    first, last = levels
    wavelength = LIGHT_M_S / mhz / 1e6
    points = [(d, h + d * (length - d) / 17e6) for d, h in zip(places, heights, strict=True)]
    up, line = max((h - first) / d for d, h in points), (last - first) / length
    if up <= line:
        nus = [nu_of(h - first - line * d, d, length - d, wavelength) for d, h in points]
        loss = max(knife_edge_db(nu) for nu in nus)
    else:
        down = max((h - last) / (length - d) for d, h in points)
        at = (last - first + down * length) / (up + down)
        loss = knife_edge_db(nu_of(first + up * at - first - line * at, at, length - at, wavelength))
    return loss + (1 - math.exp(-loss / 6)) * (10 + 0.02 * length / 1000)


EDGES = st.lists(st.tuples(st.floats(1, 499), st.floats(0, 40)), min_size=1, max_size=6)
LEVELS = st.tuples(st.floats(1, 30), st.floats(1, 30))


@given(EDGES, LEVELS, st.sampled_from([433.0, 868.0, 2442.0, 5500.0]))
def test_it_is_the_method_written_once_more(edges, levels, mhz):
    places, heights = (np.array(column) for column in zip(*edges, strict=True))
    assert bullington_db(places, heights, levels, 500.0, mhz) == pytest.approx(
        edge_by_edge(places, heights, levels, 500.0, mhz), abs=1e-6
    )


@given(EDGES, LEVELS, st.floats(100, 900))
def test_it_is_the_same_both_ways(edges, levels, mhz):
    places, heights = (np.array(column) for column in zip(*edges, strict=True))
    there = bullington_db(places, heights, levels, 500.0, mhz)
    assert bullington_db(500.0 - places, heights, levels[::-1], 500.0, mhz) == pytest.approx(there, abs=1e-6)


@given(EDGES, LEVELS, st.floats(0.1, 20))
def test_an_edge_that_grows_where_it_stands_alone_costs_more(edges, levels, more):
    (at, height), *_ = edges
    low, high = (bullington_db(np.array([at]), np.array([h]), levels, 500.0, MHZ) for h in (height, height + more))
    assert low <= high + 1e-9


@given(EDGES, LEVELS)
def test_another_edge_is_never_cheaper(edges, levels):
    places, heights = (np.array(column) for column in zip(*edges, strict=True))
    fewer = bullington_db(places[1:], heights[1:], levels, 500.0, MHZ)
    # One edge in place of all may stand less sharp than the highest of them alone, by a little; never by much.
    assert bullington_db(places, heights, levels, 500.0, MHZ) >= fewer - 3.0


@given(st.floats(1, 499), st.floats(5, 40), LEVELS, st.floats(0.1, 10))
def test_raising_an_antenna_behind_one_edge_never_hurts(at, height, levels, more):
    low, high = (
        bullington_db(np.array([at]), np.array([height]), (levels[0] + rise, levels[1]), 500.0, MHZ) for rise in (0.0, more)
    )
    assert high <= low + 1e-9


@given(st.floats(1, 499), st.floats(20, 40), LEVELS, st.floats(100, 5000), st.floats(1.01, 3))
def test_in_the_shadow_higher_frequencies_lose_more(at, height, levels, mhz, times):
    assume(height > max(levels))
    low, high = (bullington_db(np.array([at]), np.array([height]), levels, 500.0, f) for f in (mhz, mhz * times))
    assert low <= high + 1e-9


def test_ground_with_nothing_on_it_costs_nothing_when_the_zone_is_clear_and_more_when_antennas_are_low():
    ground = Ground(Scene(GRID))
    high = path_loss(ground.between(Antenna(0, 0, 12), Antenna(400, 0, 12)), MHZ)
    low = path_loss(ground.between(Antenna(0, 0, 0.5), Antenna(400, 0, 0.5)), MHZ)
    assert high.diffraction_db == 0.0
    assert 20 < low.diffraction_db < 40
    assert (high.way, low.way) == ("clear", "clear")


def test_over_flat_ground_a_path_costs_what_the_smooth_earth_does():
    ground = Ground(Scene(GRID))
    for metres, height in ((40, 0.3), (999, 3), (9000, 3), (10_000, 12)):
        profile = ground.between(Antenna(0, 0, height), Antenna(metres, 0, height))
        assert path_loss(profile, MHZ).diffraction_db == pytest.approx(smooth_earth_db(metres, (height, height), MHZ), abs=0.5)


@pytest.mark.parametrize(("metres", "height"), [(100, 0.5), (300, 1), (1000, 1), (1000, 2), (3000, 2), (3000, 3)])
def test_low_antennas_lose_what_two_rays_over_a_plane_lose(metres, height):
    """The plane-earth formula 40 log d - 20 log(h1 h2), far beyond its breakpoint: within 3 dB."""
    profile = Ground(Scene(GRID)).between(Antenna(0, 0, height), Antenna(metres, 0, height))
    plane = 40 * math.log10(metres) - 40 * math.log10(height)
    assert path_loss(profile, MHZ).total_db == pytest.approx(plane, abs=3.0)


SPHERES = [
    (211.3366061, 30.0, 1000, 15.3485837),
    (233.4945304, 10.0, 2500, 23.6973069),
    (204.7165548, 20.0, 600, 20.91384864),
    (215.727222, 50.0, 200, 14.32933641),
    (252.3138569, 5.0, 150, 33.13883693),
    (37.97366242, 119.2363492, 1000, 69.45434151),
    (57.97664284, 99.82603022, 2500, 85.53863749),
    (27.97366242, 109.2363492, 600, 66.31647651),
    (47.97366242, 139.2363492, 200, 45.7547348),
    (78.00115495, 99.67579634, 150, 43.35361839),
    (110.1894677, 30.0, 1000, 0.0),
    (132.6734925, 11.9416848, 2500, 0.0),
    (102.8893122, 22.52524312, 600, 0.0),
    (118.7202148, 50.0, 200, 0.0),
    (152.2011247, 5.664441408, 150, 10.63765222),
    (139.8495825, 543.1729418, 1000, 0.0),
]
"""The same document, columns HTSP, HRSP and LSPH: effective heights (m), MHz, loss over the smooth earth (dB), horizontal."""


@pytest.mark.parametrize(("row", "first", "last", "mhz", "db"), [(row, *one) for row, one in enumerate(SPHERES)])
def test_the_smooth_earth_costs_what_the_itus_worked_examples_say(row, first, last, mhz, db):
    length = VALIDATED[row][0]
    assert smooth_earth_db(length, (first, last), mhz, vertical=False) == pytest.approx(db, abs=0.01)


def test_the_smooth_surface_of_a_plane_is_that_plane():
    places = np.array([100.0, 250.0, 700.0])
    heights = effective_heights(places, 5 + places / 100, (5.0, 15.0), (8.0, 21.0), 1000.0)
    assert heights == pytest.approx((3.0, 6.0))


def test_a_hill_between_lowers_the_surface_and_no_antenna_is_below_it():
    places = np.arange(50.0, 1000.0, 50.0)
    hill = 40 * np.exp(-(((places - 500) / 100) ** 2))
    assert min(effective_heights(places, hill, (0.0, 0.0), (2.0, 2.0), 1000.0)) > 2.0
    valley = effective_heights(places, -hill, (0.0, 0.0), (2.0, 2.0), 1000.0)
    assert min(valley) >= 2.0
    assert effective_heights(np.empty(0), np.empty(0), (3.0, 1.0), (3.0, 1.0), 10.0) == pytest.approx((0.0, 0.0))


def test_antennas_on_the_ground_itself_have_an_answer():
    assert smooth_earth_db(1000, (0.0, 0.0), MHZ) > smooth_earth_db(1000, (0.5, 0.5), MHZ)
    assert math.isfinite(smooth_earth_db(1000, (0.0, 0.0), MHZ, vertical=False))
    assert math.isfinite(path_loss(Ground(Scene(GRID)).between(Antenna(0, 0, 0), Antenna(50, 0, 0)), MHZ).total_db)


@given(st.floats(1, 10_000), st.floats(0, 50), st.floats(0, 50), st.floats(100, 6000))
def test_the_smooth_earth_is_the_same_both_ways_and_never_helps(length, first, last, mhz):
    there = smooth_earth_db(length, (first, last), mhz)
    assert there >= 0
    assert smooth_earth_db(length, (last, first), mhz) == pytest.approx(there, abs=1e-6)


@given(st.floats(20, 10_000), st.floats(0.3, 20), st.floats(0.3, 20), st.floats(0.1, 5))
def test_over_the_smooth_earth_a_higher_antenna_never_loses_more(length, first, last, more):
    low, high = (smooth_earth_db(length, (first + rise, last), MHZ) for rise in (0.0, more))
    assert high <= low + 0.3, "where the method changes over, a tenth of a decibel"


BARN = Solid.of(box(40, -20, 60, 20), 8.0, "barn")


def across(walls=None, heights=(2.0, 2.0), solids=(BARN,), ends=((0, 0), (100, 0)), mhz=MHZ):
    profile = Ground(Scene(GRID, solids)).between(Antenna(*ends[0], heights[0]), Antenna(*ends[1], heights[1]))
    return path_loss(profile, mhz, walls)


def test_a_building_without_stated_walls_is_passed_over_its_roof():
    loss = across()
    assert (loss.way, loss.over, loss.through) == ("over", ("barn",), ())
    assert loss.penetration_db == 0.0
    assert loss.diffraction_db > 20


def test_thin_walls_are_gone_through_and_thick_ones_are_not_and_it_says_which_won():
    thin, thick = across({"barn": 4.0}), across({"barn": 40.0})
    assert (thin.way, thin.through, thin.penetration_db) == ("through", ("barn",), 8.0)
    assert thin.diffraction_db < across().diffraction_db
    assert (thick.way, thick.through) == ("over", ())
    assert thick == across()


def test_the_cheapest_mix_of_over_and_through_wins():
    low, tall = Solid.of(box(30, -20, 32, 20), 2.4, "low"), Solid.of(box(60, -20, 80, 20), 20.0, "tall")
    loss = across({"low": 30.0, "tall": 3.0}, solids=(low, tall))
    assert (loss.way, loss.over, loss.through) == ("over and through", ("low",), ("tall",))
    everything = [across(walls, solids=(low, tall)).total_db for walls in ({}, {"low": 30.0}, {"tall": 3.0})]
    assert loss.total_db <= min(everything)


def test_of_many_solids_all_or_none_are_gone_through():
    row = [Solid.of(box(10 * i, -5, 10 * i + 3, 5), 9.0, f"hall-{i}") for i in range(1, 9)]
    walls = {solid.name: 1.0 for solid in row}
    assert across(walls, solids=row).through == tuple(walls)
    assert across(dict.fromkeys(walls, 30.0), solids=row).through == ()


def test_from_inside_there_is_only_a_way_through_and_without_a_stated_wall_none():
    inside = ((50, 0), (100, 0))
    assert across(ends=inside).way == "shut"
    assert across(ends=inside).shut == ("barn",)
    assert across(ends=inside).total_db == math.inf
    told = across({"barn": 9.0}, ends=inside)
    assert (told.way, told.penetration_db) == ("through", 9.0), "one wall, from the inside"
    assert across({"barn": 9.0}, ends=inside[::-1]).penetration_db == 9.0
    within = across({"barn": 9.0}, ends=((45, 0), (55, 0)))
    assert (within.penetration_db, within.way) == (0.0, "through"), "no wall between two rooms of one building"
    assert across(ends=((45, 0), (55, 0))) == within, "stated or not"


def test_an_antenna_on_the_roof_is_outside():
    loss = across(heights=(9.0, 2.0), ends=((50, 0), (100, 0)))
    assert loss.way == "over"
    assert loss.shut == ()
    assert across(heights=(10.0, 30.0), ends=((50, 0), (100, 0))).way == "clear"


def test_an_antenna_on_the_far_wall_is_in_deep_shadow():
    wall, front = across(ends=((40, 0), (100, 0))), across(ends=((20, 0), (100, 0)))
    assert wall.way == "over"
    assert wall.diffraction_db > front.diffraction_db


def test_a_roof_below_the_line_still_disturbs_it_when_it_is_close_below():
    near, far = across(heights=(9.0, 9.0)), across(heights=(30.0, 30.0))
    assert near.way == far.way == "clear"
    assert near.diffraction_db > far.diffraction_db == 0.0


def test_two_antennas_at_one_place_have_a_metre_between_them():
    loss = across(ends=((0, 0), (0, 0)), heights=(2, 2))
    assert (loss.total_db, loss.way) == (free_space_db(1, MHZ), "clear")


POINT = st.tuples(st.integers(-60, 160), st.integers(-60, 60))


@given(
    POINT,
    POINT,
    st.tuples(st.floats(0.5, 20), st.floats(0.5, 20)),
    st.sampled_from([{}, {"barn": 6.0}, {"barn": 6.0, "shed": 3.0}]),
)
def test_every_path_costs_the_same_both_ways(first, last, heights, walls):
    shed = Solid.of(box(75, -30, 90, 10).difference(box(80, -10, 85, 0)), 5.0, "shed")
    heights = tuple(round(height, 2) for height in heights)
    there = across(walls, heights, (BARN, shed), (first, last))
    back = across(walls, heights[::-1], (BARN, shed), (last, first))
    assert there.total_db == pytest.approx(back.total_db, abs=1e-6)
    assert there.total_db >= free_space_db(math.dist((*first, heights[0]), (*last, heights[1])), MHZ) - 1e-9
    if there.total_db < math.inf:
        assert set(there.shut) == set(back.shut) == set()


@given(POINT, POINT, st.floats(0, 30))
def test_stated_walls_never_make_a_path_dearer(first, last, db):
    assert across({"barn": round(db, 1)}, ends=(first, last)).total_db <= across(ends=(first, last)).total_db


@given(st.floats(2, 30), st.floats(0.1, 20), st.tuples(st.floats(1, 12), st.floats(1, 12)), st.integers(5, 80))
def test_a_building_that_grows_never_lets_more_through(height, more, heights, at):
    low, high = (
        across(
            heights=tuple(round(one, 2) for one in heights), solids=[Solid.of(box(at, -20, at + 8, 20), round(top, 2), "hall")]
        )
        for top in (height, height + more)
    )
    # Its two roof edges become one of Bullington's, which moves between them: half a decibel, not more.
    assert high.total_db >= low.total_db - 0.5


@given(st.floats(0.5, 10), st.floats(0.5, 10), st.integers(30, 3400), st.floats(1.05, 3))
def test_farther_over_flat_ground_is_never_nearer(first, last, metres, times):
    ground = Ground(Scene(GRID))
    near, far = (
        path_loss(ground.between(Antenna(0, 0, round(first, 2)), Antenna(x, 0, round(last, 2))), MHZ).total_db
        for x in (metres, round(metres * times, 2))
    )
    assert far >= near - 1e-6


@given(st.floats(0.5, 20), st.floats(0.1, 10), st.integers(20, 5000), st.sampled_from([433.5, MHZ, 2442.0, 5500.0]))
def test_over_flat_ground_a_higher_antenna_never_loses_more_than_its_longer_path(height, more, metres, mhz):
    ground = Ground(Scene(GRID))
    low, high = (
        path_loss(ground.between(Antenna(0, 0, round(height + rise, 2)), Antenna(metres, 0, 2)), mhz).diffraction_db
        for rise in (0.0, more)
    )
    assert high <= low + 0.5


def test_terrain_between_is_an_edge_like_a_wall():
    """A ridge of one cell and a thin wall of the same height cost alike."""
    grid = Grid(101, 9, 0.0, -9.0, 2.0)
    heights = np.zeros((9, 101))
    heights[:, 50] = 12.0
    ridge = path_loss(Ground(Scene(grid, ground=heights)).between(Antenna(1, 0, 3), Antenna(201, 0, 3)), MHZ)
    wall = Solid.of(box(100.9, -9, 101.1, 9), 12.0, "wall")
    built = path_loss(Ground(Scene(grid, [wall])).between(Antenna(1, 0, 3), Antenna(201, 0, 3)), MHZ)
    assert ridge.way == "clear", "what is named is what was built"
    assert ridge.diffraction_db == pytest.approx(built.diffraction_db, abs=1.5)
    assert built.over == ("wall",)


def test_a_hill_under_both_antennas_changes_nothing():
    grid = Grid(50, 5, 0.0, 0.0, 10.0)
    flat, raised = (
        path_loss(Ground(Scene(grid, ground=np.full((5, 50), level))).between(Antenna(5, 20, 4), Antenna(480, 20, 6)), MHZ)
        for level in (0.0, 37.5)
    )
    assert raised.total_db == pytest.approx(flat.total_db)


def test_a_slope_costs_what_level_ground_does():
    grid = Grid(50, 5, 0.0, 0.0, 10.0)
    slope = np.tile(np.arange(50) * 0.5, (5, 1))
    found = path_loss(Ground(Scene(grid, ground=slope)).between(Antenna(5, 25, 2), Antenna(485, 25, 2)), MHZ)
    level = path_loss(Ground(Scene(grid)).between(Antenna(5, 25, 2), Antenna(485, 25, 2)), MHZ)
    assert found.diffraction_db == pytest.approx(level.diffraction_db, abs=0.3)
