"""The fingerprint of a whole contract: changes when anything it says changes, and only then."""

from __future__ import annotations

import json
from hashlib import sha256
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from seamline.contract.model import Contract

_HEAD = "seamline-contract/1\n"


def fingerprint(contract: Contract) -> str:
    """Return the SHA-256 (64 hexadecimal digits) of everything the file says.

    It is taken over the head `seamline-contract/1` and the document as JSON with sorted keys and without blanks (UTF-8): comments,
    blanks, quotes and the order of keys do not count, every word does, and no later version of Seamline reads it differently.
    """
    text = json.dumps(contract.document, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return sha256((_HEAD + text).encode()).hexdigest()


def layout_fingerprints(contract: Contract) -> dict[str, str]:
    """Return the fingerprint of each message's layout (8 hexadecimal digits, docs/wire.md) by `message/layout`."""
    layouts = (message.layout for message in contract.messages.values())
    return {f"{layout.message}/{layout.version}": f"{layout.fingerprint:08x}" for layout in layouts}
