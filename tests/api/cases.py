"""Values for every leaf of a schema: at its bounds, beyond them, of another type, absent, unknown.

After Acto (SOSP 2023): the schema itself says what has to be accepted and what refused. Rules that
relate several fields are not understood here; leaves that take part in one are given as `related`,
and for them only the refusals are told.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

Path = tuple[str | int, ...]
Schema = dict[str, Any]
KEY = "example"
ABSENT = object()
TEXTS = ("example", "Example", "sha256:" + "0" * 64, "/example", "12:00", "example:1")
MOMENT = "2026-11-02T12:00:00Z"


@dataclass(frozen=True)
class Case:
    """A value to put at a path of an otherwise valid object."""

    path: Path
    what: str
    value: Any
    accepted: bool

    def __str__(self) -> str:
        where = ".".join(map(str, self.path))
        return f"{where}: {self.what} should be {'accepted' if self.accepted else 'refused'}"

    def put_into(self, whole: Any) -> Any:
        """Return a copy of an object with the value in its place."""
        changed = copy.deepcopy(whole)
        part = changed
        for step in self.path[:-1]:
            part = part[step]
        if self.value is ABSENT:
            del part[self.path[-1]]
        else:
            part[self.path[-1]] = self.value
        return changed


def typical(schema: Schema, given: Mapping[Path, Any], path: Path = ()) -> Any:
    """Return a valid value with every field set; `given` says what a schema alone cannot."""
    if path in given:
        return given[path] if given[path] is ABSENT else copy.deepcopy(given[path])
    if "enum" in schema:
        return schema["enum"][0]
    if "x-kubernetes-int-or-string" in schema:
        return 1
    match schema["type"]:
        case "object":
            return _typical_object(schema, given, path)
        case "array":
            return [typical(schema["items"], given, (*path, 0))]
        case "integer" | "number":
            return max(schema["minimum"], 0) + 1
        case "boolean":
            return True
    if schema.get("format") == "date-time":
        return MOMENT
    return next(text for text in TEXTS if re.search(schema.get("pattern", ""), text))


def _typical_object(schema: Schema, given: Mapping[Path, Any], path: Path) -> Any:
    if "additionalProperties" in schema:
        return {KEY: typical(schema["additionalProperties"], given, (*path, KEY))}
    values = {
        name: typical(part, given, (*path, name)) for name, part in schema["properties"].items()
    }
    return {name: value for name, value in values.items() if value is not ABSENT}


def cases(
    schema: Schema, whole: Any, related: Collection[Path] = (), path: Path = ()
) -> Iterator[Case]:
    """Return the cases of a schema and all that is in it, for the paths that `whole` has."""
    if path:
        trusted = not any(path[: len(each)] == each for each in related)
        for what, value, accepted in _values(schema, whole):
            if trusted or not accepted:
                yield Case(path, what, value, accepted)
    if isinstance(whole, dict):
        yield from _of_fields(schema, whole, related, path)
    elif isinstance(whole, list) and whole:
        yield from cases(schema["items"], whole[0], related, (*path, 0))


def _of_fields(schema: Schema, whole: Any, related: Collection[Path], path: Path) -> Iterator[Case]:
    fields = schema.get("properties", {})
    required = schema.get("required", ())
    for name, value in whole.items():
        part = schema["additionalProperties"] if name not in fields else fields[name]
        here = (*path, name)
        yield from cases(part, value, related, here)
        if name in fields and not any(here[: len(each)] == each for each in related):
            yield Case(here, "absent", ABSENT, name not in required)
    if fields and path:
        yield Case((*path, "bogus"), "an unknown field", "x", False)


def _values(schema: Schema, now: Any) -> Iterator[tuple[str, Any, bool]]:
    if "x-kubernetes-int-or-string" in schema:
        yield from (
            ("a text", "elbow", False),
            ("a fraction", 1.5, False),
            ("a truth", True, False),
        )
        yield from (("below", -1, False), ("above", 501, False), ("its word", "knee", True))
        return
    match schema["type"]:
        case "object":
            yield ("a list", [], False)
            yield from _maps(schema, now)
        case "array":
            yield ("an object", {}, False)
            yield from _lists(schema, now)
        case "integer":
            yield from (("a text", "seven", False), ("a fraction", 1.5, False))
            yield ("beyond 64 bits", 2**64, False)
            yield from _numbers(schema)
        case "number":
            yield ("a text", "seven", False)
            yield from _numbers(schema)
        case "boolean":
            yield from (("a text", "true", False), ("a number", 1, False))
        case "string":
            yield ("a number", 7, False)
            yield from _texts(schema)


def _numbers(schema: Schema) -> Iterator[tuple[str, Any, bool]]:
    """Steps are as large as the bound for floats, since 1e18 + 1 is 1e18."""
    for what, name, sign in (("the least", "minimum", -1), ("the most", "maximum", 1)):
        bound = schema[name]
        step = max(1, abs(bound)) if schema["type"] == "number" else 1
        yield (what, bound, True)
        yield (f"beyond {what}", bound + sign * step, False)


def _texts(schema: Schema) -> Iterator[tuple[str, Any, bool]]:
    if "enum" in schema:
        yield ("an unknown word", "Bogus", False)
        return
    free = "pattern" not in schema and "format" not in schema
    yield ("too long", "x" * (schema["maxLength"] + 1), False)
    if free:
        yield ("as long as may be", "x" * schema["maxLength"], True)
    if schema.get("minLength"):
        yield ("empty", "", False)
    if not free:
        yield ("not of its form", " ?\n", False)


def _lists(schema: Schema, now: Any) -> Iterator[tuple[str, Any, bool]]:
    most = schema["maxItems"]
    yield ("too many", [copy.deepcopy(now[0]) for _ in range(most + 1)], False)
    if schema["x-kubernetes-list-type"] in ("set", "map"):
        yield ("the same twice", [now[0], now[0]], False)
    elif most > 1 and schema.get("minItems", 0) <= most:
        yield ("as many as may be", [copy.deepcopy(now[0]) for _ in range(most)], True)
    yield ("none", [], not schema.get("minItems"))


def _maps(schema: Schema, now: Any) -> Iterator[tuple[str, Any, bool]]:
    if "additionalProperties" not in schema:
        return
    value = now[KEY]
    most = schema["maxProperties"]
    yield ("too many", {f"example-{n}": value for n in range(most + 1)}, False)
    yield ("too long a key", {"x" * 400: value}, False)
    yield ("none", {}, True)
