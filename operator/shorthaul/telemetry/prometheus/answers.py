"""From the text of an answer to numbers with labels; what is no usable number is counted.

The server is not trusted to send what was asked for: types are checked, and a value that is no
finite, non-negative number below 2^64 is refused with its reason. A sum with one NaN in it is NaN
as a whole, so one broken exporter costs each pair of ends that it reports, visibly.
"""

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

import msgspec

from shorthaul.errors import BadInput

MOST_LABELS_BYTES = 16_384
VALUE_LIMIT = float(1 << 64)
NOT_A_NUMBER = "the value is not a number (NaN)"
INFINITE = "the value is infinite"
NEGATIVE = "the value is negative"
UNREADABLE = "the value is no number"
LARGE = "the value is 2^64 or more"
LONG = "the labels are too long"
REMARK = "PromQL info: "
"""How Prometheus 2.48 to 2.53 begins what later ones no longer tell among warnings."""


class _Sample(msgspec.Struct, frozen=True):
    metric: dict[str, str]
    value: tuple[float, str]


class _Data(msgspec.Struct, frozen=True):
    resultType: str  # noqa: N815 - the wire's spelling
    result: msgspec.Raw


class _Answer(msgspec.Struct, frozen=True):
    status: str
    data: _Data | None = None
    error: str = ""
    warnings: tuple[str, ...] = ()
    isPartial: bool = False  # noqa: N815 - VictoriaMetrics' word


_answer = msgspec.json.Decoder(_Answer).decode
_samples = msgspec.json.Decoder(list[_Sample]).decode


class Answer(msgspec.Struct, frozen=True):
    """Numbers by labels, and how many were refused for which reason."""

    rows: tuple[tuple[Mapping[str, str], float], ...]
    refused: Mapping[str, int]
    warnings: tuple[str, ...] = ()


def read_answer(text: bytes, where: str) -> Answer:
    """The instant vector of an answer; raises BadInput when it is none."""
    try:
        found = _answer(text)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BadInput(f"{where}: the answer is none of Prometheus' ({error})") from error
    if found.status != "success" or found.data is None:
        raise BadInput(f"{where}: the query failed: {told(found.error)}")
    if found.isPartial:
        raise BadInput(f"{where}: the answer is partial: not all of its stores have answered")
    if found.data.resultType != "vector":
        raise BadInput(f"{where}: the answer is a {told(found.data.resultType)}, not a vector")
    try:
        samples = _samples(found.data.result)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BadInput(f"{where}: the answer is no vector of numbers ({error})") from error
    refused: Counter[str] = Counter()
    rows = tuple(_rows(samples, refused))
    return Answer(rows, dict(sorted(refused.items())), tuple(map(told, found.warnings[:10])))


def doubts(warnings: Iterable[str]) -> tuple[str, ...]:
    """Warnings that something may be missing, without remarks on the query."""
    return tuple(each for each in warnings if not each.startswith(REMARK))


def error_of(text: bytes) -> str:
    """What an answer that is an error says, in one short line."""
    try:
        return told(_answer(text).error)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return told(text[:200].decode("utf-8", "replace"))


def told(text: str) -> str:
    """Somebody else's words, on one line and not too long."""
    return " ".join(text.split())[:300] or "without a reason"


def _rows(
    samples: list[_Sample], refused: Counter[str]
) -> Iterator[tuple[Mapping[str, str], float]]:
    for sample in samples:
        reason = _fault(sample)
        if reason:
            refused[reason] += 1
            continue
        yield sample.metric, float(sample.value[1])


def _fault(sample: _Sample) -> str:
    try:
        value = float(sample.value[1])
    except ValueError:
        return UNREADABLE
    if math.isnan(value):
        return NOT_A_NUMBER
    if math.isinf(value):
        return INFINITE
    if value < 0:
        return NEGATIVE
    if value >= VALUE_LIMIT:
        return LARGE
    if sum(len(name) + len(text) for name, text in sample.metric.items()) > MOST_LABELS_BYTES:
        return LONG
    return ""
