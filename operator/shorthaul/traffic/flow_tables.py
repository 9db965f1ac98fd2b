"""Many flows in columns: each is one of some patterns, with a time, a count and a key of its own.

Two lines of telemetry differ in little but their time. A pattern is what they share, so it is made
once, and what recorders do for each of a million flows they can do with numbers. A table is also a
collection of its flows, one by one, for whoever wants these.
"""

from array import array
from collections.abc import Callable, Collection, Hashable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Generic, TypeVar, overload

import numpy as np
import numpy.typing as npt

from shorthaul.traffic.flows import Flow
from shorthaul.units import NodeName, PodRef

SMALL_EVENTS = 1 << 32
Numbers = npt.NDArray[np.int32]
Times = npt.NDArray[np.int64]
Counts = npt.NDArray[np.uint64]
_Each = TypeVar("_Each", bound=Hashable)


class Numbered(Generic[_Each]):
    """Numbers for values, in the order of coming."""

    def __init__(self) -> None:
        self.values: list[_Each] = []
        self._numbers: dict[_Each, int] = {}

    def number(self, value: _Each) -> int:
        found = self._numbers.get(value)
        if found is None:
            found = self._numbers[value] = len(self.values)
            self.values.append(value)
        return found

    def has(self, *values: _Each) -> bool:
        """Whether all of these have numbers."""
        return all(value in self._numbers for value in values)


class Patterns(Sequence[Flow]):
    """Flows without time, count and key, in columns; they only become more, at their end."""

    def __init__(self) -> None:
        self.pods: list[PodRef] = []
        self._pods: dict[int, int] = {}
        self._observers, self._clusters = Numbered[NodeName](), Numbered[str]()
        self._columns = tuple(array("i") for _ in range(5))

    @property
    def observers(self) -> Sequence[NodeName]:
        """The observers by their numbers."""
        return self._observers.values

    def add(self, flow: Flow) -> int:
        """The number of a new pattern, which is a flow's."""
        clients, servers, replies, observers, clusters = self._columns
        clients.append(self._pod(flow.client))
        servers.append(self._pod(flow.server))
        replies.append(flow.reply)
        observers.append(self._observers.number(flow.observer))
        clusters.append(self._clusters.number(flow.cluster))
        return len(clients) - 1

    def extend(self, *columns: Numbers) -> Numbers:
        """Numbers of new patterns, from numbers of their own in the order of `row`."""
        first = len(self)
        for column, more in zip(self._columns, columns, strict=True):
            column.frombytes(np.ascontiguousarray(more, np.int32).tobytes())
        return np.arange(first, len(self), dtype=np.int32)

    def row(self, number: int) -> tuple[int, ...]:
        """A pattern's numbers of client, server, reply (0 or 1), observer and cluster."""
        return tuple(column[number] for column in self._columns)

    def cluster(self, name: str) -> int:
        """A cluster's number."""
        return self._clusters.number(name)

    def columns(self) -> tuple[Numbers, Numbers, Numbers, Numbers]:
        """Numbers of clients and servers, whether it is a reply, and numbers of observers."""
        one, two, three, four = (np.array(each, np.int32) for each in self._columns[:4])
        return one, two, three, four

    def __len__(self) -> int:
        return len(self._columns[0])

    @overload
    def __getitem__(self, number: int) -> Flow: ...
    @overload
    def __getitem__(self, number: slice) -> Sequence[Flow]: ...
    def __getitem__(self, number: int | slice) -> Flow | Sequence[Flow]:
        if isinstance(number, slice):
            return [self[each] for each in range(*number.indices(len(self)))]
        client, server, reply, observer, cluster = self.row(number)
        return Flow(
            self.pods[client],
            self.pods[server],
            bool(reply),
            0,
            0,
            self._observers.values[observer],
            self._clusters.values[cluster],
        )

    def _pod(self, pod: PodRef) -> int:
        """A pod's number; one that comes as several objects has several."""
        found = self._pods.get(id(pod))
        if found is None:
            found = self._pods[id(pod)] = len(self.pods)
            self.pods.append(pod)  # It lives as long as we, so that nobody gets its identity.
        return found


@dataclass(frozen=True, slots=True, eq=False)
class FlowTable(Collection[Flow]):
    """Flows in the order in which they came; `key_of` tells the key of the flow in a row."""

    patterns: Patterns
    numbers: Numbers
    times: Times
    events: Counts
    key_of: Callable[[int], str]

    def __len__(self) -> int:
        return len(self.numbers)

    def __iter__(self) -> Iterator[Flow]:
        columns = self.numbers.tolist(), self.times.tolist(), self.events.tolist()
        for row, (number, time, events) in enumerate(zip(*columns, strict=True)):
            pattern = self.patterns[number]
            yield pattern._replace(events=events, time_nanoseconds=time, key=self.key_of(row))

    def __contains__(self, flow: object) -> bool:
        return any(flow == each for each in self)

    @property
    def newest(self) -> int:
        """The latest time, 0 when there is none."""
        return int(self.times.max(initial=0))

    @property
    def addable(self) -> bool:
        """Whether counts are so small that sums of as many as fit into memory are exact."""
        return int(self.events.max(initial=0)) < SMALL_EVENTS


@dataclass(frozen=True, slots=True, eq=False)
class Flows(Collection[Flow]):
    """Flows of several origins, one origin after the other."""

    parts: tuple[Collection[Flow], ...] = ()

    def __len__(self) -> int:
        return sum(map(len, self.parts))

    def __iter__(self) -> Iterator[Flow]:
        return chain.from_iterable(self.parts)

    def __contains__(self, flow: object) -> bool:
        return any(flow in part for part in self.parts)
