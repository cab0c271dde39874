"""The manifest of a folder of documents, and the proof that they are all of one plan, whole and current.

Each document carries the content's hash in itself; the manifest has each one's SHA-256 and what went into the content. So a file that was
altered, one of another plan, one too many, one too few, and a plan that has moved on are told apart.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, cast

from seamline.site.documents.content import Content
from seamline.site.documents.design import Design
from seamline.site.frame import SiteError

MANIFEST: Final = "manifest.json"
MANIFEST_BYTES_MAX: Final = 1 << 26
HASHES: Final = re.compile(rb"sha256:[0-9a-f]{64}")

Kind = Literal["missing", "altered", "foreign", "stale"]


@dataclass(frozen=True, slots=True)
class Finding:
    """A file that is not as it should be, and why."""

    kind: Kind
    file: str
    why: str

    def __str__(self) -> str:
        return f"{self.file}: {self.kind}: {self.why}"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a folder was found to be: `content` of its manifest, how many files that names, and what is wrong."""

    content: str
    site: str
    variant: str | None
    files: int
    findings: tuple[Finding, ...]

    @property
    def holds(self) -> bool:
        """Whether nothing is wrong."""
        return not self.findings


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a manifest says."""

    content: str
    parts: Mapping[str, object]
    site: str
    variant: str | None
    files: Mapping[str, str]


def manifest(design: Design, files: Mapping[str, bytes]) -> bytes:
    """The manifest of files: their sums, the content, and what went into it."""
    plan = design.plan
    document = {
        "site": plan.name,
        "title": plan.title,
        "plan": plan.file.name,
        "variant": plan.variant,
        "content": design.content.hash,
        "parts": design.content.parts,
        "absent": [str(absent) for absent in design.absent],
        "files": {name: hashlib.sha256(data).hexdigest() for name, data in sorted(files.items())},
    }
    return (json.dumps(document, ensure_ascii=False, indent=1, allow_nan=False) + "\n").encode()


def read_manifest(folder: Path) -> Manifest:
    """The manifest of a folder; SiteError when there is none that can be read."""
    path = folder / MANIFEST
    try:
        if path.stat().st_size > MANIFEST_BYTES_MAX:
            raise SiteError(f"{path}: a manifest of more than {MANIFEST_BYTES_MAX >> 20} MiB is none")
        document: object = json.loads(path.read_bytes())
    except FileNotFoundError:
        raise SiteError(f"{folder}: there is no {MANIFEST}; 'seamline site build' makes such a folder") from None
    except (OSError, ValueError) as error:
        raise SiteError(f"{path}: it cannot be read: {error}") from None
    found: Mapping[str, object] = cast("Mapping[str, object]", document) if isinstance(document, dict) else {}
    content, site, parts, files, variant = (found.get(name) for name in ("content", "site", "parts", "files", "variant"))
    if (
        not isinstance(content, str)
        or HASHES.fullmatch(content.encode("ascii", "replace")) is None
        or not isinstance(site, str)
        or not isinstance(parts, dict)
        or not isinstance(files, dict)
        or not all(isinstance(total, str) for total in cast("dict[str, object]", files).values())
        or not (variant is None or isinstance(variant, str))
    ):
        raise SiteError(f"{path}: this is no manifest of a site's documents; build the folder anew")
    return Manifest(content, cast("Mapping[str, object]", parts), site, variant, cast("Mapping[str, str]", files))


def verify(folder: Path, current: Content | None = None, built: Mapping[str, bytes] | None = None) -> Verdict:
    """Hold a folder against its manifest and, when they are given, against a plan's content and the files that it is `built` into.

    Without `built`, who alters a file and its sum in the manifest is not found out. SiteError without a manifest.
    """
    told = read_manifest(folder)
    findings: list[Finding] = []
    why = None if current is None else stale(told, current)
    for name, total in sorted(told.files.items()):
        finding = judged(folder, name, total, told.content)
        if finding is None and why is not None:
            finding = Finding("stale", name, why)
        if finding is not None:
            findings.append(finding)
    if built is not None and why is None:
        findings += otherwise(folder, built, {*told.files} - {finding.file for finding in findings})
    known = {*told.files, MANIFEST}
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if name not in known and (not path.is_dir() or path.is_symlink()):
            findings.append(Finding("foreign", name, "the manifest does not name it"))
    if why is not None and not findings:
        findings.append(Finding("stale", MANIFEST, why))
    return Verdict(told.content, told.site, told.variant, len(told.files), tuple(findings))


def otherwise(folder: Path, built: Mapping[str, bytes], held: set[str]) -> list[Finding]:
    """What a plan is built into, held against the files of a folder that the manifest bears out."""
    told = [Finding("foreign", name, "the plan is not built into it") for name in sorted(held - {*built})]
    for name, data in sorted(built.items()):
        path = folder / name
        if name in held | {MANIFEST} and path.read_bytes() != data:
            told.append(Finding("altered", name, "the plan is built into another"))
        elif not path.exists():
            told.append(Finding("missing", name, "the plan is built into it, and it is not there"))
    return told


def judged(folder: Path, name: str, total: str, content: str) -> Finding | None:
    """One file of the manifest."""
    path = folder / name
    if not path.resolve().is_relative_to(folder.resolve()):
        return Finding("foreign", name, "it lies outside of the folder")
    if not path.is_file():
        return Finding("missing", name, "the manifest names it, and it is not there")
    data = path.read_bytes()
    carried = {found.decode() for found in HASHES.findall(data)}
    if carried and content not in carried:
        return Finding("foreign", name, f"it is of another content ({min(carried)[:19]}...)")
    if hashlib.sha256(data).hexdigest() != total:
        return Finding("altered", name, "it is not what was built")
    if carried != {content}:
        return Finding("altered", name, "it does not carry the content's hash, and no other")
    return None


def stale(told: Manifest, current: Content) -> str | None:
    """Which inputs have changed since a folder was built; None when none has."""
    if told.content == current.hash:
        return None
    before, after = told.parts, current.parts
    names = {"plan": "the plan", "catalogue": "the catalogue", "format": "the documents' format"}
    changed = [text for name, text in names.items() if before.get(name) != after[name]]
    old = before.get("inputs")
    inputs: Mapping[str, object] = cast("Mapping[str, object]", old) if isinstance(old, dict) else {}
    for name in sorted({*inputs, *current.inputs}):
        if inputs.get(name) != current.inputs.get(name):
            state = "new" if name not in inputs else "gone" if name not in current.inputs else "changed"
            changed.append(name if state == "changed" else f"{name} ({state})")
    return f"changed since: {', '.join(changed) or 'the content'}"
