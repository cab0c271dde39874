"""Who is let in: the whole table of rights and wrongs, without a broker."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, strategies as st

from seamline.hub.auth.decision import Grant, Refusal, Request, RequestError, decide, device_permissions, read_request
from seamline.hub.auth.snapshot import EMPTY, IdentityState


@pytest.fixture
def snapshot(authority):
    return authority.identities()


def test_a_device_with_its_own_certificate_gets_its_own_topics(claims_of, snapshot):
    made = decide(read_request(claims_of()), snapshot)
    assert isinstance(made, Grant)
    assert made.device == "dev-1"
    assert made.permissions.publish == tuple(f"up.dev-1.{kind}" for kind in ("data", "birth", "death", "anchor", "probe", "twin"))
    assert made.permissions.subscribe == ("dn.dev-1", "dn.dev-1.>")


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ({"client_id": "dev-2"}, "client id 'dev-2' is not the certificate's subject 'dev-1'"),
        ({"client_id": ""}, "client id '' is not the certificate's subject 'dev-1'"),
        ({"client_id": "DEV-1"}, "client id 'DEV-1' is not the certificate's subject 'dev-1'"),
        ({"certificate": None}, "no verified client certificate"),
        ({"kind": "nats"}, "only MQTT clients are let in by certificate, not nats"),
        ({"kind": "websocket"}, "only MQTT clients are let in by certificate, not websocket"),
    ],
)
def test_everything_else_is_refused_with_its_reason(claims_of, snapshot, arguments, reason):
    assert decide(read_request(claims_of(**arguments)), snapshot) == Refusal(reason)


def test_an_unknown_device_is_refused(claims_of):
    assert decide(read_request(claims_of()), EMPTY) == Refusal("unknown device 'dev-1'")


def test_a_banned_device_is_refused(claims_of, snapshot):
    banned = {**snapshot, "dev-1": replace(snapshot["dev-1"], state=IdentityState.BANNED)}
    assert decide(read_request(claims_of()), banned) == Refusal("device 'dev-1' is banned")


def test_an_earlier_certificate_of_the_same_device_is_refused(claims_of, snapshot):
    rekeyed = {**snapshot, "dev-1": replace(snapshot["dev-1"], key=snapshot["dev-2"].key)}
    assert decide(read_request(claims_of()), rekeyed) == Refusal("device 'dev-1' has another key on record")


def test_the_authoritys_own_certificate_is_no_device(claims_of, snapshot, authority):
    request = replace(read_request(claims_of()), certificate_pem=authority.ca_file.read_text())
    assert decide(request, snapshot) == Refusal("the certificate names no device")


@given(st.text(max_size=200))
def test_an_unreadable_certificate_is_refused_and_never_an_exception(text):
    request = Request("N", "U", 1, "mqtt", "dev-1", text)
    assert isinstance(decide(request, EMPTY), Refusal)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@given(
    st.sampled_from(["server_id", "user_nkey", "client_info", "client_tls"]),
    json_values,
)
def test_a_request_of_any_shape_is_refused_or_unreadable_but_never_an_exception(claims_of, member, value):
    claims = claims_of()
    claims["nats"][member] = value
    try:
        request = read_request(claims)
    except RequestError:
        return
    decide(request, EMPTY)


@given(st.sampled_from([[], [[]], [None], [[None]], [[1]], "x", {"a": 1}, None]))
def test_chains_of_a_strange_shape_count_as_none(claims_of, chains):
    claims = claims_of()
    claims["nats"]["client_tls"]["verified_chains"] = chains
    assert decide(read_request(claims), EMPTY) == Refusal("no verified client certificate")


def test_no_permission_holds_a_wildcard_outside_the_devices_own_subjects():
    made = device_permissions("dev-1")
    assert all(subject.split(".")[1] == "dev-1" for subject in (*made.publish, *made.subscribe))
    assert not any("*" in subject or ">" in subject for subject in made.publish)
