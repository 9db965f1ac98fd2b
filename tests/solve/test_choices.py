"""The compiled search where it was built, else the plain one; a plan names which."""

import pytest

from shorthaul.plan.planning import make_plan
from shorthaul.solve import choices, partitions
from shorthaul.solve.kernels import library
from shorthaul.solve.local_search import LocalSearch
from shorthaul.solve.searches import Search
from solve import chance_worlds


def test_without_the_library_the_plain_search_is_used(monkeypatch):
    monkeypatch.setattr(library, "NAME", "missing.so")

    assert isinstance(choices.best_solver(), LocalSearch)


@pytest.mark.skipif(not library.available(), reason="the kernels were not compiled")
def test_with_the_library_the_compiled_search_is_used():
    assert isinstance(choices.best_solver(), Search)


def test_a_plan_names_what_searched_for_it():
    plain = make_plan(chance_worlds.request(4, solver=LocalSearch(2, 50)))

    assert plain.inputs["engine"] == "plain/1"
    assert choices.engine(Search()) == "native/2" + partitions.version()
