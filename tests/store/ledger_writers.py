"""A process that writes a ledger until it is done or killed: `python -m store.ledger_writers`.

    LEDGER FIRST AFTER SIZE [POSITIONS]

It gives the drawn entries of these numbers in batches, a file's worth by keys or by positions, and
always begins at the beginning, as a reader that kept nothing in mind does. For each batch that was
committed it writes a line, so that whoever kills it can choose the moment; "refusing" and the one
line where the disk takes no more.
"""

import sys

from shorthaul.store.connections import Refusing
from shorthaul.store.ledgers import Ledger
from shorthaul.traffic.entries import Batch
from store.ledger_worlds import drawn, numbered


def main():
    path, first, after, size = sys.argv[1], *map(int, sys.argv[2:5])
    with_positions = "POSITIONS" in sys.argv
    counted = 0
    with Ledger(path) as ledger:
        for begin in range(first, after, size):
            entries = tuple(map(drawn, range(begin, min(begin + size, after))))
            batch = numbered(begin, entries) if with_positions else Batch("file", entries)
            try:
                counted += ledger.take([batch]).counted
            except Refusing as error:
                print(f"refusing {counted} {ledger.refusing == str(error)} {error}", flush=True)
                return 3
            print(f"counted {counted}", flush=True)
    print("done", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
