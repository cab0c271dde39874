"""A product's folder with its registry: what was frozen is as it was, and what is in the field is not broken.

`problems_of` is what `seamline contract check` does to a folder beyond loading it; `planned_release` and `planned_retirement` say what
would have to be written, and `write` writes it.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from seamline.contract.evolution import registry as registry_file
from seamline.contract.evolution.compare import against
from seamline.contract.evolution.difference import Category, Difference, said
from seamline.contract.evolution.registry import Registry, Retirement, release_of
from seamline.contract.family import Family, read_family
from seamline.contract.problems import ContractErrors, Problem, Span
from seamline.contract.scalars import version_key

CODES: Mapping[Category, str] = {Category.WIRE: "SL321", Category.MEANING: "SL322", Category.BEHAVIOUR: "SL323"}
"""The rule that a breaking difference offends. One of SOURCE is never breaking: no device compiles."""

REGISTRY_BYTES_MAX = 4 << 20
"""A release of 64 messages takes about 3 kB; this holds a thousand."""


class ReleaseRefused(Exception):
    """A version that cannot be retired; the text is one line with the remedy."""


@dataclass(frozen=True, slots=True)
class Releases:
    """A folder's contract, its released versions with the bytes of their files, and its registry.

    `place` says where contract.yaml writes a path.
    """

    folder: Path
    family: Family
    place: Callable[[str], Span]
    contents: Mapping[str, bytes]
    registry: Registry

    @property
    def registry_path(self) -> Path:
        """The registry's file."""
        return self.folder / "released" / registry_file.FILE

    def released_path(self, version: str) -> Path:
        """Return the file of a released version."""
        return self.folder / "released" / f"{version}.yaml"


def open_releases(folder: Path | str) -> Releases:
    """Return a folder's releases. Raises ContractErrors when a contract in it does not hold or a file cannot be read."""
    root = Path(folder)
    family, place = read_family(root)
    path = root / "released" / registry_file.FILE
    text = _registry_text(path) if path.exists() else ""
    contents = {file.stem: file.read_bytes() for file in sorted(path.parent.glob("*.yaml")) if file.stem in family.versions}
    return Releases(root, family, place, contents, registry_file.read(text))


def _registry_text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            content = file.read(REGISTRY_BYTES_MAX + 1)
        fault = f"more than {REGISTRY_BYTES_MAX} bytes (registry_bytes_max)"
        if len(content) <= REGISTRY_BYTES_MAX:
            return content.decode()
    except (OSError, UnicodeDecodeError) as error:
        fault = str(error)
    raise ContractErrors((Problem("SL310", _line(path, 1), f"cannot be read: {fault}", "restore it from version control"),))


def problems_of(releases: Releases, in_field: Mapping[str, int] | None = None) -> tuple[Problem, ...]:
    """Return what is wrong with a folder's registry (SL31x), and what would break in the field (SL32x).

    `in_field` are the devices of each version as the fleet says; without it, every version that is not retired is in the field.
    """
    return (*_registry_problems(releases), *_unknown_problems(releases, in_field or {}), *_breaking_problems(releases, in_field))


def differences(releases: Releases, in_field: Mapping[str, int] | None = None) -> tuple[Difference, ...]:
    """Return the contract's differences from every released version that is in the field."""
    current = releases.family.current
    older = [contract for contract in releases.family.versions.values() if contract.version != current.version]
    if in_field is None:
        chosen = [contract for contract in older if contract.version not in releases.registry.retired]
    else:
        chosen = [contract for contract in older if in_field.get(contract.version)]
    return against(current, chosen, releases.place)


def planned_release(releases: Releases, content: bytes, date: str, *, adopt: bool = False) -> dict[Path, bytes]:
    """Return the files to write, in order, to freeze the contract as it is; none when it is released already.

    `content` is contract.yaml's, `date` is YYYY-MM-DD. With `adopt`, released files without a line in the registry get one. Raises
    ContractErrors when the folder has problems: nothing that breaks the field is released.
    """
    current = releases.family.current
    adopted = set(releases.contents) if adopt else {current.version}  # a release that was cut off between its two files goes on
    problems = [each for each in problems_of(releases) if each.code != "SL312" or Path(each.span.file).stem not in adopted]
    if problems:
        raise ContractErrors(tuple(problems))
    files: dict[Path, bytes] = {}
    if current.version not in releases.contents:
        files[releases.released_path(current.version)] = content
    registry = releases.registry
    contents = {**releases.contents, current.version: releases.contents.get(current.version, content)}
    for version in sorted(contents, key=version_key):
        if version not in registry.releases:
            text = registry.with_release(release_of(releases.family.versions[version], contents[version], date))
            registry = registry_file.read(text)
            files[releases.registry_path] = text.encode()
    return files


def planned_retirement(releases: Releases, version: str, devices: int, date: str) -> dict[Path, bytes]:
    """Return the file to write to take a version out of the field, of which the fleet has `devices`.

    Raises ReleaseRefused when there are any, or when the version is not in the field, or is the contract's own.
    """
    in_field = releases.registry.in_field
    if version not in in_field:
        raise ReleaseRefused(f"{version} is not in the field; in the field are: {', '.join(in_field) or 'none'}")
    if version == releases.family.current.version:
        raise ReleaseRefused(f"{version} is what contract.yaml says: new devices are made with it")
    if devices:
        plural = "s have" if devices > 1 else " has"
        raise ReleaseRefused(
            f"{version} stays in the field: {devices} device{plural} it; update them, or take them out of the fleet"
        )
    return {releases.registry_path: releases.registry.with_retirement(Retirement(version, date)).encode()}


def write(files: Mapping[Path, bytes]) -> None:
    """Write each file whole or not at all, in order, each on the disk before the next begins."""
    for path, content in files.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh = path.with_name(f".{path.name}.new")
        with fresh.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(path)


def _line(path: Path, number: int) -> Span:
    return Span(str(path), number, 1, number, 1)


def _registry_problems(releases: Releases) -> Iterator[Problem]:
    registry, path = releases.registry, releases.registry_path
    for flaw in registry.flaws:
        yield Problem("SL310", _line(path, flaw.line), flaw.text, "restore the file from version control: it is only appended to")
    for release in registry.releases.values():
        place = _line(releases.released_path(release.version), 1)
        content = releases.contents.get(release.version)
        if content is None:
            yield Problem(
                "SL311", place, f"{release.version} was released, but its file is gone", "restore it from version control"
            )
            continue
        there = release_of(releases.family.versions[release.version], content, release.date)
        if there.sha256 != release.sha256:
            yield Problem("SL311", place, f"{release.version} was edited after its release", "restore it from version control")
        elif there != replace(release, layouts=dict(release.layouts)):
            text = f"{release.version} has other fingerprints than when it was released, though its file is the same"
            yield Problem("SL313", place, text, "use the version of Seamline that released it, and report this")
    for version in releases.contents:
        if version not in registry.releases:
            place = _line(releases.released_path(version), 1)
            yield Problem("SL312", place, f"{version} has no line in the registry", "seamline contract release --adopt")


def _unknown_problems(releases: Releases, in_field: Mapping[str, int]) -> Iterator[Problem]:
    """Yield the versions that devices have and nobody released."""
    known = {*releases.contents, releases.family.current.version}
    for version, devices in in_field.items():
        if devices and version not in known:
            text = f"devices in the field have {version} ({devices} of them), which is not released here"
            yield Problem("SL324", releases.place("version"), text, f"bring released/{version}.yaml back")


def _breaking_problems(releases: Releases, in_field: Mapping[str, int] | None) -> Iterator[Problem]:
    for each in differences(releases, in_field):
        code = CODES.get(each.category)
        if each.breaking and code is not None and each.place is not None:
            change = f"{each.path}: {said(each.old, each.new)}"
            text = f"{change} breaks {each.direction.value} ({', '.join(each.firmware)}): {each.reason}"
            yield Problem(code, each.place, text, "keep it, give the new thing another name, or retire the version")
