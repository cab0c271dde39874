"""`seamline device add`: give devices their certificates from the development CA of a state directory, also while a stack runs."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path

from seamline.stack.ca import DevelopmentCa
from seamline.stack.errors import StackError
from seamline.stack.settings import load_settings
from seamline.stack.statedir import StateDir, read_object

EXIT_OK, EXIT_WRONG_USE, EXIT_INSTALLATION = 0, 2, 5


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
    """The command. Exit codes: 0 issued, 2 an id that cannot be, 5 the state directory cannot be used."""
    try:
        folder = StateDir(load_settings(state).state_folder)
        issued = enrol(folder, product, devices)
        port = read_object(folder.path("run.json")).get("mqtt_port", "PORT")
    except ValueError as error:
        sys.stderr.write(f"seamline: {error}\n")
        return EXIT_WRONG_USE
    except StackError as error:
        sys.stderr.write(f"seamline: {error}\n")
        return EXIT_INSTALLATION
    if as_json:
        sys.stdout.write(json.dumps(issued, indent=2) + "\n")
        return EXIT_OK
    for one in issued:
        sys.stdout.write(
            f"{one['device']}: seamline agent run --contract CONTRACT --device {one['device']} --url mqtts://127.0.0.1:{port} \\\n"
            f"    --ca {one['ca']} \\\n    --cert {one['cert']} \\\n    --key {one['key']} --stdin\n"
        )
    return EXIT_OK
