"""Terms of pods about other pods, found by the labels of the pods that they mean.

A cluster has about as many such terms as workloads, and a newcomer matches few of them. So a term
is kept under one label that its selector asks for, and a newcomer asks only under its own labels.
"""

from collections.abc import Iterator, Mapping

from shorthaul.cluster.snapshots import AffinityTerm
from shorthaul.units import Namespace, PodRef

_Owners = dict[Namespace, set[PodRef]]
_Key = tuple[str, str] | None


class Lookouts:
    """The owners of terms, by term and by the label under which it is kept."""

    def __init__(self) -> None:
        """Empty."""
        self._kept: dict[_Key, dict[AffinityTerm, _Owners]] = {}

    def add(self, term: AffinityTerm, owner: PodRef) -> None:
        """Adds an owner of a term; a term without a selector means nobody and is left out."""
        if term.selector is not None:
            owners = self._kept.setdefault(_key(term), {}).setdefault(term, {})
            owners.setdefault(owner.namespace, set()).add(owner)

    def discard(self, term: AffinityTerm, owner: PodRef) -> None:
        """Takes an owner of a term out."""
        owners = self._kept.get(_key(term), {}).get(term, {})
        owners.get(owner.namespace, set()).discard(owner)

    def matching(
        self, labels: Mapping[str, str]
    ) -> Iterator[tuple[AffinityTerm, Namespace, set[PodRef]]]:
        """The terms whose selector matches, with their owners by namespace."""
        if not self._kept:
            return
        for key in (None, *sorted(labels.items())):
            for term, owners in self._kept.get(key, {}).items():
                if term.selector is not None and term.selector.matches(labels):
                    yield from ((term, own, refs) for own, refs in owners.items() if refs)


def _key(term: AffinityTerm) -> _Key:
    return term.selector.labels[0] if term.selector is not None and term.selector.labels else None
