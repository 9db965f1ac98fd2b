"""Export files are rotated by renaming, and no line is lost or torn by it."""

from demoshop import exports


def test_a_full_file_is_renamed_and_a_new_one_begun(tmp_path):
    files = exports.Exports(tmp_path, max_bytes=100, max_backups=50)

    for number in range(20):
        files.write(1000.0 + number, {"n01": [f"line {number:02d} {'x' * 30}\n"]})
    files.close()

    backups = sorted((tmp_path / "n01").glob("events-*.log"))
    everything = [*backups, files.path("n01")]
    text = "".join(path.read_text() for path in everything if path.exists())
    assert len(backups) == 6
    assert [line.split()[1] for line in text.splitlines()] == [f"{n:02d}" for n in range(20)]


def test_a_reader_that_had_the_file_open_can_read_it_to_its_end(tmp_path):
    files = exports.Exports(tmp_path, max_bytes=30)
    files.write(1000.0, {"n01": ["first\n"]})

    with files.path("n01").open() as reader:
        files.write(1001.0, {"n01": ["second, which makes the file full\n"]})
        files.write(1002.0, {"n01": ["third\n"]})

        assert reader.read().splitlines()[-1].startswith("second")
    assert files.path("n01").read_text() == "third\n"


def test_only_so_many_old_files_are_kept(tmp_path):
    files = exports.Exports(tmp_path, max_bytes=5, max_backups=2)

    for number in range(6):
        files.write(1000.0 + number, {"n01": [f"line {number}\n"]})

    kept = sorted(path.read_text() for path in (tmp_path / "n01").glob("events-*.log"))
    assert kept == ["line 4\n", "line 5\n"]
