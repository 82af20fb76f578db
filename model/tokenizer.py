"""Text to token ids and back, with the checkpoint's own vocabulary.

The special tokens that open and close turns and pictures are never made from text: what a screen,
a tool or a user says is encoded by a tokenizer that does not know them, so no text can open a
turn. They are added by number, by the one function that lays out a prompt (``prompt.py``). The
other added tokens, such as those around a box or a tool call, come from marked text alone, and
from the system turn where they are not special.
"""

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from tokenizers import AddedToken, Regex, normalizers, pre_tokenizers
from tokenizers import Tokenizer as Backend
from tokenizers import decoders as backend_decoders
from tokenizers import models as backend_models
from tokenizers.decoders import DecodeStream

from .config import Config
from .errors import BadCheckpoint

IM_START, IM_END, END_OF_TEXT = "<|im_start|>", "<|im_end|>", "<|endoftext|>"

SPECIAL = {
    END_OF_TEXT: 151643,
    IM_START: 151644,
    IM_END: 151645,
    "<|object_ref_start|>": 151646,
    "<|object_ref_end|>": 151647,
    "<|box_start|>": 151648,
    "<|box_end|>": 151649,
    "<|quad_start|>": 151650,
    "<|quad_end|>": 151651,
    "<|vision_start|>": 151652,
    "<|vision_end|>": 151653,
    "<|vision_pad|>": 151654,
    "<|image_pad|>": 151655,
    "<|video_pad|>": 151656,
}
"""What Qwen2-VL adds to the vocabulary; files of ``vocab.json`` and ``merges.txt`` do not say."""

_SPLIT = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*"
    r"|\s*[\r\n]+|\s+(?!\S)|\s+"
)
"""Qwen2's words. Source: ``tokenizer.json`` of the published checkpoints."""


def structural(name: str) -> bool:
    """Whether a token opens, closes or fills a turn or a picture: no text may ever name it."""
    fixed = name in (END_OF_TEXT, IM_START, IM_END)
    return fixed or name.startswith("<|vision_") or name.endswith("_pad|>")


def around(model: backend_models.BPE) -> Backend:
    """Give what Qwen2 has around its vocabulary: NFC, its words, bytes as letters."""
    backend = Backend(model)
    backend.normalizer = normalizers.NFC()
    backend.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(_SPLIT), behavior="isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    backend.decoder = backend_decoders.ByteLevel()
    return backend


def _any_of(names: Iterable[str]) -> re.Pattern[str]:
    longest_first = sorted(names, key=len, reverse=True)
    return re.compile("|".join(map(re.escape, longest_first)) or "(?!)")


class Tokenizer:
    """A checkpoint's vocabulary.

    Args:
        backend: With the special tokens among its added tokens.

    Attributes:
        added: Ids of the tokens that stand beside the vocabulary, special or not, by name.
        size: How many tokens there are, those included.

    Raises:
        BadCheckpoint: A token that every prompt needs is not there.
    """

    def __init__(self, backend: Backend) -> None:
        self._backend = backend
        added = sorted(backend.get_added_tokens_decoder().items())
        self.added: dict[str, int] = {token.content: number for number, token in added}
        self._special = {token.content: number for number, token in added if token.special}
        # The same vocabulary, not a copy: reading it anew would take 70 MB, and half a second in
        # which no other thread of Python runs.
        self._plain = Backend(backend.model)
        self._plain.normalizer = backend.normalizer
        self._plain.pre_tokenizer = backend.pre_tokenizer
        missing = [name for name in (IM_START, IM_END) if name not in self._special]
        if missing:
            raise BadCheckpoint(f"the tokenizer has no special token {' and no '.join(missing)}")
        self.im_start, self.im_end = self._special[IM_START], self._special[IM_END]
        self.size = backend.get_vocab_size()
        self._words = _any_of(name for name in self.added if name not in self._special)
        self._marks = _any_of(name for name in self.added if not structural(name))

    @classmethod
    def load(cls, folder: Path) -> "Tokenizer":
        """Read ``tokenizer.json``, or ``vocab.json`` and ``merges.txt``.

        Raises:
            BadCheckpoint: They are missing or damaged.
        """
        whole, vocabulary, merges = (
            folder / name for name in ("tokenizer.json", "vocab.json", "merges.txt")
        )
        try:
            if whole.is_file():
                return cls(Backend.from_file(str(whole)))
            if vocabulary.is_file() and merges.is_file():
                lines = merges.read_text(encoding="utf-8").splitlines()
                pairs = [
                    tuple(line.split(" ")) for line in lines if not line.startswith("#version")
                ]
                return cls.from_vocabulary(
                    json.loads(vocabulary.read_text(encoding="utf-8")),
                    [(pair[0], pair[1]) for pair in pairs if len(pair) == 2],
                )
        except BadCheckpoint:
            raise
        except Exception as error:  # the library raises bare Exception for a damaged file
            raise BadCheckpoint(f"the tokenizer in {folder} cannot be read: {error}") from error
        raise BadCheckpoint(f"{folder} has neither tokenizer.json nor vocab.json and merges.txt")

    @classmethod
    def from_vocabulary(
        cls,
        vocabulary: dict[str, int],
        merges: Sequence[tuple[str, str]],
        special: dict[str, int] | None = None,
    ) -> "Tokenizer":
        """Build Qwen2's tokenizer from its parts.

        Args:
            vocabulary: Byte-level tokens and their ids.
            merges: In order of rank.
            special: Added tokens; default those of Qwen2-VL.

        Raises:
            BadCheckpoint: An added token gets another id than it must have: the vocabulary is
                not Qwen2's.
        """
        backend = around(backend_models.BPE(vocab=vocabulary, merges=list(merges)))
        special = SPECIAL if special is None else special
        backend.add_special_tokens(
            [AddedToken(name, special=True, normalized=False) for name in special]
        )
        wrong = [name for name, number in special.items() if backend.token_to_id(name) != number]
        if wrong:
            raise BadCheckpoint(
                f"{wrong[0]} would be token {backend.token_to_id(wrong[0])}, not "
                f"{special[wrong[0]]}: this is not Qwen2's vocabulary"
            )
        return cls(backend)

    def check(self, config: Config) -> None:
        """Compare with what the config says of special tokens.

        Raises:
            BadCheckpoint: A special token has another number, or the network has fewer rows than
                the vocabulary needs.
        """
        for name, number in (
            ("<|image_pad|>", config.image_token),
            ("<|video_pad|>", config.video_token),
            ("<|vision_start|>", config.vision_start),
            ("<|vision_end|>", config.vision_end),
        ):
            found = self._special.get(name)
            if found != number:
                raise BadCheckpoint(
                    f"{name} is token {found} of the tokenizer and {number} of config.json"
                )
        if self.size > config.text.vocabulary:
            raise BadCheckpoint(
                f"the tokenizer knows {self.size} tokens, the network {config.text.vocabulary}"
            )

    def special(self, name: str) -> int | None:
        """Give the id of a special token; None where this vocabulary has none of that name."""
        return self._special.get(name)

    def encode(self, text: str) -> list[int]:
        """Encode a text that a model or a template wrote: special tokens in it are letters.

        Tokens that the checkpoint adds without calling them special, such as Qwen2.5's
        ``<tool_call>``, are words.
        """
        ids: list[int] = []
        for piece in self.worded(text):
            ids += [piece] if isinstance(piece, int) else self.letters(piece)
        return ids

    def letters(self, text: str) -> list[int]:
        """Encode text as text: every added token written in it is letters like any others."""
        return self._plain.encode(text, add_special_tokens=False).ids

    def worded(self, text: str) -> Iterator[str | int]:
        """Cut text into stretches, and ids of the added tokens in it that are not special."""
        return self._cut(self._words, text)

    def marked(self, text: str) -> Iterator[str | int]:
        """Cut marked text into stretches of text, and ids of the added tokens that it names.

        Tokens of turns and pictures, and names that this vocabulary does not have, stay text.
        """
        return self._cut(self._marks, text)

    def _cut(self, names: re.Pattern[str], text: str) -> Iterator[str | int]:
        start = 0
        for found in names.finditer(text):
            if start < found.start():
                yield text[start : found.start()]
            yield self.added[found.group()]
            start = found.end()
        if start < len(text):
            yield text[start:]

    def pieces(self) -> dict[int, str]:
        """Give what texts are made of: the text of each token that is no added one."""
        held = set(self._plain.get_vocab().values()) - set(self.added.values())
        return {token: self.decode([token]) for token in sorted(held)}

    def spelled(self, ids: Iterable[int]) -> list[str]:
        """Give the bytes of each token, a letter of the vocabulary's for each; of added ones none.

        A token may hold a part of a character, which `decode` cannot show.
        """
        added = set(self.added.values())
        return ["" if one in added else self._backend.id_to_token(one) or "" for one in ids]

    def to_json(self) -> str:
        """Give it as ``tokenizer.json`` has it."""
        return self._backend.to_str()

    def decode(self, ids: Iterable[int]) -> str:
        """Give the text of ids, special tokens included."""
        return self._backend.decode([*ids], skip_special_tokens=False)

    def stream(self) -> "TextStream":
        """Begin to decode a reply token by token."""
        return TextStream(self._backend)


class TextStream:
    """Decodes token by token; a character comes when all of its bytes have."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend
        self._stream: Any = DecodeStream(skip_special_tokens=False)

    def step(self, token: int) -> str:
        """Give the text that a token completes, perhaps none."""
        return self._stream.step(self._backend, token) or ""
