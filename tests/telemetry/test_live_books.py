"""Work on the shared book: a lock is held for as long as its thread goes on."""

import asyncio
import threading

import pytest

from shorthaul.telemetry.live_books import to_the_end


async def test_a_lock_outlives_the_thread_of_one_who_is_cancelled():
    lock, begun, go_on = asyncio.Lock(), threading.Event(), threading.Event()

    def work():
        begun.set()
        go_on.wait(60)

    async def hold():
        async with lock:
            await to_the_end(work)

    task = asyncio.create_task(hold())
    await asyncio.to_thread(begun.wait, 60)
    for _ in range(2):
        task.cancel()
        await asyncio.sleep(0.01)
        assert lock.locked()
    go_on.set()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert not lock.locked()


async def test_what_work_gives_and_raises_comes_through():
    assert await to_the_end(max, 1, 2) == 2
    with pytest.raises(ZeroDivisionError):
        await to_the_end(divmod, 1, 0)
