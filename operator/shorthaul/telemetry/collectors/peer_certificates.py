"""The certificates by which collectors know each other: both ends show one that ca.crt signed.

Both ends are ours, so there is no TLS below 1.3. Who is connected to has to be who `--peer` names;
who connects is known by its address, as ever, and by its certificate's authority.
"""

import ssl
from dataclasses import dataclass

from shorthaul.errors import BadInput


@dataclass(frozen=True, slots=True)
class PeerContexts:
    """TLS for either direction."""

    accepting: ssl.SSLContext
    connecting: ssl.SSLContext


def read(folder: str) -> PeerContexts:
    """TLS as the folder has it; raises BadInput."""
    try:
        made = PeerContexts(
            ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=f"{folder}/ca.crt"),
            ssl.create_default_context(ssl.Purpose.SERVER_AUTH, cafile=f"{folder}/ca.crt"),
        )
        for context in (made.accepting, made.connecting):
            context.minimum_version = ssl.TLSVersion.TLSv1_3
            context.verify_mode = ssl.CERT_REQUIRED
            context.load_cert_chain(f"{folder}/tls.crt", f"{folder}/tls.key")
    except (OSError, ssl.SSLError) as error:
        raise BadInput(
            f"{folder}: no certificates ({error}); --peer-tls needs ca.crt, tls.crt and tls.key"
        ) from error
    return made
