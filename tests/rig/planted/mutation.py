"""A planted mutation: a few words of the code that ships, changed to what a careless engineer would have written.

The change is made to the code object of the function itself, so everybody who calls it runs the mutant, wherever they imported it
from; afterwards the function is what it was. A mutation whose text is no longer in the function says so: it is to be planted anew.
"""

from __future__ import annotations
import __future__

import inspect
import textwrap
from collections.abc import Generator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import reduce
from importlib import import_module
from types import CodeType, FunctionType
from typing import Final

from seamline.rig.world.plan import Kind

MINUTES: Final = 30
DEVICES: Final = 5
FIRST_SEED: Final = 1


class StaleMutationError(Exception):
    """The text that a mutation changes is not in its function any more."""


@dataclass(frozen=True, slots=True)
class Edit:
    """In the function `where` ("module:Class.function"), `was` (which is there once) becomes `becomes`.

    `given`: names that the new text needs and its module does not have.
    """

    where: str
    was: str
    becomes: str
    given: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, eq=False)
class Mutation:
    """One defect. `budget`: seeds, counted from FIRST_SEED, within which the rig must find it; `scenario`: the bad day whose plans
    are drawn; else `kinds`: the faults they are drawn from (None: every kind); `breaks`: the promises of which it must break one."""

    name: str
    careless: str
    breaks: frozenset[str]
    edits: Sequence[Edit]
    budget: int
    scenario: str | None = None
    kinds: tuple[Kind, ...] | None = None
    devices: int = DEVICES
    minutes: int = MINUTES


def mutation(name: str, careless: str, breaks: str, *edits: Edit, budget: int, **more: object) -> Mutation:
    """A mutation, with `breaks` as words."""
    return Mutation(name, careless, frozenset(breaks.split()), edits, budget, **more)


@contextmanager
def planted(chosen: Mutation) -> Generator[None]:
    """Have the mutation in force. Raises StaleMutationError."""
    by_function: dict[str, list[Edit]] = {}
    for edit in chosen.edits:
        by_function.setdefault(edit.where, []).append(edit)
    with ExitStack() as stack:
        for where, edits in by_function.items():
            stack.enter_context(_edited(_function(where), edits))
        yield


@contextmanager
def _edited(function: FunctionType, edits: Sequence[Edit]) -> Generator[None]:
    before, names = function.__code__, function.__globals__
    added = {name: value for edit in edits for name, value in edit.given.items() if name not in names}
    names.update(added)
    function.__code__ = _mutant(function, edits)
    try:
        yield
    finally:
        function.__code__ = before
        for name in added:
            del names[name]


def _function(where: str) -> FunctionType:
    """The function of "module:Class.name"; of a property the one that reads it."""
    module, _, path = where.partition(":")
    found: object = reduce(inspect.getattr_static, path.split("."), import_module(module))
    if isinstance(found, property):
        found = found.fget
    assert isinstance(found, FunctionType), f"{where} is no function"
    return found


def _mutant(function: FunctionType, edits: Sequence[Edit]) -> CodeType:
    """The code of the function with its text changed, compiled on its own and picked out of what that gives."""
    source = textwrap.dedent(inspect.getsource(function))
    for edit in edits:
        if source.count(edit.was) != 1:
            raise StaleMutationError(f"{edit.where} holds {source.count(edit.was)} times the text {edit.was!r}; plant it anew")
        source = source.replace(edit.was, edit.becomes)
    bare = "\n".join(line for line in source.split("\n") if not line.startswith("@"))
    made: dict[str, object] = {}
    flags = __future__.annotations.compiler_flag
    code = compile(bare, f"<planted in {edits[0].where}>", "exec", flags, dont_inherit=True)
    exec(code, dict(function.__globals__), made)
    mutant = made[function.__name__]
    assert isinstance(mutant, FunctionType)
    return mutant.__code__
