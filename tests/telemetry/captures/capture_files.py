"""Capture files with datagrams of exporters, written as libpcap's forms say; and who listens."""

import contextlib
import socket
import struct
import threading
import time

from telemetry.collectors import traffic

MAGIC = {1_000_000: 0xA1B2C3D4, 1_000_000_000: 0xA1B23C4D}


def udp(source, port, payload):
    """An Ethernet frame with a datagram."""
    segment = struct.pack(">HHHH", port, 2055, 8 + len(payload), 0) + payload
    if ":" in source:
        return traffic.ethernet(0x86DD, traffic.ipv6(source, "2001:db8::1", 17, segment))
    return traffic.ethernet(0x0800, traffic.ipv4(source, "10.9.9.9", 17, segment))


def pcap(packets, order="<", units=1_000_000, link=1):
    """The old form; packets are (milliseconds, frame)."""
    content = struct.pack(f"{order}IHHiIII", MAGIC[units], 2, 4, 0, 0, 65_535, link)
    for moment, frame in packets:
        part = moment % 1_000 * (units // 1_000)
        content += struct.pack(f"{order}IIII", moment // 1_000, part, len(frame), len(frame))
        content += frame
    return content


def block(order, kind, body):
    body += bytes(-len(body) % 4)
    length = struct.pack(f"{order}I", 12 + len(body))
    return struct.pack(f"{order}I", kind) + length + body + length


def pcapng(packets, order="<", link=1):
    """The new form, with nanoseconds."""
    content = block(order, 0x0A0D0D0A, struct.pack(f"{order}IHHq", 0x1A2B3C4D, 1, 0, -1))
    options = struct.pack(f"{order}HHB3xHH", 9, 1, 9, 0, 0)
    content += block(order, 1, struct.pack(f"{order}HHI", link, 0, 0) + options)
    for moment, frame in packets:
        units = moment * 1_000_000
        head = struct.pack(f"{order}IIIII", 0, units >> 32, units & 0xFFFFFFFF, *[len(frame)] * 2)
        content += block(order, 6, head + frame)
    return content


class Listener:
    """What came to a UDP port: (milliseconds, source, port, data)."""

    def __init__(self):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
        self.socket.bind(("127.0.0.1", 0))
        self.socket.settimeout(0.2)
        self.udp_port = self.tcp_port = self.socket.getsockname()[1]
        self.heard, self._going = [], True
        self._thread = threading.Thread(target=self._listen)

    def _listen(self):
        quiet = 0
        while self._going or quiet < 3:
            try:
                data, (source, port) = self.socket.recvfrom(65_535)
            except TimeoutError:
                quiet += 1
                continue
            quiet = 0
            self.heard.append((time.time_ns() // 1_000_000, source, port, data))

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._going = False
        self._thread.join()
        self.socket.close()

    def frames(self, source=None):
        """All of it as captured frames, as if from another address where one is given."""
        return [(at, udp(source or who, port, data)) for at, who, port, data in self.heard]


@contextlib.contextmanager
def listening():
    with Listener() as listener:
        yield listener
