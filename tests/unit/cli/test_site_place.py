"""What `seamline site place` says on a terminal while it searches."""

import sys

import pytest

from seamline.cli.site_place import Shown
from seamline.site.placement.effort import Progress


@pytest.mark.parametrize(
    ("progress", "told"),
    [
        (Progress("relax", 40, 1200, 58, 57), "relax 40/1200: found 58, bound 57"),
        (Progress("solve", 0, 0, None, None), "solve: nothing found yet"),
    ],
)
def test_it_says_how_far_it_is_where_that_is_known(capsys, monkeypatch, progress, told):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    assert Shown().tell(progress)
    assert capsys.readouterr().err.endswith(f"\x1b[K{told}")
