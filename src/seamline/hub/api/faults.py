"""Route about a contract's faults: the same table that the firmware is compiled with, for screens and support."""

from __future__ import annotations

from typing import Annotated, Final, Literal

from fastapi import APIRouter, Path

from seamline.contract.model import Fault
from seamline.hub.api.fleet_models import Frozen
from seamline.hub.api.problem import answers, not_found
from seamline.hub.api.state import State

router: Final = APIRouter(prefix="/contracts/{product}/{version}")

Product = Annotated[str, Path(pattern=r"^[a-z][a-z0-9_]{0,23}$", description="The product's name in its contract")]
Version = Annotated[str, Path(pattern=r"^[0-9]{1,5}\.[0-9]{1,5}\.[0-9]{1,5}$", description="The contract's version")]


class FaultShape(Frozen):
    """A fault code and what both sides say about it. `layer` is where it arises.

    `user` and `support` are what each of them can do about it; a fault that latches keeps `holds` off until `clears`; `related`
    are the messages to look at.
    """

    code: int
    name: str
    layer: str
    severity: Literal["info", "warning", "error", "critical"]
    latches: bool
    meaning: str
    cause: str | None
    user: str | None
    support: str | None
    related: list[str]
    holds: str | None
    clears: str | None


class FaultTable(Frozen):
    """The faults of one version of a product's contract, by rising code."""

    product: str
    version: str
    faults: list[FaultShape]


@router.get("/faults", responses=answers(404, 422, away=False))
async def fault_table(state: State, product: Product, version: Version) -> FaultTable:
    """List the fault codes of a contract: name, severity, meaning, probable cause, and remedy for user and support."""
    contract = state.context.contract(f"{product}/{version}")
    if contract is None:
        raise not_found(
            f"The contract '{product}/{version}' is not known to this hub.", "Start the hub with the product's folder."
        )
    found = sorted(contract.faults.values(), key=lambda fault: fault.code)
    return FaultTable(product=product, version=version, faults=[_shape(fault) for fault in found])


def _shape(fault: Fault) -> FaultShape:
    return FaultShape.model_validate(fault, from_attributes=True)
