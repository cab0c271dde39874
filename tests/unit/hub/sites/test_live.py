"""What is covered now: counted anew here, cell by cell, over random masks."""

import numpy as np
import pytest
from hypothesis import given, strategies as st

from seamline.hub.sites.live import FIX_KINDS, BitsError, Remedy, Watched, bits_of, look, mask_of

NODES = ("a", "b", "c", "d")
CELLS = 20


@st.composite
def masks(draw, cells=CELLS):
    return np.array(draw(st.lists(st.booleans(), min_size=cells, max_size=cells)))


@st.composite
def sites(draw):
    zones = draw(st.lists(st.sampled_from(["yard", "gate"]), min_size=1, max_size=2, unique=True))
    watched = [
        Watched(
            zone=zone,
            need=need,
            k=draw(st.integers(1, 3)),
            needed=draw(st.sampled_from([0.5, 0.9, 1.0])),
            cell_m2=0.25,
            seen={node: draw(masks()) for node in draw(st.lists(st.sampled_from(NODES), unique=True))},
            cells=CELLS,
        )
        for zone in zones
        for need in range(draw(st.integers(1, 2)))
    ]
    keys = [(one.zone, one.need) for one in watched]
    remedies = []
    for place in range(draw(st.integers(0, 6))):
        dark = draw(st.sampled_from(NODES))
        kind = draw(st.sampled_from(FIX_KINDS))
        node = None if kind == "add" else draw(st.sampled_from([node for node in NODES if node != dark]))
        seen = {key: draw(masks()) for key in draw(st.lists(st.sampled_from(keys), unique=True))}
        remedies.append(Remedy(place=place, dark=dark, kind=kind, node=node, seen=seen))
    return watched, frozenset(draw(st.lists(st.sampled_from(NODES), unique=True))), remedies


def covered(one, seen):
    """The cells that k or more of these masks cover, the slow way."""
    return [sum(bool(mask[cell]) for mask in seen) >= one.k for cell in range(one.cells)]


@given(sites())
def test_a_cell_is_covered_when_k_working_nodes_see_it_and_missing_when_the_plan_says_it_would_be(site):
    watched, working, remedies = site
    live = look(watched, NODES, working, remedies)
    assert [(need.zone, need.need) for need in live.needs] == [(one.zone, one.need) for one in watched]
    for one, need in zip(watched, live.needs, strict=True):
        now = covered(one, [mask for node, mask in one.seen.items() if node in working])
        planned = covered(one, list(one.seen.values()))
        assert need.share == pytest.approx(sum(now) / CELLS)
        assert need.planned == pytest.approx(sum(planned) / CELLS)
        assert need.met == (sum(now) / CELLS >= one.needed)
        assert need.missing.tolist() == [was and not it for was, it in zip(planned, now, strict=True)]
        assert need.missing_m2 == pytest.approx(sum(need.missing) * 0.25)


@given(sites())
def test_what_a_dark_node_alone_covered_is_what_its_return_would_bring_back(site):
    watched, working, remedies = site
    live = look(watched, NODES, working, remedies)
    assert [it.node for it in live.dark] == [node for node in NODES if node not in working]
    for it in live.dark:
        back = {need.zone: 0.0 for need in live.needs}
        after = look(watched, NODES, working | {it.node}, remedies)
        for was, now in zip(live.needs, after.needs, strict=True):
            back[was.zone] = max(back[was.zone], (now.share - was.share) * CELLS * 0.25)
        assert it.alone_m2 == pytest.approx({zone: area for zone, area in back.items() if area > 1e-9})


@given(sites())
def test_of_each_kind_of_remedy_the_best_is_named_with_what_it_brings_back_and_gives_up_and_none_that_brings_nothing(site):
    watched, working, remedies = site
    for it in look(watched, NODES, working, remedies).dark:
        gains = {}
        for remedy in remedies:
            if remedy.dark != it.node or not (remedy.node is None or remedy.node in working):
                continue
            back, given_up = {}, {}
            for one in watched:
                before = covered(one, [mask for node, mask in one.seen.items() if node in working])
                with_it = covered(one, [mask for node, mask in one.seen.items() if node in working | {it.node}])
                then = [mask for node, mask in one.seen.items() if node in working and node != remedy.node]
                then = covered(one, then + [mask for key, mask in remedy.seen.items() if key == (one.zone, one.need)])
                cells = list(zip(before, with_it, then, strict=True))
                back.setdefault(one.zone, []).append(sum(not now and alone and after for now, alone, after in cells))
                given_up.setdefault(one.zone, []).append(sum(now and not after for now, _, after in cells))
            total = sum(map(max, back.values())) - sum(map(max, given_up.values()))
            gains.setdefault(remedy.kind, []).append(total * 0.25)
            for gain in it.gains:
                if gain.remedy is remedy:
                    assert gain.back_m2 == {zone: max(of) * 0.25 for zone, of in back.items() if max(of)}
                    assert gain.given_up_m2 == {zone: max(of) * 0.25 for zone, of in given_up.items() if max(of)}
        best = {kind: max(of) for kind, of in gains.items() if max(of) > 0}
        assert {gain.remedy.kind: gain.gain_m2 for gain in it.gains} == pytest.approx(best)
        assert [gain.gain_m2 for gain in it.gains] == sorted(best.values(), reverse=True)


def test_what_covers_other_cells_is_no_remedy_for_a_dark_node():
    """A camera that looks at the yard brings back nothing of what a probe covered in the field, however much it sees."""
    field, yard = np.array([True] * 4), np.array([False] * 4)
    watched = [
        Watched(zone="field", need=0, k=1, needed=0.9, cell_m2=1.0, seen={"probe": field, "other": field & False}, cells=4),
        Watched(zone="yard", need=0, k=1, needed=0.9, cell_m2=1.0, seen={"other": yard}, cells=4),
    ]
    camera = Remedy(place=0, dark="probe", kind="add", node=None, seen={("yard", 0): ~yard})
    spare = Remedy(place=1, dark="probe", kind="add", node=None, seen={("field", 0): np.array([True, False, False, False])})
    (dark,) = look(watched, ("probe", "other"), frozenset({"other"}), (camera, spare)).dark
    assert [(it.remedy.place, dict(it.back_m2), dict(it.given_up_m2)) for it in dark.gains] == [(1, {"field": 1.0}, {})]


@given(st.integers(1, 70).flatmap(masks))
def test_bits_come_back_as_they_went(mask):
    assert mask_of(bits_of(mask), len(mask)).tolist() == mask.tolist()


@pytest.mark.parametrize(
    ("bits", "cells", "why"),
    [
        ("!!", 8, "no base64"),
        ("AAA", 16, "no base64"),
        ("AAA=", 8, "2 bytes of bits, and 8 cells need 1"),
        ("", 1, "0 bytes of bits, and 1 cells need 1"),
        ("AQ==", 7, "behind the last cell"),
    ],
)
def test_bits_that_do_not_fit_are_refused(bits, cells, why):
    with pytest.raises(BitsError, match=why):
        mask_of(bits, cells)
