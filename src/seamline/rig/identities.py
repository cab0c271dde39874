"""Who the devices of a simulated fleet are: a certificate of its own for each, kept in memory only, and its TLS context.

Thousands are made at once. Two thirds of what a certificate costs on disk is the making of its two files, and nobody needs them:
the fleet and its keys end together.
"""

import os
import ssl
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Protocol

from seamline.agent.tls import device_context


class Authority(Protocol):
    """Who issues certificates for devices that are simulated."""

    @property
    def ca_file(self) -> Path:
        """What devices trust the broker by."""
        ...

    def lend(self, product: str, devices: Iterable[str]) -> Mapping[str, bytes]:
        """Return a new key and certificate for each device, as one PEM text; they may connect from then on."""
        ...


def lent(authority: Authority, products: Mapping[str, str]) -> dict[str, bytes]:
    """Return key and certificate by device; `products` says each device's product."""
    by_product: dict[str, list[str]] = {}
    for device_id, product in products.items():
        by_product.setdefault(product, []).append(device_id)
    pems: dict[str, bytes] = {}
    for product, wanted in by_product.items():
        pems.update(authority.lend(product, wanted))
    return pems


def contexts(ca: Path, pems: Sequence[bytes]) -> list[ssl.SSLContext]:
    """Return each device's TLS context. OpenSSL reads a key in 0.7 ms and lets other threads run meanwhile."""
    with ThreadPoolExecutor() as threads:
        return list(threads.map(partial(context, ca), pems))


def context(ca: Path, pem: bytes) -> ssl.SSLContext:
    """Return the context of one device: its key and certificate as PEM. Raises TlsError when they are neither.

    Python's ssl reads them from a path only: here it is that of a file which is in memory and has no name.
    """
    handle = os.memfd_create("device")
    try:
        os.write(handle, pem)
        path = Path(f"/proc/self/fd/{handle}")
        return device_context(ca, path, path)
    finally:
        os.close(handle)
