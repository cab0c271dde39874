"""The command line's grammar: every command, option and default, and nothing that takes time to import."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from seamline import __version__
from seamline.cli.exits import WRONG_USE
from seamline.cli.path_options import takes_file, takes_folder
from seamline.cli.values import contract_path, day, moment, number, numbers, product_folder, seconds

if TYPE_CHECKING:
    from collections.abc import Callable

    # argparse has no public names for these two.
    Commands = argparse._SubParsersAction["Parser"]  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]
    Container = argparse._ActionsContainer  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]

EPILOG = """exit codes: 0 ok; 1 a promise did not hold, or not found; 2 wrong use; 3 an extra is missing;
4 the hub, or a part of it, cannot be reached; 5 an installation problem; 130 interrupted (143 by SIGTERM).
Read commands ask the hub at --url, else at $SEAMLINE_URL, else the one running from the state directory."""
ROWS_MAX = 1000
PRESENCE = ("online", "deaf", "silent", "offline", "lost", "presumed_lost", "never", "unknown")
SORTS = ("id", "age", "presence", "contract", "owed", "lost", "quarantined")


class Parser(argparse.ArgumentParser):
    """An argument parser whose complaint is one line: what is wrong, and where to read more."""

    def error(self, message: str) -> NoReturn:
        """Exit with the code for wrong use."""
        sys.stderr.write(f"{self.prog}: {message} (see: {self.prog} --help)\n")
        sys.exit(WRONG_USE)


def build() -> Parser:
    """Return the parser of the whole command. Each command's `run` names its function as `module:function`."""
    parser = Parser(
        prog="seamline",
        description="Owns the seam between firmware and cloud: one contract, both halves, every record accounted for.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"seamline {__version__}")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    for add in (
        _demo,
        _up,
        _hub,
        _doctor,
        _devices,
        _device,
        _readings,
        _ledger,
        _calibration,
        _quarantine,
        _agent,
        _contract,
        _rig,
        _gate,
        _site,
        _completion,
    ):
        add(commands)
    return parser


def _command(commands: Commands, name: str, run: str, text: str) -> Parser:
    """Add a command that `run` carries out."""
    made = commands.add_parser(name, help=text, description=text[0].upper() + text[1:] + ".", allow_abbrev=False)
    made.set_defaults(run=run)
    return made


def _file(parser: Container, name: str, text: str, *, required: bool = False) -> None:
    """Add an option that takes a file, and tell shells how to complete it."""
    action = parser.add_argument(name, type=Path, metavar="FILE", help=text, required=required)
    takes_file(action)


def _state(parser: Parser, text: str = "state directory (default: $SEAMLINE_STATE, else by XDG)") -> None:
    action = parser.add_argument("--state", type=Path, metavar="DIR", help=text)
    takes_folder(action)


def _json(parser: Parser) -> None:
    parser.add_argument("--json", action="store_true", help="print one JSON document instead of a table")


def reads(commands: Commands, name: str, run: str, text: str) -> Parser:
    """Add a command that asks a running hub."""
    made = _command(commands, name, run, text)
    made.add_argument("--url", help="where the hub's page is, e.g. http://127.0.0.1:8080")
    _state(made)
    _json(made)
    return made


def _window(parser: Parser, default: int) -> None:
    parser.add_argument(
        "--limit", type=number(1, ROWS_MAX), default=default, metavar="N", help=f"at most so many rows (default {default})"
    )


def _demo(commands: Commands) -> None:
    made = _command(commands, "demo", "seamline.cli.launch:demo", "run the main job here, live: broker, database, hub, devices")
    made.add_argument("--devices", type=number(1, 20_000), default=200, metavar="N", help="simulated devices (default 200)")
    made.add_argument("--seconds", type=seconds, metavar="S", help="end and verify after so long (default: at Ctrl-C)")
    made.add_argument("--chaos", action="store_true", help="also kill hub, broker and database, cut power and every connection")
    made.add_argument("--no-faults", action="store_true", help="leave the mild faults out")
    made.add_argument(
        "--seed", type=number(0, 2**63 - 1), metavar="N", help="draw the faults from this seed (default: a new one)"
    )
    made.add_argument("--port", type=number(0, 65_535), default=8080, metavar="N", help="the page's port, or the next free one")
    made.add_argument(
        "--site",
        metavar="PLAN",
        help="a planned site as the fleet: a plan's file or folder, or an example (yard); no --devices then",
    )
    _file(made, "--json", "write the result as JSON to this file")
    _state(made, "keep the state in this directory (default: a temporary one, removed at the end)")


def _up(commands: Commands) -> None:
    made = _command(commands, "up", "seamline.cli.launch:up", "run the hub with an embedded broker and database")
    _state(made)
    served = made.add_argument(
        "--contracts", type=product_folder, nargs="+", default=[], metavar="DIR", help="folders of contracts to serve"
    )
    takes_folder(served)
    made.add_argument("--port", type=number(0, 65_535), metavar="N", help="the page's port (default 8080, or the next free one)")
    made.add_argument("--mqtt-port", type=number(0, 65_535), metavar="N", help="the devices' port (default: a free one, kept)")
    made.add_argument("--dsn", metavar="URL", help="use this PostgreSQL instead of the embedded one")


def _hub(commands: Commands) -> None:
    made = _command(commands, "hub", "seamline.cli.launch:hub", "run one part of the hub as a process of its own")
    made.add_argument("--role", default="api,ingest,worker", metavar="ROLES", help="of auth, ingest, api, worker; by commas")
    made.add_argument("--partitions", type=numbers(0, 1023), default=(), metavar="LIST", help="ingest only these, e.g. 0,2")
    _state(made)


def _doctor(commands: Commands) -> None:
    made = _command(
        commands, "doctor", "seamline.cli.launch:doctor", "say what is wrong with this installation and how to mend it"
    )
    _state(made)
    _json(made)


def _devices(commands: Commands) -> None:
    made = reads(commands, "devices", "seamline.cli.fleet:devices", "list the devices: presence with its reason and age, books")
    made.add_argument("--find", metavar="TEXT", help="only devices whose name, contract or firmware contains this")
    made.add_argument("--presence", choices=PRESENCE, help="only devices so claimed")
    made.add_argument("--contract", metavar="VERSION", help="only devices of this contract, e.g. heater/1.3.0")
    made.add_argument("--sort", choices=SORTS, default="id", help="order (default id)")
    made.add_argument("--reverse", action="store_true", help="turn the order round")
    made.add_argument("--offset", type=number(0, 10_000_000), default=0, metavar="N", help="leave out the first N")
    _window(made, 50)


def _device(commands: Commands) -> None:
    group = commands.add_parser("device", help="one device", description="One device.", allow_abbrev=False)
    inner = group.add_subparsers(metavar="WHAT", required=True)
    made = reads(
        inner, "show", "seamline.cli.device:show_device", "show a device: presence both ways, session, twin, books, boots"
    )
    made.add_argument("device", metavar="ID", help="the device's name")
    made = _command(inner, "add", "seamline.cli.launch:device_add", "issue devices their certificates from the development CA")
    made.add_argument("devices", metavar="ID", nargs="+", help="names: A-Z a-z 0-9 _ -")
    made.add_argument("--product", required=True, metavar="NAME", help="the product in its contract, e.g. heater")
    _state(made)
    _json(made)


def _readings(commands: Commands) -> None:
    made = reads(commands, "readings", "seamline.cli.readings:readings", "list a device's readings, each with its date's quality")
    made.add_argument("device", metavar="ID", help="the device's name")
    made.add_argument("--message", metavar="NAME", help="which kind of reading (default: the device's first)")
    made.add_argument(
        "--from", dest="since", type=moment, metavar="TIME", help="from here: 2026-11-21T09:00Z, or 2h for two hours ago"
    )
    made.add_argument("--to", dest="until", type=moment, metavar="TIME", help="up to here")
    made.add_argument("--oldest", action="store_true", help="oldest first (default: newest first)")
    _window(made, 20)


def _ledger(commands: Commands) -> None:
    made = reads(commands, "ledger", "seamline.cli.ledger:ledger", "show a device's books; exit 1 when they do not balance")
    made.add_argument("device", metavar="ID", help="the device's name")


def _calibration(commands: Commands) -> None:
    text = "coefficients of devices: what raw counts mean"
    group = commands.add_parser("calibration", help=text, description=text[0].upper() + text[1:] + ".", allow_abbrev=False)
    inner = group.add_subparsers(metavar="WHAT", required=True)
    made = reads(inner, "show", "seamline.cli.calibration:show_calibrations", "show a device's coefficients and their audit")
    made.add_argument("device", metavar="ID", help="the device's name")
    made = reads(
        inner, "set", "seamline.cli.calibration:set_coefficients", "give a device new coefficients; history is valued anew"
    )
    made.add_argument("device", metavar="ID", help="the device's name")
    made.add_argument("calibration", metavar="NAME", help="the calibration's name in the contract")
    action = made.add_argument(
        "--coefficients",
        nargs="+",
        required=True,
        metavar="KEY=NUMBER",
        help="gain=1.02 offset=-0.4; or a JSON file that has them",
    )
    takes_file(action)
    said(made)
    expected = made.add_argument_group("what you know")
    expected.add_argument(
        "--expected", type=number(0, 2**31 - 2), metavar="N", help="refuse unless this is the newest version (default: ask first)"
    )
    expected.add_argument(
        "--from", dest="since", type=moment, metavar="TIME", help="they hold for what was measured from here on"
    )
    expected.add_argument("--to", dest="until", type=moment, metavar="TIME", help="and before here")
    made = reads(inner, "import", "seamline.cli.calibration:import_coefficients", "take many devices' coefficients, all or none")
    action = made.add_argument("file", type=Path, metavar="FILE", help="JSON lines: device, product, calibration, coefficients")
    takes_file(action)
    said(made)


def said(parser: Parser) -> None:
    """Add who says something, and why."""
    parser.add_argument("--by", required=True, metavar="WHO", help="who says so")
    parser.add_argument("--reason", required=True, metavar="WHY", help="why; both stay with the coefficients")


def _quarantine(commands: Commands) -> None:
    made = reads(commands, "quarantine", "seamline.cli.quarantine:quarantine", "list what was set aside, and why")
    made.add_argument("frame", nargs="?", type=number(1, 2**63 - 1), metavar="NUMBER", help="show this one, taken apart")
    made.add_argument("--device", metavar="ID", help="only this device's")
    _window(made, 20)


def _agent(commands: Commands) -> None:
    group = commands.add_parser("agent", help="run a device", description="Run a device.", allow_abbrev=False)
    inner = group.add_subparsers(metavar="WHAT", required=True)
    made = _command(inner, "run", "seamline.cli.launch:agent_run", "run this Linux machine as one device")
    _file(made, "--contract", "the product's contract", required=True)
    made.add_argument("--device", required=True, metavar="ID", help="the device's name, its certificate's common name")
    made.add_argument("--url", required=True, help="the broker's MQTT listener, e.g. mqtts://hub.example:8883")
    _file(made, "--ca", "certificate of the broker's authority")
    _file(made, "--cert", "the device's certificate")
    _file(made, "--key", "the device's private key")
    made.add_argument("--message", metavar="NAME", help="which message the values are (default: the contract's only one)")
    source = made.add_mutually_exclusive_group(required=True)
    source.add_argument("--command", metavar="CMD", help="run this each period; its last line is the reading")
    _file(source, "--file", "read this each period; its last line is the reading")
    source.add_argument("--stdin", action="store_true", help="each line of standard input is a reading")
    made.add_argument("--firmware", metavar="VERSION", help="what to report as firmware (default: the contract's version)")
    made.add_argument("--raw", action="store_true", help="values are the wire's integers, not physical ones")
    _state(made, "where counters and unsent records are kept (default: by XDG)")


def _contract(commands: Commands) -> None:
    text = "write, check, compare, release and compile contracts"
    group = commands.add_parser("contract", help=text, description=text[0].upper() + text[1:] + ".", allow_abbrev=False)
    inner = group.add_subparsers(metavar="WHAT", required=True)
    for add in (_contract_new, _contract_check, _contract_explain, _contract_release, _contract_retire, _contract_diff):
        add(inner)
    for add in (_contract_gen, _contract_map):
        add(inner)


def _folder(parser: Parser, convert: Callable[[str], Path] = product_folder) -> None:
    """Add the folder of a product."""
    action = parser.add_argument("folder", type=convert, metavar="FOLDER", help="the product's folder, with its contract.yaml")
    takes_folder(action)


def _contract_new(inner: Commands) -> None:
    made = _command(inner, "new", "seamline.cli.contract_new:new", "begin a contract: a small one that holds, to be filled in")
    _folder(made, Path)
    made.add_argument("--product", metavar="NAME", help="the product's name (default: the folder's)")


def _contract_check(inner: Commands) -> None:
    made = _command(
        inner, "check", "seamline.cli.contract_check:check", "say what is wrong with contracts, and what would break in the field"
    )
    paths = made.add_argument("paths", type=contract_path, nargs="+", metavar="PATH", help="folders of products, or single files")
    takes_file(paths)
    made.add_argument(
        "--format", choices=("text", "json", "github", "sarif"), default="text", help="how to say it (default text)"
    )
    made.add_argument("--fleet", metavar="URL", help="ask this hub which versions its devices have, not the registry")


def _contract_explain(inner: Commands) -> None:
    made = _command(inner, "explain", "seamline.cli.contract_explain:explain", "say what a rule asks, why, and what keeps it")
    made.add_argument("code", nargs="?", metavar="CODE", help="the rule, e.g. SL203 (default: list them all)")
    _json(made)


def _date(parser: Parser) -> None:
    parser.add_argument("--date", type=day, metavar="YYYY-MM-DD", help="the date in the registry (default: today, UTC)")


def _contract_release(inner: Commands) -> None:
    made = _command(inner, "release", "seamline.cli.contract_release:release", "freeze the contract as a version in the field")
    _folder(made)
    _date(made)
    made.add_argument("--adopt", action="store_true", help="also register released files that the registry lacks")


def _contract_retire(inner: Commands) -> None:
    made = _command(
        inner, "retire", "seamline.cli.contract_release:retire", "take a version out of the field when no device has it"
    )
    _folder(made)
    made.add_argument("version", metavar="VERSION", help="the version, e.g. 1.2.0")
    made.add_argument("--fleet", required=True, metavar="URL", help="the hub whose devices are counted")
    made.add_argument("--despite-unheard", action="store_true", help="also if some devices have never said their version")
    _date(made)


def _contract_diff(inner: Commands) -> None:
    made = _command(
        inner, "diff", "seamline.cli.contract_diff:diff", "list what two versions say differently, and whom it breaks"
    )
    for name, text in (("old", "a file, a folder, or FOLDER@VERSION"), ("new", "the same")):
        action = made.add_argument(name, metavar=name.upper(), help=text)
        takes_file(action)
    _json(made)


def _contract_gen(inner: Commands) -> None:
    made = _command(inner, "gen", "seamline.cli.contract_gen:gen", "compile the contract for a target: c, micropython, sql, …")
    made.add_argument("target", metavar="TARGET", help="what to compile for; a wrong one lists them all")
    _folder(made)
    out = made.add_argument("--out", type=Path, required=True, metavar="DIR", help="where the files go")
    takes_folder(out)
    made.add_argument("--check", action="store_true", help="write nothing; exit 1 when a file is not what would be written")
    made.add_argument("--version", metavar="VERSION", help="compile this released version (default: contract.yaml)")


def _contract_map(inner: Commands) -> None:
    made = _command(inner, "map", "seamline.cli.contract_gen:map_", "draw the system map: tiers, boundaries, owners, waits")
    _folder(made)
    made.add_argument("--format", choices=("map", "mermaid"), default="map", help="SVG (map), or Mermaid as text (default map)")
    _file(made, "--out", "write it to this file (default: to standard output)")
    made.add_argument("--version", metavar="VERSION", help="draw this released version (default: contract.yaml)")


def _rig(commands: Commands) -> None:
    from seamline.cli.rig_options import add  # it needs this module's types

    add(commands)


def _gate(commands: Commands) -> None:
    from seamline.cli.gate_options import add_options  # it needs this module's types

    text = "judge a product: its contract, its bad days, its versions in the field; one verdict with an exit code"
    add_options(_command(commands, "gate", "seamline.cli.gate:gate", text))


def _site(commands: Commands) -> None:
    from seamline.cli.site_options import add  # it needs this module's types

    add(commands)


def _completion(commands: Commands) -> None:
    made = _command(commands, "completion", "seamline.cli.completion:completion", "print a completion script for your shell")
    made.add_argument("shell", choices=("bash", "zsh", "tcsh"), help="the shell")
