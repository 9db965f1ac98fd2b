"""Turns the structs of this folder into CustomResourceDefinitions, so that there is one source.

Only what our structs use is known here; anything else is an error, not a guess. Optional means
absent, never null, because the API server drops nulls. Defaults of specs are written into the
schema, so that `kubectl get -o yaml` shows what applies; statuses have none. The keys of a map
cannot be bounded by a schema, so their length is bounded by a CEL rule.
"""

from collections.abc import Sequence
from typing import Any

import msgspec
from msgspec import inspect

from shorthaul.api import objects, v1alpha1

Schema = dict[str, Any]
RULES = "x-kubernetes-validations"


def definition(kind: v1alpha1.Kind) -> Schema:
    """The CustomResourceDefinition of a kind, without labels."""
    names = {
        "kind": kind.name,
        "listKind": f"{kind.name}List",
        "plural": kind.plural,
        "singular": kind.singular,
        "shortNames": [kind.short],
        "categories": [v1alpha1.CATEGORY],
    }
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": kind.resource},
        "spec": {
            "group": objects.GROUP,
            "names": names,
            "scope": "Namespaced" if kind.namespaced else "Cluster",
            "versions": [_version(kind)],
        },
    }


def schema(kind: v1alpha1.Kind) -> Schema:
    """The schema of a kind's objects."""
    root = inspect.type_info(kind.type)
    if not isinstance(root, inspect.StructType):
        raise TypeError(f"{kind.name} is not a struct")
    fields = {field.encode_name: field for field in root.fields}
    properties: Schema = {
        "apiVersion": {"type": "string"},
        "kind": {"type": "string"},
        "metadata": {"type": "object"},
        "spec": _with_rules(_convert(fields["spec"].type), _spec_rules(kind, fields["spec"])),
    }
    if "status" in fields:
        properties["status"] = _with_rules(_convert(fields["status"].type), kind.status_rules)
    whole = {
        "description": _sentence(kind.type),
        "type": "object",
        "required": ["spec"],
        "properties": properties,
    }
    return _with_rules(whole, kind.root_rules)


def _version(kind: v1alpha1.Kind) -> Schema:
    described = schema(kind)
    version: Schema = {
        "name": objects.VERSION,
        "served": True,
        "storage": True,
        "additionalPrinterColumns": [_column(column) for column in kind.columns],
        "schema": {"openAPIV3Schema": described},
    }
    if "status" in described["properties"]:
        version["subresources"] = {"status": {}}
    if kind.selectable:
        version["selectableFields"] = [{"jsonPath": path} for path in kind.selectable]
    return version


def _column(column: v1alpha1.Column) -> Schema:
    shown: Schema = {"name": column.name, "type": column.type, "jsonPath": column.path}
    if column.description:
        shown["description"] = column.description
    if column.wide:
        shown["priority"] = 1
    return shown


def _spec_rules(kind: v1alpha1.Kind, spec: inspect.Field) -> Sequence[tuple[str, str]]:
    if kind.immutable is False:
        return kind.spec_rules
    if kind.immutable is True:
        return (*kind.spec_rules, ("self == oldSelf", f"the spec of a {kind.name} never changes"))
    struct = _bare(spec.type)
    if not isinstance(struct, inspect.StructType):
        raise TypeError(f"the spec of {kind.name} is not a struct")
    frozen = [field for field in struct.fields if field.encode_name not in kind.immutable]
    once = [field for field in struct.fields if field.encode_name in kind.immutable]
    return (*kind.spec_rules, *map(_never_changes, frozen), *map(_set_once, once))


def _never_changes(field: inspect.Field) -> tuple[str, str]:
    name = field.encode_name
    same = f"self.{name} == oldSelf.{name}"
    if not field.required:
        same = f"has(self.{name}) == has(oldSelf.{name}) && (!has(self.{name}) || {same})"
    return same, f"{name} never changes"


def _set_once(field: inspect.Field) -> tuple[str, str]:
    name = field.encode_name
    return (
        f"!has(oldSelf.{name}) || (has(self.{name}) && self.{name} == oldSelf.{name})",
        f"{name} is set once",
    )


def _with_rules(described: Schema, rules: Sequence[tuple[str, str]]) -> Schema:
    if not rules:
        return described
    added = objects.rules(*rules)[RULES]
    return {**described, RULES: [*described.get(RULES, []), *_as_list(added)]}


def _as_list(value: object) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _bare(type_: inspect.Type) -> inspect.Type:
    return _bare(type_.type) if isinstance(type_, inspect.Metadata) else type_


def _convert(type_: inspect.Type) -> Schema:
    match type_:
        case inspect.Metadata():
            return _annotated(type_)
        case inspect.UnionType():
            return _union(type_)
        case inspect.StructType():
            return _struct(type_)
        case inspect.VarTupleType():
            return _list(type_)
        case inspect.DictType():
            return _map(type_)
        case _:
            return _scalar(type_)


def _annotated(type_: inspect.Metadata) -> Schema:
    inner, extra = _convert(type_.type), type_.extra_json_schema or {}
    both = [*inner.get(RULES, []), *_as_list(extra.get(RULES, []))]
    merged = {**inner, **extra}
    return {**merged, RULES: both} if both else merged


def _union(type_: inspect.UnionType) -> Schema:
    present = [each for each in type_.types if not isinstance(each, inspect.NoneType)]
    if len(present) == 1:
        return _convert(present[0])
    kinds = {type(each) for each in present}
    if kinds == {inspect.IntType, inspect.LiteralType}:
        return {"x-kubernetes-int-or-string": True}
    raise TypeError(f"no schema for the union {type_}")


def _struct(type_: inspect.StructType) -> Schema:
    shown: Schema = {"description": _sentence(type_.cls), "type": "object"}
    required = [field.encode_name for field in type_.fields if field.required]
    if required:
        shown["required"] = required
    with_defaults = issubclass(type_.cls, objects.Value)
    shown["properties"] = {
        field.encode_name: _property(field, with_defaults) for field in type_.fields
    }
    return shown


def _property(field: inspect.Field, with_defaults: bool) -> Schema:
    shown = _convert(field.type)
    if not with_defaults or field.default in (msgspec.NODEFAULT, None):
        return shown
    if isinstance(field.default, msgspec.Struct):
        parts = shown["properties"]
        return {**shown, "default": {n: p["default"] for n, p in parts.items() if "default" in p}}
    if isinstance(field.default, (bool, int, float, str)):
        return {**shown, "default": msgspec.to_builtins(field.default)}
    return shown


def _list(type_: inspect.VarTupleType) -> Schema:
    shown: Schema = {"type": "array", "items": _convert(type_.item_type)}
    return {**shown, **_present(minItems=type_.min_length, maxItems=type_.max_length)}


def _map(type_: inspect.DictType) -> Schema:
    shown: Schema = {"type": "object", "additionalProperties": _convert(type_.value_type)}
    shown |= _present(minProperties=type_.min_length, maxProperties=type_.max_length)
    key = _bare(type_.key_type)
    longest = key.max_length if isinstance(key, inspect.StrType) else None
    if longest is None:
        raise TypeError(f"the keys of {type_} have no greatest length")
    rule = (f"self.all(key, size(key) <= {longest})", f"keys have at most {longest} characters")
    return _with_rules(shown, (rule,))


def _scalar(type_: inspect.Type) -> Schema:
    match type_:
        case inspect.BoolType():
            return {"type": "boolean"}
        case inspect.IntType():
            bounds = _present(minimum=type_.ge, maximum=type_.le)
            return {"type": "integer", "format": "int64", **bounds}
        case inspect.FloatType():
            return {"type": "number", **_present(minimum=type_.ge, maximum=type_.le)}
        case inspect.StrType():
            lengths = _present(minLength=type_.min_length, maxLength=type_.max_length)
            return {"type": "string", **lengths, **_present(pattern=type_.pattern)}
        case inspect.DateTimeType():
            return {"type": "string", "format": "date-time", "maxLength": 64}
        case inspect.EnumType():
            return {"type": "string", "enum": [str(member.value) for member in type_.cls]}
        case _:
            raise TypeError(f"no schema for {type_}")


def _present(**values: object) -> Schema:
    return {name: value for name, value in values.items() if value is not None}


def _sentence(struct: type) -> str:
    return " ".join((struct.__doc__ or "").split())
