"""Folders of releases that do not hold: SL31x, what was released is not as it was; SL32x, what breaks in the field.

A case releases 2.0.0 and 2.1.0 of base.yaml, puts a marked contract.yaml beside them, and then does to the files of `released/`
what somebody might do. Marks say where problems are, also in those files, all of which begin at column 1.
"""

import re
from collections.abc import Callable, Mapping
from typing import NamedTuple

from tests.unit.contract.corpus.marks import edited

NEXT = ("version: 2.1.0", "version: 2.2.0")
OLD, NEW, REGISTRY = "2.0.0.yaml", "2.1.0.yaml", "registry.jsonl"


class Folder(NamedTuple):
    """What contract.yaml says instead of base.yaml's, what becomes of the released files, and what the fleet has."""

    pieces: tuple[str, ...] = ()
    after: Mapping[str, Callable[[str], str | None]] = {}
    in_field: Mapping[str, int] | None = None
    gone: tuple[tuple[str, str], ...] = ()
    """Files that are no more, with the code that says so at their first line."""

    @property
    def contract(self):
        """The contract that is written, with its marks."""
        return edited(*NEXT, *self.pieces) if not any("version:" in piece for piece in self.pieces) else edited(*self.pieces)


def marked(code, change=lambda text: text):
    return lambda text: f"«{code}»" + change(text)


def line(number, change):
    """Change one line of a file, from 1."""

    def changed(text):
        lines = text.splitlines(keepends=True)
        lines[number - 1] = change(lines[number - 1])
        return "".join(lines)

    return changed


def other_fingerprint(name):
    return lambda text: re.sub(rf'"{name}": "[0-9a-f]+"', f'"{name}": "0badcafe"', text)


def lost(_):
    return None


def both(*changes):
    def changed(text):
        for change in changes:
            text = change(text)
        return text

    return changed


CASES = {
    "a line that is no JSON": Folder(after={REGISTRY: lambda text: text + "«SL310»and then it was retired\n"}),
    "a line of something else": Folder(after={REGISTRY: lambda text: text + '«SL310»{"event": "sold"}\n'}),
    "a date that was changed": Folder(
        after={REGISTRY: both(line(1, lambda text: text.replace("2026", "2025")), line(2, lambda text: "«SL310»" + text))}
    ),
    "a line taken out": Folder(after={REGISTRY: both(line(1, lambda _: ""), marked("SL310")), OLD: marked("SL312")}),
    "two lines that changed places": Folder(
        after={REGISTRY: lambda text: "".join(f"«SL310»{line}\n" for line in reversed(text.splitlines()))}
    ),
    "a release that got a comment": Folder(after={OLD: marked("SL311", lambda text: text + "# still fine\n")}),
    "a release that was mended": Folder(after={NEW: marked("SL311", lambda text: text.replace("smallest", "least"))}),
    "a release that is gone": Folder(after={OLD: lost}, gone=((OLD, "SL311"),)),
    "both releases gone": Folder(after={OLD: lost, NEW: lost}, gone=((OLD, "SL311"), (NEW, "SL311"))),
    "a release that was never entered": Folder(after={REGISTRY: line(2, lambda _: ""), NEW: marked("SL312")}),
    "no registry at all": Folder(after={REGISTRY: lost, OLD: marked("SL312"), NEW: marked("SL312")}),
    "a layout with another fingerprint": Folder(after={REGISTRY: line(2, other_fingerprint("light/4")), NEW: marked("SL313")}),
    "a contract with another fingerprint": Folder(
        after={REGISTRY: line(2, other_fingerprint("fingerprint")), NEW: marked("SL313")},
    ),
    "a wider property": Folder(("level: {type: u8,", "level: {type: «SL321»u16,")),
    "a command with a wider body": Folder(("times: {type: u8, range: [1, 9]}", "times: {type: «SL321»u16, range: [1, 9]}")),
    "a property that means half": Folder(("level: {type: u8, scale: 0.5, unit", "level: {type: u8, scale: «SL322»1, unit")),
    "a fault code with another fault": Folder(("name: lamp_open", "name: «SL322»lamp_hot")),
    "another winner": Folder(("conflict: newest", "conflict: «SL323»device_wins")),
    "a hub slower than firmware waits": Folder(
        ("value: 12 s", "value: «SL323»20 s", "commit_budget: {owner: cloud, p99: 4 s}", "commit_budget: {owner: cloud, p99: «SL323»10 s}")
    ),
    "a version in the field that nobody released": Folder(("version: 2.1.0", "version: «SL324»2.2.0"), in_field={"1.7.0": 2}),
    "two versions in the field that nobody released": Folder(
        ("version: 2.1.0", "version: «SL324»«SL324»2.2.0"), in_field={"1.7.0": 1, "1.8.0": 0, "1.9.3": 400, "2.0.0": 3}
    ),
}  # fmt: skip
