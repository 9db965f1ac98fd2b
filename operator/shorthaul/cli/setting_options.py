"""Options that are settings of a long-running process, all in one form."""

from collections.abc import Callable
from typing import Any, TypeVar

import click

_Command = TypeVar("_Command", bound=Callable[..., Any])


def setting(
    name: str, default: object, text: str, kind: click.ParamType[Any] | None = None
) -> Callable[[_Command], _Command]:
    """The option of one setting, named as it is, of its default's type; `kind` bounds it more."""
    return click.option(
        "--" + name.replace("_", "-"),
        name,
        type=kind or type(default),
        default=default,
        show_default=default != "",
        help=text,
    )
