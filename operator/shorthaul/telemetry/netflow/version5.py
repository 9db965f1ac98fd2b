"""NetFlow v5 as a template that nobody has to send: 48 bytes, always the same fields."""

from shorthaul.telemetry.netflow.plans import Field, compiled

FIELDS = (
    Field(8, 4),
    Field(12, 4),
    Field(15, 4),
    Field(10, 2),
    Field(14, 2),
    Field(2, 4),
    Field(1, 4),
    Field(22, 4),
    Field(21, 4),
    Field(7, 2),
    Field(11, 2),
    Field(None, 1),
    Field(6, 1),
    Field(4, 1),
    Field(5, 1),
    Field(16, 2),
    Field(17, 2),
    Field(9, 1),
    Field(13, 1),
    Field(None, 2),
)
PLAN = compiled(FIELDS, 5)
