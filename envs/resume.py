"""An env that serves what was recorded of a run, and goes on with the device from there."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from ..actions.schema import Action
from ..model.chat import Image as Shown
from .base import Delivery, Effect, Env, Observation, Outcome, Read
from .episode import Episode
from .errors import ReplayDiverged
from .journal import writable
from .records import End, Intent, Step, ToolAnswer
from .replay import ReplayEnv

_INTERRUPTED = "the run was interrupted while this was under way; it is not known whether it"
NOT_KNOWN = f"{_INTERRUPTED} arrived: look at the screen before you do it again"
"""What is told of an action whose outcome nobody saw."""
NOT_KNOWN_CALL = f"{_INTERRUPTED} was carried out: find out before you call it again"
"""The same of a tool's call."""


class ResumedEnv:
    """Serves a recording, and then the device: one run for the loop.

    The device is not touched before the recording is at its end. An action that the recording
    begins and does not finish is not repeated: the device is looked at, and its outcome is
    ``unknown``. It is also a ``Recorder``: what the loop does on the recorded screens must be what
    was recorded.

    Args:
        episode: The recording; its pictures are on disk.
        env: The device; reset when the recording is at its end.
        connected: Called right after that.
    """

    def __init__(
        self, episode: Episode, env: Env, connected: Callable[[], None] | None = None
    ) -> None:
        self.episode = episode
        self._then = connected
        self.env = env
        self._recording = ReplayEnv(episode)
        self._steps = len(episode.steps)
        self._pending = episode.pending
        self._next = 0  # the step to come
        self._served = 0  # answers of the pending action that were given again
        self._begun = False  # the pending action was met again
        self._answered = False  # and what can be said of it was said
        self._connected = False

    @property
    def name(self) -> str:
        """The device's."""
        return self.env.name

    @property
    def live(self) -> bool:
        """Whether time passes: not in the recording; while an interrupted action is looked at."""
        return self._next >= self._steps

    @property
    def caught_up(self) -> bool:
        """Whether all that was recorded is dealt with."""
        return self._next >= self._steps + (self._pending is not None)

    @property
    def past(self) -> bool:
        """Whether what happens now has happened before, and was told then."""
        return not self.live or not (self.caught_up or self._answered)

    @property
    def action_space(self) -> frozenset[str]:
        """The device's actions."""
        return self.env.action_space

    def describe(self) -> dict[str, Any]:
        """The device's own description."""
        return self.env.describe()

    async def reset(self) -> Observation:
        """Begin at the first step of the recording, or with the device where there is none."""
        if not self.caught_up:
            return await self._recording.reset()
        await self._connect()
        return await self.env.observe()

    async def observe(self) -> Observation:
        """Give the recorded screen of the step to come; after the recording, look.

        Raises:
            EpisodeBroken: The picture is damaged.
        """
        if not self.live:
            return await self._recording.observe()
        if not self.caught_up and self._pending is not None:
            return self.episode.observation(self._pending.seen)
        await self._connect()
        return await self.env.observe()

    async def perform(self, action: Action, seen: Observation) -> Outcome:
        """Give the recorded outcome; after the recording, carry the action out.

        An action that was begun when the run was interrupted is not carried out: what the screen
        shows now is all that is known of it.
        """
        if not self.live:
            return await self._recording.perform(action, seen)
        if self.caught_up:
            await self._connect()
            return await self.env.perform(action, seen)
        await self._connect()
        after = await self.env.observe()
        # Equal pictures say that nothing can be seen of it. Others say little: hours may have
        # passed, so what changed is judged by whoever compares the two.
        self._answered = True
        same = after.hash == seen.hash
        effect = Effect.UNCHANGED if same else Effect.CHANGED
        return Outcome(Delivery.UNKNOWN, effect, after, detail=NOT_KNOWN)

    async def probe(self, name: str, arguments: Mapping[str, Any], read: Read) -> Any:
        """Give the recorded answer; after the recording, ask.

        A tool's call that was begun when the run was interrupted is answered, and not made.
        """
        if not self.live:
            return await self._recording.probe(name, arguments, read)
        if not self.caught_up and self._pending is not None:
            answers = self._pending.probes
            if self._served < len(answers):
                answer = answers[self._served]
                self._served += 1
                if (answer.name, answer.arguments) != (name, dict(arguments)):
                    self._diverge(f"question {answer.name}", f"question {name}")
                return answer.value
            if name == "call_tool":
                self._answered = True
                lost = ToolAnswer(text=NOT_KNOWN_CALL, failed=True)
                return lost.model_dump(mode="json", exclude_defaults=True)
        await self._connect()
        return await self.env.probe(name, arguments, read)

    def scrubbed(self, text: str) -> str:
        """Give a text as the device gives its own: where it fills secrets in, without them."""
        scrubbed: Callable[[str], str] = getattr(self.env, "scrubbed", str)
        return scrubbed(text)

    async def close(self) -> None:
        """Close the recording and the device."""
        await self._recording.close()
        await self.env.close()

    # As a Recorder ------------------------------------------------------------------------------

    def intend(self, intent: Intent, seen: Observation) -> None:
        """Compare an action with the one that was begun."""
        if not self.live or self.caught_up or self._pending is None:
            return  # in the recording, `perform` compares; after it, nothing is to be compared
        if intent.action != self._pending.action:
            self._diverge(str(self._pending.action), str(intent.action))
        if intent != self._pending:
            self._diverge(self._pending.model_dump(mode="json"), intent.model_dump(mode="json"))
        self._begun = True

    def record(
        self,
        step: Step,
        seen: Observation,
        after: Observation | None,
        pictures: Sequence[Shown] = (),
    ) -> None:
        """Compare a step with the recorded one."""
        if not self.live:
            self._recording.record(step, seen, after, pictures)
        elif not (self.caught_up or self._begun):
            # What may have arrived is never recorded as refused.
            begun = None if self._pending is None else str(self._pending.action)
            self._diverge(begun, step.error or str(step))
        self._next += 1

    def finish(self, end: End, last: Observation | None) -> None:
        """Compare the end with the recording, where it is not at its end yet.

        Raises:
            ReplayDiverged: The run ended earlier than the recording.
        """
        if not self.live:
            self._recording.finish(end, last)

    async def _connect(self) -> None:
        if not self._connected:
            await self.env.reset()
            self._connected = True
            if self._then is not None:
                self._then()

    def _diverge(self, expected: Any, got: Any) -> None:
        raise ReplayDiverged(
            f"step {self._next}: what was begun cannot be found again\n"
            f"  recorded: {expected}\n  now:      {got}",
            step=self._next,
            expected=expected,
            got=got,
        )


def held(folder: str | Path) -> Episode:
    """Read a recording that nobody writes to.

    Raises:
        EpisodeInUse: A run that is alive does.
        EpisodeUnwritable: It cannot be written to.
        EpisodeBroken: See ``Episode.load``.
    """
    with writable(Path(folder)):
        return Episode.load(folder)


def device_of(env: Env) -> Env:
    """Give the device of a run that was resumed; of any other, the env itself."""
    return env.env if isinstance(env, ResumedEnv) else env
