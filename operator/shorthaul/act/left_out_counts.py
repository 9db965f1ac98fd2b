"""Tells in metrics what found no window and what the address book came too late for.

Who refuses it counts it, purely and since the start; here that becomes metrics, which are told by
how much they grow. Reasons are few and fixed, so there are as many series whoever sends what.
"""

from collections import Counter
from collections.abc import Iterable, Mapping

from shorthaul import metrics
from shorthaul.cluster.holders import Holders
from shorthaul.telemetry.sources import SourceReading
from shorthaul.traffic.recorders import Recorder
from shorthaul.traffic.volume_recorders import VolumeRecorder


class LeftOut:
    """What was told of each count until now."""

    def __init__(self) -> None:
        """Nothing was."""
        self._told: Counter[str] = Counter()

    def tell(
        self, recorder: Recorder, volumes: Iterable[VolumeRecorder], holders: Holders | None
    ) -> None:
        """Brings the metrics up to the counts."""
        events = {
            "late": recorder.late_events,
            "early": recorder.early_events,
            "first window": recorder.partial_events,
        }
        for reason, count in events.items():
            metrics.UNPLACED_EVENTS.labels(reason).inc(self._grown(f"events {reason}", count))
        windows: Counter[str] = Counter()
        for each in volumes:
            windows.update(each.refused)
        for reason, count in windows.items():
            metrics.REFUSED_WINDOWS.labels(reason).inc(self._grown(f"windows {reason}", count))
        if holders is not None:
            news = {"late": holders.late_facts, "dropped": holders.dropped_news}
            for outcome, count in news.items():
                metrics.ADDRESS_NEWS.labels(outcome).inc(self._grown(f"news {outcome}", count))

    def _grown(self, name: str, count: int) -> int:
        grown = max(0, count - self._told[name])
        self._told[name] += grown
        return grown


def weightless(reading: SourceReading) -> Mapping[str, int]:
    """Lines or messages of a source since it was opened that carry no weight, by outcome."""
    return {
        "ignored": sum(reading.ignored.values()),
        "leftover": sum(leftover.records for leftover in reading.leftovers),
    }
