"""The collector's settings; apart from it, so that the command line has them at little cost."""

from dataclasses import dataclass

from shorthaul.telemetry.netflow.limits import Limits

LARGEST_WINDOW_BYTES = 32 << 20
LEAST_WINDOWS = 4
"""No window takes more than this part of the room, so that some are always left."""


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


@dataclass(frozen=True, slots=True)
class PeerSettings:
    """Who shares exporters with this collector: every address of these hosts' names is one.

    Without a folder of certificates they speak in the clear. When its files change, connections by
    those of before stand for `renew_seconds` at most.
    """

    places: tuple[str, ...] = ()
    port: int = 9_996
    name: str = ""
    tls_folder: str = ""
    renew_seconds: int = 120


@dataclass(frozen=True, slots=True)
class SpoolRules:
    """How long windows are, and how much is kept; so many windows that their list stays small."""

    window_seconds: int = 60
    kept_bytes: int = 1 << 30
    kept_windows: int = 10_000

    @property
    def largest_window_bytes(self) -> int:
        """From when on a window is closed before its time."""
        return min(LARGEST_WINDOW_BYTES, self.kept_bytes // LEAST_WINDOWS)
