"""Answers to the broker: signed, addressed, and none where the broker has given up."""

from __future__ import annotations

import base64
import json
from dataclasses import replace

import pytest

from seamline.hub.auth.jwt import TokenError, read_claims, sign_claims
from seamline.hub.auth.nkeys import Role, key_pair, new_seed
from seamline.hub.auth.responder import GRANTS_MAX, Responder
from seamline.hub.auth.snapshot import IdentityState

NOW = 1_790_000_000.0


@pytest.fixture
def key():
    return key_pair(new_seed(Role.ACCOUNT))


@pytest.fixture
def responder(key, authority):
    made = Responder(key, "DEV")
    made.replace_snapshot(authority.identities())
    return made


def verified(key, token):
    signed, _, signature = token.rpartition(b".")
    key.private.public_key().verify(base64.urlsafe_b64decode(signature + b"=="), signed)
    return read_claims(token)


def test_a_grant_is_signed_addressed_and_carries_the_users_token(key, responder, token_of):
    answer = responder.answer(token_of(), NOW)
    claims = verified(key, answer)
    assert (claims["aud"], claims["sub"], claims["iss"], claims["iat"]) == ("NSERVER", "UCONNECTION", key.public, int(NOW))
    assert (claims["nats"]["type"], claims["nats"]["version"]) == ("authorization_response", 2)
    user = verified(key, claims["nats"]["jwt"].encode())
    assert (user["aud"], user["sub"], user["name"]) == ("DEV", "UCONNECTION", "dev-1")
    assert user["nats"]["pub"]["allow"][0] == "up.dev-1.data"
    assert user["nats"]["sub"]["allow"] == ["dn.dev-1", "dn.dev-1.>"]
    assert responder.counts == {"granted": 1}


def test_a_refusal_tells_the_broker_nothing_but_that(key, responder, token_of):
    answer = responder.answer(token_of("dev-2", "dev-1"), NOW)
    claims = verified(key, answer)
    assert claims["nats"]["error"] == "refused"
    assert "jwt" not in claims["nats"]
    assert responder.counts == {"refused": 1}


def test_a_request_the_broker_gave_up_on_is_not_answered(responder, token_of):
    assert responder.answer(token_of(exp=int(NOW) - 1), NOW) is None
    assert responder.answer(token_of(exp=int(NOW) + 1), NOW) is not None
    assert responder.counts == {"too_late": 1, "granted": 1}


@pytest.mark.parametrize("token", [b"", b"a.b", b"a.b.c", b"a.e30.c", b"a.W10.c", b"\xff.\xff.\xff", b"a.!!!.c"])
def test_a_damaged_request_is_counted_and_not_answered(responder, token):
    assert responder.answer(token, NOW) is None
    assert responder.counts == {"unreadable": 1}


def test_a_new_snapshot_names_the_devices_whose_connections_are_in_doubt(responder, authority):
    known = dict(authority.identities())
    gone = known.pop("dev-3")
    known["dev-1"] = replace(known["dev-1"], state=IdentityState.BANNED)
    assert responder.replace_snapshot(known) == {"dev-1", "dev-3"}
    assert responder.replace_snapshot({**known, "dev-3": gone}) == frozenset()
    rekeyed = {**known, "dev-2": replace(known["dev-2"], key="00" * 32), "dev-3": gone}
    assert responder.replace_snapshot(rekeyed) == {"dev-2"}


def test_the_latest_connection_of_a_device_is_remembered(responder, token_of):
    assert responder.last_connection("dev-1") is None
    responder.answer(token_of(connection=7), NOW)
    responder.answer(token_of(connection=9), NOW)
    assert responder.last_connection("dev-1") == ("NSERVER", 9)


def test_memory_of_connections_is_bounded(responder, token_of):
    for number in range(GRANTS_MAX):
        responder._remember(f"other-{number}", "N", number)
    responder.answer(token_of(), NOW)
    assert len(responder._granted) == GRANTS_MAX
    assert responder.last_connection("other-0") is None
    assert responder.last_connection("dev-1") == ("NSERVER", 7)


def test_a_token_names_its_issuer_and_has_an_id_of_its_own(key):
    first, second = (read_claims(sign_claims(key, {"n": n}).encode()) for n in (1, 2))
    assert first["iss"] == key.public
    assert first["jti"] != second["jti"]
    assert json.loads(base64.urlsafe_b64decode(sign_claims(key, {}).split(".")[0] + "==")) == {
        "typ": "JWT",
        "alg": "ed25519-nkey",
    }


def test_claims_that_are_no_object_are_an_error():
    with pytest.raises(TokenError, match="no object"):
        read_claims(b"e30.W10.x")
