"""What a command may import before it works: a start of 0.15 s has no room for more, whatever the machine."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
# Runs the command line and prints which modules that took, beyond what an empty program has.
IMPORTED = """
import contextlib, io, sys
before = set(sys.modules)
from seamline.cli import main
with contextlib.redirect_stdout(io.StringIO()):
    assert main(sys.argv[1:]) == 0
print(*set(sys.modules) - before)
"""
FOR_HELP = {"seamline", "seamline.cli", "seamline.cli.exits", "seamline.cli.parser", "seamline.cli.values"}
NEVER = {
    *(
        "asyncio",
        "concurrent",
        "email",
        "http",
        "logging",
        "multiprocessing",
        "random",
        "socket",
        "ssl",
        "subprocess",
        "tempfile",
    ),
    *("difflib", "gmqtt", "nats", "numpy", "psycopg", "pydantic", "shtab", "sqlalchemy", "unittest", "urllib.request"),
}


def imported(*arguments):
    command = [sys.executable, "-I", "-c", IMPORTED, *arguments]
    return set(subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT).stdout.split())


@pytest.mark.parametrize(
    "arguments",
    [["--version"], ["--help"], ["contract", "explain", "SL203"], ["contract", "check", "examples/heater"]],
    ids=" ".join,
)
def test_a_command_that_reads_a_contract_imports_nothing_heavy(arguments):
    assert imported(*arguments) & NEVER == set()


def test_help_imports_the_grammar_and_nothing_of_what_it_describes():
    modules = imported("--help")
    ours = {each for each in modules if each.partition(".")[0] == "seamline"}
    assert {each for each in ours if not each.endswith("_options")} == FOR_HELP  # grammars have modules of their own
    assert not modules & {"dataclasses", "json", "yaml"}


def test_an_explanation_needs_no_yaml_and_no_model():
    assert not imported("contract", "explain", "SL203") & {"json", "yaml", "seamline.contract.model"}


def test_a_check_imports_no_other_part_of_the_house():
    parts = {each.split(".")[1] for each in imported("contract", "check", "examples/heater") if each.startswith("seamline.")}
    assert parts == {"cli", "contract"}
