"""All documents of a design by their names in the folder, and how a folder is put in its place: whole, or not at all."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from seamline.site.documents.csv_files import csv_files
from seamline.site.documents.design import Design
from seamline.site.documents.devices import devices
from seamline.site.documents.drawing import Sheet
from seamline.site.documents.geojson import geojson
from seamline.site.documents.kml import kml
from seamline.site.documents.manifest import MANIFEST, manifest, verify
from seamline.site.documents.maps import coverage_maps
from seamline.site.documents.mounting import mounting_sheet
from seamline.site.documents.pdf import pdf
from seamline.site.documents.sheets import framed
from seamline.site.documents.summary import written
from seamline.site.documents.svg import svg
from seamline.site.documents.tables import bom_sheets, cable_sheets, coverage_sheets, device_sheets, link_sheets, power_sheets
from seamline.site.documents.topology import topology
from seamline.site.frame import SiteError

SUMMARY: Final = "summary.json"
PDF: Final = "site.pdf"


def sheets(design: Design) -> tuple[Sheet, ...]:
    """All sheets, in the order in which they are bound."""
    mounting = [mounting_sheet(design, one) for one in devices(design)]
    drafts = [
        *coverage_maps(design),
        topology(design),
        *coverage_sheets(design),
        *device_sheets(design),
        *bom_sheets(design),
        *link_sheets(design),
        *cable_sheets(design),
        *power_sheets(design),
        *mounting,
    ]
    return framed(design, drafts)


def drawings(design: Design) -> dict[str, bytes]:
    """The sheets as files: each as SVG, and all in one PDF."""
    found = sheets(design)
    about = f"seamline site {design.plan.name}"
    done = {f"drawings/{sheet.name}.svg": svg(sheet, design.content.hash, about) for sheet in found}
    return {PDF: pdf(found, design.plan.title, design.content.hash), **done}


def documents(design: Design) -> dict[str, bytes]:
    """Every file of the folder, its manifest last."""
    name = design.plan.name
    files = {
        **drawings(design),
        **csv_files(design),
        f"{name}.geojson": geojson(design),
        f"{name}.kml": kml(design),
        SUMMARY: written(design),
    }
    return {**files, MANIFEST: manifest(design, files)}


def place(files: Mapping[str, bytes], folder: Path) -> None:
    """Put the files into a folder of their own: written beside it, then moved there.

    What stands there already must be a whole folder of documents with nothing else in it; SiteError says what is not.
    """
    folder = folder.absolute()
    replaces = folder.exists() or folder.is_symlink()
    if replaces:
        refuse_foreign(folder)
    folder.parent.mkdir(parents=True, exist_ok=True)
    made = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".{folder.name}."))
    new, old = made / "new", made / "old"
    try:
        for name, data in files.items():
            path = new / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
        try:
            if replaces:
                folder.rename(old)
            new.rename(folder)
        except BaseException:
            if old.exists() and not folder.exists():
                old.rename(folder)  # what was there stays there
            raise
    finally:
        if folder.exists() or not old.exists():  # else what was there is nowhere else
            shutil.rmtree(made)


def refuse_foreign(folder: Path) -> None:
    """SiteError when a folder holds anything but documents as they were built: that would be lost."""
    if not folder.is_dir() or folder.is_symlink():
        raise SiteError(f"{folder}: this is no folder; name another")
    if not any(folder.iterdir()):
        return
    if not (folder / MANIFEST).is_file():
        raise SiteError(f"{folder}: something else is there (no {MANIFEST}); name another folder, or move it away")
    lost = [finding for finding in verify(folder).findings if finding.kind in {"altered", "foreign"}]
    if lost:
        told = ", ".join(f"{finding.file} ({finding.kind})" for finding in lost[:5]) + (", ..." if len(lost) > 5 else "")
        raise SiteError(f"{folder}: these would be lost: {told}; move them away, or name another folder")
