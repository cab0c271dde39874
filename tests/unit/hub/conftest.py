"""Property tests judge promises, not the machine: a busy one may take its time for an example."""

from hypothesis import settings

settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")
