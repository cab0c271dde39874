"""What documents need to know of links, cables and power, whoever works it out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class LinkView:
    """A radio link. `margin_db` is above the sensitivity, in the worse direction; `used` says that it is on someone's way."""

    a: str
    b: str
    radio: str
    rate: str | None
    metres: float
    loss_db: float
    margin_db: float
    spare_db: float
    used: bool

    @property
    def ends(self) -> str:
        """Both ends, for people."""
        return f"{self.a} - {self.b}"


@dataclass(frozen=True, slots=True)
class FailureView:
    """One thing whose failure takes others with it."""

    kind: str
    what: str
    dark: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PutUp:
    """A gateway or relay on a mounting of the plan, in local metres, and the part that it is."""

    id: str
    role: Literal["relay", "gateway"]
    part: str
    x: float
    y: float
    height_m: float
    mounting: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RadioView:
    """The radio network. `ways` are the stations from each node on to its gateway.

    `unheard` are nodes that reach none, with what would help; `outside` send to an operator's network; `put_up` are gateways and relays that the network needs besides the plan's.
    """

    kind: str
    fade_margin_db: float
    links: tuple[LinkView, ...]
    ways: Mapping[str, tuple[str, ...]]
    unheard: Mapping[str, str]
    failures: tuple[FailureView, ...]
    outside: tuple[str, ...] = ()
    put_up: tuple[PutUp, ...] = ()
    problems: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CableView:
    """A line of the cable schedule; `metres` are to be bought, `places` its way in local metres."""

    id: str
    source: str
    device: str
    part: str
    use: Literal["ethernet", "power"]
    metres: float
    route_m: float
    lead_m: float
    lines: tuple[str, ...]
    places: tuple[tuple[float, float], ...]
    drop_share: float | None = None
    problems: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SwitchView:
    """A supply's switches and what they feed: ports, watts that the classes of its devices reserve, and what does not hold.

    `count` is how many of the part stand there, `dark` what is without power or a way when they fail.
    """

    id: str
    devices: int
    ports: int
    reserved_w: float
    budget_w: float
    problems: tuple[str, ...]
    count: int = 1
    dark: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CablesView:
    """The cable schedule, and what no route leads to, with the reason.

    `unlaid` are uses for which the plan names no cable, `sockets` devices for which a socket of the mains is taken to be there.
    """

    rows: tuple[CableView, ...]
    unroutable: Mapping[str, str]
    trench_m: float
    trench_bound_m: float
    unlaid: tuple[str, ...] = ()
    sockets: tuple[str, ...] = ()
    switches: tuple[SwitchView, ...] = ()


@dataclass(frozen=True, slots=True)
class TermView:
    """One line of arithmetic: what, how much, of what unit, how it was worked out, and where its figures come from."""

    name: str
    value: float
    unit: str
    working: str
    source: str


@dataclass(frozen=True, slots=True)
class OptionView:
    """One way to do a workload: energy (J) and bytes of a day, seconds to an answer, why it cannot be, and its arithmetic."""

    name: str
    joules: float
    bytes_sent: float
    latency_s: float
    refusals: tuple[str, ...]
    terms: tuple[TermView, ...]


@dataclass(frozen=True, slots=True)
class AnswerView:
    """Where a workload is inferred: the answer in a sentence, and every option, the best first."""

    answer: str
    options: tuple[OptionView, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class NodePower:
    """What a node uses in a day (Wh) and what feeds it. On a kit: days without sun, and the share of days that go dark (0 to 1).

    `upper_bound` says that the weather is a bound and no measurement.
    """

    node: str
    source: str
    daily_wh: float | None
    autonomy_d: float | None = None
    dark_share: float | None = None
    worst_month: str | None = None
    upper_bound: bool = False
    met: bool | None = None
    terms: tuple[TermView, ...] = ()
    notes: tuple[str, ...] = ()
    answers: tuple[AnswerView, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PowerView:
    """Every node's power, in the plan's order."""

    nodes: tuple[NodePower, ...]
    notes: tuple[str, ...] = ()
