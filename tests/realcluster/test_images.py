"""Images are OCI layouts whose digests are those of their parts, the same for the same files."""

import hashlib
import io
import json
import tarfile

from realnodes import images


def written(folder, name, content=b"program"):
    program = folder / "program"
    program.write_bytes(content)
    image = images.Image("shorthaul.dev/test:v1", {"/program": program}, ["/program"])
    return images.write(folder / name, image)


def parts(path):
    with tarfile.open(path) as archive:
        return {one.name: archive.extractfile(one).read() for one in archive.getmembers()}


def test_every_part_is_where_its_digest_says(tmp_path):
    found = parts(written(tmp_path, "image.tar"))

    index = json.loads(found["index.json"])
    manifest = json.loads(found[blob(index["manifests"][0])])
    configuration = json.loads(found[blob(manifest["config"])])
    layer = found[blob(manifest["layers"][0])]
    assert index["manifests"][0]["annotations"]["io.containerd.image.name"].endswith("test:v1")
    assert configuration["rootfs"]["diff_ids"] == [f"sha256:{hashlib.sha256(layer).hexdigest()}"]
    with tarfile.open(fileobj=io.BytesIO(layer)) as tree:
        assert tree.extractfile("program").read() == b"program"
        assert tree.getmember("program").mode == 0o755
    for name, content in found.items():
        if name.startswith("blobs/"):
            assert name.endswith(hashlib.sha256(content).hexdigest())


def test_the_same_files_give_the_same_bytes_and_others_do_not(tmp_path):
    first = written(tmp_path, "first.tar").read_bytes()
    again = written(tmp_path, "again.tar").read_bytes()
    other = written(tmp_path, "other.tar", b"another program").read_bytes()

    assert first == again
    assert first != other


def test_a_folder_with_a_layout_is_packed_into_the_same_parts(tmp_path):
    path = written(tmp_path, "image.tar")
    folder = tmp_path / "layout"
    with tarfile.open(path) as archive:
        archive.extractall(folder, filter="data")

    packed = io.BytesIO(images.archive(folder))
    with tarfile.open(fileobj=packed) as archive:
        names = {one.name: archive.extractfile(one).read() for one in archive.getmembers()}
    assert names == parts(path)
    assert images.archive(path) == path.read_bytes()


def blob(descriptor):
    return f"blobs/{descriptor['digest'].replace(':', '/')}"
