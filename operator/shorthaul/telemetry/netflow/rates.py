"""Sampling as option records tell it: per sampler, or for whatever their scope is.

A rate with a scope other than a sampler (an interface, a line card, all of the exporter) is used
for the whole domain while all such rates agree; where they differ none is, since a record does not
say which one it falls under. Then `sampling` is 0: not told.
"""

from collections.abc import Mapping

from shorthaul.telemetry.netflow.contexts import packed
from shorthaul.telemetry.netflow.limits import SCOPES_PER_DOMAIN


class Rates:
    """The rates of one observation domain."""

    __slots__ = ("_scopes", "domain", "samplers")

    def __init__(self) -> None:
        self.domain = 0
        self.samplers: dict[int, int] = {}
        self._scopes: dict[bytes, int] = {}

    @property
    def packed(self) -> bytes:
        """Pairs of sampler and rate, for the compiled reader."""
        return packed(self.samplers)

    @property
    def scopes(self) -> dict[bytes, int]:
        """The rates of what is no sampler."""
        return self._scopes

    def tell_sampler(self, sampler: int, rate: int) -> None:
        """A sampler's rate."""
        if sampler in self.samplers or len(self.samplers) < SCOPES_PER_DOMAIN:
            self.samplers = {**self.samplers, sampler: rate}
            self._settle()

    def tell_scope(self, scope: bytes, rate: int) -> None:
        """The rate of anything else."""
        if scope in self._scopes or len(self._scopes) < SCOPES_PER_DOMAIN:
            self._scopes[scope] = rate
            self._settle()

    def learn(self, rate: int, samplers: Mapping[int, int], scopes: Mapping[bytes, int]) -> None:
        """Takes what another reader was told, where nothing was told here."""
        if not (self.domain or self.samplers or self._scopes):
            self.domain, self.samplers, self._scopes = rate, dict(samplers), dict(scopes)

    def tell_header(self, rate: int) -> None:
        """The rate in a v5 header."""
        self.domain = rate

    def _settle(self) -> None:
        told = set(self._scopes.values() or self.samplers.values())
        self.domain = told.pop() if len(told) == 1 else 0
