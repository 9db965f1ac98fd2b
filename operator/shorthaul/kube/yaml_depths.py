"""Refuses YAML that is nested deeper than anybody means, before it is composed.

libyaml composes by recursion, so that text of a few hundred thousand brackets would end the process
with a segmentation fault; its parser of events does not recurse.
"""

from typing import Any

import yaml

DEEPEST_NESTING = 100


def require_shallow(text: str | bytes, loader: type[Any]) -> None:
    """Raises yaml.YAMLError when a document is nested deeper than the limit."""
    depth = 0
    for event in yaml.parse(text, Loader=loader):
        depth += isinstance(event, yaml.CollectionStartEvent)
        depth -= isinstance(event, yaml.CollectionEndEvent)
        if depth > DEEPEST_NESTING:
            raise yaml.YAMLError(f"nested deeper than {DEEPEST_NESTING} levels")
