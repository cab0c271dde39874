"""The yard of the examples in a folder of the test's own, with the product that it names."""

import shutil
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).resolve().parents[3] / "examples"


@pytest.fixture
def yard(tmp_path):
    for folder in ("sites/yard", "trailcam"):
        shutil.copytree(EXAMPLES / folder, tmp_path / folder)
    return tmp_path / "sites" / "yard" / "plan.yaml"
