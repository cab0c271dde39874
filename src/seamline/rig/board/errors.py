"""What can keep a run with a board from being one; each says what to do. A promise that does not hold is no error: see witness.py.

BoardError
  ConsoleError    the console cannot be opened, or has no reset line
  RelayError      the power cannot be switched
  ProxyError      the proxy cannot listen
  SilentError     the board says nothing, or not what was asked
  StrangerError   it says that it is another device, contract or version of the lines
  LinesLostError  lines of the console were lost, so that nothing can be held against the hub
"""


class BoardError(Exception):
    """A run with a board that cannot go on."""


class ConsoleError(BoardError):
    """The console cannot be used."""


class RelayError(BoardError):
    """The power cannot be switched."""


class ProxyError(BoardError):
    """The proxy before the broker cannot listen."""


class SilentError(BoardError):
    """The board does not say what it should."""


class StrangerError(BoardError):
    """The board is not the one that was meant."""


class LinesLostError(BoardError):
    """The console lost lines."""
