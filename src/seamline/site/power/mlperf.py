"""MLPerf Tiny: what boards were measured to take for four reference models, as submitted and published by round.

`mlperf_tiny.csv` holds the medians that the benchmark's runner wrote into each submission of the closed division
(`closed/SUBMITTER/results/SYSTEM/TASK/energy/results.txt` for the energy, `.../performance/results.txt` for the throughput), in the
public repositories `mlcommons/tiny_results_ROUND`. Memory sizes are those of the submission's system description, with a KB
of 1,000 bytes where it leaves that open. Syntiant's figures leave out the board that feeds the chip its inputs.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from types import MappingProxyType
from typing import Final

TASKS: Final[Mapping[str, str]] = MappingProxyType(
    {"kws": "keyword spotting", "vww": "visual wake words", "ic": "image classification", "ad": "anomaly detection"}
)
MACS: Final[Mapping[str, int]] = MappingProxyType({"kws": 2_656_768, "vww": 7_489_664, "ic": 12_501_632, "ad": 264_192})
"""Multiply-accumulates of one inference, counted from the layers of the reference models (DS-CNN, MobileNetV1 0.25 at 96 x 96,
ResNet-8, an autoencoder of 640-128x4-8-128x4-640; Banbury et al., MLPerf Tiny Benchmark, 2021); the tests count them again."""
WEIGHTS: Final[Mapping[str, int]] = MappingProxyType({"kws": 52_500, "vww": 325_000, "ic": 96_000, "ad": 270_000})
"""Bytes of each reference model, of 8 bits (Banbury et al., 2021, table 1)."""


@dataclass(frozen=True, slots=True)
class Result:
    """One measured result: energy in µJ per inference, inferences per second."""

    round: str
    submitter: str
    system: str
    soc: str
    processor: str
    mhz: float
    supply: str
    framework: str
    ram_bytes: int
    flash_bytes: int
    task: str
    energy_uj: float
    per_s: float

    @property
    def joules(self) -> float:
        """Energy of one inference, in J."""
        return self.energy_uj / 1e6

    @property
    def seconds(self) -> float:
        """Time of one inference, derived from the throughput of single streams, in s."""
        return 1 / self.per_s

    @property
    def picojoules_per_mac(self) -> float:
        """Energy of a multiply-accumulate, derived: the whole inference, memory and all, by the model's MACs."""
        return self.energy_uj * 1e6 / MACS[self.task]

    @property
    def source(self) -> str:
        """Where the figures stand."""
        return f"MLPerf Tiny {self.round}, mlcommons/tiny_results_{self.round} closed/{self.submitter}/results/{self.system}/{self.task}"


@cache
def results() -> tuple[Result, ...]:
    """All results, in the order of the file: by round, submitter and system."""
    text = resources.files("seamline.site.power").joinpath("mlperf_tiny.csv").read_text("utf-8")
    return tuple(_result(row) for row in csv.DictReader(text.splitlines()))


def _result(row: Mapping[str, str]) -> Result:
    return Result(
        row["round"],
        row["submitter"],
        row["system"],
        row["soc"],
        row["processor"],
        float(row["mhz"]),
        row["supply"],
        row["framework"],
        int(row["ram_bytes"]),
        int(row["flash_bytes"]),
        row["task"],
        float(row["energy_uj"]),
        float(row["per_s"]),
    )
