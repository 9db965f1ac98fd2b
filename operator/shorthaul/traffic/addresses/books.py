"""The address book: takes what is told of addresses, and tells who held one over a stretch of time.

It answers only for the time that it knows: from when watching began, or what retention has left,
until as long before the newest news as a change may take to become known (`settle_milliseconds`).
Whoever asks about later moments has to wait, since the next holder's claim may be on its way; a
claim that took longer than that is beyond what this book can guard against. Memory is bounded:
facts go when they are older than the retention; when there are too many all the same, everything
past goes; when the present alone is too much, the book says that it is full and answers nothing
from then on, rather than answering from half of what it was told. An address all of whose holders
are forgotten is what its range says.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from shorthaul.traffic.addresses.claims import Claim, Fact
from shorthaul.traffic.addresses.parties import Address, Answer, Party, Unknown
from shorthaul.traffic.addresses.ranges import Ranges
from shorthaul.traffic.addresses.tenures import NEVER, Timeline, timeline_of
from shorthaul.units import Tier, Uid

_REMEMBERED_LIMIT = 65_536
_SWEEPS = 16


@dataclass(frozen=True, slots=True)
class BookRules:
    """How far clocks are trusted, how long news takes, and how much is kept.

    `slack_milliseconds` is how far any two clocks (the exporters', the kubelets', ours) may differ;
    `settle_milliseconds` how long after it happened a change may be seen.
    """

    slack_milliseconds: int = 1_000
    settle_milliseconds: int = 30_000
    retention_milliseconds: int = 3_600_000
    fact_limit: int = 2_000_000

    def __post_init__(self) -> None:
        for name in self.__slots__:
            if getattr(self, name) < 0:
                raise ValueError(f"{name} {getattr(self, name)} is below 0")


class Book:
    """Facts by address, and the timelines made of them when they are first asked for."""

    def __init__(
        self, rules: BookRules, began_milliseconds: int, ranges: Ranges | None = None
    ) -> None:
        self.rules = rules
        self.known_from = began_milliseconds + rules.slack_milliseconds
        self.known_until = self.known_from - 1
        self.full = False
        self.late_facts = 0
        self.facts = 0
        self._ranges = ranges or Ranges()
        self._facts: dict[Address, set[Fact]] = {}
        self._timelines: dict[Address, Timeline] = {}
        self._outside: dict[Address, Answer] = {}
        self._endpoints: Mapping[Party, tuple[Address, ...]] = {}

    def tell(self, facts: Iterable[Fact]) -> None:
        """Takes facts, in any order, any number of times."""
        for fact in facts:
            timely = fact if fact.seen >= self.known_from else self._late(fact)
            if timely is None or timely in self._facts.get(timely.address, ()):
                continue
            if self.facts >= self.rules.fact_limit:
                self._shed()
            if self.full:
                return
            self._facts.setdefault(timely.address, set()).add(timely)
            self.facts += 1
            self._timelines.pop(timely.address, None)

    def serve(self, endpoints: Mapping[Party, tuple[Address, ...]]) -> None:
        """Takes the addresses behind each Service, for the estimate of whom its traffic reached."""
        self._endpoints = endpoints

    def place(self, ranges: Ranges) -> None:
        """Takes the ranges that stand for somebody, from now on, whenever records are of."""
        self._ranges = ranges
        self._outside.clear()

    @property
    def tiers(self) -> Mapping[Party, Tier]:
        """How far away named places outside are."""
        return self._ranges.tiers

    def know(self, until_milliseconds: int) -> None:
        """Everything that was seen up to this moment has been told; forgets what is too old."""
        settled = until_milliseconds - self.rules.settle_milliseconds
        self.known_until = max(self.known_until, settled - self.rules.slack_milliseconds)
        oldest = self.known_until - self.rules.retention_milliseconds
        if oldest - self.known_from > self.rules.retention_milliseconds // _SWEEPS:
            self._forget(oldest)

    def who(self, address: Address, first: int, last: int) -> Answer:
        """Who held an address from the first to the last millisecond."""
        if self.full:
            return Unknown.FULL
        if first < self.known_from:
            return Unknown.EARLY
        if last > self.known_until:
            return Unknown.LATE
        timeline = self._timelines.get(address)
        if timeline is not None:
            return timeline.over(first, last)
        facts = self._facts.get(address)
        if not facts:
            return self._of_ranges(address)
        timeline = timeline_of(facts, self.rules.slack_milliseconds)
        self._timelines[address] = timeline
        return timeline.over(first, last)

    def has_told(self, address: Address) -> bool:
        """Whether anybody is known to have had an address at any time that is kept."""
        return bool(self._facts.get(address))

    def behind(self, service: Party) -> tuple[Address, ...]:
        """The addresses behind a Service, as it was told of last."""
        return self._endpoints.get(service, ())

    def endpoints(self, service: Party, first: int, last: int) -> tuple[Party, ...]:
        """The pods behind a Service that surely held their addresses all the time, sorted."""
        found = {self.who(address, first, last) for address in self._endpoints.get(service, ())}
        return tuple(sorted(party for party in found if isinstance(party, Party)))

    def _of_ranges(self, address: Address) -> Answer:
        answer = self._outside.get(address)
        if answer is None:
            if len(self._outside) >= _REMEMBERED_LIMIT:
                self._outside.clear()
            answer = self._outside[address] = self._ranges.of(address)
        return answer

    def _late(self, fact: Fact) -> Fact | None:
        """What a fact is still good for whose time has been forgotten.

        A release ends its claim, if that is there. A claim may be a repetition, or news at last:
        from then on its holder may have the address, but never surely has.
        """
        self.late_facts += 1
        told = self._facts.get(fact.address, ())
        if isinstance(fact, Claim):
            return fact._replace(seen=NEVER)
        return fact if any(fact.holder == known.holder for known in told) else None

    def _shed(self) -> None:
        """Makes room by forgetting all that is over."""
        self._forget(self.known_until)
        self.full = self.facts >= self.rules.fact_limit

    def _forget(self, before_milliseconds: int) -> None:
        """Forgets the tenures that were over before a moment, and does not answer for it again."""
        if before_milliseconds <= self.known_from:
            return
        self.known_from = before_milliseconds
        limit = before_milliseconds - self.rules.slack_milliseconds
        for address in list(self._facts):
            kept = _kept(self._facts[address], limit)
            if len(kept) == len(self._facts[address]):
                continue
            self.facts -= len(self._facts[address]) - len(kept)
            self._timelines.pop(address, None)
            if kept:
                self._facts[address] = kept
            else:
                del self._facts[address]


def _kept(facts: set[Fact], limit: int) -> set[Fact]:
    """Without each holder's facts up to its last release that was seen before the limit."""
    over: dict[Uid, int] = {}
    for fact in facts:
        if not isinstance(fact, Claim) and fact.seen <= limit:
            over[fact.holder] = max(fact.seen, over.get(fact.holder, fact.seen))
    return {fact for fact in facts if fact.holder not in over or fact.seen > over[fact.holder]}
