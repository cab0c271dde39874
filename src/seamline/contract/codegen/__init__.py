"""What a contract compiles to: each target turns a family and one of its versions into named texts.

A target is a function `(family, contract) -> {relative path: text}`: deterministic, without files, clock or network. Targets for
a device (`c`, `micropython`) describe the one version `contract`; those for the cloud and for people look at the whole family.
They are imported when they are used.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import TypeAlias, cast

from seamline.contract.family import Family
from seamline.contract.model import Contract

Texts: TypeAlias = Mapping[str, str]
"""Relative path (with `/`) to text, in the order in which the files are written."""
Target: TypeAlias = Callable[[Family, Contract], Texts]

TARGETS: dict[str, str] = {
    "asyncapi": "asyncapi:asyncapi",
    "c": "c:generate",
    "html": "html:html",
    "jsonschema": "jsonschema:schemas",
    "map": "map.page:system_map",
    "markdown": "markdown:markdown",
    "mermaid": "map.mermaid:mermaid",
    "micropython": "micropython:generate",
    "numpy": "numpy_codec:numpy_codec",
    "sparkplug": "sparkplug:sparkplug",
    "sql": "sql:sql",
    "typescript": "typescript:typescript",
}
"""Name of a target to `module:function` under this package."""


def target(name: str) -> Target:
    """Return the target of that name. Raises KeyError when there is none."""
    module, _, function = TARGETS[name].partition(":")
    return cast("Target", getattr(import_module(f"{__name__}.{module}"), function))
