"""The page about the command line names every command and option, and its examples run."""

import re
import shlex

import click
import pytest

from cli.commands import OFFLINE, ROOT, shorthaul
from shorthaul.cli.main import COMMANDS, group

PAGE = (ROOT / "docs" / "command-line.md").read_text()
EXAMPLES = [
    line
    for line in (OFFLINE / "README.md").read_text().splitlines()
    if line.startswith("shorthaul ")
]


def commands(name):
    """A command by its words, and those inside of it."""
    command = group.get_command(click.Context(group), name)
    context = click.Context(command)
    inner = command.list_commands(context) if isinstance(command, click.Group) else ()
    each = {f"{name} {word}": command.get_command(context, word) for word in inner}
    return {name: command, **each}


EVERY = {name: command for first in COMMANDS for name, command in commands(first).items()}


def options_of(name):
    params = EVERY[name].params
    return [word for option in params for word in option.opts if word.startswith("-")]


@pytest.mark.parametrize("name", EVERY)
def test_every_command_and_option_is_on_the_page(name):
    assert f"`shorthaul {name}" in PAGE
    missing = [word for word in options_of(name) if not re.search(rf"{word}(?![\w-])", PAGE)]
    assert missing == []


def test_the_page_names_no_option_that_is_not_there():
    known = {word for name in EVERY for word in options_of(name)} | {"--help", "-h", "--version"}
    named = set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", PAGE))

    assert named - known == set()


def test_every_value_of_a_choice_is_on_the_page():
    for name, command in EVERY.items():
        for parameter in command.params:
            if isinstance(parameter.type, click.Choice) and name != "operator":
                assert all(str(choice) in PAGE for choice in parameter.type.choices)


@pytest.mark.parametrize("example", EXAMPLES)
def test_the_examples_run(example):
    outcome = shorthaul(*shlex.split(example)[1:])

    assert outcome.status == 0
    assert outcome.err == ""
