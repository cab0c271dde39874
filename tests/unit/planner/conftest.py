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


ROOFS = """
  roofs:
    title: Roofs and what lies about them
    area: {boundary: whole}
    target: 50 cm
    roofs: true
    seen_by:
      - {class: detect, share: 5 %}
      - {class: observe, share: 5 %}
"""


def with_roofs(plan):
    """A zone more in a plan's file, whose targets stand on roofs where there are some, and a camera high enough to see them."""
    text = plan.read_text().replace("\nzones:", f"\nzones:{ROOFS}", 1)
    plan.write_text(text.replace("\nnodes:\n", "\nnodes:\n" + HIGH, 1))
    return plan


HIGH = """  high:
    part: bullet-8mp
    lens: 4mm
    place: {x: 60 m, y: 60 m}
    height: 20 m
    heading: 20 deg
    tilt: 25 deg
"""
