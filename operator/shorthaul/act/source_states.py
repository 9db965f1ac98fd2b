"""How far a source could see, as the traffic map tells it beside its edges."""

from shorthaul.telemetry.sources import Coverage, SourceHealth
from shorthaul.traffic.flows import NANOSECONDS
from shorthaul.traffic.graphs import SourceState


def state_of(health: SourceHealth, coverage: Coverage | None, now_seconds: float) -> SourceState:
    """Since the source was opened; what it cannot know is None, and no clock runs ahead of ours."""
    read = health.lines + health.lost_events
    newest = min(health.newest_nanoseconds / NANOSECONDS, now_seconds)
    return SourceState(
        coverage_share=_covered(coverage) if coverage else None,
        lost_share=health.lost_events / read if read else None,
        newest_seconds=newest or None,
    )


def _covered(coverage: Coverage) -> float | None:
    known = coverage.known
    return len(known & coverage.connected) / len(known) if known else None
