"""A whole control plane as one object: start it, break it, stop it, and nothing is left.

kwok plays the kubelets, so pods become ready without containers; everything else is the real
program. A guard ends the programs if this process dies, unless the control plane is meant to
outlive it. Bringing it up is tried again on other ports when one was lost to somebody else.
"""

from __future__ import annotations

import functools
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Self

from testbed import (
    audits,
    binaries,
    clients,
    components,
    credentials,
    groups,
    guards,
    ports,
    probes,
)

ADMINISTRATOR = "admin"
STORES = ("etcd", "kube-apiserver")
PORT_ATTEMPTS = 3
START_TIMEOUT_SECONDS = 240.0


class ControlPlane:
    """A control plane on this machine; the constructor only stores, `start` does the work."""

    def __init__(
        self,
        *,
        kubernetes: str | None = None,
        state: Path | None = None,
        keep: bool = False,
        outlives_starter: bool = False,
        extra_arguments: Mapping[str, Sequence[str]] | None = None,
    ) -> None:
        """Take the version, where the state goes, what `stop` keeps, and flags by component."""
        self._kubernetes = kubernetes
        self._asked_state = state
        self._keep = keep
        self._outlives_starter = outlives_starter
        self._extra_arguments = extra_arguments or {}
        self._layout: components.Layout | None = None
        self._guard: subprocess.Popen[bytes] | None = None
        self._group: groups.Group | None = None
        self._client: clients.Client | None = None

    def __enter__(self) -> Self:
        """Start it."""
        return self.start()

    def __exit__(self, *_: object) -> None:
        """Stop it, whatever happened."""
        self.stop()

    @property
    def layout(self) -> components.Layout:
        """Return where its files and ports are."""
        if self._layout is None:
            raise groups.NotStarted("the control plane has not been started")
        return self._layout

    @property
    def state(self) -> Path:
        """Return the folder of all its files."""
        return self.layout.state

    @property
    def server(self) -> str:
        """Return the address of the API server."""
        return self.layout.server

    @property
    def authority(self) -> Path:
        """Return the certificate file to verify the API server with."""
        return self.layout.authority

    @property
    def kubeconfig(self) -> Path:
        """Return the administrator's kubeconfig."""
        return self.layout.kubeconfig(ADMINISTRATOR)

    @property
    def audit_log(self) -> Path:
        """Return the API server's audit log."""
        return self.layout.audit_log

    @property
    def client(self) -> clients.Client:
        """Return a client that may do everything."""
        if self._client is None:
            self._client = clients.from_kubeconfig(self.kubeconfig)
        return self._client

    @property
    def processes(self) -> groups.Group:
        """Return its running programs, to kill, pause and resume."""
        if self._group is None:
            raise groups.NotStarted("the control plane has not been started")
        return self._group

    def start(self) -> Self:
        """Bring everything up and return when objects can be made and are acted upon."""
        version = self._kubernetes or binaries.kubernetes()
        programs = binaries.find_all(components.START_ORDER, version)
        stages = binaries.kwok_stages()
        for attempts_left in reversed(range(PORT_ATTEMPTS)):
            state = self._make_state()
            self._client = None
            self._layout = components.Layout(state, version, programs, stages, *ports.pick(5))
            self._group = groups.Group(state)
            try:
                self._bring_up()
            except BaseException as error:
                self._end(keep=self._keep and not isinstance(error, groups.PortLost))
                if not isinstance(error, groups.PortLost) or not attempts_left:
                    raise
            else:
                break
        return self

    def stop(self) -> None:
        """End our processes and remove the state, unless it is to be kept."""
        self._end(keep=self._keep)

    def kill(self, name: str) -> None:
        """End a component at once, as a crash would."""
        self.processes.kill(name)

    def pause(self, name: str) -> None:
        """Freeze a component: its connections stay open and nothing is answered."""
        self.processes.pause(name)

    def resume(self, name: str) -> None:
        """Let a paused component go on."""
        self.processes.resume(name)

    def restart(self, name: str) -> None:
        """Start a component again with the same ports and files, ending it first if it runs.

        For the API server and etcd it returns when the API server is ready again. Clients of the
        API server survive its absence, unless it is gone while they themselves are starting.
        """
        self.processes.end(name)
        self._start(name)
        if name in STORES:
            self._wait_for(self._is_ready, "ready API server")

    def kubeconfig_for_service_account(
        self, namespace: str, name: str, server_override: str | None = None
    ) -> Path:
        """Write a kubeconfig with a fresh token; the override may be a proxy on plain HTTP."""
        server = server_override or self.server
        return credentials.write_kubeconfig(
            self.layout.kubeconfig(f"{namespace}.{name}"),
            server=server,
            token=self.client.token_request(namespace, name),
            authority=self.authority.read_bytes() if server.startswith("https:") else None,
            namespace=namespace,
        )

    def audit_events(self) -> list[dict[str, Any]]:
        """Return what the API server recorded, oldest first."""
        return list(audits.read(self.audit_log))

    def evictions(self) -> list[dict[str, Any]]:
        """Return the recorded requests to evict a pod, oldest first."""
        return audits.evictions(self.audit_log)

    def _make_state(self) -> Path:
        if self._asked_state is None:
            return Path(tempfile.mkdtemp(prefix="shorthaul-testbed-"))
        self._asked_state.mkdir(parents=True, mode=0o700)
        return self._asked_state

    def _bring_up(self) -> None:
        if not self._outlives_starter:
            self._guard = guards.start(self.state, keep=self._keep)
        tokens = self._write_files()
        for name in STORES:
            self._start(name)
        self._wait_for(self._is_certified, "certificate of the API server")
        for user, token in tokens.items():
            credentials.write_kubeconfig(
                self.layout.kubeconfig(user),
                server=self.server,
                token=token,
                authority=self.authority.read_bytes(),
            )
        self._wait_for(self._is_ready, "ready API server")
        for name in components.CLIENTS:
            self._start(name)
        everything = components.START_ORDER
        self._wait_for(self._is_acting, "default ServiceAccount", everything)
        for address in components.health_addresses(self.layout):
            is_ready = functools.partial(probes.is_ready, address)
            self._wait_for(is_ready, f"answer at {address}", everything)

    def _write_files(self) -> dict[str, str]:
        (self.state / "log").mkdir()
        credentials.write_signing_key(self.state / "service-accounts.key")
        audits.write_policy(self.state / "audit-policy.yaml")
        components.write_scheduler_configuration(self.layout)
        users = (ADMINISTRATOR, *components.CLIENTS)
        return credentials.write_tokens(self.state / "tokens.csv", users)

    def _start(self, name: str) -> None:
        extra = self._extra_arguments.get(name, ())
        self.processes.start(name, [*components.command(name, self.layout), *extra])

    def _wait_for(
        self, condition: Callable[[], bool], what: str, needing: Sequence[str] = STORES
    ) -> None:
        self.processes.wait_for(
            condition, what, needing=needing, timeout_seconds=START_TIMEOUT_SECONDS
        )

    def _is_certified(self) -> bool:
        return credentials.is_whole(self.authority)

    def _is_ready(self) -> bool:
        return self.client.is_ready()

    def _is_acting(self) -> bool:
        return self.client.exists("serviceaccounts", "default", namespace="default")

    def _end(self, *, keep: bool) -> None:
        if self._group is not None:
            self._group.end()
        if self._layout is not None and not keep:
            shutil.rmtree(self._layout.state, ignore_errors=True)
        if self._guard is not None:
            guards.release(self._guard)
        self._guard = self._group = None
