"""How an IPFIX exporter numbers its records: as RFC 7011 says, or as some do instead.

A message's number is that of the records before it, those of options too. Some exporters tell the
number after it (softflowd 1.1.0, for one), some leave options out. An account is kept by each of
these rules, and the one by which the fewest restarts, then the fewest losses have happened is
believed, the standard's own first: a true loss is missing by every rule, while by a wrong one the
numbers jump to and fro with the sizes of messages.
"""

from shorthaul.telemetry.netflow.sequences import Sequence

RULES = ((False, True), (True, True), (False, False), (True, False))
"""Whether the number is that after the message, and whether options count."""


class Numbering:
    """The accounts of one IPFIX stream; reads as the one that is believed."""

    __slots__ = ("_accounts",)

    def __init__(self) -> None:
        self._accounts = tuple(Sequence() for _ in RULES)

    def see(self, number: int, records: int, options: int, *, whole: bool) -> None:
        """Takes a message: its number, its records, how many of them are of options."""
        for account, (ends, counted) in zip(self._accounts, RULES, strict=True):
            units = records if counted else records - options
            if ends:
                account.see_end(number, units, whole=whole)
            else:
                account.see(number, units, whole=whole)

    def resolve(self, records: int, options: int) -> None:
        """Records of a set that was waiting for its template have been read."""
        for account, (_, counted) in zip(self._accounts, RULES, strict=True):
            account.resolve(records if counted else records - options)

    @property
    def believed(self) -> Sequence:
        """The account by the rule that fits best."""
        return min(self._accounts, key=lambda account: (account.restarts, account.lost))
