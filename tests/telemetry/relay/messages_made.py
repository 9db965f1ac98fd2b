"""Hubble's messages for tests, made from the export lines that say the same."""

import json
from typing import Any

from google.protobuf import json_format

from shorthaul.telemetry.relay.messages import message_class


def response(line: bytes) -> Any:
    """The response that a Relay would send instead of an export line."""
    made = message_class("observer.GetFlowsResponse")()
    return json_format.ParseDict(json.loads(line), made, ignore_unknown_fields=True)


def raw(line: bytes) -> bytes:
    """The same as it comes over the wire."""
    found: bytes = response(line).SerializeToString()
    return found
