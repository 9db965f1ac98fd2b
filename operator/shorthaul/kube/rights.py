"""Asks the API server what we may do, so that a missing right is named before it is needed."""

import msgspec

from shorthaul.cluster.reasons import Reason
from shorthaul.kube.connections import Connection
from shorthaul.units import Namespace

REVIEW = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"


class _Status(msgspec.Struct):
    allowed: bool = False


class _Review(msgspec.Struct):
    status: _Status


_REVIEW = msgspec.json.Decoder(_Review)


async def missing_evict_right(connection: Connection, namespace: Namespace) -> Reason | None:
    """Why pods of a namespace cannot be evicted by us; None when they can."""
    attributes = {
        "namespace": namespace,
        "verb": "create",
        "resource": "pods",
        "subresource": "eviction",
    }
    body = {
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SelfSubjectAccessReview",
        "spec": {"resourceAttributes": attributes},
    }
    if _REVIEW.decode(await connection.post(REVIEW, body)).status.allowed:
        return None
    return Reason(
        "NoEvictRight",
        f"the right to create pods/eviction in {namespace} is missing; add {namespace} to the "
        "chart's value namespaces",
    )
