"""Limits of settings that others rely on."""

import pytest

from shorthaul.errors import BadInput
from shorthaul.settings import Settings


@pytest.mark.parametrize("seconds", [-1.0, 120.1])
def test_news_of_addresses_is_not_waited_for_longer_than_a_window_can_wait(seconds):
    assert Settings(settle_seconds=120.0).settle_seconds == 120.0
    with pytest.raises(BadInput, match=r"--settle-seconds is .*, it has to be 0 to 120"):
        Settings(settle_seconds=seconds)
