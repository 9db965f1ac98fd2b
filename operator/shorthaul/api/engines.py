"""Where a Prometheus-compatible engine is and how to be let in, as fields of our kinds have it."""

from typing import Annotated

from msgspec import Meta

from shorthaul.api.paths import absolute_path

_LOOPBACK = r"^http://(localhost|127\\.0\\.0\\.1|\\[::1\\])(:[0-9]+)?(/.*)?$"
ENGINE_RULES = (
    (
        f"!has(self.tokenFile) || self.address.startsWith('https://') "
        f"|| self.address.matches('{_LOOPBACK}')",
        "with a token the address has to be https, else it travels in the clear",
    ),
    (
        "!has(self.tlsFolder) || self.address.startsWith('https://')",
        "certificates are of use with https only",
    ),
)

EngineAddress = Annotated[
    str,
    Meta(
        min_length=8,
        max_length=1024,
        pattern=r"^https?://[^@?#\s]+$",
        description="Such as http://prometheus.monitoring.svc:9090; without a password in it.",
    ),
]
TlsFolder = Annotated[
    str,
    absolute_path(
        "tlsFolder",
        "Absolute path of a folder with ca.crt and, for mutual TLS, tls.crt and tls.key.",
    ),
]
TokenFile = Annotated[
    str,
    absolute_path(
        "tokenFile", "Absolute path of a file with a bearer token, read anew for each query."
    ),
]
