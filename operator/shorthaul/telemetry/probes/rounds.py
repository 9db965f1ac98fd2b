"""Whom to probe in a round, and when: a few peers, each in turn, spread over the round.

n nodes that all probed all others would make n² connections at once. So each round deals some peers
from a shuffled deck, in which everybody comes up once before anybody does again, and the probes
begin at jittered times, so that no two nodes stay in step. Randomness is passed in.
"""

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from random import Random
from typing import Generic, TypeVar

T = TypeVar("T", bound=Hashable)


class Deck(Generic[T]):
    """Deals cards in random order, each once before any comes again."""

    def __init__(self, random: Random) -> None:
        """Stores where randomness comes from."""
        self._random = random
        self._left: list[T] = []

    def deal(self, cards: Sequence[T], most: int) -> list[T]:
        """At most so many of the cards that there are now; one that is gone is left out."""
        if len(cards) <= most:
            return self._random.sample(cards, len(cards))
        there = set(cards)
        dealt: dict[T, None] = {}
        while len(dealt) < most:
            if not self._left:
                self._left = self._random.sample(cards, len(cards))
            card = self._left.pop()
            if card in there:
                dealt[card] = None
        return list(dealt)


@dataclass(frozen=True, slots=True)
class Turn(Generic[T]):
    """One probe of a round: when it begins, and to whom it goes."""

    offset_seconds: float
    peer: T


def turns(
    peers: Iterable[T], probes_per_peer: int, round_seconds: float, random: Random
) -> list[Turn[T]]:
    """The probes of a round by time: each somewhere within its own equal share of the round."""
    each = list(peers) * probes_per_peer
    random.shuffle(each)
    share = round_seconds / max(1, len(each))
    return [Turn((place + random.random()) * share, peer) for place, peer in enumerate(each)]
