"""Makes the secrets of a throw-away control plane with nothing but the standard library.

The API server signs its own serving certificate. What it cannot make for itself is the key that
signs ServiceAccount tokens: an elliptic-curve private key, which is any 32 random bytes below the
order of the curve in a fixed DER envelope (the public half may be left out, Go derives it).
"""

from __future__ import annotations

import base64
import os
import secrets
from collections.abc import Iterable, Mapping
from pathlib import Path

import yaml

P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
ADMINISTRATORS = "system:masters"
END_OF_CERTIFICATE = b"-----END CERTIFICATE-----\n"
DER_BEFORE_KEY = bytes.fromhex("30310201010420")
DER_AFTER_KEY = bytes.fromhex("a00a06082a8648ce3d030107")


def write_signing_key(path: Path) -> None:
    """Write a new P-256 private key in PEM."""
    scalar = secrets.randbelow(P256_ORDER - 1) + 1
    der = DER_BEFORE_KEY + scalar.to_bytes(32, "big") + DER_AFTER_KEY
    body = base64.encodebytes(der).decode()
    _write_privately(path, f"-----BEGIN EC PRIVATE KEY-----\n{body}-----END EC PRIVATE KEY-----\n")


def is_whole(certificate: Path) -> bool:
    """Tell whether a certificate's file is written to its end: a server makes it, then fills it."""
    return certificate.exists() and certificate.read_bytes().endswith(END_OF_CERTIFICATE)


def write_tokens(
    path: Path, users: Iterable[str], groups: Mapping[str, str] | None = None
) -> dict[str, str]:
    """Write a token file; return the tokens by user. A user without a group may do everything."""
    given = groups or {}
    tokens = {user: secrets.token_urlsafe(24) for user in users}
    lines = (
        f'{token},{user},{user},"{given.get(user, ADMINISTRATORS)}"\n'
        for user, token in tokens.items()
    )
    _write_privately(path, "".join(lines))
    return tokens


def write_kubeconfig(
    path: Path, *, server: str, token: str, authority: bytes | None, namespace: str = "default"
) -> Path:
    """Write a kubeconfig with everything inside, readable by its owner only."""
    cluster = {"server": server}
    if authority is not None:
        cluster["certificate-authority-data"] = base64.b64encode(authority).decode()
    name = "testbed"
    content = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": name, "cluster": cluster}],
        "users": [{"name": name, "user": {"token": token}}],
        "contexts": [
            {"name": name, "context": {"cluster": name, "user": name, "namespace": namespace}}
        ],
        "current-context": name,
    }
    _write_privately(path, yaml.safe_dump(content, sort_keys=False))
    return path


def _write_privately(path: Path, text: str) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
