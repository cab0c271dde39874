"""What a node of a plan uses in a day: as its product's contract states it, or worked out of its parts."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from seamline.contract.loader import load as load_contract
from seamline.contract.model import Contract
from seamline.site.catalogue import parts
from seamline.site.network.airtime import message_air
from seamline.site.plan.model import Kit, Node, Plan, Profile
from seamline.site.power.figures import DAY_S, PowerError
from seamline.site.power.load import Activity, Load, Mode, daily, lost
from seamline.site.power.periods import periods, stated_load
from seamline.site.power.plan_parts import engine_of, model_of, needed

AWAKE_S: Final = 0.5
"""How long a board is awake for a sample or a message besides the radio's own time; assumed where no contract states its power."""
ASSUMED: Final = f"assumed: {AWAKE_S:g} s awake for each"
SAY: Final = "give its profile 'samples', such as 'samples: 96/d'"


@dataclass(frozen=True, slots=True)
class NodeLoad:
    """A node's day, and what was assumed or left out of it."""

    load: Load
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Said:
    """What a node was found to be made of."""

    node: Node
    contract: Contract | None
    profile: Profile | None
    board: parts.Board | None
    part: parts.Part | None
    radio: parts.Radio | None
    kit: Kit | None


def node_load(plan: Plan, node: Node, rates: Mapping[str, parts.Rate] | None = None) -> NodeLoad:
    """A node's day. Where its contract states its power (`power.states`) that counts, with the profile's times; else its parts do.

    `rates` are those that the links of nodes allow; without one the radio's slowest counts, which is on the safe side. PowerError
    when nothing is known of it.
    """
    said = _said(plan, node)
    volts = _volts(plan, said)
    if said.contract is not None and said.contract.power is not None and said.contract.power.states and volts is not None:
        told = f"as contract {said.contract.reference} states its power"
        found = NodeLoad(_stated(said.contract, said.profile, volts), (told,))
    else:
        found = _of_parts(plan, said, rates or {})
    return replace(found, load=_behind_kit(plan, said.kit, found.load))


def _behind_kit(plan: Plan, kit: Kit | None, load: Load) -> Load:
    """A load with what its kit's converter takes besides: its own use all day, and what it loses where it stands before the node.

    With a panel the converter is the charger, whose losses are taken from the yield.
    """
    if kit is None or kit.converter is None:
        return load
    converter = needed(plan.catalogue, kit.converter, parts.Converter)
    own = Mode("on", converter.quiescent_uw / 1e6, converter.source_of("quiescent"))
    terms = [*load.terms, Activity(f"{converter.id} itself", 1.0, DAY_S, own, f"kit {kit.id}").term()]
    if kit.panel is None and converter.efficiency != 1.0:
        terms.append(lost(load.joules, converter.efficiency, converter.source_of("efficiency")))
    return replace(load, terms=tuple(terms))


def _said(plan: Plan, node: Node) -> _Said:
    catalogue = plan.catalogue
    kit = plan.kits.get(node.power.kit) if node.power is not None and node.power.kit is not None else None
    return _Said(
        node,
        None if node.product is None else load_contract(plan.beside(node.product) / "contract.yaml"),
        None if node.profile is None else plan.profiles.get(node.profile),
        None if node.board is None else needed(catalogue, node.board, parts.Board),
        None if node.part is None else catalogue.parts.get(node.part),
        None if node.radio is None else needed(catalogue, node.radio, parts.Radio),
        kit,
    )


def _volts(plan: Plan, said: _Said) -> float | None:
    """The voltage that a contract's currents are drawn at: the kit's battery, the supply, or the board."""
    if said.kit is not None:
        return needed(plan.catalogue, said.kit.battery, parts.Battery).volts
    power = said.node.power
    supply = plan.supplies.get(power.supply) if power is not None and power.supply is not None else None
    if supply is not None and supply.volts is not None:
        return supply.volts
    return None if said.board is None else said.board.volts


def _stated(contract: Contract, profile: Profile | None, volts: float) -> Load:
    if profile is None or not profile.seconds_per_day or contract.power is None:
        return stated_load(contract, volts)
    states = {
        name: replace(state, daily_ms=round(profile.seconds_per_day[name] * 1000)) if name in profile.seconds_per_day else state
        for name, state in contract.power.states.items()
    }
    return stated_load(replace(contract, power=replace(contract.power, states=states)), volts)


def _of_parts(plan: Plan, said: _Said, rates: Mapping[str, parts.Rate]) -> NodeLoad:
    notes: list[str] = []
    idle = 0.0
    base: list[str] = []
    for name, watts, source in _base(said):
        idle += watts
        base.append(f"{name} ({source})")
    if not base:
        raise PowerError(
            f"node {said.node.id}: nothing is known of what it uses; give it a camera, a sensor, a board or a product"
        )
    activities = [*_sampling(said, notes), *_messages(said, rates, notes), *_inferring(plan, said, notes)]
    if any(ASSUMED in activity.source for activity in activities):
        notes.append(f"{ASSUMED} sample and message")
    return NodeLoad(daily(activities, Mode("all that is always on", idle, "; ".join(base))), tuple(notes))


def _base(said: _Said) -> list[tuple[str, float, str]]:
    """What draws all day: name, W, source."""
    found: list[tuple[str, float, str]] = []
    part, board, radio = said.part, said.board, said.radio
    if isinstance(part, parts.Camera) and part.power_mw is not None:
        found.append((f"{part.id}, the most it draws", part.power_mw / 1000, part.source_of("power")))
    if isinstance(part, parts.Sensor) and part.sleep_uw is not None:
        found.append((f"{part.id} asleep", part.sleep_uw / 1e6, part.source_of("sleep")))
    elif isinstance(part, parts.Sensor) and part.active_mw is not None:
        found.append((f"{part.id}, which tells no sleep", part.active_mw / 1000, part.source_of("active")))
    if board is not None:
        found.append((f"{board.id} asleep", board.sleep_uw / 1e6, board.source_of("sleep")))
    if radio is not None and radio.connected_mw is not None:
        found.append((f"{radio.id} connected", radio.connected_mw / 1000, radio.source_of("connected")))
    elif radio is not None and radio.sleep_uw is not None:
        found.append((f"{radio.id} asleep", radio.sleep_uw / 1e6, radio.source_of("sleep")))
    return found


def _sampling(said: _Said, notes: list[str]) -> list[Activity]:
    """How often the sensor is asked: by the contract's periods, else by the profile's `samples`; by neither is said."""
    profile = said.profile
    if said.contract is None and (profile is None or profile.samples_per_day is None):
        if isinstance(said.part, parts.Sensor) and said.part.sleep_uw is not None:
            notes.append(f"{said.part.id} takes no sample: no contract and no profile says how often, so none is counted; {SAY}")
        return []
    watts = 0.0 if said.board is None else said.board.active_mw / 1000
    source = "" if said.board is None else said.board.source_of("active")
    if isinstance(said.part, parts.Sensor) and said.part.active_mw is not None and said.part.sleep_uw is not None:
        watts += said.part.active_mw / 1000
        source = f"{source}; {said.part.source_of('active')}".strip("; ")
    if not source:
        return []
    awake = Mode("awake", watts, source)
    if said.contract is None:
        return [] if profile is None or said.part is None else [_sample(profile, awake)]  # a relay senses nothing
    found = periods(said.contract).samplings
    return [
        Activity(f"sample {one.message}", one.times, AWAKE_S, awake, f"{one.source}; {ASSUMED}", 0.0, one.bound) for one in found
    ]


def _sample(profile: Profile, awake: Mode) -> Activity:
    """The samples that a profile says, each as long as it says."""
    told = f"profile {profile.id}" if profile.sample_s is not None else f"profile {profile.id}; {ASSUMED}"
    seconds = AWAKE_S if profile.sample_s is None else profile.sample_s
    return Activity("sample", profile.samples_per_day or 0.0, seconds, awake, told)


def _messages(said: _Said, rates: Mapping[str, parts.Rate], notes: list[str]) -> list[Activity]:
    """What goes over the air: by the contract's periods, or the profile's messages."""
    radio, profile = said.radio, said.profile
    if radio is None:
        return []
    rate = rates.get(said.node.id)
    if rate is None:
        rate = radio.rates[-1]
        notes.append(f"{radio.id} at its slowest rate, {rate.name}")
    if said.contract is not None:
        sent = [(one.name, one.times, one.up, one.down, one.source, one.bound) for one in periods(said.contract).exchanges]
    elif profile is not None and profile.message_bytes is not None and profile.messages_per_day is not None:
        sent = [("message", profile.messages_per_day, float(profile.message_bytes), 0.0, f"profile {profile.id}", False)]
    else:
        return []
    found: list[Activity] = []
    for name, times, up, down, source, bound in sent:
        joules, seconds = _air_cost(radio, rate, up, down)
        awake = None if said.board is None else Mode("awake", said.board.active_mw / 1000, said.board.source_of("active"))
        told = f"{source}; {radio.source}; {seconds:.3f} s on the air at {rate.name}"
        told = told if awake is None else f"{told}; {ASSUMED}"
        found.append(Activity(name, times, 0.0 if awake is None else AWAKE_S, awake, told, joules, bound))
    return found


def _air_cost(radio: parts.Radio, rate: parts.Rate, up: float, down: float) -> tuple[float, float]:
    """Energy (J) and time (s) of one exchange: by the byte where that was measured, else by time on the air."""
    air = message_air(radio, rate, max(1, math.ceil(up)))
    hears_s = air.answers_s + down * 8 / rate.bits_per_s
    start = (radio.wake_mj or 0.0) / 1000
    if radio.byte_uj is not None:
        count = air.sends_s * rate.bits_per_s / 8 + down
        return start + count * radio.byte_uj / 1e6, air.sends_s + hears_s
    if radio.tx_mw is None:
        raise PowerError(
            f"radio {radio.id} tells neither the power of sending nor the energy of a byte; add 'sending' or 'per_byte'"
        )
    return start + air.sends_s * radio.tx_mw / 1000 + hears_s * (radio.rx_mw or 0.0) / 1000, air.sends_s + hears_s


def _inferring(plan: Plan, said: _Said, notes: list[str]) -> list[Activity]:
    """What is inferred on the node: all work that is not said to go up."""
    if said.profile is None:
        return []
    accelerator = None if said.node.accelerator is None else needed(plan.catalogue, said.node.accelerator, parts.Accelerator)
    board = accelerator or said.board
    found: list[Activity] = []
    for work in said.profile.work:
        if work.where == "uplink" or board is None:
            continue
        engine = engine_of(board, plan.catalogue.workloads)
        if engine is None:
            notes.append(f"{work.workload}: {board.id} tells no energy of an inference; not counted")
            continue
        energy = engine.inference(model_of(plan.catalogue.workloads[work.workload])).energy
        source = f"profile {said.profile.id}; {energy.source}"
        found.append(Activity(f"infer {work.workload}", work.per_day, 0.0, None, source, energy.value))
    return found
