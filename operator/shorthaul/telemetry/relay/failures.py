"""What a failed call says, in one line that tells what to do."""

import re
from typing import Any

import grpc

_NAMES = "Cilium's certificates are for *.hubble-relay.cilium.io (Relay) or, at an agent, for "
_AGENTS = "*.CLUSTER.hubble-grpc.cilium.io"


def explain(error: Any, address: str, server_name: str) -> str:
    """Why a call failed; `server_name` is "" without TLS."""
    details = " ".join((error.details() or "").split())
    return f"{address}: {_explained(error.code(), details, server_name)}"[:1000]


def _explained(code: grpc.StatusCode, details: str, server_name: str) -> str:
    if code is grpc.StatusCode.UNIMPLEMENTED:
        return "does not speak Hubble's Observer API; give the address of a Relay or an agent"
    if code is grpc.StatusCode.DEADLINE_EXCEEDED:
        return "does not answer in time"
    if server_name and re.search(r"[Hh]ostname|[Pp]eer name", details):
        wanted = f"set tls.serverName to a name of it; {_NAMES}{_AGENTS}"
        return f"its certificate is not for the server name {server_name}; {wanted}"
    if server_name and "CERTIFICATE_VERIFY_FAILED" in details:
        return f"its certificate is not signed by ca.crt of tls.folder ({_last(details)})"
    if server_name and re.search(r"WRONG_VERSION_NUMBER|HTTP_REQUEST", details):
        return "does not speak TLS; leave tls out, or switch TLS on in the Relay"
    if server_name and re.search(r"CERTIFICATE_REQUIRED|BAD_CERTIFICATE|Unwrap failed", details):
        wanted = "put tls.crt and tls.key into tls.folder, signed by who it trusts"
        return f"refuses a client without certificate; {wanted}"
    if not server_name and re.search(r"Socket closed|reset by peer", details):
        wanted = "if it is up, it may ask for TLS: give tls.folder"
        return f"ended the connection ({_last(details)}); {wanted}"
    return f"{code.name.lower().replace('_', ' ')}: {_last(details) or 'no details'}"


def _last(details: str) -> str:
    """The innermost reason, which gRPC tells last."""
    return details.rpartition("last error: ")[2][:300]
