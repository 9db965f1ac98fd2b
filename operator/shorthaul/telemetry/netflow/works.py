"""What goes with one message while it is walked, from set to set."""

from dataclasses import dataclass

from shorthaul.telemetry.netflow.contexts import Context
from shorthaul.telemetry.netflow.exporters import Domain, Exporter
from shorthaul.telemetry.netflow.limits import (
    CONNECTION_RECORDS_PER_MESSAGE,
    OPTION_RECORDS_PER_MESSAGE,
    RECORDS_PER_MESSAGE,
    TEMPLATES_PER_MESSAGE,
)
from shorthaul.telemetry.netflow.records import Batch


@dataclass(slots=True)
class Work:
    """One message while it is walked: who sent it, what it may still cost, what it had."""

    exporter: Exporter
    domain: Domain
    context: Context
    batch: Batch
    units: int = 0
    options: int = 0
    whole: bool = True
    records_left: int = RECORDS_PER_MESSAGE
    connections_left: int = CONNECTION_RECORDS_PER_MESSAGE
    options_left: int = OPTION_RECORDS_PER_MESSAGE
    templates_left: int = TEMPLATES_PER_MESSAGE
