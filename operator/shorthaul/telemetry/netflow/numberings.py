"""How an IPFIX exporter numbers its records: as RFC 7011 says, or as some do instead.

A message's number is that of the records before it, those of options too. Some exporters tell the
number after it (softflowd 1.1.0, for one), some leave options out. While numbers fit, one account
is kept; when one does not, there is an account by each of the rules, from some messages before, and
once some more have come the one by which the fewest restarts, then the fewest late messages, then
the fewest losses have happened is believed, the rule so far first: a true loss is missing by every
rule, while by a wrong one the numbers jump to and fro with the sizes of messages.
"""

from collections import deque
from collections.abc import Iterable

from shorthaul.telemetry.netflow.sequences import WORD, Sequence

RULES = ((False, True), (True, True), (False, False), (True, False))
"""Whether the number is that after the message, and whether options count."""
REMEMBERED = 16
"""Messages that a new account is tried on."""
SETTLED_AFTER = 32
"""Messages after which one of several accounts is chosen."""
_Message = tuple[int, int, int]


class Numbering:
    """The account of one IPFIX stream, or several while it is open which rule it follows."""

    __slots__ = ("_accounts", "_next", "_open", "_recent", "_rule", "_sure")

    def __init__(self, rule: int | None = None) -> None:
        """Begin with a rule that the exporter is known to follow, else with that of RFC 7011."""
        self._rule = rule or 0
        self._sure = rule is not None
        self._accounts: dict[int, Sequence] = {self._rule: Sequence()}
        self._next = -1
        self._recent: deque[_Message] = deque(maxlen=REMEMBERED)
        self._open = 0

    def see(self, number: int, records: int, options: int, *, whole: bool) -> None:
        """Takes a message: its number, its records, how many of them are of options."""
        message = (number, records, options)
        told, units = _placed(self._rule, message)
        if told == self._next and whole and len(self._accounts) == 1:
            self._sure = self._sure or self._differs(message)
            self._accounts[self._rule].advance(units)
        else:
            if told != self._next and self._recent and len(self._accounts) == 1:
                self._expand()
            for rule, account in self._accounts.items():
                _see(account, rule, message, whole)
            self._settle()
        if whole:
            due = self._accounts[self._rule].due
            self._next = -1 if due is None else due
            self._recent.append(message)
        else:
            self._next = -1
            self._recent.clear()

    @property
    def due(self) -> int | None:
        """Where the next message should begin; None where that is not known, or the rule is not."""
        return self._next if self._next >= 0 and len(self._accounts) == 1 else None

    @property
    def after(self) -> bool:
        """Whether a message's number is that after it."""
        return RULES[self._rule][0]

    def advance(self, units: int, latest: Iterable[tuple[int, int]]) -> None:
        """Takes messages of data that were due, whose latest had these numbers and records."""
        self._accounts[self._rule].advance(units)
        self._next = (self._next + units) % WORD
        for number, records in latest:
            message = number, records, 0
            self._sure = self._sure or self._differs(message)
            self._recent.append(message)

    def resolve(self, records: int, options: int) -> None:
        """Records of a set that was waiting for its template have been read."""
        for rule, account in self._accounts.items():
            account.resolve(records if RULES[rule][1] else records - options)

    @property
    def fresh(self) -> bool:
        """Whether no message has been seen yet."""
        return len(self._accounts) == 1 and self._accounts[self._rule].due is None

    @property
    def rule(self) -> int:
        """Which of the rules is told to others: one that was found out, until another one is.

        An exporter that sends to several collectors by turns leaves gaps by every rule.
        """
        return self._rule if self._sure else self._best()

    @property
    def told(self) -> Sequence:
        """The account by that rule."""
        return self._accounts[self.rule]

    @property
    def known_rule(self) -> int | None:
        """The rule, if it was found out."""
        return self._rule if self._sure else None

    @property
    def believed(self) -> Sequence:
        """The account by the rule that fits best."""
        return self._accounts[self._best()]

    @property
    def conflicts(self) -> int:
        """The most that any account tells, so that it never falls."""
        return max(account.conflicts for account in self._accounts.values())

    def _differs(self, message: _Message) -> bool:
        """Whether it has other units than the one before: then numbers fit by one rule only."""
        return bool(self._recent) and self._recent[-1][1:] != message[1:]

    def _best(self) -> int:
        def misfit(rule: int) -> tuple[int, int, int, bool, int]:
            account = self._accounts[rule]
            return account.restarts, account.late, account.lost, rule != self._rule, rule

        return min(self._accounts, key=misfit)

    def _expand(self) -> None:
        """Begins an account by each rule, and sees how the last messages fit it."""
        so_far = self._accounts[self._rule]
        recent = sum(_placed(self._rule, message)[1] for message in self._recent)
        for rule in range(len(RULES)):
            if rule != self._rule:
                account = self._accounts[rule] = so_far.branched(recent)
                for message in self._recent:
                    _see(account, rule, message, True)
        self._open = 0

    def _settle(self) -> None:
        if len(self._accounts) > 1:
            self._open += 1
            if self._open >= SETTLED_AFTER:
                self._rule, self._sure, conflicts = self._best(), True, self.conflicts
                self._accounts = {self._rule: self._accounts[self._rule]}
                self._accounts[self._rule].conflicts = conflicts


def _placed(rule: int, message: _Message) -> tuple[int, int]:
    """The number that a message begins at, and its units, by a rule."""
    ends, counted = RULES[rule]
    number, records, options = message
    units = records if counted else records - options
    return (number - units) % WORD if ends else number, units


def _see(account: Sequence, rule: int, message: _Message, whole: bool) -> None:
    begins, units = _placed(rule, message)
    if RULES[rule][0] and not whole:
        account.open()
    account.see(begins, units, whole=whole or RULES[rule][0])
