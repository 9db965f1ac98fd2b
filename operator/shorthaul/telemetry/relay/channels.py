"""Connections to a Relay or an agent: plain, TLS, or mutual TLS with files from a mounted Secret.

The files are read anew for each connection, so that renewed certificates are taken up.
"""

import os
from dataclasses import dataclass
from typing import Any

os.environ.setdefault("GRPC_VERBOSITY", "NONE")  # it writes to standard error what we tell better

import grpc

from shorthaul.telemetry.relay.messages import message_class
from shorthaul.telemetry.tls_folders import files_in, read

LONGEST_MESSAGE_BYTES = 1 << 20
_OPTION = "tls.folder"
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
    files = files_in(server.tls_folder, _OPTION)
    certificate, key = files.pair or (None, None)
    credentials = grpc.ssl_channel_credentials(
        read(files.authority, _OPTION),
        key and read(key, _OPTION),
        certificate and read(certificate, _OPTION),
    )
    options = (*_OPTIONS, ("grpc.ssl_target_name_override", server.server_name))
    return grpc.secure_channel(server.address, credentials, options=options)


def ask(channel: grpc.Channel, method: str, response: str, timeout_seconds: float) -> Any:
    """Asks something that needs no argument; a future of the response of that name."""
    call = channel.unary_unary(method, None, message_class(response).FromString)
    return call.future(b"", timeout=timeout_seconds)


def stream(channel: grpc.Channel, method: str, request: bytes) -> Any:
    """Asks for a stream; an iterator of raw messages that can be cancelled."""
    return channel.unary_stream(method, None, None)(request)
