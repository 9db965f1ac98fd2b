"""Which point's count stands for two addresses while records go on coming, window after window.

Exporters tell of a flow when it ends or has gone on for long, each by its own clock, so the two
nodes of one connection tell of the same bytes in different windows. A choice that is made anew in
each window would count them in both. So the choice is per pair of addresses and stays:

- The receiver's node counts where it tells of the pair, else the sender's, else the point on the
  way that saw most; of one node's points the largest, and another only when it is larger by half.
- A node whose exporter is heard, but has said nothing of the pair yet, is waited for: until then
  nothing of the pair counts. When it says nothing for as long as patience lasts, it does not see
  that traffic, and the next one counts.
- A device that is no node counts only where neither end's node is heard: whoever can send to
  a collector could be one.
- Where the choice changes, nothing counts of a time in which another point did.
- A point whose exporter is started again goes on as what it is then (`successions`).

So bytes may be left out once, at a change or while waiting, but none counts twice. What is left out
is told as seen at another point. Windows come in order, but for those of who was silent, which come
when it is back: so what is known of a pair is kept for as long as older ones may still come, and is
forgotten a while later. Where pairs are too many, new ones are left out and counted, since the
long-lived ones are known. All is a function of the passages and their windows only; what counted
before a restart is told as it was (`recall`), and stays.

Where the nodes of both ends tell of a pair, what each of them told is given to be compared,
whichever counts. What one tells before the other is kept until that one tells too, for as long as
patience lasts, so that two which are not in step still come to the same sums.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from shorthaul.traffic.addresses.bills import Counts, Transfer
from shorthaul.traffic.addresses.parties import Address
from shorthaul.traffic.both_ends import Compared, age
from shorthaul.traffic.counted_spans import CountedSpans
from shorthaul.traffic.end_sums import EndSums
from shorthaul.traffic.passages import NodeOf, Once, Passage, Place, counts_of, place_of
from shorthaul.traffic.successions import successions
from shorthaul.units import NodeName

_EARLIEST, _LATEST = -(1 << 62), 1 << 62
_STICKS = 1.5
_NOBODY = Address(b"")


@dataclass(frozen=True, slots=True)
class PointRules:
    """How long a point is waited for and remembered, and of how many pairs."""

    patience_milliseconds: int = 180_000
    pair_limit: int = 200_000


class Finders(NamedTuple):
    """Tell the node of who held an address, and the node that an exporter speaks for."""

    node_of: NodeOf
    exporter_node: NodeOf


@dataclass(slots=True)
class _Told:
    """What one point told of a pair: by which node, about how much of late, and when last.

    `uncompared` are its bytes since both ends were compared; its records are of `first` to `until`.
    """

    node: NodeName
    amount: float = 0.0
    last: int = _EARLIEST
    uncompared: int = 0
    first: int = _LATEST
    until: int = _EARLIEST

    def add(self, passage: Passage, end: int) -> None:
        """Takes what it told in a window by its end; a record without a time of its own may be of
        any."""
        transfer = passage.transfer
        timed = passage.since == transfer.first_milliseconds
        self.last = max(self.last, end)
        self.amount += transfer.bytes
        self.uncompared += transfer.bytes
        self.first = min(self.first, transfer.first_milliseconds if timed else _EARLIEST)
        self.until = max(self.until, transfer.last_milliseconds if timed else _LATEST)

    def go_on_from(self, other: "_Told") -> None:
        """Takes over what it told before, under another name."""
        self.amount += other.amount
        self.uncompared += other.uncompared
        self.first = min(self.first, other.first)


@dataclass(slots=True)
class _Pair:
    """One way between two addresses; of windows `last` is the newest one's end.

    `places` are the points at the sender's and the receiver's node that are compared, and
    `compared` is when they were last. `before` is what the chosen point was in the newest window;
    `grown` tells whether that brought a new point.
    """

    compared: int
    places: tuple[Place | None, Place | None] = (None, None)
    points: dict[Place, _Told] = field(default_factory=dict)
    grown: bool = False
    ends: tuple[NodeName | None, NodeName | None] = (None, None)
    chosen: Place | None = None
    before: frozenset[Place] = frozenset()
    waiting_since: int = 0
    counted: CountedSpans = field(default_factory=CountedSpans)
    last: int = _EARLIEST


_Key = tuple[Address, Address]


class CountingPoints:
    """What was learned until now: who is heard, and who counts for which pair."""

    def __init__(self, rules: PointRules | None = None) -> None:
        self._rules = rules or PointRules()
        self.left_out = 0
        self.compared: tuple[Compared, ...] = ()
        self._newest = _EARLIEST
        self._heard: dict[NodeName, int] = {}
        self._pairs: dict[_Key, _Pair] = {}
        self._nodes: dict[Address, NodeName] = {}

    @property
    def heard(self) -> frozenset[NodeName]:
        """The nodes whose exporters were heard of late."""
        return frozenset(self._heard)

    def node_of(self, exporter: Address) -> NodeName:
        """The node that an exporter speaks for, as far as that was learned; "" for none."""
        return self._nodes.get(exporter, NodeName(""))

    def learn(
        self,
        passages: Sequence[Passage],
        nodes: Finders,
        end_milliseconds: int,
        open_milliseconds: int | None = None,
    ) -> None:
        """Takes all that was told in a window, by whomever, and chooses for each pair.

        `open_milliseconds` is the end of the oldest window that more may come for. `left_out` is
        how many of its passages are of new pairs that were too many; `compared` has the pairs that
        both ends' nodes told of.
        """
        self._newest = max(self._newest, end_milliseconds)
        self._forget(self._newest if open_milliseconds is None else open_milliseconds)
        self.left_out = 0
        compared: list[Compared] = []
        for key, newest in self._told(passages, nodes, end_milliseconds).items():
            pair = self._pairs[key]
            goes_on = _gone_on(pair) if pair.grown and len(pair.points) > 1 else {}
            chosen = self._choice(pair, end_milliseconds)
            pair.chosen = pair.chosen if chosen is None else chosen
            pair.before = frozenset(old for old, new in goes_on.items() if new == pair.chosen)
            pair.last = max(pair.last, end_milliseconds)
            if (ends := self._compare(pair, end_milliseconds)) is not None:
                compared.append(Compared(*newest[:4], ends))
        self.compared = tuple(compared)

    def once(self, passages: Sequence[Passage]) -> Once:
        """The passages of the window that was learned last which count, and the others' sums."""
        return sorted_by(passages, self.judge(passages))

    def judge(self, passages: Iterable[Passage]) -> list[bool]:
        """Whether each passage of the window that was learned last counts."""
        return [self._counts(passage) for passage in passages]

    def recall(self, passages: Iterable[Passage], counted: Iterable[bool]) -> None:
        """Takes what counted of a window before a restart, after that was learned."""
        for passage, did in zip(passages, counted, strict=True):
            pair = self._pairs.get(_key(passage))
            if did and pair is not None:
                pair.counted.take(place_of(passage), *passage.transfer[2:4])

    def _counts(self, passage: Passage) -> bool:
        pair, place = self._pairs.get(_key(passage)), place_of(passage)
        if pair is None or (pair.chosen != place and place not in pair.before):
            return False
        return pair.counted.take(place, *passage.transfer[2:4])

    def _told(self, passages: Sequence[Passage], nodes: Finders, end: int) -> dict[_Key, Transfer]:
        """Notes what each point told; gives the pairs that any did, with the newest transfer."""
        exporters: dict[Address, NodeName] = {}
        touched: dict[_Key, Transfer] = {}
        for passage in passages:
            transfer, exporter = passage.transfer, passage.exporter or _NOBODY
            node = exporters.get(exporter)
            if node is None:
                node = exporters[exporter] = self._node(exporter, transfer, nodes.exporter_node)
                self._heard[node] = max(end, self._heard.get(node, end))
            key = _key(passage)
            pair = self._pairs.get(key)
            if pair is None:
                if len(self._pairs) >= self._rules.pair_limit:
                    self.left_out += 1
                    continue
                pair = self._pairs[key] = _Pair(end)
            newest = touched.get(key)
            if newest is None:
                pair.ends = nodes.node_of(key[0], transfer), nodes.node_of(key[1], transfer)
                self._fade(pair, end)
                pair.grown = False
            if newest is None or age(transfer) > age(newest):
                touched[key] = transfer
            place = place_of(passage)
            told = pair.points.get(place)
            if told is None:
                told, pair.grown = pair.points.setdefault(place, _Told(node)), True
            told.node = node
            told.add(passage, end)
        return touched

    def _node(self, exporter: Address, transfer: Transfer, node_of: NodeOf) -> NodeName:
        """The node of an exporter; while nobody can tell, the one that it was on before."""
        found = node_of(exporter, transfer) if exporter else None
        if found is None:
            return self._nodes.get(exporter, NodeName(""))
        self._nodes[exporter] = found
        return found

    def _fade(self, pair: _Pair, end: int) -> None:
        """Halves what points told, each patience long: much longer than they are out of step."""
        patience = self._rules.patience_milliseconds
        faded = 0.5 ** (max(0, end - pair.last) / patience) if pair.points else 1.0
        for place, told in list(pair.points.items()):
            told.amount *= faded
            if end - told.last > patience and place != pair.chosen:
                del pair.points[place]

    def _choice(self, pair: _Pair, end: int) -> Place | None:
        """The point that counts; None while one is waited for that has not told yet."""
        patience = self._rules.patience_milliseconds
        points = {place: told for place, told in pair.points.items() if end - told.last <= patience}
        if end - pair.last > patience:
            pair.waiting_since = 0
        if any(self._is_heard(node, end) for node in _ends(pair)):
            points = {place: told for place, told in points.items() if told.node}
            pair.chosen = pair.chosen if pair.chosen in points else None
        for node in _ends(pair):
            there = {place: told for place, told in points.items() if told.node == node}
            if there:
                if node == _ends(pair)[0]:
                    pair.waiting_since = 0
                return _largest(there, pair.chosen)
            if self._is_heard(node, end):
                pair.waiting_since = pair.waiting_since or end
                if end - pair.waiting_since < patience:
                    return None if pair.chosen not in points else pair.chosen
        return _largest(points, pair.chosen) if points else None

    def _compare(self, pair: _Pair, end: int) -> EndSums | None:
        """What both ends' nodes told since they were compared last; None unless both did of late.

        Without that it is forgotten when patience is over.
        """
        patience, (sender, receiver) = self._rules.patience_milliseconds, pair.ends
        ends = None
        if sender is not None and receiver is not None and sender != receiver:
            one = _at(sender, pair.points, end - patience, pair.places[0])
            other = _at(receiver, pair.points, end - patience, pair.places[1])
            pair.places = one, other
            if one is not None and other is not None:
                ends = EndSums(pair.points[one].uncompared, pair.points[other].uncompared)
        if ends is not None or end - pair.compared >= patience:
            pair.compared = end
            for told in pair.points.values():
                told.uncompared = 0
        return ends

    def _is_heard(self, node: NodeName, end: int) -> bool:
        return end - self._heard.get(node, _EARLIEST) <= self._rules.patience_milliseconds

    def _forget(self, open_milliseconds: int) -> None:
        """Forgets what was not told of for long, and who; pairs of which more may come stay.

        They stay while there is room for as many others.
        """
        patience, room = self._rules.patience_milliseconds, self._rules.pair_limit // 2
        open_from = open_milliseconds if len(self._pairs) <= room else self._newest
        kept = min(self._newest, open_from) - 2 * patience
        self._pairs = {key: pair for key, pair in self._pairs.items() if pair.last >= kept}
        oldest = self._newest - 2 * patience
        self._heard = {node: last for node, last in self._heard.items() if last >= oldest}
        self._nodes = {
            exporter: node for exporter, node in self._nodes.items() if node in self._heard
        }


def _gone_on(pair: _Pair) -> dict[Place, Place]:
    """What points go on as, once they do."""
    points = pair.points
    found = successions({place: (told.first, told.until) for place, told in points.items()})
    for old, new in found.items():
        points[new].go_on_from(points.pop(old))
    if pair.chosen is not None:
        pair.chosen = found.get(pair.chosen, pair.chosen)
    one, other = pair.places
    pair.places = one and found.get(one, one), other and found.get(other, other)
    return found


def sorted_by(passages: Iterable[Passage], marks: Iterable[bool]) -> Once:
    """Passages that count, as they are marked, and the sums of the others."""
    counting: list[Passage] = []
    again = Counts()
    for passage, counts in zip(passages, marks, strict=True):
        if counts:
            counting.append(passage)
        else:
            again += counts_of(passage)
    return Once(tuple(counting), again)


def _key(passage: Passage) -> _Key:
    return passage.transfer.source, passage.transfer.destination


def _ends(pair: _Pair) -> list[NodeName]:
    """The receiver's node and the sender's, as far as they are known."""
    sender, receiver = pair.ends
    return list(dict.fromkeys(node for node in (receiver, sender) if node is not None))


def _at(
    node: NodeName, points: dict[Place, _Told], since: int, chosen: Place | None
) -> Place | None:
    """The point of a node whose sums stand for it, if any of it told since then."""
    there = [place for place, told in points.items() if told.node == node and told.last >= since]
    if len(there) < 2:
        return there[0] if there else None
    return _largest({place: points[place] for place in there}, chosen)


def _largest(points: dict[Place, _Told], chosen: Place | None) -> Place:
    """The point that saw most; the one that counts already stays unless another is far ahead."""
    best = max(sorted(points), key=lambda place: points[place].amount)
    if chosen in points and points[best].amount <= _STICKS * points[chosen].amount:
        return chosen
    return best
