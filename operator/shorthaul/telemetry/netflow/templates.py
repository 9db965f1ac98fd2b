"""A template that is kept: its definition, and its plan once data has come for it."""

import struct

from shorthaul.telemetry.netflow.definitions import ENTERPRISE, IPFIX, Definition, fields_of
from shorthaul.telemetry.netflow.elements import Counter
from shorthaul.telemetry.netflow.plans import Plan, compiled, compiled_options

COST_BYTES = 1_024
"""What a kept template costs beside its definition; see `test_limits`."""


class Template:
    """Compiled at most once; `seen` is when it was last sent, in milliseconds."""

    __slots__ = ("_plan", "definition", "seen", "version")

    def __init__(self, definition: Definition, version: int, seen: int) -> None:
        self.definition = definition
        self.version = version
        self.seen = seen
        self._plan: Plan | None = None

    @property
    def plan(self) -> Plan:
        """How its records are read."""
        if self._plan is None:
            fields = fields_of(self.definition, self.version)
            if self.definition.options:
                self._plan = compiled_options(fields, self.definition.scopes, self.version)
            else:
                self._plan = compiled(fields, self.version)
        return self._plan

    @property
    def is_plain(self) -> bool:
        """Whether data has come for it, and reading is all that it takes."""
        plan = self._plan
        return (
            plan is not None
            and plan.refusal is None
            and plan.counter is not Counter.CONNECTION
            and not self.definition.options
        )

    @property
    def cost(self) -> int:
        """Bytes that it is charged for."""
        return COST_BYTES + len(self.definition.fields)


def has_length(definition: Definition, version: int) -> bool:
    """Whether a record of this template takes any bytes."""
    words = struct.unpack(f">{len(definition.fields) // 2}H", definition.fields)
    at = 0
    while at < len(words):
        if words[at + 1]:
            return True
        at += 4 if version == IPFIX and words[at] & ENTERPRISE else 2
    return False
