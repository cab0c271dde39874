"""Causes of blind spots: what stands in the way for anyone, and of what nodes lack only the nearest; sensors that nothing hides from."""

from __future__ import annotations

import numpy as np
import pytest
from tests.unit.site.coverage.test_coverage import CELL, PARTS, eyes, need_of, zone
from tests.unit.site.plan.planned import BARN, FIELD, MAST, PLOT, site

from seamline.contract.problems import ContractErrors
from seamline.site.coverage import Coverer, cover
from seamline.site.coverage.cover import IN_THE_WAY, nearest

PROBES = (
    PARTS
    + """\
    probe: {kind: sensor, title: Probe, source: test, senses: soil, range: 25 m, sight: none}
    spike: {kind: sensor, title: Spike, source: test, senses: soil, range: 25 m, sight: point}
"""
)
EARS = eyes(first=("ear", 1, 1, ""), second=("ear", 9, 1, ""), third=("ear", 5, 9, ""))


def blind_of(coverer, nodes):
    """The blind cells of the field, and who watches it."""
    cells = coverer.zones["field"]
    need = cells.zone.needs[0]
    watches = coverer.watches(need, cells.zone.needs, nodes)
    total = sum(((cells.mask(observer) >= least) & cells.inside).astype(int) for _, observer, least in watches)
    return cells, need, watches, cells.inside & (total < need.k)


@pytest.mark.parametrize("k", [1, 2])
def test_the_nearest_that_misses_a_cell_is_told_by_trying_each(tmp_path, k):
    found = site(tmp_path, PARTS + CELL + zone(f"{{sensor: sound, k: {k}}}") + EARS)
    coverer = Coverer(found)
    cells, _, watches, blind = blind_of(coverer, found.nodes)
    near = nearest(cells, blind, watches)
    xs, ys = cells.grid.centres()
    assert blind.any()
    assert not (near[~blind] >= 0).any()
    for row, column in np.argwhere(blind).tolist():
        away = [
            (round(xs[column] * 100) - field.x) ** 2 + (round(ys[row] * 100) - field.y) ** 2
            for field in (observer.field() for _, observer, _ in watches)
        ]
        missing = [at for at, (_, observer, least) in enumerate(watches) if cells.mask(observer)[row, column] < least]
        assert near[row, column] == min(missing, key=lambda at: (away[at], at))


def test_a_far_node_is_named_only_for_what_it_is_nearest_to(tmp_path):
    found = site(tmp_path, PARTS + CELL + zone("{sensor: sound}") + EARS)
    need = need_of(cover(found))
    cell = 1.0
    for spot in need.blind:
        own = [cause for cause in spot.causes if cause.kind not in IN_THE_WAY]
        assert sum(cause.cells for cause in own) <= spot.cells  # one node for each cell, where all were named before
        assert all(cause.area_m2 == cause.cells * cell for cause in spot.causes)
    named = {cause.what for spot in need.blind for cause in spot.causes if cause.kind == "range"}
    assert named <= {"first", "second", "third"}
    assert len(named) >= 2


def test_every_blind_cell_has_a_cause(tmp_path):
    found = site(tmp_path, PARTS + CELL + zone("{sensor: sound}") + EARS)
    for spot in need_of(cover(found)).blind:
        assert sum(cause.cells for cause in spot.causes) >= spot.cells
        assert [cause.cells for cause in spot.causes] == sorted((cause.cells for cause in spot.causes), reverse=True)


def test_behind_the_barn_a_probe_senses_and_an_ear_does_not(tmp_path):
    ears = need_of(cover(site(tmp_path, PROBES + CELL + zone("{sensor: sound}") + eyes(it=("ear", 5, 1, "")))))
    probes = need_of(cover(site(tmp_path, PROBES + CELL + zone("{sensor: soil}") + eyes(it=("probe", 5, 1, "")))))
    assert any(cause.kind == "obstruction" for spot in ears.blind for cause in spot.causes)
    assert {cause.kind for spot in probes.blind for cause in spot.causes} == {"range"}
    assert probes.covered > ears.covered
    assert (probes.counts >= ears.counts).all()


def test_a_spike_speaks_for_its_own_cell(tmp_path):
    found = site(
        tmp_path, PROBES + CELL + zone("{sensor: soil}") + eyes(a=("spike", 2, 1, ""), b=("spike", 8, 4, "")), PLOT, FIELD, MAST
    )
    need = need_of(cover(found))
    assert need.covered == 2
    assert need.seen == {"a": 1, "b": 1}
    assert {cause.kind for spot in need.blind for cause in spot.causes} == {"range"}


def test_a_probe_inside_a_building_still_speaks_for_the_field_about_it(tmp_path):
    found = site(tmp_path, PROBES + CELL + zone("{sensor: soil}") + eyes(it=("probe", 5, 2.5, "")), PLOT, BARN, FIELD, MAST)
    assert need_of(cover(found)).covered > 0


def test_a_sight_that_is_none_of_the_three_is_refused(tmp_path):
    with pytest.raises(ContractErrors, match="'through' is not one of: line, none, point"):
        site(tmp_path, PARTS + "    bad: {kind: sensor, title: B, source: s, senses: x, range: 1 m, sight: through}\n")
