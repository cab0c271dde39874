"""The parts of a catalogue, one class for each kind. Units stand at the end of each figure's name; None where a source does not say.

Part
├── Camera, Sensor                      what observes
├── Board, Accelerator                  what computes
├── Radio, Gateway, Switch              what connects
├── Battery, Panel, Converter           what feeds
└── Enclosure, Mount, Mast, Cable, Accessory
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar, Final, Literal

from seamline.site.money import Money

Technology = Literal["lora", "wifi", "lte-m", "nb-iot", "802.15.4", "ethernet"]
TECHNOLOGIES: Final[tuple[Technology, ...]] = ("lora", "wifi", "lte-m", "nb-iot", "802.15.4", "ethernet")

Sight = Literal["line", "none", "point"]
SIGHTS: Final[tuple[Sight, ...]] = ("line", "none", "point")
Fit = Literal["wall", "pole", "roof", "ceiling"]
FITS: Final[tuple[Fit, ...]] = ("wall", "pole", "roof", "ceiling")
Carried = Literal["data", "power"]
CARRIES: Final[tuple[Carried, ...]] = ("data", "power")


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """What every part has. A `generic` part is a class of products: its figures are what is usual, not one product's.

    `source` is where the figures come from (document, edition, page or section); `sources` names another one for single figures.
    """

    kind: ClassVar[str] = ""
    id: str
    title: str
    source: str
    sources: Mapping[str, str] = field(default_factory=dict[str, str])
    maker: str = ""
    model: str = ""
    generic: bool = False
    price: Money | None = None
    """For one piece; of a cable for one metre. Without VAT."""
    labour_s: float | None = None
    """Work to put one piece up, or to lay one metre of cable, in seconds."""
    ip: str | None = None
    """Degree of protection (IEC 60529), as `IP66`."""
    coldest_c: float | None = None
    hottest_c: float | None = None

    def source_of(self, figure: str) -> str:
        """Where a figure comes from, by the name that it has in the catalogue file."""
        return self.sources.get(figure, self.source)


@dataclass(frozen=True, slots=True)
class Lens:
    """One field of view that a camera can have: degrees across and, where the source says it, upright."""

    name: str
    hfov_deg: float
    vfov_deg: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Camera(Part):
    """A camera. `pixels` are columns and rows; of a zoom lens the two ends are two lenses. `range_m` is how far it sees at all (light)."""

    kind: ClassVar[str] = "camera"
    pixels: tuple[int, int]
    lenses: tuple[Lens, ...]
    range_m: float
    power_mw: float | None = None
    """The most it draws."""
    poe_class: int | None = None
    """IEEE 802.3 class that a port must offer."""
    bitrate_bps: float | None = None

    def lens(self, name: str | None) -> Lens | None:
        """The lens of that name; the first one for None; None when it has no such lens."""
        if name is None:
            return self.lenses[0]
        return next((lens for lens in self.lenses if lens.name == name), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sensor(Part):
    """A sensor: `senses` says what (`motion`, `smoke`), equally well within `range_m` and a sector of `width_deg`.

    `sight`: what it senses must lie in its line of sight (`line`: a PIR, a radar), may lie behind what stands there (`none`: its
    reading holds for the ground about it), or is where the sensor itself is (`point`: a probe that speaks for its own cell alone).
    """

    kind: ClassVar[str] = "sensor"
    senses: str
    range_m: float
    width_deg: float = 360.0
    active_mw: float | None = None
    sleep_uw: float | None = None
    sight: Sight = "line"


@dataclass(frozen=True, slots=True)
class Inference:
    """What one inference of a workload costs on a piece of hardware, as measured by `source`."""

    workload: str
    energy_uj: float
    latency_ms: float | None
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Board(Part):
    """A whole board (never a bare chip), or with `host` False an accelerator's module.

    `pj_per_mac` estimates workloads that were not measured; `inferences` are those that were.
    """

    kind: ClassVar[str] = "board"
    volts: float | None = None
    active_mw: float
    sleep_uw: float
    ram_bytes: int | None = None
    flash_bytes: int | None = None
    pj_per_mac: float | None = None
    macs_per_s: float | None = None
    inferences: tuple[Inference, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Accelerator(Board):
    """A module that infers for a board."""

    kind: ClassVar[str] = "accelerator"


@dataclass(frozen=True, slots=True)
class Rate:
    """One way in which a radio sends: bit/s on the air, and the weakest signal that is still received.

    `spreading_factor` and `bandwidth_hz` are LoRa's.
    """

    name: str
    bits_per_s: float
    sensitivity_dbm: float
    spreading_factor: int | None = None
    bandwidth_hz: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Radio(Part):
    """A radio module with its antenna. `duty_share` is how much of the time it may send (None: no limit by time)."""

    kind: ClassVar[str] = "radio"
    technology: Technology
    frequency_hz: float
    tx_dbm: float
    antenna_dbi: float
    rates: tuple[Rate, ...]
    """From the fastest to the slowest."""
    duty_share: float | None = None
    payload_bytes: int | None = None
    tx_mw: float | None = None
    rx_mw: float | None = None
    sleep_uw: float | None = None
    connected_mw: float | None = None
    """Mean power while it keeps its connection and sends nothing."""
    wake_mj: float | None = None
    """Energy to come from sleep to where a message can be sent."""
    byte_uj: float | None = None
    """Energy for each byte sent, all overheads included."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gateway(Part):
    """Where radio links end. `radios` are parts of the catalogue; `uplinks` the ways on from here."""

    kind: ClassVar[str] = "gateway"
    radios: tuple[str, ...]
    uplinks: tuple[Technology, ...]
    power_mw: float
    nodes_max: int | None = None
    poe_class: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Switch(Part):
    """An Ethernet switch or injector: `ports` that feed at most `port_mw` each and `budget_mw` together."""

    kind: ClassVar[str] = "switch"
    ports: int
    budget_mw: float
    port_mw: float
    poe_class: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Battery(Part):
    """A battery pack. `usable` are pairs (degrees Celsius, share of the capacity), rising in temperature."""

    kind: ClassVar[str] = "battery"
    chemistry: str
    volts: float
    capacity_mwh: float
    rechargeable: bool
    self_discharge_year: float
    """Share lost in a year on the shelf at 20 degrees."""
    ageing_year: float = 0.0
    """Share of the capacity lost in a year."""
    cycles: int | None = None
    usable: tuple[tuple[float, float], ...] = ((20.0, 1.0),)
    charge_coldest_c: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel(Part):
    """A solar panel: `peak_mw` at standard test conditions (1000 W/m2, 25 degrees)."""

    kind: ClassVar[str] = "panel"
    peak_mw: float
    noct_c: float | None = None
    per_kelvin: float | None = None
    """Share of the power lost for each kelvin above 25 degrees (above 0)."""
    peak_v: float | None = None
    """At the point of most power, at standard test conditions."""
    open_v: float | None = None
    """Without a load, at standard test conditions."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Converter(Part):
    """A charge controller or voltage converter: the share that it passes on, and what it draws itself.

    Of a charger: chemistries that it charges, nominal voltages of batteries (V), the most that it bears at its input (V), and whether
    it charges a battery of more volts than its input has. Empty and None where its source does not say.
    """

    kind: ClassVar[str] = "converter"
    efficiency: float
    quiescent_uw: float
    charges: tuple[str, ...] = ()
    batteries_v: tuple[float, ...] = ()
    input_v: float | None = None
    boosts: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Enclosure(Part):
    """A box: outer size in millimetres, where it is given."""

    kind: ClassVar[str] = "enclosure"
    size_mm: tuple[float, float, float] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Mount(Part):
    """What holds a device on a wall, a pole or a ceiling."""

    kind: ClassVar[str] = "mount"
    fits: tuple[Fit, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Mast(Part):
    """A pole to be put up, with its foundation."""

    kind: ClassVar[str] = "mast"
    height_m: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Cable(Part):
    """A cable; priced by the metre. `length_max_m` is the longest run; `ohm_per_km` of one conductor."""

    kind: ClassVar[str] = "cable"
    carries: tuple[Carried, ...]
    length_max_m: float | None = None
    ohm_per_km: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Accessory(Part):
    """Anything else that must be bought: memory cards, glands, licences."""

    kind: ClassVar[str] = "accessory"


@dataclass(frozen=True, slots=True)
class Workload:
    """A model that can run on a node or after an uplink: multiplications, and the bytes of what goes in and comes out."""

    id: str
    title: str
    macs: int
    input_bytes: int
    output_bytes: int
    source: str


@dataclass(frozen=True, slots=True)
class DensityClass:
    """A class of pixel density, as `recognise`: at least this many pixels for each metre of the target."""

    name: str
    px_per_m: float


@dataclass(frozen=True, slots=True)
class DensityTable:
    """The classes of one edition of a standard, from coarse to fine."""

    edition: str
    source: str
    classes: tuple[DensityClass, ...]

    def density(self, name: str) -> float | None:
        """Pixels per metre of a class; None when this edition has no such class."""
        return next((found.px_per_m for found in self.classes if found.name == name), None)


@dataclass(frozen=True, slots=True)
class Catalogue:
    """All parts by id, in the order in which they were read: shipped ones first, then files, then the plan's own."""

    parts: Mapping[str, Part]
    workloads: Mapping[str, Workload]
    densities: Mapping[str, DensityTable]
    """By edition: `2015`, `2025`."""
