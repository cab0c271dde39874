"""The grammar of the command line: one clear line for what is wrong, an exit code for each kind of end."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

import seamline
from seamline.cli import exits, extras, main
from seamline.cli.parser import build

ROOT = Path(__file__).parents[3]


def leaves(parser, words=()):
    """Yield every command as (words, parser)."""
    inner = [action for action in parser._actions if hasattr(action, "choices") and isinstance(action.choices, dict)]
    if not inner:
        yield words, parser
    for action in inner:
        for name, child in action.choices.items():
            yield from leaves(child, (*words, name))


COMMANDS = {" ".join(words): parser for words, parser in leaves(build())}


ON_A_PLAN = ("new", "preview", "cover", "parts", "place", "network", "power", "build", "bom", "verify", "diff")


def test_the_commands_are_those_that_the_documents_name():
    assert set(COMMANDS) == {
        "demo", "up", "hub", "doctor", "devices", "device show", "device add", "readings", "ledger", "quarantine", "agent run", "gate", "completion",
        *(f"site {what}" for what in ("convert", *ON_A_PLAN, "draw", "serve", "publish", "bind", "release", "live")),
        *(f"rig {what}" for what in ("run", "replay", "promote", "board run", "storm")),
        *(f"calibration {what}" for what in ("show", "set", "import")),
        *(f"contract {what}" for what in ("new", "check", "explain", "release", "retire", "diff", "gen", "map")),
    }  # fmt: skip
    assert {f"seamline {name}" for name in COMMANDS} <= documented().keys()


def documented():
    """The section of each command in docs/cli.md: a heading names one, or several of a group: `seamline site bind`, `release`."""
    found = {}
    for section in (ROOT / "docs" / "cli.md").read_text().split("\n## ")[1:]:
        first, *others = re.findall(r"`([^`]+)`", section.partition("\n")[0]) or [""]
        for name in (first, *(f"{first.rpartition(' ')[0]} {other}" for other in others)):
            found[name] = section
    return found


@pytest.mark.parametrize("name", COMMANDS)
def test_every_option_is_documented(name):
    section = documented()[f"seamline {name}"]
    options = [text for action in COMMANDS[name]._actions for text in action.option_strings if text.startswith("--")]
    missing = [
        option for option in options if option not in {"--help", "--url", "--state", "--json"} and f"`{option}" not in section
    ]
    assert not missing


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ([], "the following arguments are required: COMMAND"),
        (["fly"], "invalid choice: 'fly'"),
        (["readings"], "the following arguments are required: ID"),
        (["devices", "--limit", "0"], "0 is not between 1 and 1000"),
        (["devices", "--limit", "many"], "'many' is not a whole number"),
        (["devices", "--presence", "fine"], "invalid choice: 'fine'"),
        (["demo", "--seconds", "-3"], "'-3' is not more than 0 and"),
        (["demo", "--seconds", "nan"], "'nan' is not more than 0 and"),
        (["readings", "a", "--from", "yesterday"], "'yesterday' is no time: write 2026-11-21T09:00Z"),
        (["readings", "a", "--from", "1h", "--to", "2h"], "is not before --to"),
        (["hub", "--partitions", "0,x"], "'x' is not a whole number"),
        (["hub", "--role", "juggler"], "--role juggler: the roles are auth, ingest, api, worker"),
        (["hub", "--role", "auth,api"], "--role auth runs as a process of its own"),
        (["hub", "--role", "worker", "--partitions", "0"], "--role worker has no ingest: leave it out"),
        (
            ["hub", "--role", "api,worker", "--partitions", "0,1"],
            "--partitions says what ingest works on, and --role api,worker has no",
        ),
        (["hub", "--role", "auth", "--partitions", "0"], "--role auth has no ingest: leave it out"),
        (["agent", "run", "--contract", "c", "--device", "d", "--url", "u"], "one of the arguments --command --file --stdin"),
        (["devices", "--url", "nowhere"], "'nowhere' is no address of a hub"),
    ],
)
def test_wrong_arguments_give_one_clear_line_and_exit_code_2(arguments, complaint, capsys):
    assert main(arguments) == exits.WRONG_USE
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.count("\n") == 1
    assert complaint in said.err


def test_options_are_not_guessed_from_their_beginnings(capsys):
    assert main(["devices", "--pres", "deaf"]) == exits.WRONG_USE
    assert "unrecognized arguments" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], *([*name.split(), "--help"] for name in COMMANDS)])
def test_help_is_there_for_every_command(arguments, capsys):
    assert main(arguments) == exits.OK
    assert capsys.readouterr().out


def test_version_is_the_packages(capsys):
    main(["--version"])
    assert capsys.readouterr().out == f"seamline {seamline.__version__}\n"


@pytest.mark.parametrize("shell", ["bash", "zsh", "tcsh"])
def test_completion_knows_every_command(shell, capsys):
    assert main(["completion", shell]) == exits.OK
    script = capsys.readouterr().out
    assert all(word in script for name in COMMANDS for word in name.split())


def test_bash_accepts_the_completion_script(capsys):
    main(["completion", "bash"])
    script = capsys.readouterr().out
    assert subprocess.run(["bash", "-n"], input=script, text=True, check=False).returncode == 0


@pytest.mark.parametrize(("command", "extra"), [("demo", "hub"), ("up", "hub"), ("doctor", "hub")])
def test_a_missing_extra_is_named_with_the_command_that_adds_it(command, extra, capsys, monkeypatch):
    def lacks(name):
        raise ModuleNotFoundError(f"No module named 'numpy' ({name})", name="numpy.linalg")

    monkeypatch.setattr(extras, "import_module", lacks)
    assert main([command]) == exits.MISSING_EXTRA
    assert (
        capsys.readouterr().err
        == f"seamline: this needs the extra '{extra}' (no module numpy): pip install 'seamline[{extra}]'\n"
    )


def test_a_module_of_our_own_that_is_missing_is_a_bug_and_not_an_extra(monkeypatch):
    def lacks(name):
        raise ModuleNotFoundError(f"No module named {name!r}", name=name)

    monkeypatch.setattr(extras, "import_module", lacks)
    with pytest.raises(ModuleNotFoundError):
        main(["up"])


def test_help_and_read_commands_import_nothing_of_the_hub():
    program = (
        "import sys; from seamline.cli import main; main(['--help']); import seamline.cli.fleet, seamline.cli.readings; "
        "heavy = {'numpy', 'psycopg', 'fastapi', 'pydantic', 'sqlalchemy', 'nats', 'cryptography', 'gmqtt', 'yaml', 'asyncio'}; "
        "sys.exit(str(heavy & set(sys.modules)) if heavy & set(sys.modules) else 0)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_python_dash_m_is_the_same_command():
    done = subprocess.run([sys.executable, "-m", "seamline", "--version"], capture_output=True, text=True, check=True)
    assert done.stdout == f"seamline {seamline.__version__}\n"


def test_exit_codes_are_documented():
    documented = (ROOT / "docs" / "cli.md").read_text()
    codes = {value for name, value in vars(exits).items() if name.isupper()}
    assert codes == {int(code) for code in re.findall(r"^\| (\d+) \|", documented, re.MULTILINE)}


def test_demo_takes_its_result_file_and_numbers(monkeypatch):
    seen = []

    class Part:
        @staticmethod
        def main(options):
            seen.append(options)
            return 1

    monkeypatch.setattr(extras, "import_module", lambda _: Part)
    assert main(["demo", "--devices", "20", "--seconds", "1.5", "--json", "out.json", "--chaos"]) == 1
    (options,) = seen
    assert (options.devices, options.seconds, options.json, options.chaos) == (20, 1.5, Path("out.json"), True)


def test_json_is_offered_by_every_command_that_reads():
    reading = {name for name, parser in COMMANDS.items() if any("--json" in each.option_strings for each in parser._actions)}
    assert reading == {
        *(f"site {what}" for what in (*ON_A_PLAN, "publish", "bind", "release", "live") if what != "new"),
        "demo",
        "doctor",
        "devices",
        "device show",
        "device add",
        "readings",
        "ledger",
        "calibration show",
        "calibration set",
        "calibration import",
        "quarantine",
        "contract explain",
        "contract diff",
        "gate",
        "rig run",
        "rig replay",
        "rig board run",
        "rig storm",
    }
