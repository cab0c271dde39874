"""What may be radiated without a licence in Europe, by frequency: power and share of time.

EN 300 220-2 states effective radiated power (of a dipole); here it is EIRP, 2.15 dB more. Other regions are not known: a radio's own
`duty_share` holds there, and its power is not checked.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

DIPOLE_DBI: Final = 2.15
"""The gain of a half-wave dipole: EIRP = e.r.p. + 2.15 dB (EN 300 220-1 clause 3.1, ITU-R BS.561)."""


@dataclass(frozen=True, slots=True)
class Band:
    """From `low_mhz` up to `high_mhz`: at most `eirp_dbm`, and at most `duty_share` of any hour (None: no limit by time)."""

    name: str
    low_mhz: float
    high_mhz: float
    eirp_dbm: float
    duty_share: float | None
    source: str


_SHORT_RANGE = "EN 300 220-2 V3.2.1 annex B"
_25_MW: Final = 14.0 + DIPOLE_DBI
_500_MW: Final = 27.0 + DIPOLE_DBI

BANDS: Final = (
    Band("433.05 to 434.79 MHz", 433.05, 434.79, 10.0 + DIPOLE_DBI, 0.10, _SHORT_RANGE),
    Band("863 to 865 MHz (K)", 863.0, 865.0, _25_MW, 0.001, _SHORT_RANGE),
    Band("865 to 868 MHz (L)", 865.0, 868.0, _25_MW, 0.01, _SHORT_RANGE),
    Band("868.0 to 868.6 MHz (M)", 868.0, 868.6, _25_MW, 0.01, _SHORT_RANGE),
    Band("868.7 to 869.2 MHz (N)", 868.7, 869.2, _25_MW, 0.001, _SHORT_RANGE),
    Band("869.4 to 869.65 MHz (P)", 869.4, 869.65, _500_MW, 0.10, _SHORT_RANGE),
    Band("869.7 to 870.0 MHz", 869.7, 870.0, _25_MW, 0.01, _SHORT_RANGE),
    Band("2.4 GHz", 2400.0, 2483.5, 20.0, None, "EN 300 328 V2.2.2 clause 4.3.2.2"),
    Band("5 GHz, 5150 to 5350 MHz (indoors)", 5150.0, 5350.0, 23.0, None, "EN 301 893 V2.1.1 table 2"),
    Band("5 GHz, 5470 to 5725 MHz", 5470.0, 5725.0, 30.0, None, "EN 301 893 V2.1.1 table 2"),
)
"""By frequency; where two meet, the later one holds."""


def band_of(mhz: float) -> Band | None:
    """The band of a frequency; None where none is known (licensed, or another region's)."""
    return next((band for band in reversed(BANDS) if band.low_mhz <= mhz <= band.high_mhz), None)
