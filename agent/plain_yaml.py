"""Reading YAML that people write by hand: texts stay texts, and every complaint has its line."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from .checks import not_text

Wrong = Callable[[str, int | None], Exception]
"""Makes the error of a message and a line, from 1; None where the whole file is meant."""

_MAX_NODES = 100_000
_MAX_DEPTH = 100
_TEXT = "tag:yaml.org,2002:str"


class Document:
    """A YAML file that was read.

    Args:
        text: All of it.
        wrong: Makes the error that is raised.

    Attributes:
        data: What it holds, plain; None where it is empty.

    Raises:
        Exception: What ``wrong`` gives: it is no YAML, or more than plain YAML.
    """

    def __init__(self, text: str, wrong: Wrong) -> None:
        self._wrong = wrong
        try:
            loader = _Loader(text)
            self._node = loader.get_single_node()
            if self._node is not None:
                _require_plain(self._node, loader, wrong)
            self.data: Any = None if self._node is None else loader.construct_document(self._node)
        except yaml.YAMLError as error:
            mark = getattr(error, "problem_mark", None)
            problem = getattr(error, "problem", None) or str(error)
            line = None if mark is None else mark.line + 1
            raise wrong(f"is not valid YAML: {problem}", line) from error
        except RecursionError as error:
            raise wrong("is nested too deeply", None) from error

    @classmethod
    def read(cls, path: Path, wrong: Wrong) -> "Document":
        """Read a file.

        Raises:
            Exception: What ``wrong`` gives: it cannot be read, or see ``Document``.
        """
        try:
            text = path.read_text(encoding="utf-8")
        except OSError as error:
            raise wrong(f"cannot be read: {error.strerror}", None) from error
        except UnicodeDecodeError as error:
            raise wrong(f"is not UTF-8 text: {error.reason}", None) from error
        return cls(text, wrong)

    def line(self, *where: Any) -> int | None:
        """Find the line of a part by its keys and indexes; that of the nearest known one."""
        node = self._node
        line = None
        for part in where:
            child: yaml.Node | None = None
            if isinstance(node, yaml.MappingNode):
                for key, value in node.value:
                    if key.value == str(part):
                        line, child = key.start_mark.line + 1, value
            elif isinstance(node, yaml.SequenceNode) and part in range(len(node.value)):
                item = node.value[part]
                line, child = item.start_mark.line + 1, item
            if child is None:
                break
            node = child
        return line


class Misplaced(ValueError):
    """What a validator finds wrong with a part of what it is given.

    Args:
        message: What is wrong.
        path: Keys and indexes of the part.
    """

    def __init__(self, message: str, *path: str | int) -> None:
        super().__init__(message)
        self.path = path


def complaints(error: ValidationError) -> list[tuple[tuple[str | int, ...], str]]:
    """Give what pydantic found, in plain words, each with where it is."""
    found = []
    for item in error.errors(include_url=False):
        raised = item.get("ctx", {}).get("error")
        place = (*item["loc"], *(raised.path if isinstance(raised, Misplaced) else ()))
        message = item["msg"].removeprefix("Value error, ")
        if item["type"] == "extra_forbidden":
            message = "unknown field"
        field = ".".join(map(str, place))
        found.append((place, f"{field}: {message}" if field else message))
    return found


class _Float(float):
    """A number that remembers how it was written: ``type: 1.10`` types 1.10."""

    source: str

    def __str__(self) -> str:
        return self.source


class _Loader(yaml.SafeLoader):
    """YAML whose texts stay texts.

    YAML 1.1 reads ``12:30`` as 750, ``0123`` as 83, ``yes`` as true and ``2026-01-01`` as a date:
    what was meant to be typed would be typed otherwise. Here only null, true, false and plain
    decimal numbers are anything but text.
    """

    yaml_implicit_resolvers = {}  # noqa: RUF012 - as PyYAML has it

    def construct_number(self, node: yaml.ScalarNode) -> float:
        """Read a number with a point."""
        number = _Float(node.value)
        number.source = node.value
        return number


_Loader.add_implicit_resolver("tag:yaml.org,2002:null", re.compile(r"^(?:~|null|)$"), [*"~n", ""])
_Loader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile(r"^(?:true|false)$"), [*"tf"])
_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:int", re.compile(r"^(?:0|-?[1-9][0-9]{0,17})$"), [*"-0123456789"]
)
_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:float",
    re.compile(r"^-?(?:0|[1-9][0-9]*)?\.[0-9]+(?:[eE][-+]?[0-9]+)?$"),
    [*"-.0123456789"],
)
_Loader.add_constructor("tag:yaml.org,2002:float", _Loader.construct_number)


def _require_plain(root: yaml.Node, loader: _Loader, wrong: Wrong) -> None:
    """Refuse what PyYAML reads without a word: keys given twice, parts that hold themselves, tags.

    Raises:
        Exception: What ``wrong`` gives, with the line.
    """
    sizes: dict[int, int] = {}
    inside: set[int] = set()

    def bad(message: str, node: yaml.Node) -> Exception:
        return wrong(message, node.start_mark.line + 1)

    def size(node: yaml.Node) -> int:
        if id(node) in inside:
            raise bad("this part holds itself: an alias cannot stand inside what it names", node)
        if len(inside) > _MAX_DEPTH:
            raise bad(f"it is nested deeper than {_MAX_DEPTH}", node)
        if id(node) not in sizes:
            scalar = isinstance(node, yaml.ScalarNode)
            meant = loader.resolve(type(node), node.value, (True, False))  # type: ignore[no-untyped-call]
            if node.tag != meant and not (scalar and node.tag == _TEXT):
                raise bad(f"the tag {node.tag} cannot be used here: leave it out", node)
            if scalar and not_text(node.value):
                raise bad("half a surrogate pair is no text: remove it", node)
            inside.add(id(node))
            children = node.value if isinstance(node, yaml.SequenceNode) else []
            if isinstance(node, yaml.MappingNode):
                keys: set[str] = set()
                for key, value in node.value:
                    if not isinstance(key, yaml.ScalarNode) or key.tag != _TEXT:
                        raise bad("a name is a text here: put it in quotes", key)
                    if key.value in keys:
                        raise bad(f"{key.value!r} is given twice", key)
                    keys.add(key.value)
                    children += [key, value]
            sizes[id(node)] = 1 + sum(size(child) for child in children)
            inside.remove(id(node))
        if sizes[id(node)] > _MAX_NODES:
            raise bad(f"it comes to more than {_MAX_NODES} parts", node)
        return sizes[id(node)]

    size(root)
