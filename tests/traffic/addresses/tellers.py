"""Short ways to tell of addresses, and a truth to hold the book against."""

from dataclasses import dataclass

from hypothesis import strategies as st

from shorthaul.traffic.addresses.bills import Transfer
from shorthaul.traffic.addresses.books import Book, BookRules
from shorthaul.traffic.addresses.claims import Claim, Release
from shorthaul.traffic.addresses.parties import Address, pod_party, read_address
from shorthaul.units import Namespace, PodRef, Uid

EXACT = BookRules(slack_milliseconds=0, settle_milliseconds=0)
ADDRESS = read_address("10.42.1.7")
OTHER = read_address("10.42.1.8")
PEER = read_address("10.42.9.9")


def party(name):
    return pod_party(PodRef(Namespace("shop"), name))


def claim(name, not_before, seen, address=ADDRESS):
    return Claim(address, Uid(name), not_before, seen, party(name))


def release(name, not_before, seen, address=ADDRESS):
    return Release(address, Uid(name), not_before, seen)


def book(*facts, rules=EXACT, began=0, known=10**6, ranges=None):
    made = Book(rules, began, ranges)
    made.tell(facts)
    made.know(known)
    return made


def transfer(first, last, source=ADDRESS, destination=PEER, size=100, packets=1):
    return Transfer(source, destination, first, last, size, packets)


@dataclass(frozen=True)
class Stay:
    """Who really held an address, from the first millisecond to before the last."""

    name: str
    address: Address
    start: int
    end: int


@dataclass(frozen=True)
class World:
    """A truth, what was told of it, and transfers that really were between its pods."""

    stays: tuple
    facts: tuple
    transfers: tuple
    senders: tuple

    def overlapping(self, transfer):
        """The pods that held the source's address at some time of the transfer's."""
        return {
            party(stay.name)
            for stay in self.stays
            if stay.address == transfer.source
            and stay.start <= transfer.last_milliseconds
            and stay.end > transfer.first_milliseconds
        }


@st.composite
def worlds(draw, slack=3, settle=40):
    """Pods that have two addresses in turns, sometimes at once after each other.

    Each clock (the kubelets', ours, the exporters') is ahead by up to the slack; what is seen is
    seen up to `settle` late, even after the address has gone on.
    """
    small, delays = st.integers(0, 12), st.sampled_from((0, 1, 9, settle - slack))
    kubelet, ours, exporter = (draw(st.integers(0, slack)) for _ in range(3))
    stays, facts, transfers, senders = [], [], [], []
    for address in (ADDRESS, OTHER):
        now = 100 + draw(small)
        for number in range(draw(st.integers(1, 4))):
            stay = Stay(f"{address[-1]}-{number}", address, now, now + 1 + draw(small) * 4)
            now = stay.end + draw(st.sampled_from((0, 0, 1, 9)))
            stays.append(stay)
            began = stay.start - draw(small) + kubelet
            seen = stay.start + draw(delays) + ours
            facts.append(Claim(address, Uid(stay.name), began, seen, party(stay.name)))
            ended = max(stay.start, stay.end - draw(small)) + kubelet
            gone = max(seen, stay.end + draw(delays) + ours)
            facts.append(Release(address, Uid(stay.name), ended, gone))
            for _ in range(draw(st.integers(0, 3))):
                first = draw(
                    st.sampled_from((stay.start, (stay.start + stay.end) // 2, stay.end - 1))
                )
                last = draw(st.integers(first, stay.end - 1))
                size = draw(st.integers(0, 2**64 - 1))
                transfers.append(
                    Transfer(address, PEER, first + exporter, last + exporter, size, 1)
                )
                senders.append(party(stay.name))
    peer = Claim(PEER, Uid("peer"), 0, 50, party("peer"))
    return World(tuple(stays), (peer, *facts), tuple(transfers), tuple(senders))
