"""Certificates that do not fit are refused before anything is opened."""

from pathlib import Path

import pytest

from seamline.agent.tls import TlsError, device_context, parse_url


@pytest.mark.parametrize(
    ("url", "parts"),
    [
        ("mqtts://hub.example:8884", ("hub.example", 8884, True)),
        ("mqtts://hub.example", ("hub.example", 8883, True)),
        ("mqtt://[::1]", ("::1", 1883, False)),
    ],
)
def test_addresses_are_split(url: str, parts: tuple[str, int, bool]) -> None:
    assert parse_url(url) == parts


@pytest.mark.parametrize("url", ["", "hub.example:8883", "http://hub.example", "mqtts://", "mqtts://hub:notaport"])
def test_what_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(TlsError):
        parse_url(url)


def test_a_missing_file_is_named_with_its_option(tmp_path: Path) -> None:
    with pytest.raises(TlsError, match=r"--ca .*ca\.pem: no such file"):
        device_context(tmp_path / "ca.pem", tmp_path / "d.pem", tmp_path / "d.key")


def test_a_file_that_is_no_certificate_is_named(tmp_path: Path) -> None:
    for name in ("ca.pem", "d.pem", "d.key"):
        (tmp_path / name).write_text("nonsense")
    with pytest.raises(TlsError, match=r"--ca .*not a PEM certificate"):
        device_context(tmp_path / "ca.pem", tmp_path / "d.pem", tmp_path / "d.key")
