"""`--flows a b` is the same as `--flows a --flows b`, wherever it stands."""

import click
import pytest

from shorthaul.cli import options
from shorthaul.cli.many_values import Command

HERE = __file__


def parsed(*words, pod=False):
    seen = {}
    parameters = [
        click.Option(["--detail"], is_flag=True),
        click.Option(["-o", "form"], type=click.Choice(["table", "json"])),
    ]
    command = Command("try", params=parameters, callback=lambda **given: seen.update(given))
    command = options.cluster(required=False)(options.flows(command))
    if pod:
        command.params.append(click.Argument(["pod"]))
    command.main(list(words), standalone_mode=False)
    return seen


@pytest.mark.parametrize(
    "words",
    [
        ("--cluster", "a", "b", "--flows", "f", "g"),
        ("--cluster", "a", "--flows", "f", "--cluster", "b", "--flows", "g"),
        ("--cluster=a", "b", "--flows=f", "--flows=g"),
        ("-c", "a", "b", "-f", "f", "g"),
        ("--flows", "f", "g", "--detail", "--cluster", "a", "b", "-o", "json"),
    ],
)
def test_values_in_a_row_and_repeated_options_are_the_same(words):
    found = parsed(*words)

    assert found["cluster"] == ("a", "b")
    assert found["flows"] == ("f", "g")


def test_a_value_of_another_option_is_not_swallowed():
    found = parsed("--flows", "f", "-o", "json", "--detail")

    assert (found["flows"], found["form"], found["detail"]) == (("f",), "json", True)


def test_a_dash_alone_is_a_value():
    assert parsed("--flows", "-", "f")["flows"] == ("/dev/stdin", "f")


def test_an_option_without_a_value_is_wrong_usage():
    with pytest.raises(click.UsageError, match="--flows needs at least one value"):
        parsed("--flows", "--detail")


@pytest.mark.parametrize(
    "words",
    [
        ("shop/cart-1", "--flows", HERE, HERE),
        ("--flows", HERE, HERE, "shop/cart-1"),
        ("--flows", HERE, HERE, "shop/cart-1", "--detail"),
        ("--flows", HERE, HERE, "--", "shop/cart-1"),
        ("--flows", HERE, HERE, "--detail", "shop/cart-1"),
        ("--flows", HERE, HERE, "-o", "json", "shop/cart-1"),
    ],
)
def test_the_argument_may_stand_anywhere(words):
    found = parsed(*words, pod=True)

    assert found["pod"] == "shop/cart-1"
    assert found["flows"] == (HERE, HERE)
