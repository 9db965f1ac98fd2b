"""The smoke run's checks hold for what a narrow link does, and for nothing else."""

from dataclasses import replace

import pytest

from realnodes import smokes

NEAR = smokes.Felt(bytes_per_second=2.0e6, median_milliseconds=1.0, failures=0)
FAR = smokes.Felt(bytes_per_second=1.18e6, median_milliseconds=168.0, failures=0)
APART = smokes.Window(NEAR, FAR, crossed_bytes_per_second=1.22e6)
TOGETHER = smokes.Window(NEAR, NEAR, crossed_bytes_per_second=300.0)


def test_a_narrow_link_that_only_the_far_client_feels_passes():
    smokes.check_apart(APART)
    smokes.check_together(APART, TOGETHER)


@pytest.mark.parametrize(
    ("found", "told"),
    [
        (replace(APART, near=replace(NEAR, failures=1)), "requests failed"),
        (replace(APART, far=replace(FAR, median_milliseconds=20.0)), "a far request took 20.0 ms"),
        (replace(APART, near=replace(NEAR, median_milliseconds=160.0)), "is not nearer"),
        (replace(APART, crossed_bytes_per_second=0.5e6), "carried 0.42 of what"),
        (
            replace(APART, far=replace(FAR, bytes_per_second=2e6), crossed_bytes_per_second=2e6),
            "carried more than its 1250000 bytes/s",
        ),
    ],
)
def test_anything_else_fails_with_its_numbers(found, told):
    with pytest.raises(smokes.Failed, match=told):
        smokes.check_apart(found)


@pytest.mark.parametrize(
    ("found", "told"),
    [
        (replace(TOGETHER, far=replace(NEAR, failures=2)), "failed after the move"),
        (replace(TOGETHER, crossed_bytes_per_second=0.5e6), "did not fall: 1220000 to 500000"),
        (replace(TOGETHER, far=replace(NEAR, median_milliseconds=90.0)), "take 90.0 ms"),
    ],
)
def test_a_move_that_is_not_felt_fails(found, told):
    with pytest.raises(smokes.Failed, match=told):
        smokes.check_together(APART, found)
