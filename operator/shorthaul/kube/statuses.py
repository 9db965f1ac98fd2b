"""Writes statuses of our own kinds, guarded by the version that the decision was made upon.

A merge patch changes only the fields that are given; a field that has to go is given as None.
The resourceVersion in the patch makes the server refuse it with Conflict when anybody, a newer
leader above all, has written the object in between.
"""

from typing import Any

from shorthaul.kube.connections import Connection
from shorthaul.kube.endpoints import Endpoint
from shorthaul.kube.lists import ObjectMetadata


async def write_status(
    connection: Connection,
    endpoint: Endpoint,
    read: ObjectMetadata,
    status: Any,
) -> bytes:
    """Merges `status` into an object in the state that was read, and returns the new object."""
    body = {"metadata": {"resourceVersion": read.resource_version}, "status": status}
    return await connection.patch(endpoint.path(read.namespace, read.name, "status"), body)
