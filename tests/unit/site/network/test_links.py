"""Links: budgets both ways, the fastest rate that holds, what the law takes."""

import math

import pytest
from hypothesis import given, strategies as st
from shapely.geometry import box
from tests.unit.site.network.parts import at, flat, lora, radio, wifi

from seamline.site import SiteError, Solid
from seamline.site.network.links import duty_limit, eirp_dbm, link, links, usable, within_reach
from seamline.site.network.propagation import free_space_db


def test_the_margin_is_what_is_left_above_the_sensitivity_both_ways():
    node, gateway = at("n", 0, 0, 30), at("g", 300, 0, 30, "gateway", (lora(antenna_dbi=2.0),), cable_db=1.5)
    found = link(node, gateway, flat())
    lost = free_space_db(300, 868.1)
    assert found.loss.diffraction_db == 0.0
    assert found.rate.name == "SF7"
    # Up: 14 dBm - loss + 2 - 1.5; down: 14 + 2 - 1.5 - loss + 0.
    assert found.margin_db == pytest.approx(14 - lost + 0.5 + 123)
    assert found.spare_db == pytest.approx(found.margin_db - 10)
    assert (found.ends, found.metres, found.limited_db) == (("g", "n"), pytest.approx(300), 0.0)
    assert (found.other("g"), found.other("n")) == ("n", "g")
    assert found.radio_of("g").antenna_dbi == 2.0


@given(st.floats(0, 5), st.floats(0, 5), st.sampled_from([(2, 14), (14, 2), (10, 10)]))
def test_a_cable_at_either_end_costs_its_loss_once_in_whichever_direction_is_the_weaker(first_db, last_db, powers):
    one, other = ((lora(tx_dbm=power),) for power in powers)
    bare = link(at("a", 0, 0, 30, radios=one), at("b", 300, 0, 30, "gateway", other), flat())
    ends = at("a", 0, 0, 30, radios=one, cable_db=first_db), at("b", 300, 0, 30, "gateway", other, cable_db=last_db)
    assert link(*ends, flat()).margin_db == pytest.approx(bare.margin_db - first_db - last_db)


def test_the_worse_direction_counts():
    loud, deaf = at("a", 0, 0, 30, radios=(lora(tx_dbm=14),)), at("b", 300, 0, 30, "gateway", (lora(tx_dbm=2),))
    assert link(loud, deaf, flat()).margin_db == pytest.approx(2 - free_space_db(300, 868.1) + 123)


def test_farther_away_the_rate_is_slower_until_none_holds():
    names = []
    for metres in (500, 4000, 5600, 6400, 7200, 8500, 10_400):
        found = link(at("n", 0, 0, 1), at("g", metres, 0, 9, "gateway"), flat(fade_margin_db=12))
        names.append(found.rate.name if found.rate else None)
    factors = [int(name[2:]) if name else 13 for name in names]
    assert factors == sorted(factors)
    assert names[0] == "SF7"
    assert len(set(names)) >= 3
    assert names[-1] is None


def test_without_a_rate_the_margin_is_the_slowest_ones():
    found = link(at("n", 0, 0, 0.2), at("g", 9000, 0, 0.2, "gateway"), flat(fade_margin_db=20))
    assert not found.usable
    assert found.spare_db < 0
    assert found.margin_db == pytest.approx(14 - found.loss.total_db + 136)
    assert usable([found]) == ()


def test_power_beyond_the_law_is_turned_down_and_said():
    strong = lora(tx_dbm=20, antenna_dbi=6)
    assert eirp_dbm(strong, 0.0) == (pytest.approx(16.15), pytest.approx(9.85))
    assert eirp_dbm(strong, 12.0) == (pytest.approx(14.0), 0.0)
    found = link(at("n", 0, 0, 30), at("g", 300, 0, 30, "gateway", (strong,)), flat())
    assert found.limited_db == pytest.approx(9.85)
    assert found.margin_db == pytest.approx(16.15 - free_space_db(300, 868.1) + 123)
    assert eirp_dbm(radio("lte-m", 800.0, (0.3, -105.0), tx_dbm=23), 0.0) == (25.0, 0.0), "licensed: nothing is known"


def test_the_stricter_limit_of_time_holds():
    assert duty_limit(lora()) == 0.01
    assert duty_limit(lora(duty_share=0.001)) == 0.001
    assert duty_limit(lora(mhz=869.525, duty_share=0.2)) == 0.10
    assert duty_limit(wifi()) is None
    assert duty_limit(lora(mhz=915.0, duty_share=0.02)) == 0.02


def test_radios_speak_only_with_their_own_kind():
    medium = flat()
    assert link(at("a", 0, 0, radios=(lora(),)), at("b", 9, 0, role="gateway", radios=(wifi(),)), medium) is None
    assert link(at("a", 0, 0, radios=(lora(mhz=433.5),)), at("b", 9, 0, radios=(lora(mhz=868.1),)), medium) is None
    assert link(at("a", 0, 0, radios=(lora([7]),)), at("b", 9, 0, radios=(lora([12]),)), medium) is None
    wired = radio("ethernet", 100.0, (100, -50.0))
    assert link(at("a", 0, 0, radios=(wired,)), at("b", 9, 0, radios=(wired,)), medium) is None


def test_of_several_radios_the_fastest_that_holds_is_taken():
    both = (lora(), wifi())
    near = link(at("a", 0, 0, radios=both), at("b", 30, 0, role="gateway", radios=both), flat())
    far = link(at("a", 0, 0, 12, radios=both), at("b", 2500, 0, 12, role="gateway", radios=both), flat())
    assert (near.radio_a.technology, near.rate.name) == ("wifi", "54M")
    assert far.radio_a.technology == "lora"


def test_a_building_is_named_and_its_stated_walls_are_used():
    hall = Solid.of(box(40, -30, 70, 30), 15.0, "hall")
    ends = (at("a", 0, 0), at("b", 100, 0, role="gateway"))
    assert link(*ends, flat(hall)).loss.over == ("hall",)
    assert link(*ends, flat(hall, walls={"hall": 5.0})).loss.through == ("hall",)
    inside = link(at("a", 50, 0), at("b", 100, 0, role="gateway"), flat(hall))
    assert (inside.usable, inside.loss.way, inside.margin_db) == (False, "shut", -math.inf)


def test_only_pairs_are_looked_at_of_which_one_passes_on():
    stations = [at("n1", 0, 0), at("n2", 9, 0), at("r", 0, 9, role="relay"), at("g", 9, 9, role="gateway")]
    assert {found.ends for found in links(stations, flat())} == {
        ("n1", "r"),
        ("g", "n1"),
        ("n2", "r"),
        ("g", "n2"),
        ("g", "r"),
    }


def test_what_even_empty_space_would_swallow_is_not_looked_at():
    node, gateway = at("n", 0, 0, radios=(wifi((54, -75.0)),)), at("g", 9000, 0, role="gateway", radios=(wifi((54, -75.0)),))
    assert not within_reach(node, gateway)
    assert links([node, gateway], flat()) == ()
    assert within_reach(node, at("g", 300, 0, radios=(wifi((54, -75.0)),)))


def test_two_stations_of_one_name_are_refused():
    with pytest.raises(SiteError, match="two stations are called 'a'"):
        links([at("a", 0, 0), at("a", 9, 0)], flat())


@pytest.mark.parametrize("margin", [-1.0, math.nan, math.inf])
def test_a_margin_that_cannot_be_kept_is_refused(margin):
    with pytest.raises(SiteError, match="fade margin"):
        flat(fade_margin_db=margin)


@given(st.integers(1, 5000), st.floats(0.5, 30), st.floats(0.5, 30), st.floats(0, 20), st.floats(0, 9))
def test_a_link_is_the_same_from_both_ends_and_no_pair_that_holds_is_out_of_reach(metres, first, last, tx, dbi):
    a = at("a", 0, 0, round(first, 2), radios=(lora(tx_dbm=tx, antenna_dbi=dbi),))
    b = at("b", metres, 0, round(last, 2), "gateway")
    there, back = link(a, b, flat()), link(b, a, flat())
    assert there == back
    if there.usable:
        assert within_reach(a, b)


@given(st.integers(10, 5000), st.floats(0, 20), st.floats(0, 10))
def test_a_larger_fade_margin_never_makes_a_faster_link(metres, margin, more):
    ends = (at("a", 0, 0), at("b", metres, 0, 8, "gateway"))
    low, high = (link(*ends, flat(fade_margin_db=asked)) for asked in (margin, margin + more))
    speeds = [found.rate.bits_per_s if found.rate else 0.0 for found in (low, high)]
    assert speeds[0] >= speeds[1]
