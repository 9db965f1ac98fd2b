"""Finds the address of a kind or a resource by asking the API server, as kubectl does."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from testbed import connections


@dataclass(frozen=True, slots=True)
class Resource:
    """A resource that the API server serves."""

    group_version: str
    plural: str
    kind: str
    namespaced: bool

    @property
    def group(self) -> str:
        """Return the API group; empty for the core one."""
        return self.group_version.rpartition("/")[0]

    def path(self, namespace: str | None, name: str | None = None, *more: str) -> str:
        """Return the path of the collection, of an object in it, or of a subresource."""
        prefix = f"/apis/{self.group_version}" if self.group else f"/api/{self.group_version}"
        scope = f"/namespaces/{namespace}" if self.namespaced and namespace else ""
        tail = "/".join(part for part in (self.plural, name, *more) if part)
        return f"{prefix}{scope}/{tail}"


class Unknown(Exception):
    """The API server does not serve this kind or resource."""


class Discovery:
    """The resources of one API server, read when first needed and again on a miss."""

    def __init__(self, endpoint: connections.Endpoint) -> None:
        """Take the API server to ask."""
        self._endpoint = endpoint
        self._known: list[Resource] = []

    def by_name(self, name: str) -> Resource:
        """Return the resource called like `pods` or `deployments.apps`."""
        plural, _, group = name.partition(".")
        return self._first(name, lambda it: (it.plural, it.group) == (plural, group))

    def by_kind(self, group_version: str, kind: str) -> Resource:
        """Return the resource of an object's apiVersion and kind."""
        wanted = (group_version, kind)
        return self._first(
            f"{group_version} {kind}", lambda it: (it.group_version, it.kind) == wanted
        )

    def _first(self, what: str, matches: Any) -> Resource:
        for refresh in (False, True):
            if refresh:
                self._known = list(self._read())
            for resource in self._known:
                if matches(resource):
                    return resource
        raise Unknown(f"the API server at {self._endpoint.server} does not serve {what}")

    def _read(self) -> Iterator[Resource]:
        yield from self._read_version("/api/v1", "v1")
        for group in self._endpoint.send("GET", "/apis")["groups"]:
            preferred = group["preferredVersion"]["groupVersion"]
            every = [version["groupVersion"] for version in group["versions"]]
            for version in sorted(every, key=lambda it: it != preferred):
                yield from self._read_version(f"/apis/{version}", version)

    def _read_version(self, path: str, group_version: str) -> Iterator[Resource]:
        for entry in self._endpoint.send("GET", path)["resources"]:
            if "/" not in entry["name"]:
                yield Resource(group_version, entry["name"], entry["kind"], entry["namespaced"])
