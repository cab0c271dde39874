"""`seamline site build`, `bom`, `draw`, `verify`, `diff`: exit codes, what is written where, what is said."""

import hashlib
import json
import shutil

import pytest
from tests.unit.site.documents import yard

from seamline.cli import exits, main


def site(*arguments):
    return main(["site", *map(str, arguments)])


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A plan and the folder that was built of it, once."""
    folder = tmp_path_factory.mktemp("plan")
    plan = yard.write(folder)
    assert site("build", plan, "--out", folder / "built") == exits.PROMISE_BROKEN  # a need is not met; it is written all the same
    return plan, folder / "built"


@pytest.fixture
def built(made, tmp_path):
    """A copy that a test may spoil."""
    plan, folder = made
    shutil.copytree(folder, tmp_path / "built")
    return plan, tmp_path / "built"


def test_build_says_what_was_written_what_it_costs_and_what_is_seen(tmp_path, capsys):
    plan = yard.write(tmp_path)
    assert site("build", plan, "--out", tmp_path / "out") == exits.PROMISE_BROKEN
    told = capsys.readouterr().out
    documents = sum(path.is_file() for path in (tmp_path / "out").rglob("*")) - 1
    assert f"{tmp_path / 'out'}: {documents} documents of {plan} and their manifest" in told
    assert site("verify", tmp_path / "out") == exits.OK
    assert f"{tmp_path / 'out'}: {documents} documents of " in capsys.readouterr().out
    assert "coverage: not every need is met" in told
    assert "cost: at least 1790.15 EUR of a budget of 2500.00 EUR" in told
    capsys.readouterr()
    shutil.copy(plan, tmp_path / "plan.yaml")
    assert site("build", tmp_path, "--out", tmp_path / "of-folder", "--variant", "no-detector", "--json") == exits.PROMISE_BROKEN
    answer = json.loads(capsys.readouterr().out)
    assert answer["content"].startswith("sha256:")
    assert answer["absent"] == []
    assert not answer["coverage_met"]
    assert answer["total_cents"] == 150_695
    assert not (tmp_path / "of-folder" / "drawings" / "mounting" / "pir-1.svg").exists()


def test_build_does_not_write_over_something_else(made, tmp_path, capsys):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "file").write_text("x")
    assert site("build", made[0], "--out", tmp_path / "mine") == exits.PROMISE_BROKEN
    assert "something else is there" in capsys.readouterr().err
    assert (tmp_path / "mine" / "file").read_text() == "x"


def test_build_where_nothing_can_be_written_says_so(made, tmp_path, capsys):
    (tmp_path / "file").write_text("x")
    assert site("build", made[0], "--out", tmp_path / "file" / "out") == exits.WRONG_USE
    assert "cannot be written" in capsys.readouterr().err


def test_a_plan_that_does_not_hold_is_told_with_its_place(tmp_path, capsys):
    plan = yard.write(tmp_path, yard.PLAN.replace("part: pir-12m", "part: pir-13m"))
    for command in (("build", plan, "--out", tmp_path / "out"), ("bom", plan), ("draw", plan, "-o", tmp_path / "a.pdf")):
        assert site(*command) == exits.PROMISE_BROKEN
        assert f"{plan}:" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_bom_lists_what_is_to_be_bought(made, tmp_path, capsys):
    assert site("bom", made[0], "-o", tmp_path / "bom.csv") == exits.OK
    told = capsys.readouterr().out
    assert "bullet-4mp" in told
    assert "at least 1790.15 EUR of a budget of 2500.00 EUR: at most 709.85 EUR left" in told
    assert "without a price: charger-small" in told
    assert (tmp_path / "bom.csv").read_bytes() == (made[1] / "bom.csv").read_bytes()


def test_bom_over_the_budget_is_a_broken_promise(tmp_path, capsys):
    plan = yard.write(tmp_path, yard.PLAN.replace("budget: 2500.00 EUR", "budget: 1000.00 EUR\n  labour: 60.00 EUR"))
    assert site("bom", plan) == exits.PROMISE_BROKEN
    told = capsys.readouterr().out
    assert "790.15 EUR over the budget of 1000.00 EUR" in told
    assert "not in the total: labour" in told


def test_bom_as_json_has_every_line_with_its_origins(made, capsys):
    assert site("bom", made[0], "--json") == exits.OK
    answer = json.loads(capsys.readouterr().out)
    camera = next(line for line in answer["lines"] if line["part"] == "bullet-4mp")
    assert (camera["quantity"], camera["spares"], camera["price_cents"], camera["cents"]) == (3, 1, 18_900, 56_700)
    assert [origin["what"] for origin in camera["origins"]] == ["nodes.cam-1", "nodes.cam-2"]
    assert (answer["total_cents"], answer["budget_cents"], answer["unpriced"]) == (179_015, 250_000, ["charger-small"])
    assert next(line for line in answer["lines"] if line["part"] == "charger-small")["price_cents"] is None


def test_draw_writes_what_build_writes(made, tmp_path, capsys):
    plan, folder = made
    assert site("draw", plan, "-o", tmp_path / "all.pdf") == exits.OK
    assert f"{tmp_path / 'all.pdf'}: " in (said := capsys.readouterr().err)
    assert " sheets: map-camera, " in said
    assert (tmp_path / "all.pdf").read_bytes() == (folder / "site.pdf").read_bytes()
    assert site("draw", plan, "-o", tmp_path / "first.svg") == exits.OK
    said = capsys.readouterr().err
    assert said.startswith(f"{tmp_path / 'first.svg'}: sheet map-camera, the first; there are also, with --sheet: ")
    assert "mounting/cam-1" in said
    assert (tmp_path / "first.svg").read_bytes() == (folder / "drawings/map-camera.svg").read_bytes()
    assert site("draw", plan, "-o", tmp_path / "one.svg", "--sheet", "mounting/cam-1") == exits.OK
    assert capsys.readouterr().err == f"{tmp_path / 'one.svg'}: sheet mounting/cam-1\n"
    assert (tmp_path / "one.svg").read_bytes() == (folder / "drawings/mounting/cam-1.svg").read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["all.pdf", "first.svg", "one.svg"]


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (("-o", "a.png"), "ends in .pdf"),
        (("-o", "a.pdf", "--sheet", "topology"), "--sheet is for an .svg"),
        (("-o", "a.svg", "--sheet", "attic"), "there are: map-camera, map-sensor, topology"),
    ],
)
def test_draw_says_what_can_be_drawn(made, capsys, arguments, text, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert site("draw", made[0], *arguments) == exits.WRONG_USE
    assert text in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_draw_to_standard_output_needs_its_ending(made, capsys):
    assert site("draw", made[0], "-o", "-") == exits.WRONG_USE
    assert "ends in .pdf" in capsys.readouterr().err


def test_verify_says_that_a_folder_is_whole_and_of_the_plan(built, capsys):
    plan, folder = built
    assert site("verify", folder) == exits.OK
    assert capsys.readouterr().out.rstrip().endswith(": whole")
    assert site("verify", folder, "--plan", plan) == exits.OK
    assert f"whole, of {plan} as it is now" in capsys.readouterr().out


def test_verify_names_each_file_that_is_not_as_it_should_be(built, capsys):
    _, folder = built
    (folder / "bom.csv").unlink()
    (folder / "nodes.csv").write_text("mine")
    (folder / "notes.txt").write_text("mine")
    assert site("verify", folder) == exits.PROMISE_BROKEN
    told = capsys.readouterr().out
    assert "bom.csv: missing: " in told
    assert "nodes.csv: altered: " in told
    assert "notes.txt: foreign: " in told
    assert "3 not as they should be" in told
    assert site("verify", folder, "--json") == exits.PROMISE_BROKEN
    answer = json.loads(capsys.readouterr().out)
    assert not answer["holds"]
    assert [finding["kind"] for finding in answer["findings"]] == ["missing", "altered", "foreign"]


def test_verify_says_what_changed_since(built, tmp_path, capsys):
    _, folder = built
    plan = yard.write(tmp_path / "now", stack_m=4.0)
    assert site("verify", folder, "--plan", plan) == exits.PROMISE_BROKEN
    told = capsys.readouterr().out
    assert "site.pdf: stale: changed since: survey.geojson" in told
    assert f"held against {plan} as it is now" in told


def test_verify_that_builds_again_finds_what_the_manifest_was_mended_for(built, capsys):
    plan, folder = built
    assert site("verify", folder, "--plan", plan, "--rebuild") == exits.OK
    assert capsys.readouterr().out.endswith(f"whole, of {plan} as it is now, built again\n")
    bill, manifest = folder / "bom.csv", folder / "manifest.json"
    before = bill.read_bytes()
    bill.write_bytes(before.replace(b"camera", b"kamera"))
    sums = [hashlib.sha256(data).hexdigest() for data in (before, bill.read_bytes())]
    assert sums[0] != sums[1]
    manifest.write_text(manifest.read_text().replace(*sums))
    assert site("verify", folder, "--plan", plan) == exits.OK, "mistakes are found, not this"
    capsys.readouterr()
    assert site("verify", folder, "--plan", plan, "--rebuild") == exits.PROMISE_BROKEN
    told = capsys.readouterr().out
    assert "bom.csv: altered: the plan is built into another\n" in told
    assert "manifest.json: altered: " in told


def test_verify_that_builds_again_finds_what_was_struck_from_the_manifest_or_added_to_it(built, capsys):
    plan, folder = built
    document = json.loads((folder / "manifest.json").read_text())
    total = document["files"].pop("bom.csv")
    (folder / "bom.csv").rename(folder / "bill.csv")
    (folder / "manifest.json").write_text(json.dumps({**document, "files": {**document["files"], "bill.csv": total}}))
    assert site("verify", folder) == exits.OK
    capsys.readouterr()
    assert site("verify", folder, "--plan", plan, "--rebuild") == exits.PROMISE_BROKEN
    told = capsys.readouterr().out
    assert "bill.csv: foreign: the plan is not built into it\n" in told
    assert "bom.csv: missing: the plan is built into it, and it is not there\n" in told


def test_verify_needs_a_plan_to_build_again(built, capsys):
    assert site("verify", built[1], "--rebuild") == exits.WRONG_USE
    assert "--rebuild needs the plan" in capsys.readouterr().err


def test_verify_knows_the_variant_that_a_folder_is_of(tmp_path, capsys):
    plan = yard.write(tmp_path)
    assert site("build", plan, "--variant", "wide", "--out", tmp_path / "wide") == exits.PROMISE_BROKEN
    assert site("verify", tmp_path / "wide", "--plan", plan) == exits.OK
    assert site("verify", tmp_path / "wide", "--plan", plan, "--variant", "no-detector") == exits.PROMISE_BROKEN


def test_verify_of_no_folder_and_of_no_plan_says_so(built, tmp_path, capsys):
    assert site("verify", tmp_path) == exits.PROMISE_BROKEN
    assert "manifest.json" in capsys.readouterr().err
    assert site("verify", built[1], "--plan", tmp_path / "none.yaml") == exits.PROMISE_BROKEN
    assert "none.yaml" in capsys.readouterr().err


def test_diff_of_a_variant_says_what_changed_and_what_it_costs(made, capsys):
    plan, folder = made
    assert site("diff", folder, f"{plan}@no-detector") == exits.OK
    told = capsys.readouterr().out
    assert "  - pir-1: role sensor" in told
    assert "it costs 283.20 EUR less: before 1790.15, after 1506.95" in told
    assert site("diff", plan, folder) == exits.OK
    assert capsys.readouterr().out == "no difference in any figure\n"


def test_diff_as_json(made, tmp_path, capsys):
    plan = yard.write(tmp_path, yard.PLAN.replace("heading: 225 deg", "heading: 215 deg"))
    assert site("diff", made[1], plan, "--json") == exits.OK
    answer = json.loads(capsys.readouterr().out)
    assert answer["cents"] == 0
    assert answer["changes"][0] == {
        "section": "devices", "kind": "changed", "what": "cam-1", "fields": {"heading_deg": [225.0, 215.0]},
    }  # fmt: skip


def test_diff_does_not_trust_a_folder_whose_figures_were_altered(built, capsys):
    plan, folder = built
    (folder / "summary.json").write_text((folder / "summary.json").read_text("utf-8").replace("179015", "1"), "utf-8")
    assert site("diff", folder, plan) == exits.PROMISE_BROKEN
    assert "summary.json: altered" in capsys.readouterr().err


def test_diff_of_what_is_not_there_says_so(made, tmp_path, capsys):
    assert site("diff", made[0], tmp_path / "none.yaml") == exits.PROMISE_BROKEN
    assert "none.yaml" in capsys.readouterr().err
    assert site("diff", made[0], f"{made[0]}@none") == exits.PROMISE_BROKEN
    assert "none" in capsys.readouterr().err
