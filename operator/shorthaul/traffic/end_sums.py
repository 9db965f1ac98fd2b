"""What both ends of the same traffic told of it, and when two sums of one thing agree.

Two nodes see what goes between them, and each may lose some of it. That their sums differ says that
one of them is not to be believed, though not which; nothing is decided by it. Sums are whole bytes
as they are counted, and bytes/s once they are averaged.
"""

from typing import NamedTuple, TypeVar

TOLERANCE = 0.05
"""By how much of the larger two sums of the same traffic may differ."""

_Key = TypeVar("_Key")


class EndSums(NamedTuple):
    """What the node of the one end told, and what the node of the other."""

    one: float
    other: float

    @property
    def agree(self) -> bool:
        """Whether both told about the same."""
        return near(*self)

    @property
    def turned(self) -> "EndSums":
        """The same with the other end first."""
        return EndSums(self.other, self.one)

    def plus(self, more: "EndSums") -> "EndSums":
        """Both together, end by end."""
        return EndSums(self.one + more.one, self.other + more.other)

    def over(self, seconds: float) -> "EndSums":
        """What was told in so many seconds as rates."""
        return EndSums(self.one / seconds, self.other / seconds)


def add(sums: dict[_Key, EndSums], key: _Key, ends: EndSums) -> None:
    """Adds what was told of something to what is known of it."""
    known = sums.get(key)
    sums[key] = known.plus(ends) if known else ends


def near(one: float, other: float) -> bool:
    """Whether two sums of the same traffic, neither below 0, agree."""
    return abs(one - other) <= TOLERANCE * max(one, other)
