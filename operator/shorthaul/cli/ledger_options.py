"""The options that the commands of `shorthaul ledger` share."""

from datetime import UTC, datetime

import click

from shorthaul.traffic.entries import EARLIEST_HOUR, HOUR_SECONDS, LATEST_HOUR

ledger = click.option(
    "--ledger",
    "-l",
    required=True,
    type=click.Path(),
    metavar="FILE",
    help="The ledger: one SQLite file (and up to three beside it, while it is in use).",
)


class Hour(click.ParamType[int]):
    """A full hour, in UTC unless it says otherwise; hours since the epoch."""

    name = "hour"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> int:
        """Reads it; minutes are wrong usage, and so are hours that no ledger takes."""
        try:
            moment = datetime.fromisoformat(str(value))
        except ValueError:
            self.fail(f"{value!r} is no time like 2026-01-31T08:00", param, ctx)
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC)
        hours, rest = divmod(moment.timestamp(), HOUR_SECONDS)
        if rest:
            self.fail(
                f"{value!r} is no full hour in UTC; the ledger counts by the hour", param, ctx
            )
        if not EARLIEST_HOUR <= hours <= LATEST_HOUR:
            self.fail(f"{value!r} is not from 2000 to 2100, as all in a ledger is", param, ctx)
        return int(hours)
