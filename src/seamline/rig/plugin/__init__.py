"""A user's own device logic in the rig: a core of theirs, or the core of Seamline with their application around it.

- `port` says what a core must do; `named.named_core` finds one by its name on the command line.
- `guard.Guarded` stands between the world and the core: what the core raises, never returns from or asks for in vain is named.
- `process` runs a core as a program of its own, in any language, that reads and writes lines.

docs/rig.md has it for users.
"""
