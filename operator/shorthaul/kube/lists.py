"""Reads a whole kind, page by page, so that 100,000 pods never stand in memory as one reply.

A list without a resourceVersion is a consistent read. When the server forgets the list between
two pages (410) it is begun again, so that a caller never gets half of the old and half of the new.
"""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

import msgspec

from shorthaul.errors import BadInput
from shorthaul.kube.connections import Connection
from shorthaul.kube.endpoints import Endpoint
from shorthaul.kube.failures import Gone, Unavailable

PAGE_OBJECTS = 500
ATTEMPTS = 3

V = TypeVar("V")
Key = tuple[str, str]
Decode = Callable[[bytes], V]


class _ListMetadata(msgspec.Struct, rename="camel"):
    resource_version: str = ""
    continue_: str = msgspec.field(name="continue", default="")


class _Page(msgspec.Struct):
    metadata: _ListMetadata
    items: list[msgspec.Raw] | None = None


class ObjectMetadata(msgspec.Struct, rename="camel"):
    """What identifies one state of one object."""

    name: str = ""
    namespace: str = ""
    uid: str = ""
    resource_version: str = ""

    @property
    def key(self) -> Key:
        """Namespace and name."""
        return (self.namespace, self.name)


class _Identified(msgspec.Struct):
    metadata: ObjectMetadata


_PAGE = msgspec.json.Decoder(_Page)
_IDENTIFIED = msgspec.json.Decoder(_Identified)


@dataclass(frozen=True, slots=True)
class Listing(Generic[V]):
    """All objects of a kind at one resourceVersion."""

    items: dict[Key, V]
    resource_version: str


def identify(body: bytes | msgspec.Raw) -> ObjectMetadata:
    """The identity of a raw object; raises msgspec.MsgspecError when it has none."""
    return _IDENTIFIED.decode(body).metadata


async def read_all(
    connection: Connection,
    endpoint: Endpoint,
    decode: Decode[V],
    *,
    namespace: str = "",
    selector: str = "",
) -> Listing[V]:
    """Lists a kind and decodes each object; raises Unavailable for a reply that makes no sense."""
    for _ in range(ATTEMPTS):
        try:
            pages = _pages(connection, endpoint.path(namespace), selector)
            return await _read_pages(pages, decode)
        except Gone:
            continue
        except (msgspec.MsgspecError, BadInput) as error:
            raise Unavailable(f"list {endpoint.plural}: {error}") from error
    raise Unavailable(f"list {endpoint.plural}: forgotten by the server in {ATTEMPTS} attempts")


async def _read_pages(pages: AsyncIterator[_Page], decode: Decode[V]) -> Listing[V]:
    items: dict[Key, V] = {}
    version = ""
    async for page in pages:
        version = page.metadata.resource_version
        for raw in page.items or ():
            items[identify(raw).key] = decode(bytes(raw))
    return Listing(items, version)


async def _pages(connection: Connection, path: str, selector: str) -> AsyncIterator[_Page]:
    parameters = {"limit": str(PAGE_OBJECTS)}
    if selector:
        parameters["labelSelector"] = selector
    while True:
        page = _PAGE.decode(await connection.get(path, parameters))
        yield page
        if not page.metadata.continue_:
            return
        parameters["continue"] = page.metadata.continue_
