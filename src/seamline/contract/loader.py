"""Loads one contract: file → node tree → sections → cross-checks → Contract, or every problem at once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from seamline.contract import behaviour, calibrated, equipment, meanings, people, values
from seamline.contract.checks import check
from seamline.contract.collection import uncollected
from seamline.contract.keys import Keys
from seamline.contract.messages import MessageReader
from seamline.contract.model import Contract
from seamline.contract.nodes import Mapping, Node, plain
from seamline.contract.problems import ContractErrors, Report
from seamline.contract.reader import read_file, read_text
from seamline.contract.scalars import SHORT_NAME, TEXT, VERSION

T = TypeVar("T")


def load(path: Path | str) -> Contract:
    """Return the contract in the file. Raises ContractErrors with every problem found."""
    contract, report = read(Path(path))
    return finished(contract, report)


@uncollected
def read(path: Path) -> tuple[Contract | None, Report]:
    """Return the contract in the file, up to the problems in the report; None where there is nothing to read."""
    report = Report(str(path))
    return build(read_file(path, report), report), report


@uncollected
def loads(text: str, name: str = "contract.yaml", *, pure: bool = False) -> Contract:
    """Return the contract in `text`; `name` stands for the file in problems, `pure` forces the Python YAML parser."""
    report = Report(name)
    return finished(build(read_text(text, report, pure=pure), report), report)


def finished(contract: Contract | None, report: Report) -> Contract:
    """Return the contract; raise ContractErrors when there is none or the report holds a problem."""
    if contract is None or report.count:
        raise ContractErrors(report.problems)
    return contract


class _Sections:
    """Reads top-level sections, each problem noted under its section's name."""

    def __init__(self, keys: Keys) -> None:
        self._keys = keys

    def read(self, name: str, read: Callable[[Keys], T]) -> T:
        """Read a section that must be there."""
        self._keys.report.section = name
        found = read(self._keys.mapping(name))
        self._keys.report.section = ""
        return found

    def maybe(self, name: str, read: Callable[[Keys], T], default: T) -> T:
        """Read a section that may be left out."""
        return self.read(name, read) if self._keys.has(name) else default


def build(root: Node | None, report: Report) -> Contract | None:
    """Read every section and run the cross-checks. With problems in `report` the result holds placeholders."""
    if root is None:
        return None
    keys = Keys(report, root, "")
    if keys.broken:
        return None

    file = _Sections(keys)
    product, version, summary = keys.one("product", SHORT_NAME), keys.one("version", VERSION), keys.one("summary", TEXT)
    if product == "seamline":
        report.add("SL118", report.place("product"), "'seamline' is Seamline's own name", fix="name your product")
    owners = file.read("owners", people.owners)
    enums = file.maybe("enums", values.enums, {})
    known = values.Known(enums, file.maybe("flags", lambda k: values.flags(k, enums), {}))
    calibrations = file.maybe("calibrations", calibrated.calibrations, {})
    messages = file.read("messages", MessageReader(product, known, calibrations).read)
    boundaries = file.read("boundaries", lambda k: people.boundaries(k, owners))
    contract = Contract(
        product=product,
        version=version,
        summary=summary,
        owners=owners,
        boundaries=boundaries,
        fleet=file.read("fleet", behaviour.fleet),
        enums=enums,
        flags=known.flags,
        calibrations=calibrations,
        messages=messages,
        faults=file.maybe("faults", lambda k: meanings.faults(k, tuple(messages)), {}),
        state=file.maybe("state", lambda k: meanings.state(k, known), {}),
        commands=file.maybe("commands", lambda k: meanings.commands(k, known), {}),
        timing=file.read("timing", lambda k: behaviour.timing(k, tuple(owners), tuple(boundaries))),
        backoff=file.read("backoff", behaviour.backoff),
        buffer=file.read("buffer", lambda k: behaviour.buffer(k, tuple(messages))),
        clock=file.read("clock", behaviour.clock),
        update=file.maybe("update", behaviour.update, None),
        identity=file.maybe("identity", behaviour.identity, None),
        consumers=file.maybe("consumers", lambda k: people.consumers(k, tuple(messages)), {}),
        busy=file.maybe("busy", behaviour.busy, None),
        power=file.maybe("power", equipment.power, None),
        device=file.maybe("device", equipment.device, None),
        document=_document(root),
    )
    keys.done()
    check(contract, report)
    return contract


def _document(root: Node) -> dict[str, object]:
    assert isinstance(root, Mapping)  # noqa: S101  (Keys has refused anything else)
    return {key.text: plain(value) for key, value in root.entries}
