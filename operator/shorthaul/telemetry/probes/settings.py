"""The prober's settings; apart from it, so that the command line has them at little cost."""

from dataclasses import dataclass

from shorthaul.errors import BadInput

PORT = 8620
REPORT_PORT = 8621


@dataclass(frozen=True, slots=True)
class ProberSettings:
    """Whom to probe, how often, and where to answer; port 0 is any free one.

    A node sends `peers_per_round * probes_per_peer` probes in each round, however many nodes there
    are. The timeout is below a second because TCP sends a lost SYN again after one (RFC 6298): a
    probe that needed a second SYN is a loss, not a latency.
    """

    peers: tuple[str, ...] = ()
    node: str = ""
    address: str = "0.0.0.0"
    port: int = PORT
    report_port: int = REPORT_PORT
    round_seconds: float = 10.0
    peers_per_round: int = 10
    probes_per_peer: int = 3
    timeout_seconds: float = 0.9
    kept_seconds: float = 900.0

    def __post_init__(self) -> None:
        if not self.timeout_seconds < self.round_seconds:
            raise BadInput(
                f"--timeout-seconds is {self.timeout_seconds:g}, it has to be below "
                f"--round-seconds ({self.round_seconds:g})"
            )
        if not self.round_seconds <= self.kept_seconds:
            raise BadInput(
                f"--kept-seconds is {self.kept_seconds:g}, it has to be at least "
                f"--round-seconds ({self.round_seconds:g})"
            )
