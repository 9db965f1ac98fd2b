"""One writer, many readers; and files that are no ledger, damaged, older or newer."""

import sqlite3

import pytest

from shorthaul.errors import BadInput
from shorthaul.store import readings, schemas
from shorthaul.store.ledgers import Ledger
from shorthaul.traffic.entries import Batch
from store.ledger_worlds import drawn, entry, expected, held, whole


@pytest.fixture
def path(tmp_path):
    return str(tmp_path / "a.ledger")


def filled(path, records=300):
    with Ledger(path) as ledger:
        ledger.take([Batch("s", tuple(map(drawn, range(records))))])


def refusal(path):
    """The one line that both a writer and a reader give."""
    with pytest.raises(BadInput) as written, Ledger(path) as ledger:
        ledger.take([Batch("s", (entry(1),))])
    with pytest.raises(BadInput) as read:
        readings.ask(path, readings.Question())
    assert str(written.value) == str(read.value)
    return str(read.value)


def test_a_second_writer_gets_one_clear_line_and_the_first_goes_on(path):
    with Ledger(path) as first:
        with pytest.raises(BadInput, match="another process writes this ledger"), Ledger(path):
            pass
        first.take([Batch("s", (entry(1),))])
    filled(path)

    assert whole(path).records == 301


def test_a_reader_sees_whole_commits_while_a_writer_runs(path):
    with Ledger(path) as ledger:
        for number in range(5):
            ledger.take([Batch("s", tuple(map(drawn, range(number * 10, number * 10 + 10))))])
            assert whole(path).records == number * 10 + 10


def test_a_ledger_is_for_its_owner_only(path, tmp_path):
    filled(path)

    assert {file.stat().st_mode & 0o077 for file in tmp_path.iterdir()} == {0}


def test_text_is_no_ledger(path, tmp_path):
    (tmp_path / "a.ledger").write_text("source,destination\n" * 500)

    assert refusal(path).startswith(f"{path}: no ledger, or a damaged one (file is not a database)")


def test_a_database_of_somebody_else_is_left_alone(path):
    with sqlite3.connect(path) as other:
        other.execute("CREATE TABLE theirs (a)")

    assert refusal(path) == f"{path}: a SQLite file, but no ledger; name another file"
    assert sqlite3.connect(path).execute("SELECT count(*) FROM sqlite_master").fetchone() == (1,)


def test_a_damaged_page_is_told_in_one_line(path, tmp_path):
    filled(path, 3000)
    content = bytearray((tmp_path / "a.ledger").read_bytes())
    content[4096:] = b"\xa5" * (len(content) - 4096)
    (tmp_path / "a.ledger").write_bytes(content)

    assert "no ledger, or a damaged one" in refusal(path)


def test_a_ledger_of_a_newer_version_is_refused(path):
    filled(path)
    with sqlite3.connect(path) as newer:
        newer.execute(f"PRAGMA user_version = {schemas.VERSION + 1}")

    assert "use a newer shorthaul" in refusal(path)


def test_a_ledger_of_every_earlier_version_is_brought_up_with_its_counts(path):
    old = sqlite3.connect(path, isolation_level=None)
    for statement in schemas.STEPS[0]:
        old.execute(statement)
    old.execute(f"PRAGMA application_id = {schemas.APPLICATION_ID}")
    old.execute("PRAGMA user_version = 1")
    old.execute("INSERT INTO parties VALUES (1, 'shop', 'Deployment', 'web')")
    old.execute("INSERT INTO balances VALUES (490000, 1, 1, 'host', 3, 700, 0, 0, 0)")
    old.execute("INSERT INTO streams VALUES ('s', 3, '[0]')")
    old.close()

    with pytest.raises(BadInput, match="a ledger of version 1, this program reads 4"):
        readings.ask(path, readings.Question())
    with Ledger(path) as ledger:
        ledger.take([Batch("s", (entry(1),))])
        ledger.carry(490_001)

    assert whole(path).bytes == 800
    assert readings.disagreements(path) == []


def test_counters_that_lost_a_record_are_found(path):
    filled(path)
    with sqlite3.connect(path) as spoilt:
        spoilt.execute("DELETE FROM balances WHERE hour = (SELECT min(hour) FROM balances)")

    assert ["taken from streams" in text for text in readings.disagreements(path)] == [True]


def test_a_folder_that_is_not_there_is_told(tmp_path):
    with (
        pytest.raises(BadInput, match=r"nowhere/a.ledger: cannot be written \(No such file"),
        Ledger(str(tmp_path / "nowhere" / "a.ledger")),
    ):
        pass


def test_answers_are_by_what_was_asked_for(path):
    filled(path)
    every = expected(map(drawn, range(300)))
    tiers = {}
    for (_, source, _, tier), counts in every.items():
        if source.namespace == "shop" and source.name == "web":
            tiers[tier] = tiers.get(tier, 0) + counts["records"]

    found = held(path, by=("tier",), source="shop/w*")

    assert {place[3]: counts["records"] for place, counts in found.items()} == tiers
    first = min(place[0] for place in every)
    some = held(path, since_hour=first + 1, until_hour=first + 3)
    assert some == {place: counts for place, counts in every.items() if 0 < place[0] - first < 3}
    assert {place[2].name for place in held(path, destination="world")} == {"world"}
