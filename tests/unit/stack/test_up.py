"""`seamline up` looks at the contracts before it starts anything: what is wrong is said at once, and nothing is left behind."""

import re
import shutil
from pathlib import Path

import pytest

from seamline.cli import exits, main
from seamline.stack.served import problems_in

HEATER = Path(__file__).parents[3] / "examples" / "heater"


@pytest.fixture(autouse=True)
def _no_settings(monkeypatch):
    monkeypatch.delenv("SEAMLINE_STATE", raising=False)
    monkeypatch.delenv("SEAMLINE_SETTINGS", raising=False)


@pytest.fixture
def broken(tmp_path):
    """The heater's folder with two things wrong."""
    folder = tmp_path / "heater"
    shutil.copytree(HEATER, folder)
    text = (folder / "contract.yaml").read_text()
    changed = re.sub(r"(?m)^version: .*$", "version: latest", text)
    (folder / "contract.yaml").write_text(re.sub(r"(?m)^summary: .*$", "sumary: x", changed))
    return folder


def test_a_broken_contract_is_told_as_check_tells_it_and_nothing_is_started(broken, tmp_path, capsys):
    assert main(["contract", "check", str(broken)]) == exits.PROMISE_BROKEN
    checked = capsys.readouterr().out.splitlines()
    assert len(problems_in([broken])) >= 2
    state = tmp_path / "state"
    assert main(["up", "--state", str(state), "--contracts", str(HEATER), str(broken)]) == exits.PROMISE_BROKEN
    said = capsys.readouterr()
    *told, last = said.err.splitlines()
    assert said.out == ""
    assert told == checked[:-1], "every problem, in the same words"
    assert last.startswith(f"seamline: nothing was started: {len(problems_in([broken]))} problems in the contracts; ")
    assert not state.exists(), "nothing is kept either"


def test_contracts_from_the_settings_file_are_looked_at_too(broken, tmp_path, capsys):
    state = tmp_path / "state"
    state.mkdir()
    (state / "seamline.toml").write_text(f'contracts = ["{broken}"]\n')
    assert main(["up", "--state", str(state)]) == exits.PROMISE_BROKEN
    assert "nothing was started" in capsys.readouterr().err
    assert [path.name for path in state.iterdir()] == ["seamline.toml"]


def test_contracts_that_hold_have_no_problems():
    assert problems_in([HEATER]) == ()


@pytest.mark.parametrize(
    ("folder", "says"),
    [
        (".", "has no contract.yaml, but its folders do: write "),
        ("none", "contracts: {} does not exist"),
        ("empty", "contracts: {} has no contract.yaml: name the folder of a product"),
        ("heater/contract.yaml", "{} is a file: write the product's folder, "),
    ],
)
def test_a_wrong_folder_is_wrong_use(folder, says, broken, tmp_path, capsys):
    (tmp_path / "empty").mkdir()
    path = tmp_path / folder
    assert main(["up", "--state", str(tmp_path / "state"), "--contracts", str(path)]) == exits.WRONG_USE
    assert says.format(path) in capsys.readouterr().err
    assert not (tmp_path / "state").exists()
