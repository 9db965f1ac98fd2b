"""A feed of latencies that asks nobody: what it would be told is handed to it."""

from random import Random

from shorthaul.act.latencies import LatencyFeed


def resting(topology, ground):
    """A feed that has looked at a Topology, and reads no more."""
    made = LatencyFeed(Random(1), sweep_seconds=1e9)
    made.observe(topology, lambda: ground, 0.0)
    made.close()
    return made


def taken(feed, found, now, reckoned):
    """What the feed makes of a sweep; as if it had ended at that time."""
    watch = feed._watch
    watch.take(found, reckoned(found, watch.reckoning.times, now))
