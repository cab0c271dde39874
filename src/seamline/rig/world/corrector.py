"""Whoever corrects the coefficients of a device: the way of the API, `hub.calibration_store`, in one transaction."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final, TypeAlias

from seamline.contract import Family
from seamline.contract.calibration import Coefficients
from seamline.hub.calibration_store import Added, add
from seamline.hub.drive import drive
from seamline.hub.params import rows as as_json
from seamline.hub.store_port import AwayError
from seamline.rig.world.background import House
from seamline.rig.world.clocks import unix_ms
from seamline.rig.world.coefficients import Sensor, sensors_of
from seamline.rig.world.faulty_store import FaultyStore, KilledError
from seamline.rig.world.heap import MS
from seamline.rig.world.memory_store import MemoryStore
from seamline.rig.world.plan import Fault
from seamline.rig.world.promises import BrokenPromise

LABORATORY: Final = "a laboratory"
WHY: Final = "its certificate"
FOR_EVER, FROM_THEN, UNTIL_THEN = range(3)
"""What `bound` of a fault means."""

Given: TypeAlias = dict[tuple[str, str, int], list[Coefficients]]
"""What was ever given, by device, calibration and version: several where a restored database forgot the first, or it was refused."""


class Corrector:
    """Corrects by a fault's numbers, `which`, `permille`, `bound` and `back_ms`. What is refused is not tried again."""

    def __init__(self, house: House, families: Iterable[Family]) -> None:
        self.given: Final[Given] = {}
        self._house: Final = house
        self._sensors: Final[Mapping[str, Mapping[str, Sensor]]] = {
            family.product: sensors_of(family.layouts.values()) for family in families
        }

    def correct(self, name: str, product: str, fault: Fault) -> None:
        """Give the device of this name coefficients: its first, or better ones than it has."""
        house, sensors = self._house, self._sensors[product]
        if not sensors:
            return
        connection = house.database.connect()
        store = FaultyStore(MemoryStore(connection, "calibration"), house.store_faults)
        calibration = sorted(sensors)[fault.numbers["which"] % len(sensors)]
        try:
            drive(self._corrected(store, name, product, sensors[calibration], fault))
        except KilledError:
            house.committed()
            house.die("hub-killed-correcting")
        except AwayError:
            house.marks.hit("correction-refused")
            house.committed()
        except Exception as error:
            raise BrokenPromise("no-error", f"the hub raised {type(error).__name__}: {error}") from error
        else:
            house.committed()
        finally:
            connection.close()

    async def _corrected(self, store: FaultyStore, name: str, product: str, sensor: Sensor, fault: Fault) -> None:
        calibration, coefficients = sensor.calibration.name, sensor.sheet(fault.numbers["permille"])
        newest = 0
        for _, no in await store.all("numbers_of", {"devices": [name]}):
            key = {"device_no": no, "product": product, "name": calibration}
            newest = max([int(row[3]) for row in await store.all("newest_versions", {"rows": as_json([key])})], default=0)
        then_ms = unix_ms(self._house.heap.now_us - fault.numbers["back_ms"] * MS)
        bound = fault.numbers["bound"] if newest else FOR_EVER
        wanted = Added(
            name,
            product,
            calibration,
            coefficients,
            LABORATORY,
            WHY,
            newest,
            from_ms=then_ms if bound == FROM_THEN else None,
            to_ms=then_ms if bound == UNTIL_THEN else None,
        )
        self.given.setdefault((name, calibration, newest + 1), []).append(coefficients)
        async with store.transaction():
            await add(store, [wanted])
