"""Radios and cables as a catalogue would hold them, and places on flat ground."""

from seamline.site import Grid, Scene
from seamline.site.catalogue.parts import Cable, Radio, Rate
from seamline.site.network.links import Medium, Station
from seamline.site.network.profile import Antenna, Ground

SX1276 = {7: -123.0, 8: -126.0, 9: -129.0, 10: -132.0, 11: -133.0, 12: -136.0}
"""dBm in 125 kHz, SX1276 data sheet rev. 7, table 10 (RFS_L125_HF)."""


def lora(factors=range(7, 13), *, name="sx1276", tx_dbm=14.0, antenna_dbi=0.0, mhz=868.1, **more):
    rates = tuple(
        Rate(f"SF{factor}", factor * 125e3 / 2**factor * 4 / 5, SX1276[factor], factor, 125e3) for factor in sorted(factors)
    )
    return Radio(
        id=name,
        title=name,
        source="SX1276 data sheet rev. 7",
        technology="lora",
        frequency_hz=mhz * 1e6,
        tx_dbm=tx_dbm,
        antenna_dbi=antenna_dbi,
        rates=rates,
        **more,
    )


def radio(technology, mhz, *rates, name=None, tx_dbm=15.0, antenna_dbi=2.0, **more):
    """A radio of any technology; rates are (Mbit/s, dBm)."""
    made = tuple(Rate(f"{mbps:g}M", mbps * 1e6, dbm) for mbps, dbm in rates)
    return Radio(
        id=name or technology,
        title=technology,
        source="an example",
        technology=technology,
        frequency_hz=mhz * 1e6,
        tx_dbm=tx_dbm,
        antenna_dbi=antenna_dbi,
        rates=made,
        **more,
    )


def wifi(*rates, **more):
    return radio("wifi", 2442.0, *(rates or ((54, -75.0), (6, -92.0), (1, -97.0))), **more)


def cable(name="cat6", **more):
    return Cable(id=name, title=name, source="an example", carries=("data",), **more)


def at(name, x, y, height=3.0, role="node", radios=None, **more):
    return Station(name, Antenna(x, y, height), (lora(),) if radios is None else radios, role, **more)


def flat(*solids, **more):
    """What radio paths are worked out with on flat ground."""
    return Medium(Ground(Scene(Grid(10, 10, 0.0, 0.0, 1.0), solids)).between, **more)
