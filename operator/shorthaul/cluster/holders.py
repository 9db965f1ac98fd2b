"""Who holds which address, kept up as the cluster changes: the live book and what it needs.

Each change of a pod is told as it is seen (`see`), since one that lives between two looks would
else be taken for its successor; what changes rarely (nodes, Services, whose pod is whose) is looked
at now and then (`look`). News waits in a queue until the book is asked for, so that who tells and
who asks may be different threads, given a lock; only one may ask at a time. Memory is bounded by
the book's rules and by what is forgotten after the same retention: news too, when nobody asks. Of
news that went untold it stays known who held what in the end, and the next book begins there.
"""

from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext

from shorthaul.cluster.address_books import (
    endpoints_of,
    fixed_addresses,
    node_ends_of,
    own_addresses,
)
from shorthaul.cluster.snapshots import Pod, Snapshot
from shorthaul.errors import BadInput
from shorthaul.traffic.addresses.books import Book, BookRules
from shorthaul.traffic.addresses.claims import Claim, Fact, PodState, Release, facts_between
from shorthaul.traffic.addresses.node_ends import NodeEnds
from shorthaul.traffic.addresses.parties import Address, Party, node_party, pod_party
from shorthaul.traffic.addresses.ranges import Range, Ranges, dns
from shorthaul.traffic.identities import Directory, PodIdentity
from shorthaul.traffic.metering import Ground
from shorthaul.units import NodeName, PodRef, Uid

NEWS_LIMIT = 1_000_000
_LONG_AGO = 0
"""From when on nodes and Services have the addresses that they are first seen with."""


class Holders:
    """The book of one process, from the moment on that it began to watch."""

    def __init__(
        self,
        rules: BookRules | None = None,
        lock: AbstractContextManager[object] | None = None,
    ) -> None:
        self.rules = rules or BookRules()
        self.dropped_news = 0
        self._late_before = 0
        self._lock = lock or nullcontext()
        self._news: deque[Fact] = deque()
        self._held: dict[tuple[Uid, Address], Claim] = {}
        self._gap: int | None = None
        self._states: dict[PodRef, PodState] = {}
        self._book: Book | None = None
        self._fixed: dict[tuple[Uid, Address], Party] = {}
        self._node_ends = NodeEnds()
        self._looked = 0
        self._places: tuple[Range, ...] = ()
        self._identities: dict[PodRef, list[tuple[int, PodIdentity]]] = {}
        self._last_seen: dict[PodRef, int] = {}

    @property
    def late_facts(self) -> int:
        """News that came when its time had been forgotten, in all books so far."""
        return self._late_before + (self._book.late_facts if self._book else 0)

    def see(self, before: Pod | None, after: Pod | None, now_milliseconds: int) -> None:
        """Takes one change of a pod, when it is seen; None stands for one that is not there."""
        pod = after or before
        if pod is None:
            return
        known = self._states.get(pod.ref)
        state = _state(after, known, now_milliseconds) if after else None
        if known is not None and state is not None and known.uid != state.uid:
            self._tell(facts_between(known, None, now_milliseconds))
            known = None
        self._tell(facts_between(known, state, now_milliseconds))
        if state is None:
            self._states.pop(pod.ref, None)
        else:
            self._states[pod.ref] = state

    def look(self, snapshot: Snapshot, now_milliseconds: int, places: Sequence[Range] = ()) -> None:
        """Takes what changes rarely, as it is now, and which ranges are places outside."""
        book = self._told(now_milliseconds)
        if self._places != tuple(places):
            self._places = tuple(places)
            book.place(self._ranges())
        since = self._looked or _LONG_AGO
        fixed = {(holder, address): party for holder, address, party in fixed_addresses(snapshot)}
        seen = max(now_milliseconds, book.known_from) if self._looked else book.known_from
        for (holder, address), party in fixed.items():
            if (holder, address) not in self._fixed:
                book.tell([Claim(address, holder, since, seen, party)])
        for holder, address in self._fixed.keys() - fixed.keys():
            book.tell([Release(address, holder, since, seen)])
        book.serve(endpoints_of(snapshot))
        self._fixed, self._looked = fixed, now_milliseconds
        self._node_ends = node_ends_of(snapshot)
        self._look_at_pods(snapshot, now_milliseconds)

    def know(self, until_milliseconds: int) -> Book:
        """The book, once everything that was seen up to a moment has been told."""
        book = self._told(until_milliseconds)
        book.know(until_milliseconds)
        return book

    def ground(self, book: Book, at_milliseconds: int) -> Ground:
        """What records of a window are judged by: whose pods were whose, and where they were."""
        pods = {ref: _at(known, at_milliseconds) for ref, known in self._identities.items()}
        nodes: dict[Party, NodeName] = {
            pod_party(ref): known.node for ref, known in pods.items() if known.node
        }
        for party in self._fixed.values():
            if party == node_party(NodeName(party.name)):
                nodes[party] = NodeName(party.name)
        return Ground(book, Directory(pods), nodes, self._node_ends)

    def _told(self, now_milliseconds: int) -> Book:
        """The book with all news in it; a new one where there is none, or news was dropped."""
        with self._lock:
            gap, self._gap = self._gap, None
            news, self._news = self._news, deque()
            held = list(self._held.values()) if gap is not None else []
            for fact in news:
                self._settle(fact)
        book = self._book
        if book is None or gap is not None:
            if gap is None:
                gap = (news[0].seen if news else now_milliseconds) - self.rules.slack_milliseconds
            self._late_before = self.late_facts
            book = self._book = self._begun(gap, held)
            start = book.known_from
            news = deque(fact._replace(seen=max(fact.seen, start)) for fact in news)
        book.tell(news)
        return book

    def _begun(self, began_milliseconds: int, held: list[Claim]) -> Book:
        """A book that begins at a moment, and knows who held what by then."""
        book = Book(self.rules, began_milliseconds, self._ranges())
        start = book.known_from
        book.tell(claim._replace(seen=start) for claim in held)
        for (holder, address), party in self._fixed.items():
            book.tell([Claim(address, holder, _LONG_AGO, start, party)])
        return book

    def _ranges(self) -> Ranges:
        return Ranges([dns(), *self._places])

    def _tell(self, facts: Iterator[Fact]) -> None:
        with self._lock:
            for fact in facts:
                oldest = fact.seen - self.rules.retention_milliseconds
                while self._news and (self._news[0].seen < oldest or len(self._news) >= NEWS_LIMIT):
                    self._drop()
                self._news.append(fact)

    def _drop(self) -> None:
        """Lets go of the oldest news that nobody asked for, but not of what is so since."""
        fact = self._news.popleft()
        self._settle(fact)
        self._gap = fact.seen if self._gap is None else max(self._gap, fact.seen)
        self.dropped_news += 1

    def _settle(self, fact: Fact) -> None:
        """Keeps up who holds what as of the oldest news that waits."""
        if isinstance(fact, Claim):
            self._held[fact.holder, fact.address] = fact
        else:
            self._held.pop((fact.holder, fact.address), None)

    def _look_at_pods(self, snapshot: Snapshot, now: int) -> None:
        for ref, pod in snapshot.pods.items():
            identity = PodIdentity(pod.workload, pod.node)
            known = self._identities.setdefault(ref, [])
            if not known or known[-1][1] != identity:
                known.append((now, identity))
            self._last_seen[ref] = now
        oldest = now - self.rules.retention_milliseconds
        for ref in [ref for ref, last in self._last_seen.items() if last < oldest]:
            del self._last_seen[ref], self._identities[ref]


def _state(pod: Pod, known: PodState | None, now: int) -> PodState:
    """A pod as it is seen; it ends from when its deletion is first seen to have been asked for."""
    same = known if known is not None and known.uid == pod.uid else None
    ending = same.ending_milliseconds if same else None
    if ending is None and pod.terminating:
        ending = now
    return PodState(
        pod.uid,
        pod.ref,
        now,
        addresses=_addresses(pod),
        started_milliseconds=round(pod.created_seconds * 1_000),
        ending_milliseconds=ending,
        finished=not pod.active,
    )


def _addresses(pod: Pod) -> frozenset[Address]:
    """None of a pod whose address is none: that is no reason to stop watching."""
    try:
        return own_addresses(pod)
    except BadInput:
        return frozenset()


def _at(known: list[tuple[int, PodIdentity]], moment: int) -> PodIdentity:
    """The last that was seen by then, else the first that was seen at all."""
    found = [identity for seen, identity in known if seen <= moment]
    return found[-1] if found else known[0][1]
