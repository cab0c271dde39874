"""The house's own tools: what they promise to whoever sets up, checks and runs this tree."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from tools import address_check, bootstrap, lock, size_check

ROOT = Path(__file__).parents[3]


def run_pytest(folder, text, **variables):
    shutil.copy(ROOT / "tests" / "conftest.py", folder / "conftest.py")
    (folder / "test_it.py").write_text(text)
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("SEAMLINE_", "PYTEST_", "COV_"))}
    command = (
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        "-c",
        os.devnull,
        "--rootdir",
        str(folder),
        str(folder),
    )
    return subprocess.run(
        command,
        env={**environment, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", **variables},
        capture_output=True,
        text=True,
        check=False,
    )


SKIPS = [
    "import pytest\ndef test_it():\n    pytest.skip('needs gcc')\n",
    "import pytest\n@pytest.mark.skipif(True, reason='needs gcc')\ndef test_it():\n    pass\n",
    "import pytest\npytest.skip('needs gcc', allow_module_level=True)\n",
    "import pytest\n@pytest.fixture\ndef tool():\n    pytest.skip('needs gcc')\ndef test_it(tool):\n    pass\n",
]


@pytest.mark.parametrize("text", SKIPS, ids=["call", "mark", "module", "fixture"])
def test_a_skip_is_a_failure_where_the_machine_promised_to_have_everything(text, tmp_path):
    done = run_pytest(tmp_path, text, SEAMLINE_TEST_NO_SKIPS="1")
    assert done.returncode not in {0, 5}, done.stdout
    assert "needs gcc" in done.stdout
    assert "SEAMLINE_TEST_NO_SKIPS=1 forbids it" in done.stdout


@pytest.mark.parametrize("text", SKIPS, ids=["call", "mark", "module", "fixture"])
def test_a_skip_is_a_skip_elsewhere(text, tmp_path):
    assert "1 skipped" in run_pytest(tmp_path, text).stdout


def test_an_expected_failure_is_no_skip(tmp_path):
    text = "import pytest\n@pytest.mark.xfail(reason='open')\ndef test_it():\n    assert False\n"
    assert run_pytest(tmp_path, text, SEAMLINE_TEST_NO_SKIPS="1").returncode == 0


@pytest.mark.parametrize("host", address_check.HOSTS)
def test_a_registrys_host_is_found_in_a_file(host, tmp_path, capsys):
    file = tmp_path / "notes.md"
    file.write_text(f"fine\nsee https://{host}/simple\n")
    assert address_check.main([str(file)]) == 1
    assert f"notes.md:2: names '{host}'" in capsys.readouterr().out


def test_a_folder_of_this_machine_is_found_in_a_file(tmp_path):
    file = tmp_path / "notes.md"
    file.write_text(f"cd {ROOT}/src\n")
    assert address_check.main([str(file)]) == (1 if len(ROOT.parts) > 2 else 0)


def test_an_address_in_a_lock_is_found(tmp_path, capsys):
    folder = tmp_path / "requirements"
    folder.mkdir()
    (folder / "run.txt").write_text("--index-url https://mirror.example/simple\n")
    assert address_check.main([str(folder / "run.txt")]) == 1
    assert "a lock holds an address" in capsys.readouterr().out


def test_ordinary_text_is_left_alone(tmp_path):
    file = tmp_path / "notes.md"
    file.write_text("homework/mainly, framework/x, https://www.rfc-editor.org and /var/lib\n")
    assert address_check.main([str(file)]) == 0


def test_the_locks_hold_hashes_and_no_addresses_and_belong_to_the_project():
    assert lock.stale() == []
    for level in lock.LEVELS:
        text = (lock.FOLDER / f"{level}.txt").read_text()
        pins = text.count("==")
        assert pins
        assert "://" not in text
        assert all("--hash=sha256:" in entry for entry in text.replace("\\\n", " ").splitlines() if "==" in entry)


def test_the_smaller_locks_pin_what_the_larger_one_pins():
    def pins(level):
        return {line.split(" \\")[0] for line in (lock.FOLDER / f"{level}.txt").read_text().splitlines() if "==" in line}

    names = {pin.split(";")[0].strip() for pin in pins("dev")}
    assert {pin.split(";")[0].strip() for level in ("run", "bootstrap") for pin in pins(level)} <= names


@pytest.fixture
def tree(tmp_path, monkeypatch):
    for name in (*bootstrap.INPUTS, *(f"requirements/{level}.txt" for level in bootstrap.LEVELS)):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(name)
    monkeypatch.setattr(bootstrap, "ROOT", tmp_path)
    monkeypatch.setattr(bootstrap, "VENV", tmp_path / ".venv")
    monkeypatch.setattr(bootstrap, "PYTHON", tmp_path / ".venv" / "bin" / "python")
    (tmp_path / ".venv" / "bin").mkdir(parents=True)
    (tmp_path / ".venv" / "bin" / "python").touch()
    return tmp_path


def test_an_environment_stands_until_what_it_was_made_from_changes(tree):
    assert not bootstrap.stands("run")
    bootstrap.stamp("run").write_text(bootstrap.fingerprint("run"))
    assert bootstrap.stands("run")
    assert not bootstrap.stands("dev")
    for name in (*bootstrap.INPUTS, "requirements/run.txt"):
        before = (tree / name).read_text()
        (tree / name).write_text("changed")
        assert not bootstrap.stands("run")
        (tree / name).write_text(before)
    (tree / ".venv" / "bin" / "python").unlink()
    assert not bootstrap.stands("run")


def test_the_environment_for_development_is_enough_for_the_demo(tree):
    bootstrap.stamp("dev").write_text(bootstrap.fingerprint("dev"))
    assert bootstrap.stands("run")


def test_a_set_up_that_fails_leaves_no_stamp_and_says_why(tree, monkeypatch, capsys):
    bootstrap.stamp("run").write_text("old")
    monkeypatch.setattr(bootstrap, "has_uv", lambda: True)

    def fails(level):
        raise bootstrap.CannotSetUp("no room")

    monkeypatch.setattr(bootstrap, "install", fails)
    assert bootstrap.main(["run"]) == bootstrap.INSTALLATION_PROBLEM
    assert "no room" in capsys.readouterr().err
    assert not bootstrap.stamp("run").exists()


def test_the_set_up_needs_only_the_standard_library():
    program = f"import sys; sys.path[:] = [p for p in sys.path if 'site-packages' not in p]; sys.path.insert(0, {str(ROOT)!r}); import tools.bootstrap"
    assert subprocess.run([sys.executable, "-I", "-S", "-c", program], check=False).returncode == 0


def test_a_module_or_function_that_grew_too_large_is_found(tmp_path):
    file = tmp_path / "utils.py"
    file.write_text("def long():\n" + "    x = 1\n" * 500)
    found = [what for _, what in size_check.findings(file)]
    assert len(found) == 3
