"""Small YAML files written by people, read so that a damaged or hostile one does no harm."""

from collections import Counter
from pathlib import Path
from reprlib import Repr
from typing import Any

import yaml

MOST_BYTES = 64 * 1024  # a larger one can take the parser minutes
MOST_LEVELS = 3  # a table of tables of text


class PlainYamlError(Exception):
    """Why a file cannot be read: a clause for the middle of a sentence."""


class _PlainLoader(yaml.BaseLoader):
    """Text, lists and tables only, no key twice.

    A number stays text, so that 010 and 90:00 are nobody's 8 and 5,400. Aliases and tags are
    refused: a few nested aliases are gigabytes.
    """

    depth = 0

    def compose_node(self, parent: Any, index: Any) -> Any:
        event: Any = self.peek_event()
        if isinstance(event, yaml.AliasEvent) or event.anchor or event.tag:
            raise yaml.MarkedYAMLError(
                problem="it has a tag or an alias", problem_mark=event.start_mark
            )
        if self.depth == MOST_LEVELS:
            raise yaml.MarkedYAMLError(
                problem="it is nested too deeply", problem_mark=event.start_mark
            )
        self.depth += 1
        node = super().compose_node(parent, index)
        self.depth -= 1
        return node

    def construct_mapping(self, node: Any, deep: bool = False) -> dict:
        table = super().construct_mapping(node, deep)
        if len(table) < len(node.value):
            name = Counter(key.value for key, _ in node.value).most_common(1)[0][0]
            problem = f"{quoted(name)} comes twice"
            raise yaml.MarkedYAMLError(problem=problem, problem_mark=node.start_mark)
        return table


def load_plain(path: str | Path) -> dict[str, Any]:
    """The table in a YAML file of at most 64 KB; all its values are text, lists or tables.

    Raises PlainYamlError for a file that is missing, too large, no YAML or no table.
    """
    try:
        with Path(path).expanduser().open("rb") as file:
            content = file.read(MOST_BYTES + 1)
        if len(content) > MOST_BYTES:
            raise PlainYamlError("it has over 64 KB")
        given = yaml.load(content.decode("utf-8-sig"), Loader=_PlainLoader)
    except OSError as error:
        raise PlainYamlError(error.strerror) from None
    except UnicodeDecodeError:
        raise PlainYamlError("it is not UTF-8 text") from None
    except yaml.MarkedYAMLError as error:
        line = f"line {error.problem_mark.line + 1}: " if error.problem_mark else ""
        raise PlainYamlError(f"{line}{str(error.problem)[:80]}") from None
    except (yaml.YAMLError, ValueError, RuntimeError) as error:
        raise PlainYamlError(getattr(error, "reason", None) or error) from None
    if not isinstance(given, dict):
        raise PlainYamlError("it is not a table" if given else "it is empty")
    return given


def quoted(value: Any, longest: int = 40) -> str:
    """The value for a message: printable, and not much longer than `longest`."""
    limits = Repr()
    limits.maxlevel = limits.maxdict = limits.maxlist = limits.maxtuple = limits.maxset = 1
    limits.maxstring = limits.maxother = limits.maxlong = longest
    try:
        return limits.repr(value.item() if hasattr(value, "item") else value)
    except ValueError:  # a number of thousands of digits, or an array
        return f"a long {type(value).__name__}"
