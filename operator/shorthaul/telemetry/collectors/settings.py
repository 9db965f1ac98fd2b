"""The collector's settings; apart from it, so that the command line has them at little cost."""

from dataclasses import dataclass

from shorthaul.telemetry.netflow.limits import Limits


@dataclass(frozen=True, slots=True)
class CollectorSettings:
    """Where to listen and what to bear; UDP port 0 is any free one, TCP port 0 is none."""

    address: str = "0.0.0.0"
    udp_ports: tuple[int, ...] = (2055, 4739)
    tcp_port: int = 4739
    networks: tuple[str, ...] = ()
    receive_buffer_bytes: int = 32 << 20
    flush_seconds: float = 1.0
    template_seconds: float = Limits().template_seconds
