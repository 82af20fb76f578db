"""A model whose first replies are those of a recording."""

from collections.abc import Sequence

from ..envs.episode import Episode
from ..envs.errors import ReplayDiverged
from ..envs.resume import ResumedEnv
from ..model.base import Model, Remembers, Reply, Session
from ..model.chat import Message
from ..model.scripted import ScriptedModel
from ..model.size import Size
from .replaying import RecordedModel


class ResumedModel:
    """Gives the recorded replies, then asks the model, who is shown the whole conversation.

    Args:
        episode: The recording.
        model: Who goes on; a script goes on after the replies that were recorded.
        env: Says how far the recording is gone through.
    """

    def __init__(self, episode: Episode, model: Model, env: ResumedEnv) -> None:
        self._model = model
        self._env = env
        self.recorded = RecordedModel(episode)
        self.same = (episode.header.model or {}).get("fingerprint") == model.fingerprint
        if isinstance(model, ScriptedModel):
            model.skip(self.recorded.said)

    @property
    def name(self) -> str:
        """That of who goes on."""
        return self._model.name

    @property
    def fingerprint(self) -> str:
        """That of who goes on."""
        return self._model.fingerprint

    @property
    def family(self) -> str:
        """That of who goes on."""
        return self._model.family

    def plan(self, size: Size) -> Size:
        """Give the recorded size for what was recorded, the model's own for what is new."""
        return (self._model if self._env.caught_up else self.recorded).plan(size)

    def session(self, *, repetition_penalty: float | None = None) -> "ResumedSession":
        """Begin a conversation; the model's own begins with the first reply that is new."""
        return ResumedSession(self, self._model, self._env, repetition_penalty)


class ResumedSession:
    """One conversation, the beginning of which may be recorded."""

    def __init__(
        self, mind: ResumedModel, model: Model, env: ResumedEnv, repetition_penalty: float | None
    ) -> None:
        self._mind = mind
        self._model = model
        self._env = env
        self._penalty = repetition_penalty
        self._own: Session | None = None
        self._before: list[tuple[Sequence[Message], Reply]] = []

    async def reply(
        self,
        messages: Sequence[Message],
        *,
        grammar: str | None = None,
        stops: Sequence[str] = (),
        temperature: float | None = None,
    ) -> Reply:
        """Give the recorded reply, or ask.

        Raises:
            ReplayDiverged: The recording has none for this place.
        """
        if not self._env.caught_up:
            if not self._mind.recorded.remaining:
                raise ReplayDiverged(
                    "a reply is asked for where none was recorded", step=0, expected=None, got=None
                )
            reply = await self._mind.recorded.reply(messages)
            self._before.append((messages, reply))
            return reply
        if self._own is None:
            self._own = self._begin()
        return await self._own.reply(
            messages, grammar=grammar, stops=stops, temperature=temperature
        )

    def _begin(self) -> Session:
        session = self._model.session(repetition_penalty=self._penalty)
        if self._mind.same and isinstance(session, Remembers):  # another's tokens mean nothing
            for messages, reply in self._before:
                session.remember(messages, reply)
        self._before.clear()
        return session

    async def close(self) -> None:
        """Free what the model's conversation holds."""
        if self._own is not None:
            await self._own.close()
