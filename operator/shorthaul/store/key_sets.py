"""Which keys were counted, by hour: looked up in memory, appended to the file in whole parts.

A table with one row per key would write a page of the file for nearly each of them; a part is one
value per hour and transaction. At most `KEYS_IN_MEMORY` keys are held, hour by hour; what was let
go is read again when its hour comes up again.
"""

import sqlite3
from collections.abc import Collection, Mapping

from shorthaul.store.intakes import KEY_BYTES

KEYS_IN_MEMORY = 4_000_000


class KeySets:
    """The keys of the hours that were asked for lately."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._hours: dict[int, set[bytes]] = {}

    def of(self, hour: int) -> set[bytes]:
        """All keys of an hour; not to be changed by who asks."""
        found = self._hours.pop(hour, None)
        if found is None:
            found = self._read(hour)
        self._hours[hour] = found  # the latest asked for is the last to be let go
        return found

    def write(self, fresh: Mapping[int, Collection[bytes]]) -> None:
        """Appends new keys to the file, within the caller's transaction."""
        for hour, keys in fresh.items():
            if keys:
                self._connection.execute(
                    "INSERT INTO keys SELECT ?1, coalesce(max(part) + 1, 0), ?2"
                    " FROM keys WHERE hour = ?1",
                    (hour, b"".join(keys)),
                )

    def remember(self, fresh: Mapping[int, Collection[bytes]]) -> None:
        """Takes over what was committed."""
        for hour, keys in fresh.items():
            if hour in self._hours:
                self._hours[hour].update(keys)
        held = sum(map(len, self._hours.values()))
        while held > KEYS_IN_MEMORY and len(self._hours) > 1:
            held -= len(self._hours.pop(next(iter(self._hours))))

    def _read(self, hour: int) -> set[bytes]:
        parts = self._connection.execute("SELECT keys FROM keys WHERE hour = ?", (hour,))
        return {
            part[place : place + KEY_BYTES]
            for (part,) in parts
            for place in range(0, len(part), KEY_BYTES)
        }
