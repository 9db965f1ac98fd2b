"""A small synchronous Kubernetes client for tests and the demo.

It is not the operator's client on purpose: what checks the operator should not share its mistakes.
Objects are plain dictionaries; resources are named as for kubectl: `pods`, `deployments.apps`.
"""

from __future__ import annotations

import base64
import builtins
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import yaml

from testbed import connections, discoveries

Object = dict[str, Any]
Value = TypeVar("Value")
MANAGER = "testbed"
POLL_SECONDS = 0.1
BUSY_SECONDS = 30.0
TOO_MANY_REQUESTS = 429
CONTENT_TYPES = {
    "merge": "application/merge-patch+json",
    "strategic": "application/strategic-merge-patch+json",
    "json": "application/json-patch+json",
    "apply": "application/apply-patch+yaml",
}
TRANSIENT = (connections.ApiError, connections.Unreachable, discoveries.Unknown)


class TimedOut(Exception):
    """A condition did not come to hold in time."""


class Client:
    """Requests to one API server as one user."""

    def __init__(
        self, endpoint: connections.Endpoint, discovery: discoveries.Discovery | None = None
    ) -> None:
        """Take where to send requests and as whom, and what is known of that server already."""
        self.endpoint = endpoint
        self._discovery = discovery or discoveries.Discovery(endpoint)

    def with_token(self, token: str) -> Client:
        """Return a client of the same server for another user, which need not discover anew."""
        return Client(replace(self.endpoint, token=token), self._discovery)

    def is_ready(self) -> bool:
        """Tell whether the API server says it is ready."""
        try:
            return bool(self.endpoint.send("GET", "/readyz") == "ok")
        except (connections.ApiError, connections.Unreachable):
            return False

    def get(self, resource: str, name: str, namespace: str | None = None) -> Object:
        """Return one object."""
        return self._send("GET", self._path(resource, namespace, name))

    def exists(self, resource: str, name: str, namespace: str | None = None) -> bool:
        """Tell whether an object is there."""
        try:
            self.get(resource, name, namespace)
        except connections.ApiError as error:
            if error.status == 404:
                return False
            raise
        return True

    def list(
        self,
        resource: str,
        namespace: str | None = None,
        *,
        labels: str | None = None,
        fields: str | None = None,
    ) -> builtins.list[Object]:
        """Return the objects of a namespace, or of all, that match the selectors."""
        query = {"labelSelector": labels, "fieldSelector": fields}
        answer = self._send("GET", self._path(resource, namespace), query=_given(query))
        found: builtins.list[Object] = answer["items"]
        return found

    def create(
        self, content: Object, namespace: str | None = None, *, dry_run: bool = False
    ) -> Object:
        """Create an object and return it as it was stored."""
        path = self._path_of(content, namespace).rpartition("/")[0]
        return self._send("POST", path, content, query=_dry(dry_run))

    def apply(
        self,
        content: Object | Iterable[Object] | str,
        namespace: str | None = None,
        *,
        manager: str = MANAGER,
    ) -> builtins.list[Object]:
        """Apply objects, or a text of YAML documents, on the server side; return the results."""
        return [self._apply_one(one, namespace, manager) for one in _objects(content)]

    def patch(
        self,
        resource: str,
        name: str,
        change: object,
        namespace: str | None = None,
        *,
        kind: str = "merge",
        subresource: str = "",
    ) -> Object:
        """Patch an object; `kind` is merge, strategic or json."""
        path = self._path(resource, namespace, name, subresource)
        return self._send("PATCH", path, change, content_type=CONTENT_TYPES[kind])

    def delete(
        self,
        resource: str,
        name: str,
        namespace: str | None = None,
        *,
        grace_seconds: int | None = None,
    ) -> None:
        """Delete an object; one that is not there is an error."""
        options: Object = {"propagationPolicy": "Background"}
        if grace_seconds is not None:
            options["gracePeriodSeconds"] = grace_seconds
        self._send("DELETE", self._path(resource, namespace, name), options)

    def evict(
        self, name: str, namespace: str, *, uid: str | None = None, dry_run: bool = False
    ) -> None:
        """Evict a pod; a disruption budget that is spent refuses with status 429."""
        options: Object = {"preconditions": {"uid": uid}} if uid else {}
        eviction = {
            "apiVersion": "policy/v1",
            "kind": "Eviction",
            "metadata": {"name": name, "namespace": namespace},
            "deleteOptions": options,
        }
        path = self._path("pods", namespace, name, "eviction")
        self._send("POST", path, eviction, query=_dry(dry_run))

    def token_request(self, namespace: str, name: str, seconds: int = 3600) -> str:
        """Return a new token of a ServiceAccount."""
        request = {
            "apiVersion": "authentication.k8s.io/v1",
            "kind": "TokenRequest",
            "spec": {"expirationSeconds": seconds},
        }
        path = self._path("serviceaccounts", namespace, name, "token")
        return str(self._send("POST", path, request)["status"]["token"])

    def wait_for(
        self,
        condition: Callable[[], Value | None],
        *,
        timeout_seconds: float = 120.0,
        what: str = "the condition",
    ) -> Value:
        """Return the first truthy value of a condition; refused requests count as not yet."""
        deadline = time.monotonic() + timeout_seconds
        while True:
            problem: object = "it never held"
            try:
                value = condition()
                if value:
                    return value
            except TRANSIENT as error:
                problem = error
            if time.monotonic() > deadline:
                raise TimedOut(f"waited {timeout_seconds:.0f} s for {what}: {problem}")
            time.sleep(POLL_SECONDS)

    def _apply_one(self, content: Object, namespace: str | None, manager: str) -> Object:
        what = f"{content['apiVersion']} {content['kind']} to be served"
        path = self.wait_for(lambda: self._path_of(content, namespace), what=what)
        query = {"fieldManager": manager, "force": "true"}
        return self._send("PATCH", path, content, query=query, content_type=CONTENT_TYPES["apply"])

    def _path(self, resource: str, namespace: str | None, *parts: str) -> str:
        return self._discovery.by_name(resource).path(namespace, *parts)

    def _path_of(self, content: Object, namespace: str | None) -> str:
        resource = self._discovery.by_kind(content["apiVersion"], content["kind"])
        metadata = content["metadata"]
        where = metadata.get("namespace") or namespace or "default"
        return resource.path(where, metadata.get("name") or "-")

    def _send(self, method: str, path: str, body: object = None, **more: Any) -> Object:
        """Sends a request; a read that the server asks to repeat, as of a new kind, is repeated."""
        until = time.monotonic() + BUSY_SECONDS
        while True:
            try:
                answer: Object = self.endpoint.send(method, path, body, **more)
            except connections.ApiError as error:
                is_busy = method == "GET" and error.status == TOO_MANY_REQUESTS
                if not is_busy or time.monotonic() > until:
                    raise
                time.sleep(1)
            else:
                return answer


def from_kubeconfig(path: Path) -> Client:
    """Return a client for the current context of a kubeconfig that holds a token."""
    content = yaml.safe_load(path.read_text())
    context = _named(content["contexts"], content["current-context"])["context"]
    cluster = _named(content["clusters"], context["cluster"])["cluster"]
    user = _named(content["users"], context["user"])["user"]
    authority = cluster.get("certificate-authority-data")
    return Client(
        connections.Endpoint(
            server=cluster["server"],
            token=user.get("token"),
            authority=base64.b64decode(authority).decode() if authority else None,
        )
    )


def _named(entries: Iterable[Object], name: str) -> Object:
    return next(entry for entry in entries if entry["name"] == name)


def _objects(content: Object | Iterable[Object] | str) -> Iterable[Object]:
    if isinstance(content, str):
        return [document for document in yaml.safe_load_all(content) if document]
    if isinstance(content, Mapping):
        return [dict(content)]
    return content


def _given(query: Mapping[str, str | None]) -> dict[str, str]:
    return {name: value for name, value in query.items() if value is not None}


def _dry(dry_run: bool) -> dict[str, str]:
    return {"dryRun": "All"} if dry_run else {}
