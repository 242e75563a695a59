"""Read YAML of which nothing is lost without a word: a key stands once, and nothing but plain data is made."""

from __future__ import annotations

from typing import Any

import yaml


class NotStrictYaml(ValueError):
    """The text is not YAML with each key once. Says where, and quotes nothing of the text."""

    def __init__(self, line: int | None) -> None:
        super().__init__("cannot be read as YAML with each key once" + (f" at line {line}" if line else ""))


def load_strict(text: str) -> Any:
    """Return what the text says. Raises NotStrictYaml."""
    try:
        return yaml.load(text, _UniqueKeys)  # noqa: S506  # a SafeLoader that refuses more
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        raise NotStrictYaml(mark.line + 1 if mark else None) from None


class _UniqueKeys(yaml.SafeLoader):
    """YAML itself would let the last of two equal keys win, unseen."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        names = [str(key.value) for key, _ in node.value]
        if len(set(names)) != len(names):
            raise yaml.constructor.ConstructorError(None, None, "a key stands twice", node.start_mark)
        return super().construct_mapping(node, deep=deep)
