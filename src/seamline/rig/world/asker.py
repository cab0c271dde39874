"""Whoever asks a device for a setting: the way of the API, which writes the wish by the twin's rules and tells the device at once."""

from __future__ import annotations

from typing import Final

from seamline.hub.drive import drive
from seamline.hub.store_port import AwayError
from seamline.hub.twin_service import Announcer, UnknownPropertyError, wish
from seamline.rig.world.audits import Audits
from seamline.rig.world.background import House
from seamline.rig.world.clocks import unix_ms
from seamline.rig.world.corrector import Corrector
from seamline.rig.world.faulty_store import FaultyStore, KilledError
from seamline.rig.world.memory_store import MemoryStore
from seamline.rig.world.plan import Fault
from seamline.rig.world.promises import BrokenPromise
from seamline.rig.world.settings import raw_value

ASKED_BY: Final = "somebody"


class Asker:
    """Asks by a fault's numbers, `setting`, `permille` and `announced`. What cannot be asked for now is not asked again."""

    def __init__(self, house: House, announcer: Announcer) -> None:
        self._house: Final = house
        self._announcer: Final = announcer

    def ask(self, name: str, fault: Fault) -> None:
        """Ask the device of this name."""
        house = self._house
        connection = house.database.connect()
        try:
            drive(self._asked(FaultyStore(MemoryStore(connection), house.store_faults), name, fault))
        except KilledError:
            house.committed()
            house.die("hub-killed-asked")
        except AwayError:
            house.marks.hit("wish-refused")
            house.committed()
        except UnknownPropertyError:
            house.marks.hit("wish-refused")
        except Exception as error:
            raise BrokenPromise("no-error", f"the hub raised {type(error).__name__}: {error}") from error
        else:
            house.marks.hit("wished")
            house.committed()
        finally:
            connection.close()

    async def _asked(self, store: FaultyStore, name: str, fault: Fault) -> None:
        house, now_ms = self._house, unix_ms(self._house.heap.now_us)
        rows = await store.all("devices", {"ids": [name]})
        contract = house.catalogue.contract(str(rows[0][3])) if rows and rows[0][3] is not None else None
        if contract is None or not contract.state:
            raise UnknownPropertyError(f"{name}: no settings")
        settings = sorted(contract.state)
        item = contract.state[settings[fault.numbers["setting"] % len(settings)]]
        value = raw_value(item, fault.numbers["permille"])
        await wish(store, house.catalogue, name, item.name, value, by=ASKED_BY, now_ms=now_ms)
        if fault.numbers["announced"] and house.broker.is_up:
            await self._announcer.send(store, [(name, int(rows[0][1]))])


class People:
    """What is done to the hub from outside: `faults.People`."""

    def __init__(self, asker: Asker, corrector: Corrector, audits: Audits) -> None:
        self.ask: Final = asker.ask
        self.correct: Final = corrector.correct
        self.back_up: Final = audits.back_up
        self.restore: Final = audits.restore
        self.stream_lost: Final = audits.stream_lost
