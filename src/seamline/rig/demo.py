"""`seamline demo`: the whole of Seamline on this machine, a fleet under mild faults, and the proof at the end."""

import asyncio
import secrets
import signal
import tempfile
import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Final, Protocol

import seamline
from seamline.contract import Family, load_family
from seamline.contract.pace import Pace
from seamline.rig import plan as plans
from seamline.rig.calibrations import Sheets
from seamline.rig.faults import Injector
from seamline.rig.fleet import Fleet, FleetError, FleetPlan, models_at, open_fleet
from seamline.rig.plan import HOUSE, Fault
from seamline.rig.progress import Progress, default_progress
from seamline.rig.report import Run, broken, document, summary, write_json
from seamline.rig.trouble import told
from seamline.rig.verify import Verdict, verify
from seamline.stack import Settings, Stack

if TYPE_CHECKING:
    from seamline.rig.demo_site import DemoSite

FACTOR: Final = 10
"""The heater samples every 10 s and sends every minute: ten times faster, a demo is worth watching."""
PUBLISH_EVERY_MS_MAX: Final = 2_000
"""Nobody waits 90 s at the end for the slowest channel."""
DEVICES_IN_A_HURRY: Final = 1_000
"""As many live ten times faster on two cores that carry fleet, broker and hub; a larger fleet lives so much more slowly."""
LINKS_MAX: Final = 2_000
"""Beyond these, devices connect directly: 10,000 then fit into 20,000 open files, and a cut of one of 2,000 proves as much."""
BOOT_OVER_S: Final = 1.0
DRAIN_TIMEOUT_S: Final = 90.0
"""Three births with doubling waits (2, 4, 8 s), a back-off, and a hub that restarts: 30 s in all, with room. A fleet that
lives more slowly is given so much longer."""
CORRECTION_TIMEOUT_S: Final = 10.0
"""A request that is asked again while the hub restarts; a fleet that has delivered next to nothing is not waited for."""
EXIT_OK: Final = 0
EXIT_BROKEN: Final = 1
EXIT_INSTALLATION: Final = 5
EXIT_INTERRUPTED: Final = 130


class Options(Protocol):
    """What the command line gives."""

    devices: int
    seconds: float | None
    chaos: bool
    no_faults: bool
    seed: int | None
    port: int
    json: Path | None
    state: Path | None
    site: str | None


@dataclass(frozen=True, slots=True)
class Scene:
    """One demo, decided."""

    family: Family
    devices: int
    seconds: float | None
    seed: int
    chaos: bool
    faults: bool
    began_s: float
    site: "DemoSite | None" = None

    @property
    def stretch(self) -> float:
        """How many times slower than a fleet of DEVICES_IN_A_HURRY this one lives."""
        return max(1.0, self.devices / DEVICES_IN_A_HURRY)

    @property
    def pace(self) -> Pace:
        """How much faster than its contract the fleet lives, and the hub with it."""
        every_ms_max = int(PUBLISH_EVERY_MS_MAX * self.stretch)
        return Pace(max(1, int(FACTOR / self.stretch)), every_ms_max, int(every_ms_max * self.stretch))

    @property
    def links(self) -> int:
        """How many devices have a network that can fail; with chaos all, for every connection is cut."""
        return self.devices if self.chaos else min(self.devices, LINKS_MAX)

    def plan(self) -> Iterator[list[Fault]]:
        """Draw the rounds of faults."""
        return plans.rounds(
            self.seed,
            self.devices,
            self.seconds,
            mild_faults=self.faults,
            with_chaos=self.chaos,
            links=self.links,
            stretch=self.stretch,
        )


def main(options: Options) -> int:
    """Run the demo. 0 when every promise held, 1 when one did not, 5 when this installation cannot run it, 130 when cut short."""
    progress = default_progress()
    began_s = time.monotonic()
    try:
        site = None if options.site is None else _site(options.site)
        folder = example("heater") if site is None else site.product
        family = load_family(folder)
    except FleetError as error:
        progress.say(f"error: {error}")
        return EXIT_INSTALLATION
    scene = Scene(
        family=family,
        devices=options.devices if site is None else len(site.places),
        seconds=options.seconds,
        seed=secrets.randbits(32) if options.seed is None else options.seed,
        chaos=options.chaos,
        faults=not options.no_faults,
        began_s=began_s,
        site=site,
    )
    try:
        with _state(options.state) as state:
            pace = {"pace_factor": scene.pace.factor, "publish_every_ms_max": scene.pace.publish_every_ms_max}
            settings = Settings(state=state, http_port=options.port, contracts=(folder,), hub=pace)
            progress.say(f"starting broker, database and hub in {state}")
            with Stack(settings) as stack:
                return asyncio.run(play(scene, stack, progress, options.json))
    except (KeyboardInterrupt, asyncio.CancelledError):
        progress.say("ended before it could be verified")
        return EXIT_INTERRUPTED
    except Exception as error:
        why = told(error, options.state)
        if why is None:
            raise
        progress.say(f"error: {why}")
        return EXIT_INSTALLATION


def _site(named: str) -> "DemoSite":
    """Work out a planned site; only then is what that needs imported."""
    from seamline.rig.demo_site import DemoSite  # noqa: PLC0415 - only with the extra `site`

    return DemoSite.of(named)


def example(name: str) -> Path:
    """Return the folder of an example product, from the installed package or from the source tree beside it."""
    package = Path(seamline.__file__).parent
    for folder in (package / "examples" / name, package.parent.parent / "examples" / name):
        if (folder / "contract.yaml").is_file():
            return folder
    message = f"the example {name!r} is missing from this installation ({package}): install seamline again"
    raise FleetError(message)


async def play(scene: Scene, stack: Stack, progress: Progress, json_file: Path | None) -> int:
    """Run the fleet against a started stack, verify, and say what came out."""
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, _stop, stopped, asyncio.current_task())
    progress.stage.url = stack.url
    progress.say(f"the page is at {stack.url}")
    models = models_at(scene.pace, scene.family)
    progress.say(f"making {scene.devices} devices that send every {scene.pace.publish_every_ms_max / 1000:g} s")
    prefix = "" if scene.site is None else scene.site.name
    async with open_fleet(stack, models, FleetPlan(scene.devices, scene.seed, prefix=prefix, links_max=scene.links)) as fleet:
        devices = [device.id for device in fleet.devices]
        if scene.site is not None:
            await asyncio.to_thread(scene.site.publish, stack.url, devices)
            progress.say(f"the site is at {scene.site.page(stack.url)}")
        sheets = Sheets.of(scene.family.product, scene.family.layouts.values(), devices, scene.seed)
        await asyncio.to_thread(sheets.bring_in, stack.url)
        run, verdict = await _measure(scene, stack, fleet, sheets, progress, stopped)
    progress.say(summary(run, verdict, fleet.tally))
    if json_file is not None:
        await asyncio.to_thread(write_json, json_file, document(run, verdict, fleet.tally))
    return EXIT_BROKEN if broken(run, verdict) else EXIT_OK


async def _measure(
    scene: Scene, stack: Stack, fleet: Fleet, sheets: Sheets, progress: Progress, stopped: asyncio.Event
) -> tuple[Run, Verdict]:
    loop = asyncio.get_running_loop()
    injector = Injector(fleet, stack, Random(f"{scene.seed}/injector"), progress.event)  # noqa: S311  # repeatable on purpose
    rest = scene.plan()
    first = next(rest)
    began_s = loop.time()
    progress.stage.text = "measuring"
    progress.stage.ends_at_s = None if scene.seconds is None else time.monotonic() + scene.seconds
    fleet.power_on(BOOT_OVER_S * scene.stretch)
    shown = asyncio.create_task(progress.show(fleet, injector.happened))
    followed = asyncio.create_task(injector.follow(chain([first], rest), began_s))
    corrected = asyncio.create_task(_correct(fleet, sheets, stack.url))
    try:
        await fleet.until(lambda: stopped.is_set() or _over(followed), scene.seconds or float("inf"))
        measured_s = loop.time() - began_s
        drained = await _drain(fleet, injector, followed, progress, DRAIN_TIMEOUT_S * scene.stretch)
        progress.stage.text = "verifying every record"
        verdict = await asyncio.to_thread(verify, stack.dsn, fleet.truths, list(scene.family.layouts.values()))
        await _hold_values(fleet, sheets, corrected, stack.dsn, verdict)
    finally:
        for task in (followed, corrected, shown):
            task.cancel()
        await asyncio.gather(shown, followed, corrected, return_exceptions=True)
    acknowledged_s = fleet.tally.first_acknowledged_s
    run = Run(
        devices=scene.devices,
        seconds=measured_s,
        seed=scene.seed,
        chaos=scene.chaos,
        drained=drained,
        seconds_to_first_reading=None if acknowledged_s is None else round(acknowledged_s - scene.began_s, 2),
        faults=injector.happened,
        faults_missed=_missed(scene, first, injector) if not stopped.is_set() else (),
    )
    return run, verdict


async def _correct(fleet: Fleet, sheets: Sheets, url: str) -> None:
    """Once the fleet has delivered something, find that one of its sensors was measured wrongly in the factory."""
    if sheets.versions and await fleet.until(lambda: fleet.tally.acknowledged >= len(fleet.devices), float("inf")):
        await sheets.correct(url, next(iter(sheets.versions)))


async def _hold_values(fleet: Fleet, sheets: Sheets, corrected: "asyncio.Task[None]", dsn: str, verdict: Verdict) -> None:
    """Hold physical values and audit against the sheets, once history is valued anew."""
    await asyncio.wait({corrected}, timeout=CORRECTION_TIMEOUT_S)
    if corrected.done():
        corrected.result()
    elif fleet.tally.acknowledged >= len(fleet.devices):
        verdict.complain("corrections that did not come about", "the hub has not taken it")
    if not await sheets.settled(dsn):
        verdict.complain("history not valued anew", "a pass is still under way")
    await asyncio.to_thread(sheets.check, dsn, verdict)


async def _drain(fleet: Fleet, injector: Injector, followed: "asyncio.Task[None]", progress: Progress, timeout_s: float) -> bool:
    """Stop measuring and faults, and wait until the hub has everything, for `timeout_s` at most."""
    followed.cancel()
    progress.stage.text = "measuring has ended; delivering the rest"
    progress.stage.ends_at_s = time.monotonic() + timeout_s
    fleet.rest()
    injector.mend()
    return await fleet.drained(timeout_s)


def _missed(scene: Scene, planned: list[Fault], injector: Injector) -> tuple[str, ...]:
    """Return the kills of `--chaos` that did not come about: a demo that proves less than it says must not pass."""
    wanted = {fault.kind for fault in planned if fault.kind in HOUSE} if scene.chaos else set[plans.Kind]()
    return tuple(sorted(str(kind) for kind in wanted if not injector.happened[kind]))


def _over(task: "asyncio.Task[None]") -> bool:
    """Raise what the injector failed with; it never ends the measuring by itself."""
    if task.done() and not task.cancelled():
        task.result()
    return False


def _stop(stopped: asyncio.Event, task: "asyncio.Task[object] | None") -> None:
    """End the measuring at the first Ctrl-C, everything at the second."""
    if stopped.is_set() and task is not None:
        task.cancel()
    stopped.set()


@contextmanager
def _state(given: Path | None) -> Generator[Path]:
    """Return the state directory: the given one, or a temporary one that is removed at the end."""
    if given is not None:
        yield given
        return
    with tempfile.TemporaryDirectory(prefix="seamline-demo-") as folder:
        yield Path(folder)
