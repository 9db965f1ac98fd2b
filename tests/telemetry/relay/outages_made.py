"""A Relay that goes away and comes back, in simulated time, and all of ours that reads it.

Made are the channel, its streams and answers, and the agents' ring buffers behind them. Real are
the source with all its parts, the feed, the recorder and the averages. Minutes of an
outage take a second that way, and what there was to read is known to the flow.
"""

import asyncio
import random
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

import grpc
import msgspec

from shorthaul.act import feeds
from shorthaul.api.flowsources import FlowSource
from shorthaul.telemetry.relay import channels, links
from shorthaul.telemetry.relay.channels import Server
from shorthaul.telemetry.relay.hubble_relay import HubbleRelay
from shorthaul.telemetry.relay.messages import enum_names, message_class
from shorthaul.traffic.attribution import attribute
from shorthaul.traffic.flows import NANOSECONDS
from shorthaul.traffic.identities import Directory, PodIdentity
from shorthaul.traffic.windows import Window, WindowRules, observations_of
from shorthaul.units import NodeName
from telemetry import export_lines
from telemetry.relay.messages_made import response
from worlds import builders

START = export_lines.START_SECONDS
NODES = tuple(NodeName(f"n{number}") for number in range(1, 7))
PODS = tuple(builders.reference(f"p{number}-1") for number in range(1, 7))
PAIRS = tuple(
    (first, (first + step) % len(NODES)) for first in range(len(NODES)) for step in (1, 2)
)
"""Who asks whom: the pod of each node those of the next two, in a ring."""
WINDOW_SECONDS = 10
RULES = WindowRules(
    window_seconds=WINDOW_SECONDS,
    lateness_seconds=5,
    kept_windows=30,
    half_life_windows=3.0,
    stale_windows=30,
)
LEAST_SHARE = 0.93
"""Of what a node saw in a window; a window in which less was read is not whole."""
SPEC = {"type": "HubbleRelay", "hubbleRelay": {"address": "relay:80"}}


@dataclass(frozen=True, slots=True)
class Outage:
    """When the Relay is gone, in seconds, and what its world is like.

    `rate` is of flows/s each way of each pair, `capacity` of flows in a ring buffer; a node is read
    with at most `speed` flows/s, and listed so many seconds after the Relay is back.
    """

    gone: int
    back: int
    end: int = 260
    rate: float = 0.5
    capacity: int = 50
    speed: int = 1_000_000
    unlisted_seconds: int = 0

    def is_up(self, now):
        """Whether the Relay is there."""
        return not self.gone <= now < self.back


class Agents:
    """All that nodes see until the end, and what their ring buffers hold of it."""

    def __init__(self, outage):
        self.capacity = outage.capacity
        found = {node: [] for node in NODES}
        dice = random.Random(1)
        for client, server in PAIRS:
            for reply, node in ((False, NODES[server]), (True, NODES[client])):
                line = export_lines.line(
                    str(PODS[client]), str(PODS[server]), node=node, reply=reply, uuid=""
                )
                found[node] += _arrivals(line, outage, dice)
        self._flows = {node: sorted(flows) for node, flows in found.items()}
        self._times = {node: [at for at, _ in flows] for node, flows in self._flows.items()}
        self.by_window = Counter(
            (node, _window(at)) for node, times in self._times.items() for at in times
        )

    def seen(self, node, now):
        """How many flows a node has seen by now."""
        return bisect_right(self._times[node], now)

    def first(self, node, since, now):
        """The number of the first flow since then that is still in the ring buffer."""
        return max(bisect_left(self._times[node], since), self.seen(node, now) - self.capacity)

    def flows(self, node, begin, end):
        """Flows by number, each with its time."""
        return self._flows[node][begin:end]


def _arrivals(line, outage, dice):
    """Flows that are all like this line but for their time and id, as they happen to come."""
    made, at, arrived = response(line), dice.expovariate(outage.rate), []
    while at < outage.end:
        made.flow.uuid = f"{dice.getrandbits(64):016x}"
        for told in (made.time, made.flow.time):
            told.seconds, told.nanos = START + int(at), int(at % 1 * NANOSECONDS)
        arrived.append((at, made.SerializeToString()))
        at += dice.expovariate(outage.rate)
    return arrived


def _window(at):
    return int(at // WINDOW_SECONDS)


class Gone(grpc.RpcError):
    """What a Relay that is not there answers."""

    def code(self):
        """As gRPC says it."""
        return grpc.StatusCode.UNAVAILABLE

    def details(self):
        """Some text."""
        return "connection refused"


class Relay:
    """Stands for `channels`, and for the channel that it gives; `now` is what time it is."""

    def __init__(self, outage):
        self.outage, self.agents = outage, Agents(outage)
        self.now = 0

    def clock(self):
        """The time as the source is told."""
        return START + self.now

    @property
    def is_up(self):
        """Whether it is there now."""
        return self.outage.is_up(self.now)

    def connect(self, _server):
        """A channel, which connects when it is first used."""
        return self

    def stream(self, _channel, _method, request):
        """The flows since a time."""
        since = message_class("observer.GetFlowsRequest").FromString(request).since
        return FlowStream(self, since.seconds + since.nanos / NANOSECONDS - START)

    def ask(self, *_):
        """Who is connected."""
        return Answer(self)

    def close(self):
        """Closes nothing: a channel ends with its streams."""


class FlowStream:
    """A stream of flows that ends when the Relay goes, with nothing left behind it."""

    waiting_bytes = 0
    error = Gone()

    def __init__(self, relay, since):
        self._relay, self._since = relay, since
        self._opened, self._refused = relay.now, not relay.is_up
        self._read = dict[NodeName, int]()
        self._taken = self._opened

    def start(self):
        """Begins to read."""
        return self

    def close(self):
        """Ends the call."""

    @property
    def ended(self):
        """Whether the Relay has gone since the stream was opened, or was not there then."""
        return self._cut and self._relay.now > self._opened

    @property
    def _cut(self):
        return self._refused or self._opened < self._relay.outage.gone <= self._relay.now

    def take(self, _most):
        """What has come since it was last taken, in order of time."""
        if self._cut:
            return []
        found = [flow for node in NODES for flow in self._come(node)]
        self._taken = self._relay.now
        return [message for _, message in sorted(found)]

    def _come(self, node):
        relay = self._relay
        seen, room = relay.agents.seen(node, relay.now), relay.outage.speed * self._seconds
        begin = self._read.setdefault(node, relay.agents.first(node, self._since, relay.now))
        self._read[node] = min(seen, begin + room)
        return relay.agents.flows(node, begin, self._read[node])

    @property
    def _seconds(self):
        return self._relay.now - self._taken


class Answer:
    """What a poll for nodes comes to in the next second."""

    def __init__(self, relay):
        self._relay, self._asked = relay, relay.now

    def done(self):
        """Whether it is there."""
        return self._relay.now > self._asked

    def exception(self):
        """Why it is none."""
        return None if self._relay.is_up else Gone()

    def result(self):
        """All nodes, connected; none while a young Relay does not list them yet."""
        relay, made = self._relay, message_class("observer.GetNodesResponse")()
        outage = relay.outage
        if outage.back <= relay.now < outage.back + outage.unlisted_seconds:
            return made
        states = {name: number for number, name in enum_names("relay.NodeState").items()}
        for node in NODES:
            seen = relay.agents.seen(node, relay.now)
            kept = min(outage.capacity, seen)
            state = states["NODE_CONNECTED"]
            made.nodes.add(name=node, state=state, seen_flows=seen, num_flows=kept)
        return made

    def cancel(self):
        """Nobody waits for it."""


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of traffic after windows were closed: its rate, as a share of the true one."""

    at: int
    usable: bool
    covered: bool
    share: float


@dataclass(slots=True)
class Story:
    """What came of an outage."""

    outage: Outage
    seen: Mapping[tuple[NodeName, int], int]
    windows: list[Window] = field(default_factory=list)
    known: list[Known] = field(default_factory=list)
    covered: list[int] = field(default_factory=list)

    @property
    def partial(self):
        """Nodes' windows that are taken for whole though flows are missing from them."""
        return [
            (number * WINDOW_SECONDS, node, lines, self.seen[node, number])
            for window in self.windows
            if window.usable
            for number in [_window(window.start_seconds - START)]
            for node in NODES
            if node not in window.blind
            for lines in [window.observers[node].lines if node in window.observers else 0]
            if lines < LEAST_SHARE * self.seen[node, number]
        ]

    @property
    def shares(self):
        """What was known once the Relay was back, where anything was; as shares of the truth."""
        return [
            each.share
            for each in self.known
            if each.at > self.outage.back and each.covered and each.usable and each.share
        ]

    @property
    def covered_while_gone(self):
        """Seconds in which nodes were taken for covered by a Relay that was not there."""
        return [at for at in self.covered if not self.outage.is_up(at)]


def follow(outage, monkeypatch):
    """Reads a Relay each second from before it goes until after it is back."""
    relay = Relay(outage)
    for name in ("connect", "stream", "ask"):
        monkeypatch.setattr(channels, name, getattr(relay, name))
    monkeypatch.setattr(links, "Stream", lambda call: call)
    source = HubbleRelay(Server("relay:80"), kept_seconds=310, clock=relay.clock)
    monkeypatch.setattr(feeds, "open_source", lambda *_: source)
    story = Story(outage, relay.agents.by_window)
    asyncio.run(_read(relay, feeds.Feed(RULES, START), story))
    return story


async def _read(relay, feed, story):
    wanted = msgspec.convert({"metadata": {"name": "relay"}, "spec": SPEC}, FlowSource)
    nodes = frozenset(NODES)
    while relay.now < relay.outage.end:
        closed = await feed.observe([wanted], relay.clock(), nodes)
        covered = feed.uncovered(nodes) is None
        if covered:
            story.covered.append(relay.now)
        if closed:
            story.windows += closed
            share = _rate(feed) / (2 * len(PAIRS) * relay.outage.rate)
            story.known.append(Known(relay.now, closed[-1].usable, covered, share))
        relay.now += 1


def _rate(feed):
    """Flows/s of all edges of the map that would be planned upon."""
    directory = Directory(
        {
            pod: PodIdentity(builders.workload_reference(f"p{number}"), node)
            for number, (pod, node) in enumerate(zip(PODS, NODES, strict=True), 1)
        }
    )
    seen = observations_of(tuple(feed.recorder.windows), RULES, directory)
    return sum(edge.rate for edge in attribute(seen, directory).edges)
