"""One conversation with a network that remembers what it has read.

A session keeps keys and values of the tokens of its last prompt and reply. A prompt that begins
alike, token by token and picture by picture, is read only from where it differs. The network's
passes run in a thread of the model's own, one at a time; whoever waits for one can be cancelled at
any moment and is answered at once, while the pass ends at its next layer and leaves the session as
far as it had got.
"""

import asyncio
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

import torch

from .base import Reply
from .cache import KVCache
from .chat import Image, Message
from .errors import ContextTooLong, ModelError, NotEnoughMemory, NotFinite
from .generate import Chooser, Draft, Sampling, Token
from .image import frame_tensor
from .memory import ran_out
from .prompt import Emitted, Prompt, Visual, place_of
from .rope import positions_of

if TYPE_CHECKING:
    from .qwen_vl import QwenVL


class _Stopped(Exception):
    """The caller wants the reply no more."""


@dataclass(frozen=True, slots=True)
class _Wish:
    """What a caller asked for."""

    messages: Sequence[Message]
    grammar: str | None
    stops: Sequence[str]
    room: int
    sampling: Sampling
    on_token: Callable[[Token], None] | None
    stop: threading.Event

    def check(self) -> None:
        if self.stop.is_set():
            raise _Stopped


class QwenSession:
    """One conversation; made by `QwenVL.session`.

    Args:
        model: Whose.
        sampling: How tokens are chosen unless a call says otherwise; None: as the model does.
    """

    def __init__(self, model: "QwenVL", sampling: Sampling | None = None) -> None:
        self._model = model
        self._sampling = sampling or model.sampling
        self._cache = KVCache(model.config.text.layers)
        self._held = Prompt()  # what the cache holds, token by token
        self._said: dict[tuple[int, int, str], Emitted] = {}
        self._closed = False

    @property
    def held(self) -> int:
        """Tokens whose keys and values are kept."""
        return self._cache.length

    async def reply(
        self,
        messages: Sequence[Message],
        *,
        grammar: str | None = None,
        stops: Sequence[str] = (),
        temperature: float | None = None,
        max_tokens: int | None = None,
        sampling: Sampling | None = None,
        on_token: Callable[[Token], None] | None = None,
    ) -> Reply:
        """Continue the conversation.

        Args:
            messages: The whole conversation so far, oldest first. An assistant turn at the end is
                open: the reply goes on where it stops.
            grammar: Lark text that the whole reply follows, as ``constrain.py`` has it; None:
                anything can be said.
            stops: The reply ends before the first of these texts, besides at the end of the turn.
            temperature: Instead of that of ``sampling``; None: that one.
            max_tokens: Longest reply; None: the model's own bound.
            sampling: How tokens are chosen; None: the session's own way.
            on_token: Told each token from the model's thread, as it comes; those of a stop too.

        Returns:
            The reply without what ended it. Its ``stats`` count tokens reused, prefilled (with
            those that a grammar forces at the beginning), decoded (chosen by the network) and
            forced, and the network's passes after the prefill (``forwards``); and give seconds
            for the prompt, pictures, prefill, decoding, and therein for the grammar (``mask_s``).

        Raises:
            BadGrammar: The grammar cannot be read, or this vocabulary cannot follow it.
            ContextTooLong: Prompt and reply do not fit; nothing was computed.
            ModelError: No reply can be given.
        """
        if self._closed:
            raise ModelError("the session was closed: begin another")
        stop = threading.Event()
        room = self._model.max_tokens if max_tokens is None else max_tokens
        how = sampling or self._sampling
        if temperature is not None:
            how = replace(how, temperature=temperature)
        wish = _Wish(messages, grammar, stops, room, how, on_token, stop)
        work = self._model.submit(partial(self._try, wish))
        try:
            return await asyncio.wrap_future(work)
        except asyncio.CancelledError:
            stop.set()
            raise

    def remember(self, messages: Sequence[Message], reply: Reply) -> None:
        """Take up a reply of another session to these messages, token by token.

        Without it, what was said then would be encoded from its text, and so might be another
        prompt than the one that the conversation went on from.
        """
        if reply.tokens:
            self._said[(*place_of(messages), reply.text)] = Emitted(reply.tokens, reply.rest)

    async def close(self) -> None:
        """Free the cache; closing twice is harmless."""
        self._closed = True
        self._model.submit(self._free)

    def _free(self) -> None:
        self._cache = KVCache(self._model.config.text.layers)
        self._held = Prompt()

    def _try(self, wish: _Wish) -> Reply:
        try:
            return self._reply(wish)
        except NotFinite:
            # What is not finite spreads to all that looks at it, so nothing of it is kept.
            self._cut(0)
            self._model.forget_pictures()
            raise
        except RuntimeError as error:
            if not ran_out(error):
                raise
            raise NotEnoughMemory(
                f"memory ran out in a conversation of {self._cache.length} tokens on "
                f"{self._model.device}: show smaller or fewer pictures, or use a smaller model"
            ) from error

    @torch.inference_mode()
    def _reply(self, wish: _Wish) -> Reply:
        model, began, check = self._model, time.perf_counter(), wish.check
        check()
        prompt = model.layout.prompt(wish.messages, self._said)
        positions, counter = positions_of(prompt.spans(), model.config.vision.merge)
        _fit(counter, wish.room, model.config.text.positions, len(prompt.ids))
        guide = None if wish.grammar is None else model.grammars.begin(wish.grammar)
        draft = Draft(
            model.tokenizer, model.stop_ids, wish.room,
            stops=wish.stops, guide=guide, on_token=wish.on_token,
        )  # fmt: skip
        prompt.ids += draft.begin()
        if draft.ids:
            positions, counter = positions_of(prompt.spans(), model.config.vision.merge)

        reused = min(prompt.common(self._held), len(prompt.ids) - 1)
        reused = _before_picture(prompt, reused)
        self._cut(reused)
        see_began = time.perf_counter()
        embeddings = [
            model.see(visual, check) for visual in prompt.visuals if visual.start >= reused
        ]
        prefill_began = time.perf_counter()
        hidden = self._prefill(prompt, positions, reused, embeddings, check)
        decode_began = time.perf_counter()

        chooser, forwards = Chooser(wish.sampling, prompt.ids), 0
        while not draft.ended:
            check()
            scores = model.network.logits(hidden)[0, -1]
            run = draft.add(chooser.choose(scores, draft.allowed))
            if not draft.ended:
                chooser.saw(run)
                hidden = self._read(run, counter, check)
                counter += len(run)
                forwards += 1
        ended = time.perf_counter()
        text, emitted = draft.close()
        self._said[(*place_of(wish.messages), text)] = emitted
        return Reply(
            text,
            stats={
                "reused_tokens": reused,
                "prefilled_tokens": len(prompt.ids) - reused,
                "decoded_tokens": draft.chosen,
                "forced_tokens": len(draft.ids) - draft.chosen,
                "forwards": forwards,
                "prompt_s": round(see_began - began, 4),
                "vision_s": round(prefill_began - see_began, 4),
                "prefill_s": round(decode_began - prefill_began, 4),
                "decode_s": round(ended - decode_began, 4),
                "mask_s": round(guide.seconds, 4) if guide else 0.0,
            },
            finished=draft.finished,
            tokens=tuple(emitted.ids),
            rest=emitted.rest,
        )

    def _cut(self, length: int) -> None:
        self._cache.truncate(length)
        del self._held.ids[length:]
        self._held.visuals = [v for v in self._held.visuals if v.start < length]

    def _prefill(
        self,
        prompt: Prompt,
        positions: torch.Tensor,
        start: int,
        embeddings: Sequence[torch.Tensor],
        check: Callable[[], None],
    ) -> torch.Tensor:
        """Read a prompt from a token on, in chunks; give the last token's hidden state."""
        model = self._model
        ids = torch.tensor([prompt.ids[start:]], device=model.device)
        x = model.network.embed(ids, torch.cat(list(embeddings)) if embeddings else None)
        places = positions[:, None, start:].to(model.device)
        hidden = x
        for begin in range(0, x.shape[1], model.chunk):
            end = min(begin + model.chunk, x.shape[1])
            check()
            hidden = model.network(
                x[:, begin:end], places[..., begin:end], self._cache, check=check
            )
            done = start + end
            self._held.ids += prompt.ids[start + begin : done]
            # A picture that is half read is not held: `Prompt.common` ends before it.
            known = {visual.start for visual in self._held.visuals}
            self._held.visuals += [
                v for v in prompt.visuals if v.start < done and v.start not in known
            ]
        return hidden[:, -1:]

    def _read(self, ids: list[int], counter: int, check: Callable[[], None]) -> torch.Tensor:
        model = self._model
        tokens = torch.tensor([ids], device=model.device)
        places = torch.arange(counter, counter + len(ids), device=model.device).expand(3, 1, -1)
        hidden: torch.Tensor = model.network(
            model.network.model.embed_tokens(tokens), places, self._cache, check=check
        )
        self._held.ids += ids
        return hidden[:, -1:]


def _before_picture(prompt: Prompt, length: int) -> int:
    """Move a place out of a picture, to its beginning: pictures are read whole."""
    for visual in prompt.visuals:
        if visual.start < length < visual.start + visual.tokens:
            return visual.start
    return length


def _fit(counter: int, room: int, positions: int, tokens: int) -> None:
    if counter + room > positions:
        raise ContextTooLong(
            f"the prompt of {tokens} tokens reaches position {counter}; with a reply of up to "
            f"{room} tokens that is over the {positions} that the checkpoint was made for: shorten "
            "the history, or ask for a shorter reply"
        )


def see(model: "QwenVL", visual: Visual, check: Callable[[], None]) -> torch.Tensor:
    """Embed one picture or video: ``[tokens, width]``."""
    part = visual.part
    how = model.processor
    if isinstance(part, Image):
        patches = how.patches(frame_tensor(part.pixels, model.device), part.resized)
    else:
        # A grid step at a time: frames as recorded are many times larger than what they become.
        steps = []
        for start in range(0, len(part.pixels), how.frames):
            check()
            frames = [
                frame_tensor(f, model.device) for f in part.pixels[start : start + how.frames]
            ]
            steps.append(how.patches(torch.cat(frames), part.resized))
        patches = torch.cat(steps)
    check()
    embedded: torch.Tensor = model.network.see(patches, [visual.grid], check=check)
    return embedded
