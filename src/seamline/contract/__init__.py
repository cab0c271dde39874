"""The one file both sides obey: load a contract, and everything in it is checked, typed and addressable.

- `load(path)` gives one version as a `Contract`; raises `ContractErrors` with every problem.
- `load_family(folder)` gives contract.yaml with released/*.yaml as a `Family`, and all their layouts.
- `policy(contract)` gives the device core's share as a plain dict, JSON-able.

Names are imported when they are first used: a device that only packs records never pays for the loader.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from seamline.contract.device_policy import policy
    from seamline.contract.family import Family, load_family
    from seamline.contract.layout import Field, FieldType, Layout, LayoutError, Order, OutOfRange, Place, Reserved, Value
    from seamline.contract.loader import load, loads
    from seamline.contract.model import (
        Backoff,
        Boundary,
        Buffer,
        Calibration,
        Clock,
        Command,
        Consumer,
        Contract,
        Fault,
        Fleet,
        Identity,
        Message,
        Owner,
        Property,
        Security,
        Timing,
        Update,
    )
    from seamline.contract.problems import ContractErrors, Problem, Span
    from seamline.contract.standard import LOSSES, standard_layout

__all__ = [
    "LOSSES",
    "Backoff",
    "Boundary",
    "Buffer",
    "Calibration",
    "Clock",
    "Command",
    "Consumer",
    "Contract",
    "ContractErrors",
    "Family",
    "Fault",
    "Field",
    "FieldType",
    "Fleet",
    "Identity",
    "Layout",
    "LayoutError",
    "Message",
    "Order",
    "OutOfRange",
    "Owner",
    "Place",
    "Problem",
    "Property",
    "Reserved",
    "Security",
    "Span",
    "Timing",
    "Update",
    "Value",
    "load",
    "load_family",
    "loads",
    "policy",
    "standard_layout",
]

_ELSEWHERE = {
    "device_policy": ("policy",),
    "family": ("Family", "load_family"),
    "layout": ("Field", "FieldType", "Layout", "LayoutError", "Order", "OutOfRange", "Place", "Reserved", "Value"),
    "loader": ("load", "loads"),
    "problems": ("ContractErrors", "Problem", "Span"),
    "standard": ("LOSSES", "standard_layout"),
}
_HOME = {name: module for module, names in _ELSEWHERE.items() for name in names}
"""Which module an exported name lives in; those not listed live in `model`."""


def __getattr__(name: str) -> object:
    """Import an exported name at its first use."""
    if name not in __all__:
        raise AttributeError(f"module 'seamline.contract' has no attribute '{name}'")
    found: object = getattr(import_module(f"seamline.contract.{_HOME.get(name, 'model')}"), name)
    globals()[name] = found
    return found
