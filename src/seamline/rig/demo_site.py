"""A planned site as the demo's fleet: its plan is published, and each simulated device bound to a place of it.

Working a plan out needs the extra `site`; the command line has seen to that before this module is imported.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import quote

import seamline
from seamline.contract import ContractErrors
from seamline.rig.asking import send
from seamline.rig.fleet import FleetError
from seamline.site.frame import SiteError
from seamline.site.living import document_of
from seamline.site.plan import load_plan, resolve

JSON: Final = "application/json"
WHO: Final = "the demo"


@dataclass(frozen=True, slots=True)
class DemoSite:
    """A plan, worked out: its document, the folder of the product that its nodes run, and the places where they stand.

    Nodes that name no product have no contract yet; devices of the one that others name stand in for them.
    """

    name: str
    product: Path
    places: tuple[str, ...]
    document: dict[str, object]

    @classmethod
    def of(cls, named: str) -> "DemoSite":
        """Load a plan by its file, its folder, or the name of an example. Raises FleetError for one that no demo can run."""
        try:
            plan = load_plan(plan_file(named))
            site = resolve(plan)
            document = document_of(site)
        except (ContractErrors, SiteError) as error:
            raise FleetError(str(error)) from None
        products = sorted({plan.beside(node.product).resolve() for node in plan.nodes.values() if node.product is not None})
        if len(products) != 1:
            found = ", ".join(folder.name for folder in products) or "none"
            raise FleetError(
                f"{plan.file}: a demo runs one product, and the plan's nodes have: {found}. Give them one: 'product: FOLDER'"
            )
        return cls(plan.name, products[0], tuple(plan.nodes), document)

    def publish(self, url: str, devices: Sequence[str]) -> None:
        """Put the plan in force and bind a device to each place, in their order; blocks. Raises RefusedError, OSError."""
        path = f"{url}/api/sites/{quote(self.name)}"
        send(path, "PUT", JSON, json.dumps({"by": WHO, "document": self.document}).encode())
        for place, device in zip(self.places, devices, strict=True):
            asked = {"device": device, "by": WHO, "reason": "the demo's fleet", "expected": True}
            send(f"{path}/places/{quote(place)}", "PUT", JSON, json.dumps(asked).encode())

    def page(self, url: str) -> str:
        """Where the site is shown."""
        return f"{url}/#/site/{quote(self.name)}"


def plan_file(named: str) -> Path:
    """The plan's file by a path, or by the name of an example; raises FleetError when there is none."""
    package = Path(seamline.__file__).parent
    examples = [folder / "examples" / "sites" for folder in (package, package.parent.parent)]
    for path in (Path(named), *(folder / named for folder in examples)):
        for file in (path, path / "plan.yaml"):
            if file.is_file():
                return file
    known = sorted({path.parent.name for folder in examples for path in folder.glob("*/plan.yaml")})
    raise FleetError(f"--site {named}: there is no such plan; name a plan.yaml, its folder, or an example: {', '.join(known)}")
