"""Each example site is whole: links, power, money and the living plan hold in it, and the demo can run its fleet.

That the plans load, what their surveys say is understood, and coverage is as promised: see plan/test_example_sites.py.
"""

from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from seamline.hub.api.site_document import unpack
from seamline.hub.api.site_models import SiteDocument
from seamline.hub.sites.live import look
from seamline.rig.demo_site import DemoSite
from seamline.rig.fleet import FleetError
from seamline.site.documents.bom import Bom, bom
from seamline.site.documents.work import designed
from seamline.site.network.study import Study, study
from seamline.site.plan import load_plan, resolve
from seamline.site.plan.model import Plan
from seamline.site.plan.site import Site
from seamline.site.power.plan_power import SitePower, site_power

SITES = Path(__file__).parents[3] / "examples" / "sites"
NAMES = sorted(path.parent.name for path in SITES.glob("*/plan.yaml"))
EXPLAINED = {
    "campus": ["LineString 'Garden wall': a line is taken as a wall 0.2 m thick"],
    "yard": ["LineString 'Noise barrier': a line is taken as a wall 0.2 m thick"],
}
"""Notes that the plan's own comments explain, by site; others have none."""
WIDE = (("campus", "lora-lawn"), ("campus", "one-eye"), ("farm", "low-mast"), ("yard", "fewer"))


@dataclass(frozen=True)
class Worked:
    """A site with its network and power, and as the demo publishes it."""

    site: Site
    network: Study
    power: SitePower
    demo: DemoSite

    @property
    def plan(self) -> Plan:
        """Its plan."""
        return self.site.plan


@pytest.fixture(scope="module", params=NAMES)
def worked(request):
    site = resolve(load_plan(SITES / request.param / "plan.yaml"))
    return Worked(site, study(site), site_power(site), DemoSite.of(request.param))


def assert_linked_and_fed(network, power):
    """Every node reaches a gateway or an operator, nothing that was asked is broken, and every kit and switch is known to do."""
    assert not network.unheard
    assert network.broken == ()
    assert network.notes == ()
    assert power.met
    assert all(node.load is not None for node in power.nodes)
    kits = [node for node in power.nodes if node.kind in {"battery", "solar"}]
    assert [node.node for node in kits if node.met is not True or node.upper_bound] == []
    assert [switch.switch for switch in power.switches if switch.refusals or switch.doubts] == []


def test_there_are_three():
    assert NAMES == ["campus", "farm", "yard"]


def test_every_note_is_explained(worked):
    explained = EXPLAINED.get(worked.plan.name, [])
    assert len(worked.site.notes) == len(explained)
    assert all(text in str(note) for note, text in zip(worked.site.notes, explained, strict=True))


def test_every_node_is_linked_and_fed(worked):
    assert_linked_and_fed(worked.network, worked.power)


@pytest.mark.parametrize(("name", "variant"), WIDE)
def test_variants_are_linked_and_fed_too(name, variant):
    site = resolve(load_plan(SITES / name / "plan.yaml", variant))
    assert_linked_and_fed(study(site), site_power(site))


def test_these_are_all_the_variants():
    assert tuple((name, variant) for name in NAMES for variant in sorted(load_plan(SITES / name / "plan.yaml").variants)) == WIDE


def test_the_living_plan_passes_the_hub_and_is_met_when_all_nodes_are_at_work(worked):
    document = unpack(SiteDocument.model_validate(worked.demo.document))
    live = look(document.watched, document.nodes, frozenset(document.nodes), document.remedies)
    assert set(worked.plan.nodes) <= {node.id for node in SiteDocument.model_validate(worked.demo.document).nodes}
    assert live.needs
    assert all(need.met for need in live.needs)
    assert live.dark == ()


def test_a_demo_has_a_device_for_each_node_and_one_product(worked):
    assert worked.demo.places == tuple(worked.plan.nodes)
    assert worked.demo.product.name == "trailcam"


def test_a_demo_of_no_product_is_refused(tmp_path):
    folder = SITES / "yard"
    text = (folder / "plan.yaml").read_text(encoding="utf-8").replace("    product: ../../trailcam\n", "")
    (tmp_path / "plan.yaml").write_text(text, encoding="utf-8")
    (tmp_path / "survey.kml").write_bytes((folder / "survey.kml").read_bytes())
    with pytest.raises(FleetError, match="a demo runs one product, and the plan's nodes have: none"):
        DemoSite.of(str(tmp_path))


def test_the_budget_does(worked):
    found: Bom = bom(designed(worked.plan))
    assert found.unpriced == ()
    assert found.left is not None
    assert found.left.cents >= 0


def test_the_farm_is_on_heights_and_its_sun_is_of_the_kits_plane():
    plan = load_plan(SITES / "farm" / "plan.yaml")
    assert plan.terrain is not None
    assert plan.beside(plan.terrain.path).stat().st_size < 200_000
    assert plan.weather.pvgis is not None
    radios = {node.radio for node in plan.nodes.values()} - {None}
    assert radios == {"lora-868", "lte-m-nrf9160"}
    assert {node.power.kind for node in plan.nodes.values() if node.power} == {"battery", "poe", "solar"}


def test_the_campus_mixes_links_and_asks_for_two_observers():
    site = resolve(load_plan(SITES / "campus" / "plan.yaml"))
    plan = site.plan
    radios = {node.radio for node in plan.nodes.values()} - {None}
    assert radios == {"lora-868", "lte-m-nrf9160", "thread-802154", "wifi-esp32"}
    assert {node.power.kind for node in plan.nodes.values() if node.power} == {"battery", "poe", "solar"}
    assert max(need.k for zone in plan.zones.values() for need in zone.needs) == 2
    library = next(thing for thing in site.things if thing.id == "library")
    assert len(library.geometry.interiors) == 1
    assert len(plan.survey.files) == 2


def test_without_its_relay_the_lawn_hangs_on_single_links():
    plan = load_plan(SITES / "campus" / "plan.yaml")
    links = {failure.what for failure in study(resolve(plan)).failures if failure.kind == "link"}
    assert not any("soil" in link for link in links)
    nodes = {ident: node for ident, node in plan.nodes.items() if ident != "relay-lamp"}
    bare = study(resolve(replace(plan, nodes=nodes, links={})))
    assert {failure.what for failure in bare.failures if failure.kind == "link"} >= {
        "gw-mesh - soil-east",
        "gw-mesh - soil-west",
    }
