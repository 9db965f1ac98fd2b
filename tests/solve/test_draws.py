"""Draws are the same everywhere, and fair enough."""

from collections import Counter

from shorthaul.solve.draws import Draws


def test_the_stream_is_the_published_one_of_its_generator():
    draws = Draws(42, 54)

    published = [0xA15C02B7, 0x7B47F409, 0xBA1D3330, 0x83D2F293, 0xBFA4784B, 0xCBED606E]
    assert published == [draws.word() for _ in published]


def test_every_number_below_a_limit_comes_about_as_often():
    draws = Draws(7)
    counts = Counter(draws.below(5) for _ in range(5000))

    assert set(counts) == set(range(5))
    assert all(800 < count < 1200 for count in counts.values())


def test_shuffling_keeps_all_items():
    assert sorted(Draws(3).shuffled(range(20))) == list(range(20))
