"""`seamline site network`: what is said, and the exit codes."""

import json

import pytest
from tests.unit.site.network.farm import write

from seamline.cli import exits, main

SOUND = (
    ("  in-silo: ", "  in-barn: "),
    ("place: {x: 120 m, y: 110 m}", "place: {x: 70 m, y: 110 m}"),
    ("place: {x: 150 m, y: 41 m}", "place: {x: 60 m, y: 41 m}"),
    ("place: {x: 250 m, y: 190 m}", "place: {x: 70 m, y: 41 m}"),
    ("uplink: ethernet, power: {from: poe}}", "uplink: ethernet}"),
)


def network(*arguments):
    return main(["site", "network", *map(str, arguments)])


def test_what_does_not_hold_is_said_with_what_would_help(tmp_path, capsys):
    assert network(write(tmp_path)) == exits.PROMISE_BROKEN
    told = capsys.readouterr().out
    assert "in-silo reaches no gateway" in told
    assert "raise the antenna of in-silo" in told
    assert "gateway gw-1 takes soil-1, soil-2, indoors with it" in told
    assert "on a single link each: " in told
    assert "to an operator's network, whose coverage is not in the plan: tracker" in told
    assert "over silo" in told
    assert "through barn" in told
    assert "lora 868.1 MHz sf7: senders 3" in told
    assert "152 m of cat6-outdoor" in told
    assert "box: 4 of 8 ports" in told
    assert "note: soil-2 names no product" in told


def test_a_network_that_holds_is_0(tmp_path, capsys):
    assert network(write(tmp_path, *SOUND)) == exits.OK
    assert "Does not hold" not in capsys.readouterr().out


def test_json_is_one_document(tmp_path, capsys):
    assert network(write(tmp_path), "--json") == exits.PROMISE_BROKEN
    document = json.loads(capsys.readouterr().out)
    assert document["topology"] == "star"
    assert document["unheard"]["in-silo"][0]["kind"] == "raise"


def test_what_was_put_up_has_its_cost_and_bound(tmp_path, capsys):
    asked = ("hops: 2}", "hops: 2, gateway: lora-gateway, gateway_mountings: [masts]}")
    network(write(tmp_path, asked, gateways=""))
    told = capsys.readouterr().out
    assert "put up: gateway mast-1 at 30, 60, 8 m" in told or "put up: gateway mast-2" in told
    assert "429.50, none is cheaper" in told
    assert "To keep it, write into the plan" in told
    assert "gateway-1: {title: gateway-1, part: lora-gateway" in told


def test_a_plan_without_radios_still_has_its_cables(tmp_path, capsys):
    bare = [(f"radio: {name}, ", "") for name in ("lte-m-nrf9160",)] + [("radio: lora-868, ", "")]
    network(write(tmp_path, *bare, gateways=""))
    told = capsys.readouterr().out
    assert told.startswith("no node or gateway of the plan has a radio")
    assert "cat6-outdoor" in told


@pytest.mark.parametrize("arguments", [(), ("--json",)])
def test_a_wall_that_is_no_loss_is_one_clear_error(tmp_path, capsys, arguments):
    assert network(write(tmp_path, barn_db="thick"), *arguments) == exits.PROMISE_BROKEN
    assert "wall_db is 'thick'; give decibels" in capsys.readouterr().err
