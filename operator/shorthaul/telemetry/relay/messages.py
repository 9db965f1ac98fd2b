"""Hubble's API as message classes, from a compiled description instead of generated code.

Generated code is bound to the protobuf that generated it, and the solver's ortools pins another
one; a FileDescriptorSet is not. `hubble_api.binpb` is compiled from the .proto files of Cilium
1.20.2 (Apache-2.0) by `hack/hubbleapi`, with only the messages and fields that are used: what it
leaves out is skipped, not decoded. It lives in a pool of its own, so that nobody else's `flow.Flow`
collides with it.
"""

from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Any

from google.protobuf import (
    descriptor_pb2,
    descriptor_pool,
    field_mask_pb2,
    message_factory,
    timestamp_pb2,
    wrappers_pb2,
)

DESCRIPTION = "hubble_api.binpb"
WELL_KNOWN = (field_mask_pb2, timestamp_pb2, wrappers_pb2)
GET_FLOWS = "/observer.Observer/GetFlows"
GET_NODES = "/observer.Observer/GetNodes"
SERVER_STATUS = "/observer.Observer/ServerStatus"

Message = Any
"""An object of a class that is made at run time, so that no type checker knows its fields."""


@cache
def message_class(name: str) -> type[Message]:
    """The class of a message by its full name, such as `flow.Flow`."""
    found: type[Message] = message_factory.GetMessageClass(_pool().FindMessageTypeByName(name))
    return found


@cache
def enum_names(name: str) -> Mapping[int, str]:
    """The names of an enum's values by number."""
    values = _pool().FindEnumTypeByName(name).values
    return {value.number: value.name for value in values}


@cache
def _pool() -> Any:
    pool = descriptor_pool.DescriptorPool()
    for module in WELL_KNOWN:
        pool.AddSerializedFile(module.DESCRIPTOR.serialized_pb)
    described = resources.files(__package__).joinpath(DESCRIPTION).read_bytes()
    for file in descriptor_pb2.FileDescriptorSet.FromString(described).file:
        pool.Add(file)
    return pool
