"""Our own objects as the watch brings them: what cannot be read is told once and not used."""

from shorthaul.api.affinitypolicies import AffinityPolicy
from shorthaul.kube.boards import Board


def policy(version, **spec):
    return {
        "apiVersion": "shorthaul.dev/v1alpha1",
        "kind": "AffinityPolicy",
        "metadata": {"name": "web", "namespace": "shop", "uid": "1", "resourceVersion": version},
        "spec": {"mode": "Observe", "objective": "bytes", "workloads": {}, **spec},
    }


def test_what_cannot_be_read_is_told_once_by_kind_name_and_error(caplog):
    board = Board()
    board.note("AffinityPolicy", "ADDED", policy("1"))
    board.note("AffinityPolicy", "MODIFIED", policy("2", mode=7))
    board.note("AffinityPolicy", "MODIFIED", policy("3", mode=7))

    assert board.get(AffinityPolicy, "shop", "web") is None
    (line,) = [record.getMessage() for record in caplog.records]
    assert line.startswith(
        "AffinityPolicy shop/web cannot be read and is not used until it is mended:"
    )
    assert "$.spec.mode" in line


def test_what_is_mended_is_used_and_told_anew_when_it_breaks_again(caplog):
    board = Board()
    for version, mode in (("1", 7), ("2", "Observe"), ("3", 7), ("4", "Observe")):
        board.note("AffinityPolicy", "MODIFIED", policy(version, mode=mode))

    assert board.get(AffinityPolicy, "shop", "web") is not None
    assert not board.unreadable
    assert len(caplog.records) == 2
