"""Finds a user's core by the name it is given on the command line, and says what is wrong with one that cannot be used.

module:factory       a Python module that can be imported from here
path/app.py:factory  a Python file
exec:PROGRAM …       a program in any language, see `process`
"""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import shlex
import sys
import traceback
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Final, cast

from seamline.device import Core, Policy
from seamline.device.shapes import Random, Stored
from seamline.rig.plugin.alarm import Alarm
from seamline.rig.plugin.guard import MEMBERS, PROPERTIES, Guarded
from seamline.rig.plugin.port import CoreFactory
from seamline.rig.plugin.process import Programs
from seamline.rig.plugin.raised import told_of
from seamline.rig.world import world as worlds
from seamline.rig.world.promises import BrokenPromise

if TYPE_CHECKING:
    from seamline.contract import Family

EXEC: Final = "exec:"
NAMES_SHOWN: Final = 8
METHODS: Final = frozenset(MEMBERS) - PROPERTIES


class CoreError(ValueError):
    """A core that cannot be used; the message names it and says why."""


@dataclass(frozen=True, slots=True)
class NamedCore:
    """A user's core, as it was found."""

    name: str
    factory: CoreFactory
    alarm: Alarm

    def make(self, policy: Policy, device: str, random: Random, stored: Stored) -> Core:
        """See CoreMaker: the core of a boot, watched. Raises BrokenPromise."""
        return cast("Core", Guarded(self.name, self.factory, self.alarm, policy, device, random, stored))

    def parts(self, families: Sequence[Family]) -> worlds.Parts:
        """What a world of such devices is made of."""
        return worlds.Parts(families, make_core=self.make, own_words=True)

    def check(self, families: Sequence[Family]) -> None:
        """Make a core for each firmware, and throw it away. Raises CoreError."""
        for model in worlds.models_of(families):
            try:
                self.make(model.policy, "d00000", lambda: 0, {})
            except BrokenPromise as error:
                raise CoreError(error.what) from error


def named_core(name: str) -> NamedCore:
    """Find a core by its name. Raises CoreError."""
    if name.startswith(EXEC):
        return NamedCore(name, Programs(_command(name)).make, Alarm())
    where, colon, attribute = name.rpartition(":")
    if not colon or not where or not attribute.isidentifier():
        raise CoreError(f"{name!r} names no core: write MODULE:FACTORY, PATH.py:FACTORY or {EXEC}PROGRAM")
    module = _of_file(name, Path(where)) if where.endswith(".py") else _of_module(name, where)
    factory = getattr(module, attribute, None)
    if factory is None:
        raise CoreError(f"{name}: there is no {attribute} in {where}; {_factories_told(module)}")
    if not callable(factory):
        raise CoreError(f"{name}: {attribute} is {type(factory).__name__}, and nothing to call")
    return NamedCore(name, cast("CoreFactory", factory), Alarm())


def _factories_told(module: ModuleType) -> str:
    """What of a module's own can make a core, in words."""
    found = [each for each, value in vars(module).items() if not each.startswith("_") and _may_make(value, module)]
    more = ", …" if len(found) > NAMES_SHOWN else ""
    return f"it has {', '.join(found[:NAMES_SHOWN])}{more}" if found else "nothing in it takes policy, name, random and stored"


def _may_make(value: object, module: ModuleType) -> bool:
    """Whether it is of this module or package, takes what a factory is given, and is no class of something else."""
    home = str(getattr(value, "__module__", ""))
    if not callable(value) or not f"{home}.".startswith(f"{module.__name__}."):
        return False
    if isinstance(value, type) and not hasattr(value, "__getattr__") and any(not hasattr(value, each) for each in METHODS):
        return False
    try:
        inspect.signature(value).bind("policy", "name", "random", "stored")
    except TypeError:
        return False
    except ValueError:  # what is built in tells nothing
        return True
    return True


def parts_of(core: str | None, families: Sequence[Family]) -> worlds.Parts:
    """What a world is made of, with the core of this name (None: Seamline's). Raises CoreError."""
    return worlds.Parts(families) if core is None else named_core(core).parts(families)


def _command(name: str) -> list[str]:
    try:
        command = shlex.split(name.removeprefix(EXEC))
    except ValueError as error:
        raise CoreError(f"{name}: {error}") from None
    if not command:
        raise CoreError(f"{name} names no program: write {EXEC}PROGRAM and its arguments")
    return command


def _of_file(name: str, path: Path) -> ModuleType:
    if not path.is_file():
        raise CoreError(f"{name}: there is no file {path}")
    spec = importlib.util.spec_from_file_location(f"seamline_rig_core_{path.stem}", path)
    if spec is None or spec.loader is None:
        raise CoreError(f"{name}: {path} is no Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look there while they are made
    sys.path.insert(0, str(path.resolve().parent))  # as for a script: its neighbours can be imported
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        raise _unfit(name, error) from error
    finally:
        sys.path.remove(str(path.resolve().parent))
    return module


def _of_module(name: str, where: str) -> ModuleType:
    here = str(Path.cwd())
    sys.path.insert(0, here)
    try:
        return importlib.import_module(where)
    except Exception as error:
        raise _unfit(name, error) from error
    finally:
        sys.path.remove(here)


def _unfit(name: str, error: Exception) -> CoreError:
    """A module that cannot be imported: what it raised, and where."""
    last = traceback.extract_tb(error.__traceback__)[-1]
    at = "" if last.filename.startswith("<frozen") else f" ({Path(last.filename).name}:{last.lineno})"
    return CoreError(f"{name} cannot be imported: {told_of(error)}{at}")
