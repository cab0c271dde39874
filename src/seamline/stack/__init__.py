"""The embedded stack: broker, database, CA, authorisation and hub as supervised children."""

from seamline.stack.ca import Credentials, DevelopmentCa
from seamline.stack.errors import BinaryError, ChildError, SettingsError, StackError, StateError
from seamline.stack.settings import Settings, load_settings
from seamline.stack.stack import Stack
from seamline.stack.statedir import StateDir
from seamline.state_home import default_state

__all__ = [
    "BinaryError",
    "ChildError",
    "Credentials",
    "DevelopmentCa",
    "Settings",
    "SettingsError",
    "Stack",
    "StackError",
    "StateDir",
    "StateError",
    "default_state",
    "load_settings",
]
