"""Commands that start something: each hands its options to the part that does the work, or says which extra that needs."""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import cast

from seamline.cli.exits import WrongUse
from seamline.cli.extras import module_of

ROLES = ("auth", "ingest", "api", "worker")


def demo(options: argparse.Namespace) -> int:
    """Run the main job here, live, and verify it at the end."""
    if options.json is not None:
        _check_writable(options.json)  # now, not after the whole run
    if options.site is not None:
        module_of("seamline.site.living", "site")
    return _part("seamline.rig.demo", "hub")(options)


def up(options: argparse.Namespace) -> int:
    """Run the hub with its embedded broker and database until told to stop."""
    start = _part("seamline.stack.up", "hub")
    return start(
        state=options.state, contracts=options.contracts, port=options.port, mqtt_port=options.mqtt_port, dsn=options.dsn
    )


def hub(options: argparse.Namespace) -> int:
    """Run one role or several of the hub as this process."""
    roles = tuple(role.strip() for role in options.role.split(","))
    unknown = [role for role in roles if role not in ROLES]
    if unknown:
        raise WrongUse(f"--role {','.join(unknown)}: the roles are {', '.join(ROLES)}")
    if "auth" in roles and len(roles) > 1:
        raise WrongUse("--role auth runs as a process of its own, so that no other role can lock devices out")
    if options.partitions and "ingest" not in roles:
        raise WrongUse(f"--partitions says what ingest works on, and --role {options.role} has no ingest: leave it out")
    return _part("seamline.hub.role", "hub")(options.state, roles, options.partitions)


def doctor(options: argparse.Namespace) -> int:
    """Examine this installation."""
    return _part("seamline.stack.doctor", "hub")(state=options.state, as_json=options.json)


def device_add(options: argparse.Namespace) -> int:
    """Issue certificates."""
    add = _part("seamline.stack.enrol", "hub")
    return add(state=options.state, product=options.product, devices=options.devices, as_json=options.json)


def agent_run(options: argparse.Namespace) -> int:
    """Run this machine as one device."""
    return _part("seamline.agent.node", None)(options)


def _check_writable(path: Path) -> None:
    """Raise WrongUse where no file can be put. The result replaces what is there, which no device or link would survive."""
    folder = path.absolute().parent
    special = path.is_symlink() or (path.exists() and not path.is_file())
    if special or not folder.is_dir() or not os.access(folder, os.W_OK):
        raise WrongUse(f"--json {path}: no file can be written there")


def _part(module: str, extra: str | None) -> Callable[..., int]:
    """Return a part's `main`. Raises MissingExtra when a package of the extra is not installed."""
    return cast("Callable[..., int]", (import_module(module) if extra is None else module_of(module, extra)).main)
