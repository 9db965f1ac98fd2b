"""How the long-running commands write their logs: lines of text, or of JSON."""

import json
import logging
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import click


class _Line(logging.Formatter):
    """A log record as one line of JSON."""

    def format(self, record: logging.LogRecord) -> str:
        moment = datetime.fromtimestamp(record.created, UTC)
        told: dict[str, Any] = {
            "time": moment.isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if record.exc_info:
            told["error"] = self.formatException(record.exc_info)
        return json.dumps(told, ensure_ascii=False)


def options(command: Callable[..., int]) -> Callable[..., int]:
    """Adds `--log-format` and `--log-level`, which `start` takes."""
    form = click.option(
        "--log-format",
        type=click.Choice(["text", "json"]),
        default="text",
        show_default=True,
        help="how log lines look",
    )
    level = click.option(
        "--log-level",
        type=click.Choice(["debug", "info", "warning", "error"]),
        default="info",
        show_default=True,
        help="least level of log lines",
    )
    return form(level(command))


def start(form: str, level: str) -> None:
    """Sends log lines of at least a level to standard error."""
    handler = logging.StreamHandler()
    text = logging.Formatter("%(asctime)s %(levelname)-7s %(name)s: %(message)s")
    handler.setFormatter(_Line() if form == "json" else text)
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    for talkative in ("kopf", "aiohttp.access"):
        logging.getLogger(talkative).setLevel(logging.WARNING)
