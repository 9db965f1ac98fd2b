"""Connections to a Relay or an agent: plain, TLS, or mutual TLS with files from a mounted Secret.

The folder has the names that Cilium and cert-manager give: `ca.crt`, and for mutual TLS `tls.crt`
and `tls.key`. They are read anew for each connection, so that renewed certificates are taken up.
"""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

os.environ.setdefault("GRPC_VERBOSITY", "NONE")  # it writes to standard error what we tell better

import grpc

from shorthaul.errors import BadInput
from shorthaul.telemetry.relay.messages import message_class

LONGEST_MESSAGE_BYTES = 1 << 20
_OPTIONS = (
    ("grpc.max_receive_message_length", LONGEST_MESSAGE_BYTES),
    ("grpc.enable_retries", 0),
    ("grpc.use_local_subchannel_pool", 1),
)


@dataclass(frozen=True, slots=True)
class Server:
    """Whom to connect to; without a folder in the clear."""

    address: str
    tls_folder: str = ""
    server_name: str = ""


def connect(server: Server) -> grpc.Channel:
    """A channel, which connects when it is first used; raises BadInput for files that are amiss."""
    if not server.tls_folder:
        return grpc.insecure_channel(server.address, options=_OPTIONS)
    folder = Path(server.tls_folder)
    authority = _read(folder / "ca.crt")
    certificate, key = folder / "tls.crt", folder / "tls.key"
    mutual = certificate.exists() or key.exists()
    pair = (_read(key), _read(certificate)) if mutual else (None, None)
    credentials = grpc.ssl_channel_credentials(authority, *pair)
    options = (*_OPTIONS, ("grpc.ssl_target_name_override", server.server_name))
    return grpc.secure_channel(server.address, credentials, options=options)


def ask(channel: grpc.Channel, method: str, response: str, timeout_seconds: float) -> Any:
    """Asks something that needs no argument; a future of the response of that name."""
    call = channel.unary_unary(method, None, message_class(response).FromString)
    return call.future(b"", timeout=timeout_seconds)


def stream(channel: grpc.Channel, method: str, request: bytes) -> Any:
    """Asks for a stream; an iterator of raw messages that can be cancelled."""
    return channel.unary_stream(method, None, None)(request)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        wanted = "tls.folder needs ca.crt, and for mutual TLS tls.crt and tls.key"
        raise BadInput(f"{path}: cannot be read ({error.strerror}); {wanted}") from error
