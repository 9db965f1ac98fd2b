"""From what was told of one address to who may have held it when.

A tenure has four moments, widened by how far clocks may differ: from the first to the last the
holder may have had the address, between the two inner ones it surely had. Two pods never have one
address at the same time, so where somebody surely held it nobody else did; where nobody surely
did, everybody counts who may have. That is all there is to the rule, and it is the same in
whatever order the facts came. Stretches of time are half-open.
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from shorthaul.traffic.addresses.claims import Claim, Fact, Release
from shorthaul.traffic.addresses.parties import Answer, Party, Unknown
from shorthaul.units import Uid

ALWAYS = -(1 << 62)
NEVER = 1 << 62


class Tenure(NamedTuple):
    """One holder's time with an address."""

    party: Party
    possible_from: int
    certain_from: int
    certain_until: int
    possible_until: int


class Timeline(NamedTuple):
    """Who held one address: each answer holds from its start to the next one's."""

    starts: tuple[int, ...]
    answers: tuple[Answer, ...]

    def over(self, first: int, last: int) -> Answer:
        """Who held it from the first to the last millisecond; no one answer is ambiguous."""
        index = bisect_right(self.starts, first)
        if index < len(self.starts) and self.starts[index] <= last:
            return Unknown.AMBIGUOUS
        return self.answers[index - 1]


def timeline_of(facts: Iterable[Fact], slack_milliseconds: int) -> Timeline:
    """The timeline of one address; quadratic in its holders, which are few."""
    tenures = tuple(tenures_of(facts, slack_milliseconds))
    starts = [ALWAYS]
    answers: list[Answer] = [Unknown.NOBODY]
    for moment in sorted({moment for tenure in tenures for moment in tenure[1:]}):
        answer = _answer(tenures, moment)
        if moment < NEVER and answer != answers[-1]:
            starts.append(moment)
            answers.append(answer)
    return Timeline(tuple(starts), tuple(answers))


def tenures_of(facts: Iterable[Fact], slack_milliseconds: int) -> Iterator[Tenure]:
    """Each holder's tenures: a claim begins one, the next release of the same holder ends it."""
    by_holder: dict[Uid, list[Fact]] = {}
    for fact in sorted(facts, key=_order):
        by_holder.setdefault(fact.holder, []).append(fact)
    for told in by_holder.values():
        claims: list[Claim] = []
        for fact in told:
            if isinstance(fact, Claim):
                claims.append(fact)
            elif claims:
                yield _tenure(claims, fact, slack_milliseconds)
                claims = []
        if claims:
            yield _tenure(claims, None, slack_milliseconds)


def _order(fact: Fact) -> tuple[int, bool, int, str]:
    """By time seen; what is claimed and released at one moment was claimed first."""
    return fact.seen, isinstance(fact, Release), fact.not_before, fact.holder


def _tenure(claims: Sequence[Claim], release: Release | None, slack: int) -> Tenure:
    first = claims[0]
    return Tenure(
        first.party,
        min(claim.not_before for claim in claims) - slack,
        first.seen + slack,
        NEVER if release is None else release.not_before - slack,
        NEVER if release is None else release.seen + slack,
    )


def _answer(tenures: Sequence[Tenure], moment: int) -> Answer:
    certain = {each.party for each in tenures if each.certain_from <= moment < each.certain_until}
    parties = certain or {
        each.party for each in tenures if each.possible_from <= moment < each.possible_until
    }
    if not parties:
        return Unknown.NOBODY
    return parties.pop() if len(parties) == 1 else Unknown.AMBIGUOUS
