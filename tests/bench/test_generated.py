"""A generator from outside becomes a world whose figures are its own."""

import numpy as np
import pytest

from benchmarks import bytedance, catalogue, generated, posing, scorers
from shorthaul.errors import BadInput

GENERATOR = """
import numpy as np

def generate(pods, seed, pods_per_node):
    return dict(
        N=3, rack=np.array([0, 0, 1]), zone=np.array([0, 0, 1]), npool=np.array([0, 1, 0]),
        nrep=np.array([2, 1]), req=np.array([[0.5, 1.0, 1.0], [0.1, 0.2, 1.0]]),
        cap=np.array([[1.0, 4.0, 9.0]] * 3), allow=np.array([3, 1]),
        maxn=np.array([1, 1 << 20]), maxz=np.array([1 << 20, 1]),
        src=np.array([0]), dst=np.array([1]), w=np.array([1.0]), init=np.array(INIT),
    )
"""


def _named(tmp_path, monkeypatch, text):
    file = tmp_path / "gen.py"
    file.write_text(text)
    monkeypatch.setenv(generated.VARIABLE, str(file))
    return file


def test_rooms_reach_limits_and_places_are_those_that_were_drawn(tmp_path, monkeypatch):
    _named(tmp_path, monkeypatch, GENERATOR.replace("INIT", "[0, 2, 0]"))

    world = generated.draw("research-1k", 7)

    assert world.name == "research-1k-7"
    assert world.open[world.classes].tolist() == [[True, True, True], [True, False, True]]
    assert world.requests[0, 0] * 2 == world.room[0, 0]
    assert world.most_per_node[0] == 1
    assert world.most_per_node[1] > 1 << 20
    problem = posing.pose(world, "uniform")
    found = scorers.score(problem, problem.start)
    assert found.shares["host"] == pytest.approx(0.5)
    assert found.shares["zone"] == 0.0
    assert found.broken == ()


def test_a_start_that_does_not_fit_is_told(tmp_path, monkeypatch):
    _named(tmp_path, monkeypatch, GENERATOR.replace("INIT", "[0, 2, 1]"))

    with pytest.raises(BadInput, match="research-1k-7: its first placement breaks its own rules"):
        generated.draw("research-1k", 7)


def test_a_file_without_the_function_is_told(tmp_path, monkeypatch):
    _named(tmp_path, monkeypatch, "other = 1\n")

    with pytest.raises(BadInput, match=r"has no function generate\(pods, seed, pods_per_node\)"):
        generated.draw("research-1k", 1)


def test_without_the_file_the_world_is_told_to_be_missing(tmp_path, monkeypatch):
    monkeypatch.setenv(generated.VARIABLE, str(tmp_path / "none.py"))

    with pytest.raises(bytedance.NoData, match=generated.VARIABLE):
        catalogue.prepare("research-1k", 2**40)


def test_nothing_is_written_beside_the_generator(tmp_path, monkeypatch):
    file = _named(tmp_path, monkeypatch, GENERATOR.replace("INIT", "[0, 2, 0]"))

    world = generated.draw("research-1k", 1)

    assert [one.name for one in tmp_path.iterdir()] == [file.name]
    assert np.array_equal(world.places, [0, 2, 0])
