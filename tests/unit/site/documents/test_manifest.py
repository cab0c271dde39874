"""A folder of documents: whole and of one plan, or which file is missing, altered, foreign or stale."""

import hashlib
import json
import re
from pathlib import Path

import pytest
from tests.unit.site.documents import yard

from seamline.site.documents.content import Content, content_of
from seamline.site.documents.folder import documents, place
from seamline.site.documents.manifest import MANIFEST, read_manifest, verify
from seamline.site.documents.work import design
from seamline.site.frame import SiteError
from seamline.site.plan.loader import load_plan

HASH = re.compile(rb"sha256:[0-9a-f]{64}")


def kinds(verdict):
    return {finding.file: finding.kind for finding in verdict.findings}


def test_every_file_carries_the_one_content_and_no_other(yard_files, designed):
    assert len(yard_files) > 20
    for name, data in yard_files.items():
        assert set(HASH.findall(data)) == {designed.content.hash.encode()}, name


def test_a_folder_as_it_was_built_holds(built, designed):
    found = verify(built)
    assert found.holds
    assert (found.site, found.variant, found.content) == ("yard", None, designed.content.hash)
    assert found.files == len([path for path in built.rglob("*") if path.is_file()]) - 1
    assert verify(built, designed.content).holds


def test_each_single_file_is_missed_by_its_name(built, yard_files):
    for name in yard_files:
        if name != MANIFEST:
            (built / name).rename(built.parent / "away")
            assert kinds(verify(built)) == {name: "missing"}
            (built.parent / "away").rename(built / name)


def test_each_single_altered_byte_is_found(built, yard_files):
    for name, data in yard_files.items():
        if name != MANIFEST:
            (built / name).write_bytes(data[:-2] + bytes([data[-2] ^ 1]) + data[-1:])
            assert kinds(verify(built)) == {name: "altered"}
            (built / name).write_bytes(data)
    assert verify(built).holds


def test_a_file_too_many_is_foreign_wherever_it_lies(built):
    (built / "notes.txt").write_text("mine")
    (built / "drawings" / "new").mkdir()
    (built / "drawings" / "new" / "plan.svg").write_text("<svg/>")
    (built / "link").symlink_to(built / "drawings")
    assert kinds(verify(built)) == {"drawings/new/plan.svg": "foreign", "link": "foreign", "notes.txt": "foreign"}


def test_a_file_of_another_plan_is_foreign_even_when_the_manifest_was_mended(built, tmp_path):
    other = design(yard.write(tmp_path / "other", yard.PLAN.replace("heading: 225 deg", "heading: 220 deg")))
    data = documents(other)["bom.csv"]
    (built / "bom.csv").write_bytes(data)
    assert kinds(verify(built)) == {"bom.csv": "foreign"}
    told = json.loads((built / MANIFEST).read_text("utf-8"))
    told["files"]["bom.csv"] = json.loads(documents(other)[MANIFEST])["files"]["bom.csv"]
    (built / MANIFEST).write_text(json.dumps(told), "utf-8")
    (finding,) = verify(built).findings
    assert (finding.file, finding.kind) == ("bom.csv", "foreign")
    assert other.content.hash[:19] in finding.why


def test_a_file_whose_hash_was_taken_out_is_altered_even_when_the_manifest_was_mended(built):
    data = HASH.sub(b"", (built / "bom.csv").read_bytes())
    (built / "bom.csv").write_bytes(data)
    told = json.loads((built / MANIFEST).read_text("utf-8"))
    told["files"]["bom.csv"] = hashlib.sha256(data).hexdigest()
    (built / MANIFEST).write_text(json.dumps(told), "utf-8")
    assert kinds(verify(built)) == {"bom.csv": "altered"}


def test_a_manifest_that_names_files_outside_of_its_folder_reads_none_of_them(built):
    told = json.loads((built / MANIFEST).read_text("utf-8"))
    told["files"]["../secret"] = "0" * 64
    (built / MANIFEST).write_text(json.dumps(told), "utf-8")
    (built.parent / "secret").write_text("x")
    assert kinds(verify(built)) == {"../secret": "foreign"}


def test_against_a_plan_that_moved_on_every_file_is_stale_and_the_input_is_named(built, designed, yard_files):
    content = designed.content
    moved = Content(content.plan, {"survey.geojson": "0" * 64, "sun.csv": "1" * 64}, content.catalogue)
    found = verify(built, moved)
    assert set(kinds(found).values()) == {"stale"}
    assert len(found.findings) == len(yard_files) - 1
    assert found.findings[0].why == "changed since: sun.csv (new), survey.geojson"
    gone = Content("0" * 64, {}, "2" * 64)
    assert verify(built, gone).findings[0].why == "changed since: the plan, the catalogue, survey.geojson (gone)"


def test_a_missing_file_is_missing_and_not_stale(built, designed):
    (built / "bom.csv").unlink()
    moved = Content("0" * 64, designed.content.inputs, designed.content.catalogue)
    assert kinds(verify(built, moved))["bom.csv"] == "missing"


def test_an_empty_folder_is_stale_by_its_manifest(tmp_path, built, designed):
    told = json.loads((built / MANIFEST).read_text("utf-8"))
    told["files"] = {}
    (tmp_path / "empty").mkdir()
    (tmp_path / "empty" / MANIFEST).write_text(json.dumps(told), "utf-8")
    moved = Content("0" * 64, designed.content.inputs, designed.content.catalogue)
    assert kinds(verify(tmp_path / "empty", moved)) == {MANIFEST: "stale"}


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{}", '{"content": 1}', '{"content": "sha256:zz", "site": "a", "parts": {}, "files": {}}', "\xff",
     '{"content": "sha256:' + "0" * 64 + '", "site": "a", "parts": {}, "files": {"a": 1}}',
     '{"content": "sha256:' + "0" * 64 + '", "site": "a", "parts": {}, "files": {}, "variant": 3}'],
)  # fmt: skip
def test_what_is_no_manifest_is_refused(tmp_path, text):
    (tmp_path / MANIFEST).write_text(text, "latin-1")
    with pytest.raises(SiteError, match=r"manifest|cannot be read"):
        read_manifest(tmp_path)


def test_a_folder_without_a_manifest_says_what_makes_one(tmp_path):
    with pytest.raises(SiteError, match="seamline site build"):
        verify(tmp_path)


def test_a_folder_is_replaced_by_a_newer_one_as_a_whole(built, tmp_path):
    newer = documents(design(yard.write(tmp_path / "newer"), "no-detector"))
    assert (built / "drawings/mounting/pir-1.svg").is_file()
    place(newer, built)
    found = verify(built)
    assert found.holds
    assert found.variant == "no-detector"
    assert not (built / "drawings/mounting/pir-1.svg").exists()
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def test_a_folder_of_something_else_is_not_overwritten(tmp_path, yard_files):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("years of work")
    with pytest.raises(SiteError, match="something else is there"):
        place(yard_files, tmp_path / "mine")
    (tmp_path / "file").write_text("x")
    with pytest.raises(SiteError, match="no folder"):
        place(yard_files, tmp_path / "file")
    (tmp_path / "link").symlink_to(tmp_path / "mine")
    with pytest.raises(SiteError, match="no folder"):
        place(yard_files, tmp_path / "link")
    assert (tmp_path / "mine" / "thesis.txt").read_text() == "years of work"


@pytest.mark.parametrize("name", ["notes.txt", "bom.csv", "drawings/mine.svg"])
def test_what_somebody_wrote_into_a_folder_is_not_lost(built, yard_files, name):
    (built / name).write_text("mine")
    with pytest.raises(SiteError, match=re.escape(name)):
        place(yard_files, built)
    assert (built / name).read_text() == "mine"


def test_a_folder_with_a_missing_file_may_be_replaced_and_an_empty_one_used(built, tmp_path, yard_files):
    (built / "bom.csv").unlink()
    place(yard_files, built)
    assert verify(built).holds
    (tmp_path / "a" / "b").mkdir(parents=True)
    place(yard_files, tmp_path / "a" / "b")
    assert verify(tmp_path / "a" / "b").holds


def test_a_folder_that_cannot_be_written_leaves_what_was_there(built, yard_files):
    with pytest.raises(OSError, match="name too long"):
        place({**yard_files, "x" * 300: b""}, built)
    assert verify(built).holds
    assert [path.name for path in built.parent.iterdir() if path.name.startswith(".")] == []


def test_a_folder_that_cannot_be_moved_into_place_leaves_what_was_there(built, yard_files, monkeypatch):
    real = Path.rename

    def rename(self, target):
        if self.name == "new":
            raise OSError(28, "No space left on device")
        return real(self, target)

    monkeypatch.setattr(Path, "rename", rename)
    with pytest.raises(OSError, match="No space left"):
        place(yard_files, built)
    assert verify(built).holds
    assert [path.name for path in built.parent.iterdir()] == ["built"]
    with pytest.raises(OSError, match="No space left"):
        place(yard_files, built.parent / "first")
    assert [path.name for path in built.parent.iterdir()] == ["built"]


def test_what_was_there_is_kept_beside_when_it_cannot_be_moved_back(built, yard_files, monkeypatch):
    real = Path.rename

    def rename(self, target):
        if Path(target) == built:
            raise PermissionError(13, "Permission denied")
        return real(self, target)

    monkeypatch.setattr(Path, "rename", rename)
    with pytest.raises(OSError, match="Permission denied"):
        place(yard_files, built)
    (kept,) = built.parent.glob(".built.*/old")
    assert verify(kept).holds


def test_an_interrupted_move_leaves_what_was_there(built, yard_files, monkeypatch):
    real = Path.rename

    def rename(self, target):
        found = real(self, target)
        if self == built:
            raise KeyboardInterrupt
        return found

    monkeypatch.setattr(Path, "rename", rename)
    with pytest.raises(KeyboardInterrupt):
        place(yard_files, built)
    assert verify(built).holds
    assert not list(built.parent.glob(".built.*"))


def test_the_content_of_a_plan_is_read_without_working_it_out(yard_plan, designed):
    assert content_of(load_plan(yard_plan)) == designed.content
