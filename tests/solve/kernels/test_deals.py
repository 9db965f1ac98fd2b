"""Dealing out: the kernel gives each vertex the part that a plain reading of the rule gives it."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from shorthaul.solve.kernels import library


def dealt_plainly(order, sizes, rows, left):
    first, neighbours, weights = rows
    left, found = left.copy(), np.full(len(sizes), -1, dtype=np.int64)
    for vertex in order.tolist():
        span = slice(first[vertex], first[vertex + 1])
        parts = found[neighbours[span]]
        pull = np.bincount(parts[parts >= 0], weights[span][parts >= 0], minlength=len(left))
        fits = left >= sizes[vertex] * 0.5
        best = np.flatnonzero(fits & (pull == pull[fits].max())) if fits.any() else slice(None)
        options = np.arange(len(left))[best]
        found[vertex] = options[np.argmax(left[options])]
        left[found[vertex]] -= sizes[vertex]
    return found


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 2**32 - 1), st.integers(1, 40), st.integers(1, 9))
def test_the_kernel_deals_like_its_plain_twin(seed, number, parts):
    random = np.random.default_rng(seed)
    degrees = random.integers(0, 6, number)
    first = np.concatenate([[0], np.cumsum(degrees)]).astype(np.int32)
    neighbours = random.integers(0, number, int(degrees.sum())).astype(np.int32)
    weights = random.integers(1, 4, len(neighbours)).astype(np.int32)
    sizes = random.integers(1, 20, number)
    left = random.integers(1, 4, parts) * float(sizes.sum()) / parts / 2
    order = np.argsort(-sizes, kind="stable")

    expected = dealt_plainly(order, sizes, (first, neighbours, weights), left)
    found = library.deal(order, sizes, (first, neighbours, weights), left.copy())
    assert found.tolist() == expected.tolist()
