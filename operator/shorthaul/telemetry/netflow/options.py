"""Option records: what an exporter says of itself; we listen to sampling rates and start times."""

from shorthaul.telemetry.netflow.assembling import LATEST, WORD, rate
from shorthaul.telemetry.netflow.definitions import Definition, fields_of
from shorthaul.telemetry.netflow.exporters import Domain
from shorthaul.telemetry.netflow.plans import VARIABLE
from shorthaul.telemetry.netflow.readers import SetOutcome, each_record
from shorthaul.telemetry.netflow.reasons import Reason
from shorthaul.telemetry.netflow.registers import Register
from shorthaul.telemetry.netflow.templates import Template

LONGEST_SCOPE = 64


def read_options(template: Template, data: bytes, domain: Domain, most: int) -> SetOutcome:
    """Takes what the option records of one set tell."""
    plan, outcome = template.plan, SetOutcome()
    scope = _scope_bytes(template.definition, template.version)
    for number, registers in enumerate(each_record(plan, data, most, outcome)):
        if plan.fills(Register.BOOT) and 0 < registers[Register.BOOT] < LATEST:
            domain.boot = registers[Register.BOOT]
        told = rate(registers)
        if told and plan.fills(Register.SAMPLER):
            domain.rates.tell_sampler(registers[Register.SAMPLER] % WORD, told)
        elif told:
            at = number * plan.least
            domain.rates.tell_scope(data[at : at + scope], told)
    if Reason.RECORD_MANY in outcome.refused:
        outcome.refused[Reason.RECORD_OPTIONS] = outcome.refused.pop(Reason.RECORD_MANY)
    return outcome


def _scope_bytes(definition: Definition, version: int) -> int:
    """How long the scope is; nothing where a record's length varies (then all scopes are one)."""
    fields = fields_of(definition, version)
    if any(field.width == VARIABLE for field in fields):
        return 0
    return min(LONGEST_SCOPE, sum(field.width for field in fields[: definition.scopes]))
