"""From scores to tokens: what to choose, and when to stop."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from .config import read_json
from .constrain import Guide
from .errors import BadCheckpoint, NotFinite
from .prompt import Emitted
from .tokenizer import Tokenizer


@dataclass(frozen=True, slots=True)
class Sampling:
    """How the next token is chosen.

    Attributes:
        temperature: Scores are divided by it; 0: the best one is taken.
        top_k: Only so many of the best; 0: all.
        top_p: Only the best that have this share of the probability together.
        repetition_penalty: Scores of tokens that are there already are divided by it where
            positive, multiplied where not; 1: none. It acts on the digits of coordinates too:
            an agent leaves it at 1.
        seed: Of the draw; None: another each time.
    """

    temperature: float = 0.0
    top_k: int = 0
    top_p: float = 1.0
    repetition_penalty: float = 1.0
    seed: int | None = None

    def __post_init__(self) -> None:
        """Check the bounds.

        Raises:
            ValueError: A value is out of them.
        """
        for name, low, high in (
            ("temperature", 0, 100),
            ("top_k", 0, 1_000_000),
            ("top_p", 0, 1),
            ("repetition_penalty", 0.01, 100),
        ):
            value = getattr(self, name)
            if not low <= value <= high:
                raise ValueError(f"{name} must be from {low} to {high}, not {value}")

    @property
    def greedy(self) -> bool:
        """Whether the best token is taken, without a draw."""
        return self.temperature == 0 or self.top_k == 1

    @classmethod
    def read(cls, folder: Path) -> "Sampling":
        """Read ``generation_config.json``; greedy where there is none.

        Raises:
            BadCheckpoint: It is damaged, or says something that cannot be.
        """
        data = _generation(folder)
        if not data.get("do_sample", False):
            return cls(repetition_penalty=data.get("repetition_penalty") or 1.0)
        try:
            return cls(
                temperature=float(data.get("temperature", 1.0)),
                top_k=int(data.get("top_k", 50)),
                top_p=float(data.get("top_p", 1.0)),
                repetition_penalty=float(data.get("repetition_penalty") or 1.0),
            )
        except (TypeError, ValueError) as error:
            raise BadCheckpoint(f"{folder / 'generation_config.json'}: {error}") from error


def stop_ids(folder: Path, default: Sequence[int]) -> tuple[int, ...]:
    """Read what ends a reply from ``generation_config.json``."""
    ids = _generation(folder).get("eos_token_id", list(default))
    ids = [ids] if isinstance(ids, int) else ids
    return tuple(dict.fromkeys([*ids, *default]))


def _generation(folder: Path) -> dict[str, Any]:
    return read_json(folder / "generation_config.json") or {}


class Chooser:
    """Chooses tokens one after another.

    Args:
        sampling: How.
        seen: Tokens that are there already, for the repetition penalty.
    """

    def __init__(self, sampling: Sampling, seen: Sequence[int]) -> None:
        self._how = sampling
        self._seen = set(seen)
        self._random: torch.Generator | None = None

    def saw(self, tokens: Sequence[int]) -> None:
        """Count tokens that came without a choice among those that are there."""
        self._seen.update(tokens)

    def choose(self, logits: Tensor, allowed: Tensor | None = None) -> int:
        """Choose the next token.

        Args:
            logits: ``[vocabulary]``, any float dtype.
            allowed: bool ``[vocabulary]``, True for at least one token; None: any will do.

        Raises:
            NotFinite: They are not finite: weights or arithmetic are broken.
        """
        scores = logits.float()
        if not bool(torch.isfinite(scores).all()):
            raise NotFinite(
                "the network's scores are not finite (NaN or infinite): the weights are damaged, "
                "or this dtype is too narrow for them (try float32 or bfloat16)"
            )
        how = self._how
        if how.repetition_penalty != 1 and self._seen:
            places = torch.tensor(sorted(self._seen), device=scores.device)
            held = scores[places]
            punished = torch.where(
                held > 0, held / how.repetition_penalty, held * how.repetition_penalty
            )
            scores = scores.index_copy(0, places, punished)
        if allowed is None:
            token = self._pick(scores)
        else:
            few = allowed.to(scores.device).nonzero().flatten()
            token = int(few[self._pick(scores[few])])
        self._seen.add(token)
        return token

    def _pick(self, scores: Tensor) -> int:
        return int(scores.argmax()) if self._how.greedy else self._draw(scores)

    def _draw(self, scores: Tensor) -> int:
        how = self._how
        scores = scores / how.temperature
        if 0 < how.top_k < len(scores):
            kept = scores.topk(how.top_k)
            scores, places = kept.values, kept.indices
        else:
            scores, places = scores.sort(descending=True)
        shares = scores.softmax(-1)
        # The best are kept until they reach top_p; the one that crosses it is kept too.
        shares = shares.masked_fill(shares.cumsum(-1) - shares >= how.top_p, 0.0)
        shares[0] = max(float(shares[0]), 1e-12)
        if self._random is None:
            self._random = torch.Generator(device=scores.device)
            if how.seed is None:
                self._random.seed()
            else:
                self._random.manual_seed(how.seed)
        return int(places[torch.multinomial(shares, 1, generator=self._random)])


@dataclass(frozen=True, slots=True)
class Token:
    """A token as it is emitted.

    Attributes:
        id: Its number.
        text: What it completes, perhaps nothing: a character may take several tokens.
    """

    id: int
    text: str


class Draft:
    """A reply as it is written.

    Args:
        tokenizer: The vocabulary.
        ends: Tokens that end it.
        room: Most tokens.
        stops: Texts that it ends before.
        guide: Its grammar, if it has one.
        on_token: Told each token.

    Attributes:
        ids: Its tokens so far.
        chosen: How many of them the network chose.
        ended: Whether nothing more is to be added.
        finished: Whether it came to an end of its own before the room did.
    """

    def __init__(
        self,
        tokenizer: Tokenizer,
        ends: Collection[int],
        room: int,
        *,
        stops: Sequence[str] = (),
        guide: Guide | None = None,
        on_token: Callable[[Token], None] | None = None,
    ) -> None:
        if room < 1:
            raise ValueError(f"max_tokens must be at least 1, not {room}")
        if isinstance(stops, str) or not all(stops):
            raise ValueError(f"stops must be a list of texts that are not empty, not {stops!r}")
        self._tokenizer, self._ends, self._room = tokenizer, ends, room
        self._stops, self._guide, self._on_token = tuple(stops), guide, on_token
        self._stream, self._text = tokenizer.stream(), ""
        self.ids: list[int] = []
        self.chosen = 0
        self.ended = self.finished = False

    @property
    def allowed(self) -> Tensor | None:
        """What may come next, as `Chooser.choose` takes it."""
        return None if self._guide is None else self._guide.allowed()

    def begin(self) -> list[int]:
        """Add what comes before there is a choice, and give it."""
        return self._add([])

    def add(self, token: int) -> list[int]:
        """Add a token that was chosen, and those that must follow it; give all of them."""
        if token in self._ends:
            self.ended = self.finished = True
            return []
        self.chosen += 1
        if self._guide is not None:
            self._guide.take(token)
        return self._add([token])

    def close(self) -> tuple[str, Emitted]:
        """Give the text, up to the first stop, and the tokens that it is made of."""
        text = self._tokenizer.decode(self.ids)
        end = min((p for stop in self._stops if (p := text.find(stop)) >= 0), default=len(text))
        if end == len(text):
            return text, Emitted(self.ids)
        text, kept = text[:end], len(self.ids)
        while not text.startswith(whole := self._tokenizer.decode(self.ids[:kept])):
            kept -= 1
        return text, Emitted(self.ids[:kept], text[len(whole) :])

    def _add(self, run: list[int]) -> list[int]:
        room = self._room - len(self.ids)
        if self._guide is not None:
            run = run + self._guide.forced(room - len(run))
            self.finished = self._guide.complete and len(run) <= room
        run = run[:room]
        for number, token in enumerate(run, start=1):
            self.ids.append(token)
            piece = self._stream.step(token)
            if self._on_token is not None:
                self._on_token(Token(token, piece))
            if self._stopped(piece):
                self.finished = True
                run = run[:number]
                break
        self.ended = self.finished or len(self.ids) == self._room
        return run

    def _stopped(self, piece: str) -> bool:
        """Whether a stop ends in what was just added to the text."""
        before = len(self._text)
        self._text += piece
        return any(
            self._text.find(stop, max(0, before - len(stop) + 1)) >= 0 for stop in self._stops
        )
