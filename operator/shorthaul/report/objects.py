"""Results as JSON and YAML: the same object in both, keys in their own order, numbers in full."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import yaml

JsonValue = Mapping[str, Any] | Sequence[Any] | str | int | float | bool | None


def as_json(value: JsonValue) -> str:
    """Indented JSON in UTF-8 text; NaN has no place in it and is an error."""
    return json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def as_yaml(value: JsonValue) -> str:
    """Block style YAML."""
    return yaml.safe_dump(value, sort_keys=False, allow_unicode=True, default_flow_style=False)
