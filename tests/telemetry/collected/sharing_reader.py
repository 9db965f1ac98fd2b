"""A program: reads the collectors of collectors.test as the operator does, until all is told.

`PORT LEDGER NUMBER ADDRESS...`: says when so many exporters have been heard. Ends some seconds
after what came and what is declared lost are as many units as a line of its input says, and prints
what it has then.
"""

import asyncio
import json
import sys
import time
from dataclasses import replace
from pathlib import Path

from shorthaul.store import connections
from shorthaul.telemetry.collected.clients import Place
from telemetry.collected.surroundings import World, pods_at

PATIENCE_SECONDS, WAIT_SECONDS, QUIET_SECONDS = 4, 60, 4


async def read(port: int, ledger: str, number: int, addresses: list[str]) -> dict[str, object]:
    world = World(pods_at(addresses), ago_seconds=3_600)
    source = world.source(Place("collectors.test", port), ledger=Path(ledger))
    source._roster.grid = replace(source._roster.grid, patience_seconds=PATIENCE_SECONDS)
    end, quiet_since, troubles, volumes = time.monotonic() + WAIT_SECONDS, 0.0, set(), {}
    sending = asyncio.create_task(asyncio.to_thread(sys.stdin.readline))
    print("reading", flush=True)
    while time.monotonic() < end:
        reading = await source.read()
        troubles |= set(reading.health.troubles)
        volumes |= {each.start_seconds: each for each in reading.volumes}
        accounts = source._state.memory.accounts
        total = accounts.total
        if number and len({key[:2] for key in accounts._known}) >= number:
            print("heard", flush=True)
            number = 0
        if not sending.done() or sum(total) < int(sending.result()):
            quiet_since = 0.0
        elif not quiet_since:
            quiet_since = time.monotonic()
        elif time.monotonic() - quiet_since > QUIET_SECONDS:
            break
        await asyncio.sleep(0.05)
    source.close()
    return {
        "received": total.received,
        "lost": total.lost,
        "lost_events": reading.health.lost_events,
        "records": reading.health.lines,
        "refused": reading.health.bad_lines,
        "bytes": sum(each.billed_bytes + each.left_bytes for each in volumes.values()),
        "complete": {each.start_seconds: each.complete for each in volumes.values()},
        "troubles": sorted(troubles),
    }


def main() -> None:
    port, ledger, number, *addresses = sys.argv[1:]
    found = asyncio.run(read(int(port), ledger, int(number), addresses))
    with connections.reading(ledger) as connection:
        (found["ledger"],) = connection.execute("SELECT sum(bytes) FROM balances").fetchone()
        (found["streams"],) = connection.execute("SELECT count(*) FROM streams").fetchone()
    print(json.dumps(found))


if __name__ == "__main__":
    main()
