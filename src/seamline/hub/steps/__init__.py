"""The hub's background steps: each reads what is due, does a bounded piece of it, and may be run again at any time."""
