"""A folder with its registry: released once, never edited, nothing in the field broken."""

import json
import re
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from seamline.contract import ContractErrors, loads
from seamline.contract.evolution.fingerprint import fingerprint, layout_fingerprints
from seamline.contract.evolution.placed import placed
from seamline.contract.evolution.releases import (
    REGISTRY_BYTES_MAX,
    ReleaseRefused,
    open_releases,
    planned_release,
    planned_retirement,
    problems_of,
    write,
)

BASE = (Path(__file__).parents[1] / "base.yaml").read_text(encoding="utf-8")
HEATER = Path(__file__).parents[4] / "examples" / "heater"
DATE = "2026-11-21"


def release(folder, *, adopt=False):
    files = planned_release(open_releases(folder), (folder / "contract.yaml").read_bytes(), DATE, adopt=adopt)
    write(files)
    return [path.name for path in files]


def put(folder, version, *pieces):
    text = BASE.replace("version: 2.1.0", f"version: {version}")
    for old, new in pieces:
        assert old in text
        text = text.replace(old, new)
    folder.mkdir(exist_ok=True)
    (folder / "contract.yaml").write_text(text, encoding="utf-8")


def codes(folder, in_field=None):
    return [problem.code for problem in problems_of(open_releases(folder), in_field)]


@pytest.fixture
def lamp(tmp_path):
    """A lamp with 2.1.0 in the field, and 2.2.0 being written."""
    folder = tmp_path / "lamp"
    put(folder, "2.1.0")
    release(folder)
    put(folder, "2.2.0")
    return folder


def registry(folder):
    return folder / "released" / "registry.jsonl"


def test_a_release_is_the_contracts_bytes_and_a_line(tmp_path):
    put(tmp_path, "2.1.0")
    assert release(tmp_path) == ["2.1.0.yaml", "registry.jsonl"]
    assert (tmp_path / "released" / "2.1.0.yaml").read_bytes() == (tmp_path / "contract.yaml").read_bytes()
    line = json.loads(registry(tmp_path).read_text())
    contract = loads(BASE)
    assert (line["version"], line["date"]) == ("2.1.0", DATE)
    assert (line["fingerprint"], line["layouts"]) == (fingerprint(contract), layout_fingerprints(contract))
    assert codes(tmp_path) == []


def test_releasing_twice_changes_nothing(lamp):
    release(lamp)
    before = {path: path.read_bytes() for path in (lamp / "released").iterdir()}
    assert release(lamp) == []
    assert {path: path.read_bytes() for path in (lamp / "released").iterdir()} == before


def test_a_release_that_was_cut_off_between_its_files_goes_on(lamp):
    files = planned_release(open_releases(lamp), (lamp / "contract.yaml").read_bytes(), DATE)
    first, second = files
    write({first: files[first]})
    assert codes(lamp) == ["SL312"]
    assert release(lamp) == [second.name]
    assert registry(lamp).read_bytes() == files[second]


@pytest.mark.parametrize(
    ("version", "pieces", "code"),
    [
        ("2.1.0", [("cap: 10 min", "cap: 9 min")], "SL304"),  # the version exists with other content
        ("2.0.9", [("seen, type: bool, since: 2.0.0", "seen, type: bool, since: 2.0.0")], "SL303"),  # it is not greater
        ("2.2.0", [("scale: 0.01", "scale: 0.02")], "SL306"),  # the meaning changed without a new layout number
        ("2.2.0", [("recovery: 60 s", "recovery: 19 s")], "SL206"),  # the check fails
        ("2.2.0", [("conflict: newest", "conflict: device_wins")], "SL323"),  # it breaks the field
    ],
)
def test_what_must_not_be_released_is_refused_and_nothing_is_written(version, pieces, code, lamp):
    put(lamp, version, *pieces)
    before = sorted((path.name, path.read_bytes()) for path in (lamp / "released").iterdir())
    with pytest.raises(ContractErrors) as caught:
        release(lamp)
    assert code in [problem.code for problem in caught.value.problems]
    assert sorted((path.name, path.read_bytes()) for path in (lamp / "released").iterdir()) == before


@pytest.mark.parametrize(
    ("pieces", "code", "place"),
    [
        ([("type: u8, scale: 0.5", "type: u16, scale: 0.5")], "SL321", "type: u16, scale: 0.5"),
        ([("level: {type: u8, scale: 0.5", "level: {type: u8, scale: 1")], "SL322", "scale: 1"),
        ([("p99: 4 s", "p99: 10 s"), ("value: 12 s", "value: 20 s")], "SL323", "value: 20 s"),
    ],
)
def test_what_breaks_firmware_in_the_field_is_told_at_its_place(pieces, code, place, lamp):
    put(lamp, "2.2.0", *pieces)
    problem = problems_of(open_releases(lamp))[0]
    assert problem.code == code
    line = (lamp / "contract.yaml").read_text().splitlines()[problem.span.line - 1]
    assert line[problem.span.column - 1 :].startswith(place.split(": ", 1)[1].split(",")[0])
    assert "2.1.0" in problem.message
    put(lamp, "2.2.0", *pieces)
    write(planned_retirement(open_releases(lamp), "2.1.0", 0, DATE))
    assert codes(lamp) == []


def test_a_released_file_that_was_edited_or_lost_is_noticed(lamp):
    file = lamp / "released" / "2.1.0.yaml"
    content = file.read_bytes()
    file.write_bytes(content + b"# a comment is enough\n")
    assert codes(lamp) == ["SL311"]
    file.unlink()
    assert codes(lamp) == ["SL311"]
    file.write_bytes(content)
    assert codes(lamp) == []


def test_a_registry_that_was_edited_or_lost_is_noticed(lamp):
    release(lamp)
    path = registry(lamp)
    lines = path.read_text().splitlines(keepends=True)
    path.write_text(lines[1])
    assert codes(lamp) == ["SL310", "SL312"]
    path.write_text(lines[0])
    assert codes(lamp) == ["SL312"]
    path.unlink()
    assert codes(lamp) == ["SL312", "SL312"]


def test_a_registry_that_cannot_be_read_is_one_problem(lamp):
    for content in (b"\xff\xfe", b"x" * (REGISTRY_BYTES_MAX + 1)):
        registry(lamp).write_bytes(content)
        with pytest.raises(ContractErrors) as caught:
            open_releases(lamp)
        assert [problem.code for problem in caught.value.problems] == ["SL310"]


def test_fingerprints_that_are_computed_otherwise_are_noticed(lamp):
    path = registry(lamp)
    path.write_text(re.sub(r'"light/4": "[0-9a-f]{8}"', '"light/4": "0badcafe"', path.read_text()))
    assert codes(lamp) == ["SL313"]


def test_released_files_without_a_line_can_be_adopted(lamp):
    release(lamp)
    registry(lamp).unlink()
    with pytest.raises(ContractErrors):
        release(lamp)
    assert release(lamp, adopt=True) == ["registry.jsonl"]
    assert codes(lamp) == []
    assert list(open_releases(lamp).registry.releases) == ["2.1.0", "2.2.0"]


def test_the_fleet_says_what_is_in_the_field(lamp):
    put(lamp, "2.2.0", ("conflict: newest", "conflict: device_wins"))
    assert codes(lamp, {"2.1.0": 3}) == ["SL323"]
    assert codes(lamp, {"2.1.0": 0, "2.2.0": 5}) == []
    assert codes(lamp, {}) == []
    problem = problems_of(open_releases(lamp), {"1.7.0": 2})[0]
    assert (problem.code, problem.message) == ("SL324", "devices in the field have 1.7.0 (2 of them), which is not released here")


def test_a_version_leaves_the_field_only_without_devices(lamp):
    for version, devices, text in (
        ("2.1.0", 1, "2.1.0 stays in the field: 1 device has it"),
        ("2.1.0", 7, "2.1.0 stays in the field: 7 devices have it"),
        ("2.2.0", 0, "2.2.0 is not in the field; in the field are: 2.1.0"),
    ):
        with pytest.raises(ReleaseRefused, match=text):
            planned_retirement(open_releases(lamp), version, devices, DATE)
    release(lamp)
    with pytest.raises(ReleaseRefused, match="new devices are made with it"):
        planned_retirement(open_releases(lamp), "2.2.0", 0, DATE)
    write(planned_retirement(open_releases(lamp), "2.1.0", 0, DATE))
    with pytest.raises(ReleaseRefused, match=r"2\.1\.0 is not in the field; in the field are: 2\.2\.0"):
        planned_retirement(open_releases(lamp), "2.1.0", 0, DATE)


def test_the_fingerprint_is_of_what_is_said_and_not_of_how(tmp_path):
    contract = loads(BASE)
    assert fingerprint(contract) == fingerprint(
        loads("# a comment\n" + BASE.replace("cap: 10 min, jitter: full", "jitter: full, cap: 10 min"))
    )
    assert fingerprint(contract) != fingerprint(loads(BASE.replace("error_max: 2 s", "error_max: 3 s")))
    assert fingerprint(contract) != fingerprint(loads(BASE.replace("cap: 10 min", "cap: 600 s")))


LEAVES = [match.span(1) for match in re.finditer(r": ([A-Za-z][A-Za-z ]+)$", BASE, re.MULTILINE)]


@given(st.sampled_from(LEAVES))
@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.differing_executors])
def test_another_word_anywhere_is_another_fingerprint(span):
    try:
        other = loads(BASE[: span[1]] + "x" + BASE[span[1] :])
    except ContractErrors:
        return
    assert fingerprint(other) != fingerprint(loads(BASE))


def test_the_examples_releases_are_as_they_were():
    releases = open_releases(HEATER)
    assert problems_of(releases) == ()
    assert releases.registry.in_field == ("1.2.0", "1.3.0")
    assert releases.registry.releases["1.2.0"].layouts == {"reading/2": "3ffe07f5", "vitals/1": "c38f6c1e"}


def test_a_contract_knows_where_its_file_says_what(tmp_path):
    put(tmp_path, "2.1.0")
    found = placed(tmp_path / "contract.yaml")
    lines = BASE.splitlines()
    assert lines[found.place("backoff.cap").line - 1].startswith("backoff")
    assert found.contract.version == "2.1.0"
