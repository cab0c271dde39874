"""Blind spots in words: what stands in the way first, then what looks elsewhere, and names that are no other one's."""

from dataclasses import replace

import shapely

from seamline.site.coverage.result import BlindSpot, Cause
from seamline.site.documents.blind import causes_text, need_text, needs, share_text
from seamline.site.plan.model import Need


def blind(*causes):
    return BlindSpot("yard-1", shapely.box(0, 0, 1, 1), 4, 10.0, tuple(Cause(kind, what, 1, area) for kind, what, area in causes))


def test_what_stands_in_the_way_is_told_before_what_looks_elsewhere():
    spot = blind(
        ("field", "cam-1", 10), ("range", "cam-2", 9), ("obstruction", "stack", 4), ("density", "cam-3", 2), ("near", "cam-4", 1)
    )
    assert causes_text(spot) == (
        "behind stack (4 m²); too few pixels from cam-3; below the picture of cam-4; beside the picture of cam-1; out of range of cam-2"
    )


def test_of_many_causes_of_one_kind_the_worst_are_named_and_the_rest_counted():
    spot = blind(*(("range", f"cam-{at}", 10 - at) for at in range(6)))
    assert causes_text(spot) == "out of range of cam-0, cam-1, cam-2 and 3 more"
    assert causes_text(spot, most=6).endswith("cam-4, cam-5")


def test_the_ground_and_nobody_are_causes_too():
    assert causes_text(blind(("terrain", "", 3), ("nobody", "", 10))) == "behind the ground (3 m²); nothing that could see it"
    assert causes_text(blind()) == ""


def test_needs_are_told_with_their_edition_and_density():
    assert need_text(Need("camera", "recognise", 2, 0.9, "2015", 125.0)) == "camera recognise (2015, 125 px/m), by 2"
    assert need_text(Need("camera", "own", 1, 0.9, None, 33.5)) == "camera own (33.5 px/m), by 1"
    assert need_text(Need("camera", "any")) == "camera any, by 1"
    assert need_text(Need("sensor", "smoke", 3)) == "sensor smoke, by 3"


def test_a_share_is_never_rounded_up_to_all():
    assert [share_text(share) for share in (0.0, 0.9999, 0.29, 1.0, 1 / 3)] == ["0 %", "99.9 %", "29 %", "100 %", "33.3 %"]


def test_two_needs_of_one_class_keep_their_blind_spots_apart(designed):
    lanes = designed.coverage.zones["lanes"]
    twice = replace(lanes, needs=(lanes.needs[0], lanes.needs[0], lanes.needs[1]))
    assert [mark for _, mark in needs(twice)] == ["-detect-1", "-detect-2", "-motion"]
    assert [mark for _, mark in needs(designed.coverage.zones["gate"])] == [""]
