"""From a plan to its design: what the network puts up, what cannot be laid, where to infer; nothing is made up."""

from dataclasses import replace

import pytest
from tests.unit.site.documents import yard
from tests.unit.site.documents.test_sheets import labels, said

from seamline.contract.problems import ContractErrors
from seamline.site.documents.bom import bom
from seamline.site.documents.folder import sheets
from seamline.site.documents.layers import items
from seamline.site.documents.maps import coverage_maps
from seamline.site.documents.network_part import sockets, unlaid
from seamline.site.documents.summary import summary
from seamline.site.documents.tables import cable_sheets, link_sheets, power_sheets
from seamline.site.documents.work import design
from seamline.site.plan.model import LinkWish, PowerSource

GATEWAYS = yard.PLAN[yard.PLAN.index("gateways:") : yard.PLAN.index("supplies:")]
PUT_UP = """\
mountings:
  roof: {where: points, points: [{x: 60 m, y: 50 m}], parts: [pir-12m], heights: [9 m]}
network: {gateway: lora-gateway, gateway_mountings: [roof]}

"""


@pytest.fixture(scope="module")
def chosen(tmp_path_factory):
    """The yard without a gateway of its own: the network puts one up."""
    return design(yard.write(tmp_path_factory.mktemp("chosen"), yard.PLAN.replace(GATEWAYS, PUT_UP)))


def test_what_the_network_puts_up_is_drawn_listed_and_bought(chosen):
    (gateway,) = chosen.radio.put_up
    assert (gateway.role, gateway.part, gateway.x, gateway.y, gateway.height_m) == ("gateway", "lora-gateway", 60.0, 50.0, 9.0)
    assert chosen.radio.ways["pir-1"] == ("pir-1", gateway.id)
    assert any("put up by the network" in label for label in labels(coverage_maps(chosen)[0].items))
    assert f"Put up besides the plan's: {gateway.id}" in said(link_sheets(chosen))
    (item,) = [item for item in items(chosen) if item.layer == "device" and item.id == gateway.id]
    assert item.properties["put_up"] is True
    assert summary(chosen)["devices"][gateway.id]["part"] == "lora-gateway"
    found = bom(chosen)
    line = next(one for one in found.lines if one.part.id == "lora-gateway")
    assert line.needed == 1
    assert line.origins[0].what == f"network: {gateway.id}"
    assert line.origins[0].where.startswith("yard.yaml:")
    assert found.lacks == (f"the mounting of what the network puts up: {gateway.id} (its mounting gives no cost)",)


def test_a_plan_without_radios_says_so_and_has_no_links(tmp_path):
    bare = yard.PLAN.replace("    radio: lora-868\n", "").replace(GATEWAYS, "")
    found = design(yard.write(tmp_path, bare))
    assert found.radio is None
    assert [str(absent) for absent in found.absent] == ["radio: nothing in the plan has a radio"]
    assert summary(found)["absent"] == {"radio": {"why": "nothing in the plan has a radio"}}
    assert not [one for one in sheets(found) if one.name.startswith("links")]


def test_cables_that_the_plan_names_no_part_for_are_not_laid_and_not_forgotten(tmp_path):
    found = design(yard.write(tmp_path, yard.PLAN.replace("cable: cat6-outdoor, ", "")))
    assert found.cables.rows == ()
    assert found.cables.unlaid == ("data and PoE (routes.cable)",)
    assert bom(found).lacks == ("cables for data and PoE (routes.cable), which the plan does not name",)


@pytest.mark.parametrize(
    ("kind", "by", "expected"),
    [("mains", "radio", []), ("dc", "radio", ["power (routes.power_cable)"]), ("solar", "radio", []),
     ("solar", "cable", ["data and PoE (routes.cable)"]), ("poe", "radio", ["data and PoE (routes.cable)"])],
)  # fmt: skip
def test_what_needs_a_cable_is_known(designed, kind, by, expected):
    node = replace(designed.plan.nodes["cam-1"], power=PowerSource(kind))
    plan = replace(
        designed.plan, nodes={"cam-1": node}, gateways={}, routes=replace(designed.plan.routes, cable=None),
        links={"l": LinkWish("l", "cam-1", "cam-2", by)},
    )  # fmt: skip
    assert list(unlaid(replace(designed.site, plan=plan))) == expected


def test_what_is_fed_from_the_mains_has_a_socket_unless_the_plan_says_where_the_mains_are(designed):
    node = replace(designed.plan.nodes["cam-1"], power=PowerSource("mains"))
    site = replace(designed.site, plan=replace(designed.plan, nodes={"cam-1": node}, gateways={}))
    assert (sockets(site), list(unlaid(site))) == (("cam-1",), [])
    told = replace(designed, cables=replace(designed.cables, sockets=("cam-1",)))
    assert "taken to be there, for the plan has no mains: cam-1." in said(cable_sheets(told))
    (supply, at), *_ = designed.site.supplies.values()
    mains = replace(site, supplies={"board": (replace(supply, id="board", kind="mains", switch=None), at)})
    assert (sockets(mains), list(unlaid(mains))) == ((), ["power (routes.power_cable)"])


def test_a_workload_is_answered_with_its_arithmetic(tmp_path):
    profiles = "profiles:\n  listen: {work: [{workload: kws, runs: 1000/d}]}\n\nprices:"
    plan = yard.PLAN.replace("prices:", profiles, 1).replace(
        "    radio: lora-868\n", "    radio: lora-868\n    profile: listen\n"
    )
    found = design(yard.write(tmp_path, plan))
    (answer,) = next(node for node in found.power.nodes if node.node == "pir-1").answers
    assert answer.answer.startswith("pir-1, kws: ")
    assert answer.options[0].terms
    words = said(power_sheets(found))
    assert answer.options[0].name in words
    assert "Infer here, or send it up?" in words
    assert summary(found)["power"]["pir-1"]["answers"] == answer.answer


def test_a_plan_that_does_not_hold_has_no_design(tmp_path):
    with pytest.raises(ContractErrors):
        design(yard.write(tmp_path, yard.PLAN.replace("class: recognise", "class: stare")))
    with pytest.raises(ContractErrors):
        design(yard.write(tmp_path, yard.PLAN.replace("feature: zone gate", "feature: zone gait")))
