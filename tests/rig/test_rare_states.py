"""A run of a few seeds reaches every rare state that its product can come to: the examples, and what `contract new` begins with."""

import json
from pathlib import Path

import pytest

from seamline.cli import exits, main
from seamline.rig.world.marks import CATALOGUE

EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.mark.parametrize("product", ["heater", "labmeter", "trailcam", "new"])
def test_a_few_seeds_and_plans_that_aim_at_what_they_missed_reach_every_state(product, capsys, tmp_path):
    folder = EXAMPLES / product
    if product == "new":
        folder = tmp_path / product
        assert main(["contract", "new", str(folder)]) == exits.OK
        capsys.readouterr()
    command = [
        "rig",
        "run",
        "--contract",
        str(folder),
        "--seeds",
        "3",
        "--seed",
        "1",
        "--devices",
        "4",
        "--hours",
        "0.5",
        "--json",
    ]
    code, answer = main(command), json.loads(capsys.readouterr().out)
    assert (answer["verdict"], answer["missed"]) == ("held", [])
    assert code == exits.OK
    assert {name for name in CATALOGUE if answer["marks"][name]} | set(answer["ruled_out"]) == set(CATALOGUE)
