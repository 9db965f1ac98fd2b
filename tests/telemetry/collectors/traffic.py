"""Traffic of known size as a capture file: TCP, UDP and ICMP over IPv4 and IPv6, seeded."""

import random
import socket
import struct
from collections import Counter

SECONDS = 1_750_000_000
HEAD = struct.pack("=IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65_535, 1)


def ethernet(kind, content):
    return bytes.fromhex("020000000002 020000000001") + struct.pack(">H", kind) + content


def checksum(data):
    words = sum(struct.unpack(f">{len(data) // 2}H", data))
    words = (words & 0xFFFF) + (words >> 16)
    return ~(words + (words >> 16)) & 0xFFFF


def ipv4(source, destination, protocol, payload):
    head = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(payload), 1, 0, 64, protocol, 0)
    head += socket.inet_aton(source) + socket.inet_aton(destination)
    return head[:10] + struct.pack(">H", checksum(head)) + head[12:] + payload


def ipv6(source, destination, protocol, payload):
    ends = socket.inet_pton(socket.AF_INET6, source) + socket.inet_pton(
        socket.AF_INET6, destination
    )
    return struct.pack(">IHBB", 6 << 28, len(payload), protocol, 64) + ends + payload


def segment(protocol, ports, size):
    if protocol == 6:
        return struct.pack(">HHIIBBHHH", *ports, 1, 1, 0x50, 0x10, 65_000, 0, 0) + bytes(size)
    return struct.pack(">HHHH", *ports, 8 + size, 0) + bytes(size)


def flows(seed=1, number=60, wide=True):
    """Keys of unidirectional flows in pairs: a request and its answer."""
    chance, found = random.Random(seed), []
    for at in range(number):
        if wide and at % 3 == 0:
            ends = f"2001:db8::{at + 1:x}", f"2001:db8:1::{at % 7 + 1:x}"
        else:
            ends = f"10.1.{at // 250}.{at % 250 + 1}", f"10.2.0.{at % 7 + 1}"
        protocol = chance.choice((6, 17))
        ports = 20_000 + at, chance.choice((80, 443, 5432))
        found.append((*ends, protocol, *ports))
        found.append((*ends[::-1], protocol, *ports[::-1]))
    return found


def packets(keys, seed=1, each=12):
    """Packets of flows, mixed, with their sizes at IP level: (key, size, bytes of the frame)."""
    chance = random.Random(seed)
    order = [key for key in keys for _ in range(chance.randrange(1, each))]
    chance.shuffle(order)
    for key in order:
        source, destination, protocol, *ports = key
        wide = ":" in source
        payload = segment(protocol, ports, chance.randrange(1_300))
        packet = (ipv6 if wide else ipv4)(source, destination, protocol, payload)
        yield key, len(packet), ethernet(0x86DD if wide else 0x0800, packet)


def write(path, keys, seed=1):
    """Writes a capture; the bytes and packets of each flow, as `running.by_pair` has them."""
    sums = Counter()
    with path.open("wb") as file:
        file.write(HEAD)
        for number, (key, size, frame) in enumerate(packets(keys, seed)):
            seconds, microseconds = divmod(number * 2_000, 1_000_000)
            head = SECONDS + seconds, microseconds, len(frame), len(frame)
            file.write(struct.pack("=IIII", *head) + frame)
            sums[key, "bytes"] += size
            sums[key, "packets"] += 1
    return sums
