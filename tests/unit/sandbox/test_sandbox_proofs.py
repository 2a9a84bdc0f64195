"""The proofs between phone, server and page: each is accepted from its owner and from nobody else."""

from __future__ import annotations

import base64
import hmac
import json

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from session_core.sandbox import proofs


def public(key: X25519PrivateKey | Ed25519PrivateKey) -> str:
    return proofs.encode(key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw))


def answer(private: X25519PrivateKey, challenge: dict[str, str]) -> str:
    shared = private.exchange(X25519PublicKey.from_public_bytes(proofs.decode(challenge["serverPub"])))
    return proofs.encode(hmac.digest(shared, proofs.decode(challenge["nonce"]), "sha256"))


def test_a_login_needs_the_private_noise_key() -> None:
    owner, thief = X25519PrivateKey.generate(), X25519PrivateKey.generate()
    challenge = proofs.LoginChallenge()
    assert challenge.verify(public(owner), answer(owner, challenge.message()))
    assert not challenge.verify(public(owner), answer(thief, challenge.message()))
    assert not challenge.verify(public(owner), answer(owner, proofs.LoginChallenge().message()))
    for key in ("", "AAAA", proofs.encode(bytes(32))):
        assert not challenge.verify(key, "")


def test_an_identity_is_checked_with_the_secret_of_the_qr() -> None:
    identity = proofs.Identity.make(b"s" * 32, {"pn": "34600112233"})
    raw = base64.b64decode(identity.details)
    assert json.loads(raw) == {"pn": "34600112233"}
    assert proofs.decode(identity.hmac) == hmac.digest(b"s" * 32, raw, "sha256")
    assert proofs.Identity.make(b"t" * 32, {"pn": "34600112233"}).hmac != identity.hmac


def test_a_signature_belongs_to_its_key_and_text() -> None:
    key, details = Ed25519PrivateKey.generate(), proofs.encode(b"details")
    signature = proofs.encode(key.sign(b"details"))
    assert proofs.signed_by(public(key), details, signature)
    assert not proofs.signed_by(public(Ed25519PrivateKey.generate()), details, signature)
    assert not proofs.signed_by(public(key), proofs.encode(b"other"), signature)
    assert not proofs.signed_by("", details, signature)
    assert not proofs.signed_by(public(key), details, "")


def test_a_code_gives_a_proof_and_a_secret_that_differ() -> None:
    digest, secret = proofs.code_keys("ABCD1234", b"salt")
    assert (len(digest), len(secret)) == (32, 32)
    assert digest != secret
    assert proofs.code_keys("ABCD1235", b"salt")[0] != digest
    assert proofs.code_keys("ABCD1234", b"pepper")[0] != digest


def test_what_is_no_base64_is_nothing() -> None:
    assert proofs.decode("not base64!") == b""
    assert proofs.decode("") == b""
