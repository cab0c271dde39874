"""A virtual world: the real device cores and the real hub logic under faults, in virtual time, from a plan that replays exactly."""
