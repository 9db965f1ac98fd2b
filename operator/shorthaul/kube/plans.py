"""Creates, reads and deletes the objects that carry a plan: PlacementPlan and PodMove.

Creation is repeatable: names are derived from what the object says, so that an object which is
already there counts as made, and a crash between two objects of one plan loses none.
"""

from typing import Any

from shorthaul.kube.connections import Connection
from shorthaul.kube.endpoints import MOVES, PLANS, Endpoint
from shorthaul.kube.failures import Conflict, NotFound
from shorthaul.kube.lists import ObjectMetadata


async def create_plan(connection: Connection, plan: Any) -> bytes:
    """Makes a PlacementPlan, or returns the one of that name that is already there."""
    return await _create(connection, PLANS, "", plan)


async def create_move(connection: Connection, namespace: str, move: Any) -> bytes:
    """Makes a PodMove, or returns the one of that name that is already there."""
    return await _create(connection, MOVES, namespace, move)


async def delete_old(connection: Connection, endpoint: Endpoint, read: ObjectMetadata) -> None:
    """Deletes an object in the state that was read; one that is gone already is fine."""
    body = {"preconditions": {"uid": read.uid, "resourceVersion": read.resource_version}}
    try:
        await connection.delete(endpoint.path(read.namespace, read.name), body)
    except NotFound:
        return


async def _create(connection: Connection, endpoint: Endpoint, namespace: str, made: Any) -> bytes:
    try:
        return await connection.post(endpoint.path(namespace), made)
    except Conflict:
        name = made["metadata"]["name"] if isinstance(made, dict) else made.metadata.name
        return await connection.get(endpoint.path(namespace, name))
