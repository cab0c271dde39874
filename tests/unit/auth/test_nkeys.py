"""The text form of keys: NATS's own example, every key there and back, no damage unnoticed."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from seamline.hub.auth.nkeys import NkeyError, Role, encode_public, encode_seed, key_pair, new_seed

# The example of the NATS documentation ("nk -gen user -pubout").
SEED = "SUACSSL3UAHUDXKFSNVUZRF5UHPMWZ6BFDTJ7M6USDXIEDNPPQYYYCU3VY"
PUBLIC = "UDXU4RCSJNZOIQHZNWXHXORDPRTGNJAHAHFRGZNEEJCPQTT2M7NLCNF4"

raw_keys = st.binary(min_size=32, max_size=32)


def test_the_documentations_seed_gives_its_public_key():
    pair = key_pair(SEED)
    assert (pair.role, pair.public) == (Role.USER, PUBLIC)


def test_a_public_key_begins_with_the_letter_of_its_role():
    assert [encode_public(role, bytes(32))[0] for role in (Role.ACCOUNT, Role.USER, Role.SERVER)] == ["A", "U", "N"]


def test_new_seeds_differ_and_begin_as_seeds_do():
    seeds = {new_seed(Role.ACCOUNT) for _ in range(10)}
    assert len(seeds) == 10
    assert all(seed.startswith("SA") and len(seed) == 58 for seed in seeds)


@given(st.sampled_from(Role), raw_keys)
def test_every_seed_is_read_back_with_its_role_and_key(role, raw):
    pair = key_pair(encode_seed(role, raw))
    assert pair.role is role
    assert pair.private.private_bytes_raw() == raw
    pair.private.public_key().verify(pair.sign(b"word"), b"word")


@given(raw_keys, st.integers(0, 57), st.sampled_from("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"))
def test_a_changed_character_is_noticed(raw, place, character):
    seed = encode_seed(Role.ACCOUNT, raw)
    changed = seed[:place] + character + seed[place + 1 :]
    # The last character carries three bits of padding: some of its changes decode to the same bytes.
    if changed == seed or place == 57:
        return
    with pytest.raises(NkeyError):
        key_pair(changed)


@pytest.mark.parametrize("text", ["", "S", "SUA", "not base32!", PUBLIC, SEED[:-4], SEED + "AAAA", "é" * 58])
def test_what_is_no_seed_is_refused(text):
    with pytest.raises(NkeyError):
        key_pair(text)
