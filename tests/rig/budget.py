"""How long a set of seeds may take, and how many of it ran."""

import time


class Budget:
    """So many seconds of a clock. CPU time of the process says what the code costs, whatever else the machine does."""

    def __init__(self, seconds, clock=time.process_time):
        self.seconds = seconds
        self._clock = clock
        self._began = clock()
        self.runs = 0

    @property
    def spent(self):
        return self._clock() - self._began

    @property
    def is_left(self):
        return self.spent < self.seconds

    def within(self, seeds):
        """The seeds, as long as there is time; the first in any case."""
        for seed in seeds:
            if self.runs and not self.is_left:
                return
            yield seed
            self.runs += 1
