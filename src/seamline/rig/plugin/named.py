"""Finds a user's core by the name it is given on the command line, and says what is wrong with one that cannot be used.

module:factory       a Python module that can be imported from here
path/app.py:factory  a Python file
exec:PROGRAM …       a program in any language, see `process`
"""

from __future__ import annotations

import importlib
import importlib.util
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
from seamline.rig.plugin.guard import Guarded
from seamline.rig.plugin.port import CoreFactory
from seamline.rig.plugin.process import Programs
from seamline.rig.world import world as worlds
from seamline.rig.world.promises import BrokenPromise

if TYPE_CHECKING:
    from seamline.contract import Family

EXEC: Final = "exec:"
NAMES_SHOWN: Final = 8


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
        known = [each for each, value in vars(module).items() if callable(value) and not each.startswith("_")]
        raise CoreError(
            f"{name}: there is no {attribute} in {where}; it has {', '.join(known[:NAMES_SHOWN]) or 'nothing to call'}"
        )
    if not callable(factory):
        raise CoreError(f"{name}: {attribute} is {type(factory).__name__}, and nothing to call")
    return NamedCore(name, cast("CoreFactory", factory), Alarm())


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
    told = "".join(traceback.format_exception_only(error)).strip().splitlines()[-1]
    return CoreError(f"{name} cannot be imported: {told}{at}")
