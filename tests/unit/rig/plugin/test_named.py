"""A user's core by its name: found, or refused with the reason; and a world of such devices."""

import sys

import pytest
from tests.unit.rig.plugin.conftest import FIRMWARE, ROOT

from seamline.rig.plugin.named import CoreError, named_core, parts_of
from seamline.rig.world.plan import Plan, parse
from seamline.rig.world.run import plan_of, run
from seamline.rig.world.scenarios import DAYS
from seamline.rig.world.world import Parts

CORES = ROOT / "tests" / "unit" / "rig" / "plugin" / "cores.py"
HALF_HOUR_MS = 1_800_000


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("app", "'app' names no core: write MODULE:FACTORY, PATH.py:FACTORY or exec:PROGRAM"),
        ("app:", "names no core"),
        (":make", "names no core"),
        ("app:not a name", "names no core"),
        ("no.such.module:make", "cannot be imported: ModuleNotFoundError: No module named 'no'"),
        ("nowhere/app.py:make", "there is no file nowhere/app.py"),
        (f"{CORES}:Missing", "there is no Missing in"),
        (f"{CORES}:NUMBER", "NUMBER is int, and nothing to call"),
        ("exec:", "names no program"),
        ("exec:'half", "exec:'half: No closing quotation"),
    ],
)
def test_a_name_that_is_no_core_is_refused_with_the_reason(name, says):
    with pytest.raises(CoreError) as found:
        named_core(name)
    assert says in str(found.value)
    assert name in str(found.value)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (
            "import nothing_of_this_name",
            "cannot be imported: ModuleNotFoundError: No module named 'nothing_of_this_name' (app.py:1)",
        ),
        ("x = 1\n1 / 0\n", "cannot be imported: ZeroDivisionError: division by zero (app.py:2)"),
        ("def make(:\n", "cannot be imported: SyntaxError: invalid syntax"),
        ("raise ValueError('no\\nsuch board')\n", "cannot be imported: ValueError: no … (app.py:1)"),
    ],
)
def test_a_file_that_cannot_be_imported_says_where(text, says, tmp_path):
    (tmp_path / "app.py").write_text(text)
    with pytest.raises(CoreError) as found:
        named_core(f"{tmp_path / 'app.py'}:make")
    assert says in str(found.value)


def test_what_may_be_a_factory_is_named_when_the_factory_is_not_there():
    with pytest.raises(CoreError) as found:
        named_core(f"{CORES}:make")
    told = "it has RaisesOnWishes, NeverReturns, WaitsForEver, Exits, Counts, HasNoBooks, none, divides"
    assert str(found.value).endswith(f"there is no make in {CORES}; {told}")


def test_a_module_without_a_factory_of_its_own_says_what_one_takes(tmp_path):
    (tmp_path / "app.py").write_text(
        "from pathlib import Path\nfrom seamline.device import Core\n\n\nclass AppError(Exception):\n    pass\n\n\n"
        "def make(policy):\n    return Core(policy, '', None, {})\n"
    )
    with pytest.raises(CoreError) as found:
        named_core(f"{tmp_path / 'app.py'}:Core2")
    assert str(found.value).endswith("app.py; nothing in it takes policy, name, random and stored")


def test_many_factories_are_cut_and_that_is_shown(tmp_path):
    (tmp_path / "app.py").write_text("\n".join(f"def make{at}(policy, name, random, stored): ..." for at in range(9)))
    with pytest.raises(CoreError, match=r"it has make0, make1, make2, make3, make4, make5, make6, make7, …$"):
        named_core(f"{tmp_path / 'app.py'}:make")


def test_a_file_finds_its_neighbours_and_leaves_the_path_as_it_was(tmp_path):
    (tmp_path / "beside_the_app.py").write_text("from seamline.device import Core as make\n")
    (tmp_path / "app.py").write_text("from beside_the_app import make\n")
    before = list(sys.path)
    assert named_core(f"{tmp_path / 'app.py'}:make").factory.__name__ == "Core"
    assert sys.path == before


def test_a_module_is_found_from_here(tmp_path, monkeypatch):
    (tmp_path / "app_of_mine.py").write_text("from seamline.device import Core as make\n")
    monkeypatch.chdir(tmp_path)
    assert named_core("app_of_mine:make").name == "app_of_mine:make"


@pytest.mark.parametrize(
    ("name", "says"),
    [("none", "makes None, which is no core"), ("divides", "raised ZeroDivisionError"), ("HasNoBooks", "it has no books")],
)
def test_a_core_is_tried_before_anything_runs(name, says, families):
    core = named_core(f"{CORES}:{name}")
    with pytest.raises(CoreError, match=says):
        core.check(families)


def test_without_a_name_it_is_seamlines(families):
    assert parts_of(None, families) == Parts(families)


# -- in a world ------------------------------------------------------------------------------------------------------------


def test_seamlines_core_by_its_name_does_what_it_does_without(families):
    plan = plan_of(7, 3, HALF_HOUR_MS, families)
    assert run(plan, parts_of("seamline.device:Core", families)).digest == run(plan, Parts(families)).digest


@pytest.mark.parametrize(
    ("name", "promise"),
    [("RaisesOnWishes", "no-error"), ("Counts", "numbered-once"), ("Exits", "no-error")],
)
def test_a_world_names_the_core_that_breaks_a_promise(name, promise, families):
    first, second = (run(Plan(1, 2, 120_000), parts_of(f"{CORES}:{name}", families)) for _ in range(2))
    assert first.broken is not None
    assert first.broken.promise == promise
    assert (first.digest, str(first.broken)) == (second.digest, str(second.broken))


def test_a_core_with_an_application_keeps_every_promise(families):
    core = named_core(f"{FIRMWARE / 'thermostat.py'}:Thermostat")
    core.check(families)
    for seed in range(1, 4):
        outcome = run(DAYS["offline-toggle"].plan(seed, 3, HALF_HOUR_MS), core.parts(families))
        assert outcome.broken is None
    mixed = [run(plan_of(seed, 3, HALF_HOUR_MS, families), core.parts(families)) for seed in range(1, 4)]
    assert [each.broken for each in mixed] == [None, None, None]


def test_an_application_that_lies_about_a_setting_is_found(families, tmp_path):
    """It says what it was asked for, and after half a minute something else, under the same wish: the twin never converges."""
    text = (FIRMWARE / "thermostat.py").read_text().replace("self._core.report(now_ms, prop, value, based_on)", "pass")
    (tmp_path / "mute.py").write_text(text)
    plan = DAYS["offline-toggle"].plan(1, 3, HALF_HOUR_MS)
    outcome = run(plan, parts_of(f"{tmp_path / 'mute.py'}:Thermostat", families))
    assert outcome.broken is not None
    assert outcome.broken.promise == "twins-converged"


def test_a_plan_keeps_the_name_of_its_core_and_loads_nothing():
    plan = Plan(1, 1, 60_000, core="no.such:core")
    assert parse(plan.write()) == plan
    assert "core" not in Plan(1, 1, 60_000).write()
