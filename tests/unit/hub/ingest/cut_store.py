"""A store whose database goes away at a statement of one's choice."""

from seamline.hub.store_port import AwayError
from seamline.rig.world.memory_store import MemoryStore


class CutStore(MemoryStore):
    """A store whose database is away from its `left`-th statement on; with `late`, only just after having done it."""

    def __init__(self, connection, left, file="ingest", *, late=False):
        super().__init__(connection, file)
        self.left, self.late, self.done = left, late, []

    async def _execute(self, name, parameters, names):
        return await self._counted(name, super()._execute(name, parameters, names))

    async def copy(self, *given):
        return await self._counted("copy", super().copy(*given))

    async def _counted(self, name, work):
        self.done.append(name)
        self.left -= 1
        if self.left < 0 and not self.late:
            work.close()
            raise AwayError("the database is away")
        found = await work
        if self.left < 0:
            raise AwayError("the answer is lost")
        return found
