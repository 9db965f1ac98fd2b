"""Cuts the text of a dump into Kubernetes objects, one by one, without decoding more than needed.

JSON when the first character says so, else YAML. A JSON object stays raw bytes inside the mapped
file until its reader decodes it; a YAML object is plain values. Lists are opened, lists in lists
too, and an item that does not say its kind has that of its list (`PodList`).
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import msgspec
import yaml

from shorthaul.errors import BadInput
from shorthaul.kube.dump_files import Body
from shorthaul.kube.yaml_depths import require_shallow

_TRAILING = re.compile(r"trailing characters \(byte (\d+)\)")
_BYTE = re.compile(r"\(byte (\d+)\)")
_SPACE = b" \t\r\n"
_MARK = b"\xef\xbb\xbf"


class Names(msgspec.Struct):
    """What identifies an object among those of its kind."""

    name: str = ""
    namespace: str = ""
    uid: str = ""


class _Header(msgspec.Struct, rename="camel"):
    api_version: str = ""
    kind: str = ""
    metadata: Names | None = None
    items: list[msgspec.Raw] | None = None


_HEADER = msgspec.json.Decoder(_Header)
_ARRAY = msgspec.json.Decoder(list[msgspec.Raw])


@dataclass(frozen=True, slots=True)
class Document:
    """One object: what identifies it, and its content as raw JSON or as plain values."""

    api_version: str
    kind: str
    names: Names
    place: Callable[[], str]
    raw: msgspec.Raw | memoryview | None = None
    plain: object = None

    @property
    def group(self) -> str:
        """The API group; "" for the core group."""
        return self.api_version.rpartition("/")[0]


def documents_of(body: Body, path: str) -> Iterator[Document]:
    """Every object in a file; raises BadInput that names file and line."""
    start = len(_MARK) if body[:3] == _MARK else 0
    while start < len(body) and body[start] in _SPACE:
        start += 1
    if start >= len(body):
        raise BadInput(f"{path}: empty; give Kubernetes objects as json or yaml")
    if body[start] in b"{[":
        return _JsonText(body, path).documents(start)
    return _yaml_documents(bytes(body[start:]), path)


@dataclass(frozen=True, slots=True)
class _JsonText:
    body: Body
    path: str

    def documents(self, start: int) -> Iterator[Document]:
        """Objects that follow each other, with or without line ends between them."""
        view = memoryview(self.body)
        while start < len(view):
            end = self._end(view, start)
            yield from self._opened(view[start:end], "", "")
            start = end  # white space before the next object belongs to this one

    def _end(self, view: memoryview, start: int) -> int:
        """Where the object that starts here ends."""
        try:
            self._parse(view[start:])
        except msgspec.DecodeError as error:
            if match := _TRAILING.search(str(error)):
                return start + int(match[1]) - 1
            raise BadInput(f"{self._place(error, start)}: {_cause(error)}") from error
        return len(view)

    def _parse(self, part: memoryview) -> _Header | list[msgspec.Raw]:
        try:
            return _ARRAY.decode(part) if part[0] == ord("[") else _HEADER.decode(part)
        except UnicodeDecodeError as error:
            raise BadInput(f"{self._line_of(part)}: text that is not UTF-8") from error

    def _opened(self, part: msgspec.Raw | memoryview, kind: str, api: str) -> Iterator[Document]:
        try:
            found = self._parse(memoryview(part))
        except msgspec.ValidationError as error:
            raise BadInput(f"{self._line_of(part)}: {_cause(error)}") from error
        if isinstance(found, list):
            for item in found:
                yield from self._opened(item, "", "")
            return
        found_kind, found_api = found.kind or kind, found.api_version or api
        if found_kind.endswith("List") and found.items is not None:
            for item in found.items:
                yield from self._opened(item, found_kind.removesuffix("List"), found_api)
            return
        if not found_kind:
            raise BadInput(f"{self._line_of(part)}: an object without a kind is none of Kubernetes")
        names = found.metadata or Names()
        yield Document(found_api, found_kind, names, partial(self._line_of, part), raw=part)

    def _place(self, error: msgspec.DecodeError, start: int) -> str:
        match = _BYTE.search(str(error))
        at = start + int(match[1]) if match else len(self.body)
        return self._line(at)

    def _line_of(self, part: msgspec.Raw | memoryview) -> str:
        return self._line(max(0, self.body.find(bytes(part))))

    def _line(self, at: int) -> str:
        """Counted only when somebody has to be told."""
        lines = self.body[:at].count(b"\n")
        return f"{self.path} line {lines + 1}"


class _Loader(yaml.CSafeLoader):
    """Safe, and without YAML's own idea of times: they stay text as in JSON."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in known if tag != "tag:yaml.org,2002:timestamp"]
    for first, known in yaml.CSafeLoader.yaml_implicit_resolvers.items()
}


def _yaml_documents(text: bytes, path: str) -> Iterator[Document]:
    loader = _Loader(text)
    try:
        require_shallow(text, _Loader)
        while loader.check_node():
            node = loader.get_node()
            if node is None:
                return
            where = f"{path} line {node.start_mark.line + 1}"
            plain = loader.construct_document(node)
            if plain is not None:
                yield from _opened_plain(plain, "", "", where)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = f" line {mark.line + 1}" if mark else ""
        raise BadInput(f"{path}{line}: neither json nor yaml: {error.problem}") from error
    except BadInput:
        raise
    except (yaml.reader.ReaderError, ValueError) as error:
        raise BadInput(f"{path}: neither json nor yaml: not readable as text") from error
    except yaml.YAMLError as error:
        problem = str(error).partition("\n")[0]
        raise BadInput(f"{path}: neither json nor yaml: {problem}") from error
    finally:
        loader.dispose()


def _opened_plain(plain: Any, kind: str, api: str, where: str) -> Iterator[Document]:
    if not isinstance(plain, dict):
        raise BadInput(f"{where}: {type(plain).__name__} where a Kubernetes object should be")
    found_kind, found_api = plain.get("kind") or kind, plain.get("apiVersion") or api
    if not isinstance(found_kind, str) or not isinstance(found_api, str) or not found_kind:
        raise BadInput(f"{where}: an object without a kind is none of Kubernetes")
    items = plain.get("items")
    if found_kind.endswith("List") and isinstance(items, list):
        for item in items:
            yield from _opened_plain(item, found_kind.removesuffix("List"), found_api, where)
        return
    names = _plain_names(plain.get("metadata"), found_kind, where)
    yield Document(found_api, found_kind, names, lambda: where, plain=plain)


def _plain_names(metadata: Any, kind: str, where: str) -> Names:
    try:
        return msgspec.convert(metadata or {}, Names)
    except msgspec.ValidationError as error:
        raise BadInput(f"{where}: {kind} metadata: {_cause(error)}") from error


def _cause(error: msgspec.DecodeError) -> str:
    """The library's words in our form, without its count of bytes."""
    text = _BYTE.sub("", str(error)).replace("`", "").replace("JSON", "json").strip()
    if text == "Input data was truncated":
        return "json ends too early: the file is cut off"
    return text[:1].lower() + text[1:].replace(" | null", "").replace(" - at $.", " at ")
