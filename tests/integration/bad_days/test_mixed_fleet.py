"""Bad day `mixed-fleet`: 1.2, 1.3 and 1.4 in the field together, for years.

Every version is decoded side by side, also one that was shipped before the hub knew it; a breaking change is refused before release.
"""

from __future__ import annotations

import asyncio
import re
import shutil

import pytest
from tests.integration.bad_days.scene import query, scene

from seamline.contract import ContractErrors, load_family
from seamline.rig.fleet import models_of
from seamline.stack import ChildError
from seamline.testing.stack import stack

NEW_FIELD = "      - {name: window_open, type: u16, unit: s, range: [0, 3600], since: 1.4.0}\n"


def next_release(heater, folder, change=("", "")):
    """Write 1.4 as contract.yaml: one more field at the end, a new layout; then `change` one piece of it."""
    shutil.copytree(heater / "released", folder / "released", dirs_exist_ok=True)
    text = (heater / "contract.yaml").read_text()
    text = text.replace("version: 1.3.0", "version: 1.4.0").replace("layout: 3 ", "layout: 4 ")
    last = next(line for line in text.splitlines(keepends=True) if "since: 1.3.0" in line)
    text = text.replace(last, last + NEW_FIELD)
    assert change[0] in text
    (folder / "contract.yaml").write_text(text.replace(*change) if change[0] else text)
    return folder


def test_three_versions_are_decoded_side_by_side_and_the_newest_even_if_the_hub_learns_of_it_later(heater, tmp_path):
    known, later = tmp_path / "known", tmp_path / "later"
    shutil.copytree(heater, known)
    later.mkdir()
    family = load_family(next_release(heater, later))
    ahead = "SELECT count(*) FROM quarantine WHERE reason = 'unregistered' AND counted AND resolved_at IS NULL"
    by_layout = "SELECT layout, count(*), count(set_point), count(window_open) FROM r_heater_reading GROUP BY 1 ORDER BY 1"

    async def day(house):
        models = models_of(family, 60, versions=3, publish_every_ms_max=500)
        async with scene(house, family, models, "mixed", 12) as stage:
            stage.fleet.power_on()
            await stage.lively()
            await stage.until(lambda: query(house, ahead) > [(0,)], "frames ahead of the hub are in quarantine")
            assert {row[0] for row in query(house, "SELECT DISTINCT layout FROM r_heater_reading")} == {2, 3}

            shutil.copytree(later, known, dirs_exist_ok=True)  # 1.4 is released to the hub
            house.kill("hub")
            await stage.lively()
            verdict = None
            await stage.until(lambda: query(house, ahead) == [(0,)], "quarantine is decoded with the new layout")
            verdict = await stage.verdict()
            assert set(verdict.by_version) == {"1.2.0", "1.3.0", "1.4.0"}
            for sums in verdict.by_version.values():
                assert sums.stored == sums.numbered > 0
            counts = {layout: (rows, set_points, windows) for layout, rows, set_points, windows in query(house, by_layout)}
            assert counts.keys() == {2, 3, 4}
            assert counts[2][1:] == (0, 0), "a field that 1.2 does not have is missing, not zero"
            assert counts[3][1:] == (counts[3][0], 0)
            assert counts[4][1:] == (counts[4][0], counts[4][0])

    with stack(contracts=(known,)) as house:
        asyncio.run(day(house))


BREAKING = {
    "a field removed": ("SL307", ("      - {name: power,     type: u16, scale: 0.1, unit: W, range: [0, 3000]}\n", "")),
    "a field moved behind": ("SL307", ("{name: element,   type: u16, calibration: element_ntc", "{name: elements, type: u16, calibration: element_ntc")),
    "a type changed": ("SL308", ("{name: power,     type: u16", "{name: power,     type: i16")),
    "a scale changed": ("SL309", ("type: u16, scale: 0.1,", "type: u16, scale: 0.2,")),
    "an enum member that means something else": ("SL309", ("2: holding", "2: boosting")),
    "a layout that changed under its number": ("SL306", ("layout: 4 ", "layout: 3 ")),
    "an id used again": ("SL305", ("vitals: {id: 2", "vitals: {id: 3")),
}  # fmt: skip


@pytest.mark.parametrize("case", BREAKING)
def test_a_breaking_change_is_refused_before_release(heater, tmp_path, case):
    code, change = BREAKING[case]
    with pytest.raises(ContractErrors) as caught:
        load_family(next_release(heater, tmp_path, change))
    problems = [str(problem) for problem in caught.value.problems]
    place = re.escape(str(tmp_path / "contract.yaml"))
    assert any(re.match(rf"{place}:\d+:\d+ {code} ", problem) for problem in problems), problems


def test_a_hub_does_not_start_with_a_breaking_change(heater, tmp_path):
    folder = next_release(heater, tmp_path, BREAKING["a type changed"][1])
    with pytest.raises(ChildError, match="SL308"), stack(contracts=(folder,)):
        pytest.fail("it started")
