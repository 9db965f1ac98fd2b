"""What a record's fields mean together: registers become one or two records, or a reason.

This is the plain twin of `assemble` in `kernels/records.h`; `test_twins` holds the two equal on
any template and any bytes. It decides what is traffic: what was denied, dropped or will be counted
again is none. Counts are never scaled.
"""

from collections.abc import Sequence

from shorthaul.telemetry.netflow.contexts import Context
from shorthaul.telemetry.netflow.elements import Clock, Counter
from shorthaul.telemetry.netflow.plans import Plan
from shorthaul.telemetry.netflow.reasons import Reason
from shorthaul.telemetry.netflow.records import NO_ADDRESS, Batch, Direction, Family, Flag
from shorthaul.telemetry.netflow.registers import IPV4, IPV6, LAYER2, Register, bits
from shorthaul.traffic.addresses.parties import MAPPED

CREATED, DELETED, DENIED, ALERT, UPDATED = 1, 2, 3, 4, 5
ACTIVE_TIMEOUT = 2
DROPPED = 2
LATEST = 1 << 48
"""Milliseconds; a later time (the year 10889) is none."""
NTP_EPOCH = 2_208_988_800
WORD = 1 << 32
NOTHING = (0, 0)

# Members of enumerations cost a call each in Python 3.11, and all these are met in every record.
REVERSE = int(Flag.REVERSE)
UNKNOWN, EGRESS = int(Direction.UNKNOWN), int(Direction.EGRESS)
TOTAL = Counter.TOTAL
OF_IPV4, OF_IPV6, OF_LAYER2 = int(Family.IPV4), int(Family.IPV6), int(Family.LAYER2)
NONE, UPTIME, SECONDS, MILLISECONDS, NTP, BEFORE = Clock
DIRECTED = bits(Register.DIRECTION)
SAMPLED = bits(Register.SAMPLER)


def assemble(r: Sequence[int], plan: Plan, context: Context, batch: Batch) -> Reason | None:
    """Adds what the registers of one record say; None when that was a flow."""
    reason = unwanted(r, plan)
    if reason is not None:
        return reason
    forward, back = counts(r)
    if forward == back == NOTHING:
        return Reason.RECORD_NOTHING
    family, ends = _ends(r, plan.has)
    if family is None:
        return Reason.RECORD_NO_ADDRESSES
    _add(r, plan, context, batch, (family, ends, forward, back))
    return None


def unwanted(r: Sequence[int], plan: Plan) -> Reason | None:
    """Why a record that can be read is no traffic of its own."""
    event = r[Register.EVENT]
    if event == DENIED:
        return Reason.RECORD_DENIED
    if event == ALERT:
        return Reason.RECORD_ALERT
    if (r[Register.FORWARDING] >> 6) & 3 == DROPPED:
        return Reason.RECORD_DROPPED
    if plan.counter is TOTAL and (
        r[Register.END_REASON] == ACTIVE_TIMEOUT or event in (CREATED, UPDATED)
    ):
        return Reason.RECORD_RUNNING
    return None


def counts(r: Sequence[int]) -> tuple[tuple[int, int], tuple[int, int]]:
    """Bytes and packets, forward and back; v9's "out" counters where the "in" ones are nought."""
    forward = r[Register.BYTES], r[Register.PACKETS]
    if forward == NOTHING:
        forward = r[Register.OUT_BYTES], r[Register.OUT_PACKETS]
    return forward, (r[Register.REVERSE_BYTES], r[Register.REVERSE_PACKETS])


def _ends(r: Sequence[int], has: int) -> tuple[int | None, tuple[bytes, bytes]]:
    """The addresses: of the first family that has any that is not all nought."""
    if has & IPV4 == IPV4:
        source4, destination4 = r[Register.SOURCE4], r[Register.DESTINATION4]
        if source4 or destination4:
            return OF_IPV4, (_mapped(source4), _mapped(destination4))
    if has & IPV6 == IPV6:
        source, destination = _wide(r, Register.SOURCE6), _wide(r, Register.DESTINATION6)
        if source != NO_ADDRESS or destination != NO_ADDRESS:
            return OF_IPV6, (source, destination)
    if has & LAYER2 == LAYER2:
        source2, destination2 = r[Register.SOURCE_MAC], r[Register.DESTINATION_MAC]
        if source2 or destination2:
            return OF_LAYER2, (source2.to_bytes(16, "big"), destination2.to_bytes(16, "big"))
    return None, (NO_ADDRESS, NO_ADDRESS)


def _add(
    r: Sequence[int],
    plan: Plan,
    context: Context,
    batch: Batch,
    found: tuple[int, tuple[bytes, bytes], tuple[int, int], tuple[int, int]],
) -> None:
    """Writes the forward record, the backward one, or both: each that has counts."""
    family, (source, destination), forward, back = found
    post_source = _post(r, Register.POST_SOURCE4, Register.POST_SOURCE6)
    post_destination = _post(r, Register.POST_DESTINATION4, Register.POST_DESTINATION6)
    source_port = r[Register.SOURCE_PORT] & 0xFFFF
    destination_port = r[Register.DESTINATION_PORT] & 0xFFFF
    post_ports = r[Register.POST_SOURCE_PORT] & 0xFFFF, r[Register.POST_DESTINATION_PORT] & 0xFFFF
    start, end = _times(r, plan, context)
    shared = (start, end, context.received, context.exporter, context.domain)
    sampling = _sampling(r, plan, context)
    told = plan.has & DIRECTED and r[Register.DIRECTION] < 2
    direction = r[Register.DIRECTION] if told else UNKNOWN
    interfaces = _interfaces(r, direction)
    tail = r[Register.PROTOCOL] & 0xFF, family, direction
    if forward != NOTHING:
        batch.add(
            *(source, destination, post_source, post_destination, *forward, *shared),
            *(*interfaces, sampling, source_port, destination_port, *post_ports),
            *(*tail, plan.flags),
        )
    if back != NOTHING:
        batch.add(
            *(destination, source, post_destination, post_source, *back, *shared),
            *(*interfaces[::-1], sampling, destination_port, source_port, *post_ports[::-1]),
            *(*tail, plan.flags | REVERSE),
        )


def _interfaces(r: Sequence[int], direction: int) -> tuple[int, int]:
    """Where it came in and went out; where only a name is told, its number, at one of the two.

    A node's agent tells names alone, of each interface that it sees the same bytes at.
    """
    ingress, egress = r[Register.INGRESS] % WORD, r[Register.EGRESS] % WORD
    if ingress or egress:
        return ingress, egress
    name = r[Register.INTERFACE_NAME]
    return (0, name) if direction == EGRESS else (name, 0)


def _mapped(number: int) -> bytes:
    return MAPPED + (number % WORD).to_bytes(4, "big")


def _wide(r: Sequence[int], register: int) -> bytes:
    return r[register].to_bytes(8, "big") + r[register + 1].to_bytes(8, "big")


def _post(r: Sequence[int], narrow: int, wide: int) -> bytes:
    if r[narrow]:
        return _mapped(r[narrow])
    return _wide(r, wide) if r[wide] or r[wide + 1] else NO_ADDRESS


def _times(r: Sequence[int], plan: Plan, context: Context) -> tuple[int, int]:
    """Start and end, each falling back on the other, then on the time of export."""
    boot = r[Register.BOOT] if 0 < r[Register.BOOT] < LATEST else context.boot
    end = milliseconds(r[Register.END], plan.end, context.exported, boot)
    start = milliseconds(r[Register.START], plan.start, context.exported, boot)
    if end is None:
        end = context.exported if start is None else start
    if start is None:
        start = max(end - r[Register.DURATION], 0) or end
    return min(start, end), end


def milliseconds(value: int, clock: Clock, exported: int, boot: int) -> int | None:
    """A time field as Unix milliseconds; None where it says none that can be."""
    if clock is NONE:
        return None
    found = 0
    if clock is MILLISECONDS:
        found = value
    elif clock is SECONDS:
        found = value * 1_000
    elif clock is UPTIME and boot:
        before = (exported - boot - value) % WORD
        found = exported - (before if before < WORD // 2 else before - WORD)
    elif clock is NTP and value:
        seconds = value >> 32
        seconds += WORD if seconds < NTP_EPOCH else 0
        found = (seconds - NTP_EPOCH) * 1_000 + ((value % WORD) * 1_000 >> 32)
    elif clock is BEFORE:
        found = exported - value // 1_000
    return found if 0 < found < LATEST else None


def _sampling(r: Sequence[int], plan: Plan, context: Context) -> int:
    """One packet in how many: said by the record, its sampler, or for all of the domain."""
    told = rate(r)
    if not told and plan.has & SAMPLED:
        told = context.samplers.get(r[Register.SAMPLER] % WORD, 0)
    return told or context.sampling


def rate(r: Sequence[int]) -> int:
    """The rate that registers say themselves, to the nearest whole number; 0 for none."""
    if r[Register.RATE]:
        return min(r[Register.RATE], WORD - 1)
    if r[Register.INTERVAL]:
        interval = min(r[Register.INTERVAL], WORD)
        return _quotient(interval, interval + min(r[Register.SPACE], WORD))
    if r[Register.SIZE]:
        return _quotient(min(r[Register.SIZE], WORD), min(r[Register.POPULATION], WORD))
    return 0


def _quotient(part: int, whole: int) -> int:
    return min(max(1, (whole + part // 2) // part), WORD - 1)
