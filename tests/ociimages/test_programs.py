"""One program becomes an image in the cache, which is another one for whatever else is in it."""

import json
import tarfile

import pytest

from ociimages import archives, programs


@pytest.fixture
def program(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    path = tmp_path / "echo"
    path.write_bytes(b"program")
    return path


def names(path):
    with tarfile.open(path) as tar:
        index = json.load(tar.extractfile("index.json"))
    return index["manifests"][0]["annotations"]


def test_a_programs_layer_has_it_and_a_folder_that_all_may_write(program):
    with tarfile.open(programs.layer(program).path) as tar:
        found = {entry.name: entry for entry in tar}

    assert found["echo"].mode == 0o755
    assert found["tmp"].mode == 0o1777
    assert len(found) == 2


def test_an_image_is_made_once_for_what_is_in_it(program):
    start = archives.Start(("/echo",))
    made = programs.archive("local/echo:v1", start, [programs.layer(program)])
    again = programs.archive("local/echo:v1", start, [programs.layer(program)])
    other_start = programs.archive(
        "local/echo:v1", archives.Start(("/echo", "pause")), [programs.layer(program)]
    )
    program.write_bytes(b"another program")
    other_program = programs.archive("local/echo:v1", start, [programs.layer(program)])

    assert made == again
    assert len({made, other_start, other_program}) == 3
    assert names(made)["io.containerd.image.name"] == "local/echo:v1"
