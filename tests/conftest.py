"""What holds for every test: no deadline by the clock, and skips are failures where the machine promised to have everything."""

import os
import secrets
import sys
from pathlib import Path

import coverage
import pytest
from hypothesis import settings

# A deadline is wall time, which no test asserts: on a busy machine anything takes 200 ms now and then.
settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")

_NO_SKIPS = os.environ.get("SEAMLINE_TEST_NO_SKIPS", "") not in {"", "0"}


def pytest_configure():
    """Draw the seed of the fresh fault plans (tests/rig) once, for every process of the run."""
    os.environ.setdefault("SEAMLINE_TEST_RIG_SEED", str(1_000 + secrets.randbits(31)))


def pytest_report_header():
    """Name that seed."""
    return f"fresh fault plans: SEAMLINE_TEST_RIG_SEED={os.environ['SEAMLINE_TEST_RIG_SEED']}"


def pytest_runtest_logreport(report):
    """Write down each failure at once, for whoever sees only the end of a long log (.ci/run prints the file)."""
    if report.failed and report.nodeid.startswith("tests/") and "PYTEST_XDIST_WORKER" not in os.environ:
        folder = Path(os.environ.get("SEAMLINE_TEST_OUTPUT", "test-output"))
        folder.mkdir(parents=True, exist_ok=True)
        with (folder / "failures.txt").open("a", encoding="utf-8") as file:
            file.write(f"{report.nodeid} ({report.when})\n    {_crash(report)[:1500]}\n")


def _crash(report):
    """Where and how a test failed, in a few lines."""
    found = getattr(report.longrepr, "reprcrash", None)
    return str(report.longrepr)[-1500:] if found is None else f"{found.path}:{found.lineno}: {found.message}"


def _reason(report):
    """Return the reason that a skipped report carries."""
    return report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)


def _forbid_skip(report):
    """Turn a skipped report into a failed one, keeping its reason; an expected failure (xfail) stays what it is."""
    if _NO_SKIPS and report.skipped and not hasattr(report, "wasxfail"):
        reason = _reason(report)
        report.outcome = "failed"
        report.longrepr = f"skipped where SEAMLINE_TEST_NO_SKIPS=1 forbids it: {reason}"
    return report


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    return _forbid_skip((yield))


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(collector):
    return _forbid_skip((yield))


@pytest.fixture(scope="module")
def unmeasured():
    """Leave coverage out of a module, and of the processes that it starts.

    It is for what runs the same code thousands of times over, which measuring slows to a third (whole worlds, every cut of the power);
    each line of it is measured in the tests of its own package.
    """
    tracer = sys.gettrace()
    if coverage.Coverage.current() is None or tracer is None:
        yield
        return
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("COVERAGE_PROCESS_CONFIG", raising=False)
        sys.settrace(None)
        try:
            yield
        finally:
            sys.settrace(tracer)


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session):
    """Write down what a worker measured while there is time: one that takes long to end is killed, and its figures with it."""
    measuring = coverage.Coverage.current()
    if measuring is not None and hasattr(session.config, "workerinput"):
        measuring.save()
