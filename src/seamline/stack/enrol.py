"""`seamline device add`: give devices their certificates from the development CA of a state directory, also while a stack runs."""

from __future__ import annotations

import json
import shlex
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from seamline.contract import Contract
from seamline.contract.standard import STANDARD
from seamline.stack.ca import DevelopmentCa
from seamline.stack.errors import StackError
from seamline.stack.ports import LOOPBACK
from seamline.stack.served import Product, Served, served
from seamline.stack.settings import load_settings
from seamline.stack.statedir import StateDir, read_object

EXIT_OK, EXIT_WRONG_USE, EXIT_INSTALLATION = 0, 2, 5


class UnknownProduct(ValueError):
    """No contract that is served here is of this product; the text says which are, and the remedy."""


def enrol(state: StateDir, product: str, devices: Sequence[str]) -> list[dict[str, str]]:
    """Issue what is not issued yet. Returns, for each device, where its certificate, its key and the authority's certificate are.

    Raises ValueError for an id no topic can carry, StackError when the directory cannot be used.
    """
    state.make()
    ca = DevelopmentCa(state)
    ca.issue(product, devices)
    return [
        {
            "device": device,
            "cert": str(ca.credentials(device).cert),
            "key": str(ca.credentials(device).key),
            "ca": str(ca.ca_file),
        }
        for device in devices
    ]


def main(*, state: Path | None, product: str, devices: Sequence[str], as_json: bool = False) -> int:
    """The command. Exit codes: 0 issued, 2 an id or a product that cannot be, 5 the state directory cannot be used."""
    try:
        settings = load_settings(state)
        folder = StateDir(settings.state_folder)
        contract = _wanted(product, served(settings, folder))
        url = _url(folder)
        issued = enrol(folder, product, devices)
    except ValueError as error:
        sys.stderr.write(f"seamline: {error}\n")
        return EXIT_WRONG_USE
    except StackError as error:
        sys.stderr.write(f"seamline: {error}\n")
        return EXIT_INSTALLATION
    if as_json:
        known = {"contract": None if contract is None else str(contract.file), "url": url}
        sys.stdout.write(json.dumps([one | known for one in issued], indent=2) + "\n")
        return EXIT_OK
    for one in issued:
        sys.stdout.write(f"# {one['device']}: each line of its standard input is a reading, as a JSON object\n")
        sys.stdout.write(_command(one, contract, url))
    lacking = [what for what, there in (("CONTRACT", contract), ("PORT", url)) if there is None]
    if lacking:
        where = shlex.quote(str(folder.root))
        sys.stderr.write(
            f"seamline: {' and '.join(lacking)} cannot be named: no hub has served a contract from {folder.root} yet; start it "
            f"with `seamline up --state {where} --contracts FOLDER`, then ask again\n"
        )
    return EXIT_OK


def _wanted(product: str, here: Served) -> Product | None:
    """The product as it is served here; None while nothing is, for then nobody can know. Raises UnknownProduct."""
    found = here.products.get(product)
    if found is not None or not (here.products or here.unread):
        return found
    names = f"there are {', '.join(sorted(here.products))}" if here.products else "there are none that hold"
    unread = "".join(f"; {folder} cannot be read: `seamline contract check {shlex.quote(str(folder))}`" for folder in here.unread)
    raise UnknownProduct(
        f"--product {product}: no contract that is served here is of it ({names}){unread}; "
        "if it is a new one, serve it first: `seamline up --contracts` with its folder and the others"
    )


def _url(state: StateDir) -> str | None:
    """The broker's address for devices: of the stack that runs, else of the one that ran last; None before the first."""
    for name in ("run.json", "settings.json"):
        port = read_object(state.path(name)).get("mqtt_port")
        if isinstance(port, int) and port:
            return f"mqtts://{LOOPBACK}:{port}"
    return None


def _command(one: Mapping[str, str], product: Product | None, url: str | None) -> str:
    """The lines that run one device, as a shell takes them."""
    contract = "CONTRACT" if product is None else shlex.quote(str(product.file))
    paths = {name: shlex.quote(one[name]) for name in ("ca", "cert", "key")}
    message = "" if product is None else message_option(product.contract)
    return (
        f"seamline agent run --contract {contract} --device {one['device']} --url {url or f'mqtts://{LOOPBACK}:PORT'} \\\n"
        f"    --ca {paths['ca']} \\\n    --cert {paths['cert']} \\\n    --key {paths['key']} {message}--stdin\n"
    )


def message_option(contract: Contract) -> str:
    """The option that the agent needs, with a space behind it, where a device has several kinds of readings: the first will do."""
    messages = contract.messages
    own = [name for name, each in messages.items() if each.layout.fields not in STANDARD.values()]
    return "" if len(own) == 1 else f"--message {next(iter(own or messages))} "
