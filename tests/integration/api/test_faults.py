"""The fault table over the API is the contract's own: what the firmware was compiled with, word for word."""

import dataclasses

import httpx
import pytest

from seamline.contract import load_family
from seamline.testing.api_server import serving


def table(url, reference):
    return httpx.get(f"{url}/api/contracts/{reference}/faults", timeout=20)


@pytest.fixture(scope="module", params=["heater", "labmeter", "trailcam"])
def worked(request, heater):
    return load_family(heater.parent / request.param)


@pytest.fixture(scope="module")
def without_database(worked):
    """The table is the contract's: it needs no database."""
    with serving("host=/nonexistent dbname=seamline connect_timeout=1", worked) as api:
        yield api.url


def test_every_version_has_its_own_table_with_all_that_the_contract_says(worked, without_database):
    for version, contract in worked.versions.items():
        told = table(without_database, f"{worked.product}/{version}").json()
        assert (told["product"], told["version"]) == (worked.product, version)
        said = [{**dataclasses.asdict(fault), "related": list(fault.related)} for fault in contract.faults.values()]
        assert told["faults"] == sorted(said, key=lambda fault: fault["code"])
        assert all(fault["user"] or fault["support"] for fault in told["faults"])


def test_a_code_of_the_bad_day_is_found_with_meaning_cause_and_remedy(heater):
    with serving("host=/nonexistent dbname=seamline connect_timeout=1", load_family(heater)) as api:
        (fault,) = table(api.url, "heater/1.3.0").json()["faults"]
    assert (fault["code"], fault["name"], fault["severity"], fault["latches"]) == (0x4F, "sensor_open", "critical", True)
    assert fault["meaning"] == "The room sensor's circuit is open"
    assert fault["cause"] == "Broken NTC lead or loose connector J3"
    assert fault["support"] == "Check J3; order part S-104"


@pytest.mark.parametrize("reference", ["heater/9.0.0", "kettle/1.3.0"])
def test_a_contract_that_the_hub_does_not_know_is_not_found_and_the_remedy_said(heater, reference):
    with serving("host=/nonexistent dbname=seamline connect_timeout=1", load_family(heater)) as api:
        answer = table(api.url, reference)
    assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json")
    assert reference in answer.json()["detail"]
    assert "product's folder" in answer.json()["remedy"]


@pytest.mark.parametrize("reference", ["Heater/1.3.0", "heater/1.3", "heater/latest", "heater/1.3.0%00", "9heater/1.3.0"])
def test_what_can_be_no_reference_is_refused_by_its_part(heater, reference):
    with serving("host=/nonexistent dbname=seamline connect_timeout=1", load_family(heater)) as api:
        answer = table(api.url, reference)
    assert answer.status_code == 422
    assert answer.json()["detail"].startswith("path.")
