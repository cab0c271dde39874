"""A demo that its installation ends, by a full disk or a database that is gone, says so in one line; our own faults stay tracebacks."""

import argparse
from pathlib import Path

import psycopg
import pytest

from seamline.rig import demo, trouble
from seamline.rig.fleet import FleetError
from seamline.stack import StackError

FULL = 'connection failed: FATAL:  could not write init file\nconnection to server at "127.0.0.1" was lost'
ONE_LINE = 'connection failed: FATAL: could not write init file connection to server at "127.0.0.1" was lost'
STATE = Path("/small/state")


def grouped(*errors):
    """As task groups in one another raise them."""
    return ExceptionGroup("unhandled errors in a TaskGroup", [ExceptionGroup("and in another", list(errors))])


@pytest.mark.parametrize("wrap", [lambda error: error, grouped])
def test_a_database_that_fails_names_the_folder_and_the_remedy(wrap):
    said = trouble.told(wrap(psycopg.OperationalError(FULL)), STATE)
    assert said == (
        f"the database failed ({ONE_LINE}): look whether /small/state is on a full disk; free some room, or choose another folder with --state"
    )
    assert "the temporary directory is on a full disk" in trouble.told(wrap(psycopg.errors.DiskFull("no space")), None)


@pytest.mark.parametrize(
    "error", [StackError("no room: free some"), FleetError("no room: free some"), OSError("no room: free some")]
)
@pytest.mark.parametrize("wrap", [lambda error: error, grouped])
def test_what_says_its_remedy_itself_is_told_as_it_is(error, wrap):
    assert trouble.told(wrap(error), STATE) == "no room: free some"


def test_an_error_without_words_is_told_by_its_name():
    assert trouble.told(OSError(), STATE) == "OSError"


def test_a_fault_of_ours_is_none_of_these_not_even_beside_one():
    assert trouble.told(KeyError("x"), STATE) is None
    assert trouble.told(grouped(psycopg.OperationalError(FULL), KeyError("x")), STATE) is None


@pytest.fixture
def fails_with(monkeypatch):
    """A demo whose stack does not start, for this reason; the state directory is never made."""

    def arrange(error):
        class Failing:
            def __init__(self, _settings):
                pass

            def __enter__(self):
                raise error

            def __exit__(self, *_):
                pass

        monkeypatch.setattr(demo, "Stack", Failing)

    return arrange


@pytest.fixture
def options(tmp_path):
    return argparse.Namespace(
        devices=2, seconds=1.0, chaos=False, no_faults=True, seed=1, port=0, json=None, state=tmp_path / "state", site=None
    )


@pytest.mark.parametrize("error", [psycopg.OperationalError(FULL), grouped(psycopg.OperationalError(FULL))])
def test_the_demo_ends_with_one_line_and_the_installations_exit_code(error, fails_with, options, capsys):
    fails_with(error)
    assert demo.main(options) == demo.EXIT_INSTALLATION
    said = "".join(capsys.readouterr())
    assert f"error: the database failed ({ONE_LINE})" in said
    assert "Traceback" not in said


def test_the_demo_hides_no_fault_of_ours(fails_with, options):
    fails_with(grouped(KeyError("x")))
    with pytest.raises(ExceptionGroup):
        demo.main(options)


def test_an_interrupted_demo_says_that(fails_with, options):
    fails_with(KeyboardInterrupt())
    assert demo.main(options) == demo.EXIT_INTERRUPTED
