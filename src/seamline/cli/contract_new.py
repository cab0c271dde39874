"""`seamline contract new`: a small contract that holds, with a comment at each decision."""

from __future__ import annotations

import argparse
from pathlib import Path

from seamline.cli.exits import OK, BadInstallation, WrongUse
from seamline.cli.screen import show

TEMPLATE = "contract_template.yaml"
PRODUCT = "PRODUCT"


def new(options: argparse.Namespace) -> int:
    """Write a folder's first contract.yaml. A folder that has one is left alone."""
    folder: Path = options.folder
    product: str = options.product or folder.resolve().name
    text = begun(product)
    path = folder / "contract.yaml"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8", newline="\n") as file:
            file.write(text)
    except FileExistsError:
        raise WrongUse(f"{path} is there already, and stays as it is") from None
    except OSError as error:
        raise BadInstallation(f"{path} cannot be written: {error.strerror or error}") from None
    show(f"wrote {path}: a contract of {product} that holds. What to decide is said beside each line. Then:")
    show(f"  seamline contract check {folder}")
    return OK


def begun(product: str) -> str:
    """Return the first contract of a product. Raises WrongUse when that is no name for one."""
    from seamline.contract.loader import loads
    from seamline.contract.problems import ContractErrors

    text = Path(__file__).with_name(TEMPLATE).read_text(encoding="utf-8").replace(PRODUCT, product)
    try:
        loads(text)
    except ContractErrors as errors:
        problem = errors.problems[0]
        raise WrongUse(f"{product!r} cannot be a product's name: {problem.message}; say another with --product") from None
    return text
