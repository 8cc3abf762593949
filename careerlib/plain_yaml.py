"""Small YAML files written by people, read so that a damaged or hostile one does no harm."""

from collections import Counter
from pathlib import Path
from typing import Any

import yaml

from careerlib.errors import quoted

MOST_BYTES = 64 * 1024  # a larger one can take the parser minutes
FILE_ERRORS = (OSError, ValueError, RuntimeError, yaml.YAMLError)


class _PlainLoader(yaml.BaseLoader):
    """Text, lists and tables only, no key twice.

    A number stays text, so that 010 and 90:00 are nobody's 8 and 5,400. Aliases and tags are
    refused: a few nested aliases are gigabytes.
    """

    def compose_node(self, parent: Any, index: Any) -> Any:
        event: Any = self.peek_event()
        if isinstance(event, yaml.AliasEvent) or event.anchor or event.tag:
            raise yaml.MarkedYAMLError(None, None, "it has a tag or an alias", event.start_mark)
        return super().compose_node(parent, index)

    def construct_mapping(self, node: Any, deep: bool = False) -> dict:
        table = super().construct_mapping(node, deep)
        if len(table) < len(node.value):
            name = Counter(key.value for key, _ in node.value).most_common(1)[0][0]
            raise yaml.MarkedYAMLError(None, None, f"{quoted(name)} comes twice", node.start_mark)
        return table


def load_plain(path: Path) -> dict[str, Any]:
    """The table in a YAML file of at most 64 KB; all its values are text, lists or tables.

    Raises one of FILE_ERRORS for a file that is missing, too large, no YAML or no table.
    """
    with path.expanduser().open("rb") as file:
        content = file.read(MOST_BYTES + 1)
    if len(content) > MOST_BYTES:
        raise ValueError("it has over 64 KB")
    given = yaml.load(content.decode("utf-8-sig"), Loader=_PlainLoader)
    if not isinstance(given, dict):
        raise ValueError("it is not a table" if given else "it is empty")
    return given


def reason(error: Exception) -> str:
    """Why a file cannot be read or written: a clause for the middle of a sentence."""
    if isinstance(error, UnicodeDecodeError):
        return "it is not UTF-8 text"
    if isinstance(error, RecursionError):
        return "it is nested too deeply"
    if isinstance(error, yaml.MarkedYAMLError) and error.problem_mark:
        return f"line {error.problem_mark.line + 1}: {str(error.problem)[:80]}"
    return getattr(error, "strerror", None) or getattr(error, "reason", None) or str(error)
