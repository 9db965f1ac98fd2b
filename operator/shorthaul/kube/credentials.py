"""Where the API server is and who we are, from a kubeconfig or from inside a pod.

The client library reads every form that people have (certificates, tokens, token files, exec
plugins, OIDC); here its answer becomes a `Target` that is loaded again at most once a minute, so
that rotated tokens and certificates are followed without a restart.
"""

import logging
import os
import ssl
import time
from dataclasses import dataclass
from typing import Any

import yaml
from kubernetes.aio.client import Configuration
from kubernetes.aio.config import ConfigException, load_incluster_config, load_kube_config

from shorthaul.errors import BadInput

RELOAD_SECONDS = 60.0
IN_CLUSTER_VARIABLE = "KUBERNETES_SERVICE_HOST"

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Origin:
    """Where to look: a kubeconfig file and context, each "" for the usual one."""

    kubeconfig: str = ""
    context: str = ""


@dataclass(frozen=True, slots=True)
class Proof:
    """What somebody else needs to speak to the same server as we do; "" where there is none."""

    server: str
    authority_path: str
    token: str
    certificate_path: str
    key_path: str
    verified: bool


class Credentials:
    """The server's address, its certificate and our own proof, kept up to date."""

    def __init__(self, origin: Origin) -> None:
        """Store where to look; nothing is read before `load`."""
        self._origin = origin
        self._configuration = Configuration()
        self._loader: Any = None
        self._loaded_at = 0.0
        self._ssl: ssl.SSLContext | None = None

    @property
    def server(self) -> str:
        """The address of the API server, without a slash at its end."""
        return str(self._configuration.host).rstrip("/")

    @property
    def server_name(self) -> str | None:
        """The name to verify the server's certificate by, when the kubeconfig sets one."""
        return getattr(self._configuration, "tls_server_name", None)

    @property
    def proxy(self) -> str | None:
        """The HTTP proxy on the way to the server, when the kubeconfig sets one."""
        return getattr(self._configuration, "proxy", None)

    @property
    def tls(self) -> ssl.SSLContext | bool:
        """How to verify the server; True, the usual way, when its address is not https."""
        return self._ssl if self._ssl is not None else True

    async def load(self) -> None:
        """Reads everything; raises BadInput when there is no usable configuration."""
        try:
            await self._read()
        except (ConfigException, OSError, ValueError, yaml.YAMLError) as error:
            raise BadInput(f"cannot use {self._name}: {' '.join(str(error).split())}") from error
        except (TypeError, AttributeError, KeyError) as error:
            # The library looks into the file without asking first whether it is a kubeconfig.
            raise BadInput(f"cannot use {self._name}: it is not a kubeconfig") from error
        self._loaded_at = time.monotonic()
        if self.server.startswith("https"):
            self._ssl = self._make_tls()

    async def headers(self, *, renew: bool = False) -> dict[str, str]:
        """The header that proves who we are; read again when old or when told so."""
        if renew or time.monotonic() - self._loaded_at > RELOAD_SECONDS:
            await self._reload()
        token = self._configuration.api_key.get("BearerToken")
        return {"Authorization": str(token).strip()} if token else {}

    async def proof(self) -> Proof:
        """Reads everything anew, for a library that brings its own client."""
        await self.load()
        known = self._configuration
        token = str(known.api_key.get("BearerToken") or "").strip()
        return Proof(
            server=self.server,
            authority_path=known.ssl_ca_cert or "",
            token=_without_scheme(token),
            certificate_path=known.cert_file or "",
            key_path=known.key_file or "",
            verified=bool(known.verify_ssl),
        )

    async def _reload(self) -> None:
        """What cannot be read again stays as it was; the server says when it is too old."""
        self._loaded_at = time.monotonic()  # Requests that come meanwhile use what is there.
        try:
            await self.load()
        except BadInput as error:
            _LOG.warning("%s; going on with what was read before", error)

    @property
    def _name(self) -> str:
        return f"kubeconfig {self._origin.kubeconfig}".strip()

    async def _read(self) -> None:
        if self._loader is not None:
            await self._loader.load_and_set(self._configuration)
        elif self._is_in_cluster():
            load_incluster_config(self._configuration)  # type: ignore[no-untyped-call]
        else:
            self._loader = await load_kube_config(  # type: ignore[no-untyped-call]
                config_file=self._origin.kubeconfig or None,
                context=self._origin.context or None,
                client_configuration=self._configuration,
                persist_config=False,
            )

    def _is_in_cluster(self) -> bool:
        asked = self._origin.kubeconfig or self._origin.context or os.environ.get("KUBECONFIG")
        return not asked and IN_CLUSTER_VARIABLE in os.environ

    def _make_tls(self) -> ssl.SSLContext:
        known = self._configuration
        context = self._ssl or ssl.create_default_context(cafile=known.ssl_ca_cert)
        # Authorities of clusters often lack key usage, which Go accepts and Python 3.13 does not.
        context.verify_flags &= ~ssl.VERIFY_X509_STRICT
        if known.cert_file:
            context.load_cert_chain(known.cert_file, known.key_file)
        if not known.verify_ssl:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        return context


def _without_scheme(token: str) -> str:
    """A token alone: inside a pod the library writes `bearer` before it, elsewhere `Bearer`."""
    scheme, _, rest = token.partition(" ")
    return rest.strip() if scheme.lower() == "bearer" else token
