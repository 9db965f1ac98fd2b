"""The operator's settings: one value, checked once, named like its command line options.

Everything that has to do with time is here, down to seconds, and is shown in the status of the
policies that it applies to. What a user may set per policy is in the AffinityPolicy instead.
"""

import platform
from dataclasses import dataclass

from shorthaul.errors import BadInput

MOST_MAP_EDGES = 10_000


@dataclass(frozen=True, slots=True)
class Settings:
    """Times in seconds, lengths of windows in windows; see `shorthaul operator --help`."""

    namespace: str = "shorthaul-system"
    probe_namespace: str = "shorthaul-probe"
    identity: str = ""
    kubeconfig: str = ""
    window_seconds: float = 60.0
    half_life_windows: float = 10.0
    kept_windows: int = 30
    persistence_windows: int = 5
    verification_windows: int = 3
    least_gain_percent: float = 5.0
    cluster_concurrent: int = 5
    landing_seconds: float = 300.0
    hint_margin_seconds: float = 1.0
    approval_seconds: float = 900.0
    history_seconds: float = 86400.0
    tick_seconds: float = 1.0
    lease_seconds: float = 15.0
    renew_seconds: float = 10.0
    retry_seconds: float = 2.0
    unready_nodes_percent: float = 20.0
    solve_seconds: float = 120.0
    latency_seconds: float = 30.0
    seed: int = 0
    map_edges: int = 100
    ledger: str = ""
    settle_seconds: float = 30.0
    health_port: int = 8080
    metrics_port: int = 9090
    address: str = "0.0.0.0"

    def __post_init__(self) -> None:
        if not self.identity:
            object.__setattr__(self, "identity", platform.node())
        for name in (
            "window_seconds",
            "half_life_windows",
            "tick_seconds",
            "landing_seconds",
            "latency_seconds",
        ):
            self._require(name, getattr(self, name) > 0, "above 0")
        self._require("map_edges", 0 <= self.map_edges <= MOST_MAP_EDGES, f"0 to {MOST_MAP_EDGES}")
        self._require("settle_seconds", 0 <= self.settle_seconds <= 120, "0 to 120")
        self._require("hint_margin_seconds", self.hint_margin_seconds >= 0, "at least 0")
        for name in ("persistence_windows", "verification_windows", "cluster_concurrent"):
            self._require(name, getattr(self, name) >= 1, "at least 1")
        self._require(
            "kept_windows",
            self.kept_windows >= max(self.persistence_windows, self.verification_windows),
            f"at least {max(self.persistence_windows, self.verification_windows)} windows",
        )
        self._require(
            "lease_seconds",
            self.lease_seconds > self.renew_seconds > self.retry_seconds > 0,
            "above --renew-seconds, and that above --retry-seconds",
        )
        self._require("least_gain_percent", 0 <= self.least_gain_percent <= 100, "0 to 100")

    def _require(self, name: str, holds: bool, wanted: str) -> None:
        if not holds:
            option = "--" + name.replace("_", "-")
            raise BadInput(f"{option} is {getattr(self, name)}, it has to be {wanted}")
