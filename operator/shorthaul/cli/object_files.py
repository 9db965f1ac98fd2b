"""Reads our own kinds from YAML or JSON files: policies, a topology, a plan made before.

The API server would refuse what does not fit their schema; for files this is the place that does,
with file, line and field. An unknown field is refused too, since a misspelt limit that is silently
ignored would be worse than none. Objects of other kinds in the same file are passed over.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import msgspec
import yaml

from shorthaul.api.objects import API_VERSION
from shorthaul.errors import BadInput
from shorthaul.kube.yaml_depths import require_shallow

LARGEST_FILE_BYTES = 256 * 2**20
_Kind = TypeVar("_Kind", bound=msgspec.Struct)
_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class _Document:
    """One object as it was written; `tree` knows the lines."""

    path: str
    value: Mapping[str, Any]
    tree: yaml.Node | None

    def place(self, where: _Path = ()) -> str:
        """file:line of a field, or of the nearest thing around it that is there."""
        return self.path if self.tree is None else f"{self.path}:{_line(self.tree, where)}"


def read_objects(
    paths: Sequence[str], kind: type[_Kind], *, partial: bool = False
) -> tuple[_Kind, ...]:
    """All objects of a kind in some files, in their order; raises BadInput when there is none.

    `partial` means that the struct has only some of the fields, so that others are no mistake.
    """
    found = tuple(
        _convert(document, kind, partial)
        for path in paths
        for document in _documents(path)
        if document.value.get("kind") == kind.__name__
    )
    if not found:
        raise BadInput(
            f"{', '.join(paths)}: no {kind.__name__} in there; give one of {API_VERSION}"
        )
    return found


def _documents(path: str) -> Iterator[_Document]:
    for document in _plain_documents(path, _text(path)):
        items = document.value.get("items")
        if str(document.value.get("kind", "")).endswith("List") and isinstance(items, list):
            for index, item in enumerate(items):
                yield _checked(path, item, _descend(document.tree, ("items", index))[0])
        else:
            yield document


def _text(path: str) -> str:
    try:
        with open(path, "rb") as file:
            body = file.read(LARGEST_FILE_BYTES + 1)
    except OSError as error:
        raise BadInput(
            f"{path}: cannot be read: {(error.strerror or str(error)).lower()}"
        ) from error
    if len(body) > LARGEST_FILE_BYTES:
        raise BadInput(f"{path}: larger than {LARGEST_FILE_BYTES} bytes; give a smaller file")
    try:
        return body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = body[: error.start].count(b"\n") + 1
        raise BadInput(f"{path}:{line}: not UTF-8 text; give YAML or JSON") from error


def _plain_documents(path: str, text: str) -> Iterator[_Document]:
    pairs = _json(path, text) if text.lstrip().startswith("{") else _yaml(path, text)
    for value, tree in pairs:
        if value is not None:
            yield _checked(path, value, tree)


def _json(path: str, text: str) -> list[tuple[object, yaml.Node | None]]:
    try:
        value = json.loads(text)
    except json.JSONDecodeError as error:
        try:
            return _yaml(path, text)  # A flow mapping of YAML begins with a brace too.
        except BadInput:
            raise BadInput(f"{path}:{error.lineno}: no JSON: {error.msg.lower()}") from error
    except RecursionError as error:
        raise BadInput(f"{path}: no JSON: nested too deep") from error
    try:
        require_shallow(text, _Loader)
        return [(value, yaml.compose(text, Loader=_Loader))]
    except yaml.YAMLError:
        return [(value, None)]


def _yaml(path: str, text: str) -> list[tuple[object, yaml.Node | None]]:
    try:
        require_shallow(text, _Loader)
        trees = list(yaml.compose_all(text, Loader=_Loader))
        values = list(yaml.load_all(text, Loader=_Loader))
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise BadInput(f"{path}:{line}: neither YAML nor JSON: {error.problem}") from error
    except (yaml.YAMLError, ValueError) as error:
        problem = str(error).partition("\n")[0]
        raise BadInput(f"{path}: neither YAML nor JSON: {problem}") from error
    return list(zip(values, [tree for tree in trees if tree is not None], strict=False))


def _checked(path: str, value: object, tree: yaml.Node | None) -> _Document:
    if not isinstance(value, dict):
        place = _Document(path, {}, tree).place()
        raise BadInput(f"{place}: {type(value).__name__} where an object of Kubernetes is expected")
    return _Document(path, value, tree)


def _convert(document: _Document, kind: type[_Kind], partial: bool) -> _Kind:
    version = document.value.get("apiVersion")
    if version != API_VERSION:
        raise BadInput(
            f"{document.place(('apiVersion',))}: apiVersion is {version!r}, must be {API_VERSION}"
        )
    try:
        found = msgspec.convert(document.value, kind)
    except msgspec.ValidationError as error:
        problem, _, path = str(error).partition(" - at `")
        where = _parsed(path.rstrip("`"))
        raise BadInput(
            f"{document.place(where)}: {kind.__name__} {_dotted(where)}: "
            f"{problem[:1].lower()}{problem[1:]}"
        ) from error
    if partial:
        return found
    unknown = next(_unknown(document.value.get("spec"), found, ("spec",)), None)
    if unknown is not None:
        raise BadInput(
            f"{document.place(unknown)}: {kind.__name__} has no field {_dotted(unknown)}; "
            "mend or remove it"
        )
    return found


def _parsed(path: str) -> _Path:
    parts: list[str | int] = []
    for part in path.removeprefix("$").replace("[", ".[").split("."):
        if part.startswith("["):
            inner = part.strip("[]")
            parts.append(int(inner) if inner.isdecimal() else inner)
        elif part:
            parts.append(part)
    return tuple(parts)


def _dotted(path: _Path) -> str:
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
    return text.removeprefix(".") or "object"


def _unknown(raw: object, value: object, path: _Path) -> Iterator[_Path]:
    """The fields of raw data that the struct made from it does not have."""
    if isinstance(raw, Mapping) and path == ("spec",):
        value = getattr(value, "spec", value)
    if isinstance(value, msgspec.Struct) and isinstance(raw, Mapping):
        fields = {field.encode_name: field.name for field in msgspec.structs.fields(type(value))}
        for key, inner in raw.items():
            if key not in fields:
                yield (*path, str(key))
            else:
                yield from _unknown(inner, getattr(value, fields[key]), (*path, key))
    elif isinstance(value, tuple) and isinstance(raw, list):
        for index, (inner, part) in enumerate(zip(raw, value, strict=True)):
            yield from _unknown(inner, part, (*path, index))


def _line(tree: yaml.Node, where: _Path) -> int:
    node, _ = _descend(tree, where)
    return (node or tree).start_mark.line + 1


def _descend(tree: yaml.Node | None, where: _Path) -> tuple[yaml.Node | None, int]:
    """The node at a path, or the last one on the way; and how far it came."""
    node = tree
    for depth, part in enumerate(where):
        inner = _child(node, part)
        if inner is None:
            return node, depth
        node = inner
    return node, len(where)


def _child(node: yaml.Node | None, part: str | int) -> yaml.Node | None:
    if isinstance(node, yaml.MappingNode):
        return next((value for key, value in node.value if key.value == part), None)
    if isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
        found: yaml.Node = node.value[part]
        return found
    return None
