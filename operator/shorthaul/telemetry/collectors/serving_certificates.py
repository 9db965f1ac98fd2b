"""The certificates that a spool is served with."""

import os
import ssl

from shorthaul.errors import BadInput


def read(folder: str) -> ssl.SSLContext:
    """TLS as the folder has it; raises BadInput."""
    made = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    try:
        made.load_cert_chain(f"{folder}/tls.crt", f"{folder}/tls.key")
        if os.path.exists(f"{folder}/ca.crt"):
            made.load_verify_locations(f"{folder}/ca.crt")
            made.verify_mode = ssl.CERT_REQUIRED
    except (OSError, ssl.SSLError) as error:
        raise BadInput(
            f"{folder}: no certificates ({error}); --serve-tls needs tls.crt and tls.key, and "
            "ca.crt where readers have to show a certificate"
        ) from error
    return made
