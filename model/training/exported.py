"""Folders that ``eyehand export`` and ``eyehand demos`` wrote, read back as samples.

Both forms: ``sharegpt`` (turns with a ``loss_mask``) and ``messages`` (turns of parts, or a prompt
with its completion). What was the session's words and what a user's is told by the turn: a reply
and a system turn may spell control tokens such as ``<tool_call>``, and they are tokens. So they
are in a user's turn, where only a dialect puts them; but where the export says that a text spelled
such a word (``rereads``), the word stays letters there, as the session read it.
"""

import hashlib
import json
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image as Pillow
from PIL import UnidentifiedImageError

from ..chat import Image, Marked, Message, Part, Role, Text, pixel_hash
from ..errors import BadTrainingData
from ..image import Processor, flatten
from ..size import Size
from .sample import Sample

FORMAT = 1
_CONTROL = re.compile(r"(<\|[A-Za-z0-9_]+\|>)")


@dataclass(frozen=True, slots=True)
class Line:
    """Where an example lies.

    Attributes:
        start: Of its line in ``data.jsonl``, in bytes.
        length: Of the line.
        episode: That it was recorded in.
        rereads: Whether a text of a user spells a word such as ``<tool_call>``.
        resized: The sizes at which its pictures were seen.
    """

    start: int
    length: int
    episode: str
    rereads: bool
    resized: tuple[Size, ...]


@dataclass(frozen=True, slots=True)
class Export:
    """An export; its examples are read when they are asked for.

    Attributes:
        folder: That it lies in.
        lines: Its examples.
        name: Of its content: the hash of ``data.jsonl``.
    """

    folder: Path
    lines: Sequence[Line]
    name: str

    @classmethod
    def open(cls, folder: Path) -> "Export":
        """Read what is in it, but not yet the examples.

        Args:
            folder: Of an export, or of demonstrations, whose export is in its ``data``.

        Raises:
            BadTrainingData: It is none, is not finished, is empty, was changed, or its pictures
                were seen at another size than a trainer shows them.
        """
        if not (folder / "manifest.json").is_file() and (folder / "data" / "data.jsonl").is_file():
            folder = folder / "data"
        manifest = _manifest(folder)
        try:
            data = (folder / "data.jsonl").read_bytes()
            told = (folder / "provenance.jsonl").read_text(encoding="utf-8").splitlines()
        except OSError as error:
            raise BadTrainingData(f"{error.filename} cannot be read: {error.strerror}") from error
        name = hashlib.sha256(data).hexdigest()
        if name != manifest.get("data_sha256"):
            raise BadTrainingData(f"{folder / 'data.jsonl'} was changed since it was exported")
        rows = data.splitlines(keepends=True)
        if not rows:
            raise BadTrainingData(f"{folder} holds no example: its manifest says what was left out")
        if len(rows) != len(told):
            raise BadTrainingData(
                f"{folder}: data.jsonl has {len(rows)} examples and provenance.jsonl {len(told)}"
            )
        starts = [0, *accumulate(map(len, rows))]
        try:
            lines = tuple(
                Line(
                    start,
                    len(row),
                    str(about["episode"]),
                    bool(about["rereads"]),
                    tuple(Size(*map(int, size)) for size in about["resized"]),
                )
                for start, row, about in zip(starts, rows, map(json.loads, told), strict=False)
            )
        except (ValueError, KeyError, TypeError) as error:
            raise BadTrainingData(f"{folder / 'provenance.jsonl'} is damaged: {error!r}") from error
        return cls(folder, lines, name)

    def example(self, number: int, *, pixels: bool = True) -> Sample:
        """Read an example.

        Args:
            number: From 0.
            pixels: Whether its pictures are read; else they are black, for who wants their sizes.

        Raises:
            BadTrainingData: It cannot be understood, or a picture is missing.
        """
        resized, rereads = self.lines[number].resized, self.lines[number].rereads
        with self._told(number):
            row = self._row(number)
            images = [
                self._picture(name, size, pixels)
                for name, size in zip(row.images, resized, strict=True)
            ]
            waiting = iter(images)
            messages = [
                Message(role, tuple(_parts(role, content, rereads, waiting)))
                for role, content in row.turns
            ]
            if next(waiting, None) is not None:
                raise ValueError("it names more pictures than it has places for")
            return Sample(messages, row.learn)

    def check_pictures(self, processor: Processor) -> None:
        """See that all pictures are there and are shown at the size that they were recorded at.

        Points in a reply may be pixels of that size.

        Raises:
            BadTrainingData: One is missing, damaged, or would be shown at another size.
        """
        known: dict[str, Size] = {}
        for number, line in enumerate(self.lines):
            with self._told(number):
                pairs = [*zip(self._row(number).images, line.resized, strict=True)]
            for name, resized in pairs:
                if name not in known:
                    with _picture(self.folder / name) as picture:
                        known[name] = processor.plan(Size(*picture.size))
                if known[name] != resized:
                    raise BadTrainingData(
                        f"{self.folder / name} was seen at {resized} when it was recorded, and "
                        f"this checkpoint, with this --image-tokens, sees it at {known[name]}: "
                        "points would be learnt wrong. Export with --resize, or train with the "
                        "--image-tokens that it was recorded with"
                    )

    def _row(self, number: int) -> "Row":
        line = self.lines[number]
        with (self.folder / "data.jsonl").open("rb") as file:
            file.seek(line.start)
            return Row.of(json.loads(file.read(line.length)))

    @contextmanager
    def _told(self, number: int) -> Iterator[None]:
        """Say which example cannot be understood."""
        try:
            yield
        except (ValueError, KeyError, TypeError, OSError) as error:
            raise BadTrainingData(
                f"{self.folder / 'data.jsonl'}, line {number + 1}, is no example: {error!r}"
            ) from error

    def _picture(self, name: str, resized: Size, pixels: bool) -> Image:
        with _picture(self.folder / name) as picture:
            if pixels:
                shown = flatten(picture)
                return Image(shown, resized, pixel_hash(shown))
            width, height = picture.size
        return Image(np.broadcast_to(np.zeros(1, np.uint8), (height, width, 3)), resized, name)


@dataclass(frozen=True, slots=True)
class Row:
    """A line of ``data.jsonl``, of either form.

    Attributes:
        turns: Who speaks, and texts in order; None for a picture.
        learn: Numbers of the turns that are learnt.
        images: Files of the pictures.
    """

    turns: list[tuple[Role, list[str | None]]]
    learn: tuple[int, ...]
    images: list[str]

    @classmethod
    def of(cls, data: dict[str, Any]) -> "Row":
        """Read it."""
        if "conversations" in data:
            turns: list[tuple[Role, list[str | None]]] = [
                (_SHAREGPT[turn["from"]], _cut(turn["value"])) for turn in data["conversations"]
            ]
            mask = data["loss_mask"]
            learn = [n for (n, _), loss in zip(enumerate(turns), mask, strict=True) if loss]
            if "system" in data:
                turns.insert(0, ("system", _cut(data["system"])))
                learn = [number + 1 for number in learn]
        else:
            asked = data.get("prompt", [])
            said = data["completion"] if asked else data["messages"]
            turns = [(_ROLES[turn["role"]], _contents(turn["content"])) for turn in [*asked, *said]]
            learn = [n for n, (role, _) in enumerate(turns) if n >= len(asked) and role in _SAYS]
        return cls(turns, tuple(learn), [str(name) for name in data["images"]])


_ROLES: dict[str, Role] = {"system": "system", "user": "user", "assistant": "assistant"}
_SHAREGPT: dict[str, Role] = {"human": "user", "gpt": "assistant"}
_SAYS = ("assistant",)
_PLACE = "<image>"


def _cut(text: str) -> list[str | None]:
    """Cut a text of sharegpt's where pictures stand in it."""
    first, *rest = text.split(_PLACE)
    contents: list[str | None] = [first] if first else []
    for piece in rest:
        contents += [None, piece] if piece else [None]
    return contents


def _contents(parts: list[dict[str, str]]) -> list[str | None]:
    return [None if part["type"] == "image" else part["text"] for part in parts]


def _parts(
    role: Role, contents: list[str | None], rereads: bool, images: Iterator[Image]
) -> Iterator[Part]:
    for content in contents:
        if content is None:
            image = next(images, None)
            if image is None:
                raise ValueError("it has more places for pictures than it names")
            yield image
        elif role == "user" and rereads:
            for number, piece in enumerate(_CONTROL.split(content)):
                yield Marked(piece) if number % 2 else Text(piece)
        else:
            yield Marked(content)


def _manifest(folder: Path) -> dict[str, Any]:
    path = folder / "manifest.json"
    if not path.is_file():
        if (folder / "data.jsonl").is_file():
            raise BadTrainingData(
                f"{folder} is an export that was never finished: it has no manifest.json. Export "
                "into a new folder"
            )
        raise BadTrainingData(
            f"{folder} is no export: give a folder that `eyehand export` or `eyehand demos` wrote"
        )
    try:
        manifest = dict(json.loads(path.read_text(encoding="utf-8")))
        found, others = manifest["format"], int(manifest["other_sizes"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BadTrainingData(f"{path} is damaged: {error!r}") from error
    if found != FORMAT:
        raise BadTrainingData(f"{path} is of format {found}; this version reads {FORMAT}")
    if others:
        raise BadTrainingData(
            f"{folder}: {others} pictures were seen at another size than they have here, so points "
            "would be learnt wrong: export again with --resize"
        )
    return manifest


@contextmanager
def _picture(path: Path) -> Iterator[Pillow.Image]:
    try:
        with Pillow.open(path) as picture:
            yield picture
    except FileNotFoundError as error:
        raise BadTrainingData(f"{path} is missing: the folder was not copied whole") from error
    except (UnidentifiedImageError, OSError, SyntaxError) as error:
        raise BadTrainingData(f"{path} is no picture: {error}") from error
