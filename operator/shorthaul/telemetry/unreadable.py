"""A source that cannot be read at all, and says why."""

from shorthaul.telemetry.sources import Coverage, SourceHealth, SourceReading


class Unreadable:
    """A source; it covers no node."""

    def __init__(self, why: str) -> None:
        """Store the reason."""
        self._why = why

    async def read(self) -> SourceReading:
        """Nothing."""
        return SourceReading(health=SourceHealth(troubles=(self._why,)), coverage=Coverage())

    def close(self) -> None:
        """Nothing to let go of."""
