"""What holds for every test: skips are failures where the machine promised to have everything."""

import os

import pytest

_NO_SKIPS = os.environ.get("SEAMLINE_TEST_NO_SKIPS", "") not in {"", "0"}


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
