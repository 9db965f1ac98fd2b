"""kopf's decorators and nothing else: events of our own kinds go to the board.

Only `on.event` handlers, because they are level-triggered and leave no finalizer or annotation of
kopf's behind: deleting a policy or a namespace never hangs while the operator is down. Pods and
nodes do not come this way (`kube.watches`): kopf keeps whole objects and a task for each.
"""

from collections.abc import Callable
from typing import Any

import kopf

from shorthaul.api.v1alpha1 import GROUP, KINDS, VERSION
from shorthaul.kube.boards import Board
from shorthaul.kube.credentials import Credentials

Probe = Callable[[], Any]

LISTED_AT_ONCE = 500
SILENCE_SECONDS = 60
STREAM_SECONDS = 300


def registry_of(
    board: Board, probes: dict[str, Probe], credentials: Credentials
) -> kopf.OperatorRegistry:
    """All handlers, filling one board; `probes` are shown by the health endpoint."""
    registry = kopf.OperatorRegistry()
    kopf.on.startup(registry=registry)(_configure)
    kopf.on.login(registry=registry)(_logging_in(credentials))
    for kind in KINDS:
        kopf.on.event(GROUP, VERSION, kind.plural, registry=registry, id=kind.name)(
            _noting(board, kind.name)
        )
    for name, probe in probes.items():
        kopf.on.probe(id=name, registry=registry)(_answering(probe))
    return registry


async def follow(registry: kopf.OperatorRegistry, *, identity: str, health_address: str) -> None:
    """Follows our own kinds until the process is told to stop.

    kopf is told who we are: by itself it asks for the user's name, and the image's user has none.
    """
    who: Any = identity  # kopf has a type for it, which it does not export.
    await kopf.operator(
        registry=registry,
        identity=who,
        clusterwide=True,
        standalone=True,
        liveness_endpoint=health_address or None,
    )


async def _configure(settings: kopf.OperatorSettings, **_: Any) -> None:
    settings.posting.enabled = False
    settings.scanning.disabled = True
    settings.watching.chunk_size = LISTED_AT_ONCE
    settings.watching.inactivity_timeout = SILENCE_SECONDS
    settings.watching.server_timeout = STREAM_SECONDS
    settings.persistence.finalizer = f"{GROUP}/never-used"


def _logging_in(credentials: Credentials) -> Callable[..., Any]:
    async def log_in(**_: Any) -> kopf.ConnectionInfo:
        proof = await credentials.proof()
        return kopf.ConnectionInfo(
            server=proof.server,
            ca_path=proof.authority_path or None,
            insecure=not proof.verified,
            token=proof.token or None,
            certificate_path=proof.certificate_path or None,
            private_key_path=proof.key_path or None,
        )

    return log_in


def _noting(board: Board, kind: str) -> Callable[..., Any]:
    async def note(event: kopf.RawEvent, **_: Any) -> None:
        board.note(kind, event["type"], event["object"])

    return note


def _answering(probe: Probe) -> Callable[..., Any]:
    async def answer(**_: Any) -> Any:
        return probe()

    return answer
