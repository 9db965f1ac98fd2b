"""Numbers as people read them: three digits, a prefix, and always the unit.

Units are the texts that plans carry ("bytes/s", "flows/s·distance", …). Bytes get decimal prefixes
(1 kB is 1,000 bytes, as networks count), other units k, M, G, T; money is written out. Nothing
here is meant to be read back by a program: those read the JSON.
"""

import math

_PREFIXES = ("", "k", "M", "G", "T", "P", "E")
_BYTES = "bytes"
_MONEY = "dollars"
MINUS = "−"


def amount(value: float, unit: str) -> str:
    """A quantity with its unit, for example "41.0 MB/s·distance" or "3.20 flows/s"."""
    if not math.isfinite(value):
        return f"{value} {unit}"
    if unit.startswith(_MONEY):
        digits = 0 if abs(value) >= 100 else 2
        return f"{_sign(value)}{abs(value):,.{digits}f} {unit}"
    number, prefix = _scaled(abs(value))
    name = f"{prefix}B{unit[len(_BYTES) :]}" if unit.startswith(_BYTES) else f"{prefix} {unit}"
    return f"{_sign(value)}{number} {name.strip()}"


def change(value: float, unit: str) -> str:
    """A quantity with its sign always shown, for example "−41.0 MB/s"."""
    text = amount(value, unit)
    return f"+{text}" if value > 0 else text


def share(part: float) -> str:
    """A share of one as a percentage, for example "24.1 %"."""
    return f"{part * 100:.1f} %"


def share_change(before: float, after: float) -> str:
    """How much smaller or larger in percent; says "no change" when there was nothing."""
    if before in (after, 0):
        return "no change"
    relative = (after - before) / before
    return f"{MINUS if relative < 0 else '+'}{share(abs(relative))}"


def count(number: int, noun: str, plural: str = "") -> str:
    """A number with its noun, for example "1 move" or "1,204 moves"."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def _sign(value: float) -> str:
    return MINUS if value < 0 else ""


def _scaled(value: float) -> tuple[str, str]:
    step = 0
    while value >= 999.5 and step < len(_PREFIXES) - 1:
        value, step = value / 1000, step + 1
    return _three_digits(value), _PREFIXES[step]


def _three_digits(value: float) -> str:
    if value == 0:
        return "0"
    if value < 0.001:
        return f"{value:.2g}"
    digits = max(0, 2 - math.floor(math.log10(float(f"{value:.3g}"))))
    return f"{value:,.{min(digits, 5)}f}"
