"""The contracts that a state directory's hub serves: whether they hold, and which products they are."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

from seamline.contract import Contract, ContractErrors, load, load_family
from seamline.contract.problems import Problem
from seamline.stack.settings import Settings
from seamline.stack.statedir import StateDir, read_object

CONTRACT = "contract.yaml"


@dataclass(frozen=True, slots=True)
class Product:
    """A product that is served: its contract, and the file it is in."""

    contract: Contract
    file: Path


@dataclass(frozen=True, slots=True)
class Served:
    """Products by name; `unread` are folders whose contract does not hold or is gone."""

    products: Mapping[str, Product] = field(default_factory=dict[str, Product])
    unread: tuple[Path, ...] = ()


def problems_in(folders: Iterable[Path]) -> tuple[Problem, ...]:
    """What the hub would refuse to start with: the problems of every folder, those of one folder at a time."""
    found: list[Problem] = []
    for folder in folders:
        try:
            load_family(folder.expanduser())
        except ContractErrors as errors:
            found += errors.problems
    return tuple(found)


def served(settings: Settings, state: StateDir) -> Served:
    """What the hub of this directory serves, and what its settings say it will. Raises StateError for a damaged directory."""
    kept = cast("list[object]", read_object(state.path("settings.json")).get("contracts") or [])
    folders = [*(Path(str(each)) for each in kept), *settings.contracts]
    products: dict[str, Product] = {}
    unread: list[Path] = []
    for folder in dict.fromkeys(folder.expanduser().absolute() for folder in folders):
        try:
            contract = load(folder / CONTRACT)
        except ContractErrors:
            unread.append(folder)
        else:
            products.setdefault(contract.product, Product(contract, folder / CONTRACT))
    return Served(products, tuple(unread))
