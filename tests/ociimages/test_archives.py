"""An image is the same bytes whoever writes it, and all that it names is in it."""

import gzip
import hashlib
import json
import os
import tarfile

import pytest

from ociimages import archives, layers

START = archives.Start(("/traffic",), ("-listen=:8080",), environment={"B": "2", "A": "1"})


@pytest.fixture
def folder(tmp_path):
    root = tmp_path / "root"
    (root / "usr/bin").mkdir(parents=True)
    (root / "tmp").mkdir()
    (root / "tmp").chmod(0o1777)
    (root / "usr/bin/traffic").write_bytes(b"program")
    (root / "usr/bin/traffic").chmod(0o700)
    (root / "traffic").symlink_to("usr/bin/traffic")
    (root / ("long" * 40)).write_text("a name that no old tar has room for")
    return root


def entries(layer):
    with tarfile.open(layer.path) as tar:
        return {entry.name: entry for entry in tar}


def blobs(path):
    with tarfile.open(path) as tar:
        return {entry.name: tar.extractfile(entry).read() for entry in tar}


def test_a_layer_has_every_entry_in_order_with_its_kind(folder, tmp_path):
    found = entries(layers.write(folder, tmp_path / "layer.tar"))

    assert list(found) == ["long" * 40, "tmp", "traffic", "usr", "usr/bin", "usr/bin/traffic"]
    assert found["traffic"].linkname == "usr/bin/traffic"
    assert found["tmp"].isdir()
    assert found["tmp"].mode == 0o1777
    assert found["usr/bin/traffic"].mode == 0o755
    assert {entry.uid for entry in found.values()} == {0}


def test_times_and_umasks_do_not_change_a_layer(folder, tmp_path):
    first = layers.write(folder, tmp_path / "first.tar")
    os.utime(folder / "usr/bin/traffic", (1, 2))
    (folder / "usr/bin").chmod(0o700)

    again = layers.write(folder, tmp_path / "again.tar")

    assert (again.digest, again.size) == (first.digest, first.size)


def test_the_content_is_what_the_file_has_when_decompressed(folder, tmp_path):
    layer = layers.write(folder, tmp_path / "layer.tar.gz")

    unpacked = gzip.decompress(layer.path.read_bytes())
    assert layer.content == f"sha256:{hashlib.sha256(unpacked).hexdigest()}"
    assert layer.digest == f"sha256:{hashlib.sha256(layer.path.read_bytes()).hexdigest()}"


def test_other_content_is_another_layer(folder, tmp_path):
    first = layers.write(folder, tmp_path / "first.tar")
    (folder / "usr/bin/traffic").write_bytes(b"Program")

    assert layers.write(folder, tmp_path / "again.tar").digest != first.digest


def test_a_pipe_is_refused_by_name(folder, tmp_path):
    os.mkfifo(folder / "pipe")

    with pytest.raises(layers.NotAnImage, match=r"pipe is neither a file"):
        layers.write(folder, tmp_path / "layer.tar")


def test_all_that_an_image_names_is_in_it_under_its_digest(folder, tmp_path):
    layer = layers.write(folder, tmp_path / "layer.tar")

    digest = archives.write("local/traffic:one", START, [layer], tmp_path / "image.tar")

    found = blobs(tmp_path / "image.tar")
    for name, blob in found.items():
        if name.startswith("blobs/"):
            assert name == f"blobs/sha256/{hashlib.sha256(blob).hexdigest()}"
    (named,) = json.loads(found["index.json"])["manifests"]
    assert named["digest"] == digest
    assert named["annotations"]["io.containerd.image.name"] == "local/traffic:one"
    manifest = json.loads(found[place(digest)])
    assert [one["digest"] for one in manifest["layers"]] == [layer.digest]
    assert found[place(layer.digest)] == layer.path.read_bytes()
    configuration = json.loads(found[place(manifest["config"]["digest"])])
    assert configuration["rootfs"]["diff_ids"] == [layer.content]
    assert configuration["config"]["Entrypoint"] == ["/traffic"]
    assert configuration["config"]["Env"] == ["A=1", "B=2"]
    assert configuration["config"]["User"] == "65532:65532"


def test_the_same_image_is_the_same_bytes(folder, tmp_path):
    layer = layers.write(folder, tmp_path / "layer.tar")
    for name in ("one", "two"):
        archives.write("local/traffic:one", START, [layer], tmp_path / name)

    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()


def test_a_folder_with_a_layout_is_packed_into_the_same_parts(folder, tmp_path):
    layer = layers.write(folder, tmp_path / "layer.tar")
    path = tmp_path / "image.tar"
    archives.write("local/traffic:one", START, [layer], path)
    with tarfile.open(path) as archive:
        archive.extraction_filter = getattr(tarfile, "data_filter", None)  # From 3.11.4 on.
        archive.extractall(tmp_path / "layout")
    (tmp_path / "again.tar").write_bytes(archives.packed(tmp_path / "layout"))

    assert blobs(tmp_path / "again.tar") == blobs(path)
    assert archives.packed(path) == path.read_bytes()


@pytest.mark.parametrize("name", ["traffic", ":one", "local:5000/traffic"])
def test_a_name_without_a_tag_is_refused(name, tmp_path):
    with pytest.raises(layers.NotAnImage, match="repository:tag"):
        archives.write(name, START, [], tmp_path / "image.tar")


def place(digest):
    return f"blobs/{digest.replace(':', '/')}"
