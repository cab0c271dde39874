"""What an inference costs, and on what it fits: measured where a measurement is at hand, else worked out of its multiply-accumulates."""

from __future__ import annotations

import statistics
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from types import MappingProxyType
from typing import Literal

from seamline.site.power.figures import Kind, PowerError, Term, above, amount, number, share, sourced
from seamline.site.power.mlperf import MACS, Result, results


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """A model as it is given: multiply-accumulates of an inference, parameters (of `bytes_each`), RAM for its activations (bytes).

    `accuracy` is a share. `reference` names the model that was measured, by an engine's `measured` or one of MLPerf Tiny's tasks.
    """

    name: str
    macs: int
    parameters: int
    ram_bytes: int
    source: str
    accuracy: float | None = None
    reference: str | None = None
    bytes_each: float = 1.0

    def __post_init__(self) -> None:
        above(self.macs, f"the multiply-accumulates of {self.name}", most=1e15)
        number(self.parameters, f"the parameters of {self.name}", most=1e12)
        number(self.ram_bytes, f"the RAM of {self.name} (bytes)", most=1e12)
        above(self.bytes_each, f"bytes of a parameter of {self.name}", most=8.0, hint="is this in bits?")
        if self.accuracy is not None:
            share(self.accuracy, f"the accuracy of {self.name}")
        sourced(self.source, f"model {self.name}")

    @property
    def flash_bytes(self) -> int:
        """What its parameters take."""
        return round(self.parameters * self.bytes_each)


@dataclass(frozen=True, slots=True)
class Measured:
    """One inference of one model on one engine: energy in J, time in s."""

    joules: float
    seconds: float
    source: str

    def __post_init__(self) -> None:
        above(self.joules, "the energy of an inference (J)", most=1e4, hint="is this in µJ?")
        above(self.seconds, "the time of an inference (s)", most=3600.0, hint="is this in ms?")
        sourced(self.source, "a measured inference")


@dataclass(frozen=True, slots=True, kw_only=True)
class Engine:
    """What infers: an MCU that is there anyway, or an accelerator with its price.

    `pj_per_mac` and `macs_per_s` carry a measurement to other models. `idle_w` is what it draws while it waits, `wake_j` what
    a start costs, such as loading the model.
    """

    name: str
    kind: Literal["mcu", "accelerator"]
    ram_bytes: int
    flash_bytes: int
    pj_per_mac: float
    macs_per_s: float
    source: str
    measured: Mapping[str, Measured] = field(default_factory=lambda: MappingProxyType({}))
    idle_w: float = 0.0
    wake_j: float = 0.0
    price_cents: int = 0

    def __post_init__(self) -> None:
        above(self.pj_per_mac, f"{self.name}: energy of a multiply-accumulate (pJ)", most=1e9, hint="is this in fJ?")
        above(self.macs_per_s, f"{self.name}: multiply-accumulates a second")
        number(self.idle_w, f"{self.name}: power while it waits (W)", most=1000.0, hint="is this in mW?")
        number(self.wake_j, f"{self.name}: energy of a start (J)", most=1e4, hint="is this in mJ?")
        number(self.price_cents, f"{self.name}: price (cents)")
        number(min(self.ram_bytes, self.flash_bytes), f"{self.name}: memory (bytes)")
        sourced(self.source, f"engine {self.name}")

    def refusals(self, model: Model) -> tuple[str, ...]:
        """Why a model does not fit, in words; empty when it does."""
        found: list[str] = []
        if model.ram_bytes > self.ram_bytes:
            found.append(f"{model.name} needs {model.ram_bytes} B of RAM, {self.name} has {self.ram_bytes}")
        if model.flash_bytes > self.flash_bytes:
            found.append(f"{model.name} needs {model.flash_bytes} B for its parameters, {self.name} has {self.flash_bytes}")
        return tuple(found)

    def inference(self, model: Model) -> Inference:
        """What one inference of a model takes: measured where there is a measurement of it, else derived from its MACs."""
        found = self.measured.get(model.reference or "")
        if found is not None:
            energy = Term(f"one inference of {model.name} on {self.name}", found.joules, "J", found.source)
            return Inference(energy, Term("its time", found.seconds, "s", found.source))
        kind: Kind = "derived"
        working = f"{amount(model.macs)} MACs x {amount(self.pj_per_mac)} pJ"
        source = f"{model.source}; {self.source}"
        joules = model.macs * self.pj_per_mac / 1e12
        energy = Term(f"one inference of {model.name} on {self.name}", joules, "J", source, kind, working)
        seconds = model.macs / self.macs_per_s
        worked = f"{amount(model.macs)} MACs / {amount(self.macs_per_s)} per s"
        return Inference(energy, Term("its time", seconds, "s", source, kind, worked))


@dataclass(frozen=True, slots=True)
class Inference:
    """The energy (J) and time (s) of one inference, each with its origin."""

    energy: Term
    time: Term


@cache
def measured_engines() -> tuple[Engine, ...]:
    """The engines of MLPerf Tiny, each system in its newest round; energy and speed of a MAC are derived, the medians of its tasks."""
    systems: dict[tuple[str, str], dict[str, list[Result]]] = {}
    for result in results():
        systems.setdefault((result.submitter, result.system), {}).setdefault(result.round, []).append(result)
    return tuple(_engine(rounds[max(rounds)]) for rounds in systems.values())


def engine(name: str) -> Engine:
    """The measured engine of this name; PowerError, with all names, when there is none."""
    for found in measured_engines():
        if found.name == name:
            return found
    raise PowerError(f"no engine {name} was measured; there are {', '.join(found.name for found in measured_engines())}")


def _engine(found: list[Result]) -> Engine:
    first = found[0]
    accelerator = not first.processor.startswith("Cortex")
    return Engine(
        name=f"{first.soc} at {amount(first.mhz)} MHz ({first.framework})",
        kind="accelerator" if accelerator else "mcu",
        ram_bytes=first.ram_bytes,
        flash_bytes=first.flash_bytes,
        pj_per_mac=statistics.median(result.picojoules_per_mac for result in found),
        macs_per_s=statistics.median(MACS[result.task] * result.per_s for result in found),
        source=f"derived: median of {len(found)} tasks of MLPerf Tiny {first.round}, {first.submitter} {first.system}",
        measured=MappingProxyType({result.task: Measured(result.joules, result.seconds, result.source) for result in found}),
    )
