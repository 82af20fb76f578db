"""What happens in a run, as one stream of typed events that progress, reports and tracing share."""

from dataclasses import dataclass
from typing import Literal

from ..actions.schema import Action
from ..envs.base import Observation
from ..envs.episode import Episode
from ..envs.records import Decision, End, Handover, Step, Trouble
from ..model.base import Reply
from .task import Task


@dataclass(frozen=True, slots=True)
class Began:
    """The run begins; nothing was looked at yet."""

    task: Task
    episode: Episode


@dataclass(frozen=True, slots=True)
class Looked:
    """There is a picture of the screen."""

    seen: Observation
    seconds: float


@dataclass(frozen=True, slots=True)
class Thinking:
    """The model is asked."""

    index: int


@dataclass(frozen=True, slots=True)
class Replied:
    """The model has answered."""

    index: int
    reply: Reply
    seconds: float


@dataclass(frozen=True, slots=True)
class Asking:
    """A person is asked; the run waits.

    Attributes:
        what: Leave for an action, the model's own question, or what to do with a stuck run.
        words: The question.
    """

    index: int
    what: Literal["leave", "question", "stuck"]
    words: str


@dataclass(frozen=True, slots=True)
class Decided:
    """The guard has decided about an action."""

    index: int
    action: Action
    decision: Decision


@dataclass(frozen=True, slots=True)
class Acting:
    """An action is about to be carried out; its intent is durable."""

    index: int
    action: Action


@dataclass(frozen=True, slots=True)
class Stepped:
    """A step is finished and durable."""

    step: Step


@dataclass(frozen=True, slots=True)
class InTrouble:
    """The run gets nowhere."""

    index: int
    trouble: Trouble


@dataclass(frozen=True, slots=True)
class Paused:
    """A person holds the run, or has taken over. A pause that becomes more is told again."""

    index: int
    taken: bool


@dataclass(frozen=True, slots=True)
class GivenBack:
    """The run goes on after a person held it, after its step where they took over.

    Attributes:
        seconds: For how long.
        handover: What the model is told; None after a pause without a word.
    """

    index: int
    seconds: float
    handover: Handover | None = None


@dataclass(frozen=True, slots=True)
class Ended:
    """The run is over, and its end is durable."""

    end: End


Event = (
    Began
    | Looked
    | Thinking
    | Replied
    | Asking
    | Decided
    | Acting
    | Stepped
    | InTrouble
    | Paused
    | GivenBack
    | Ended
)


class HookFailed(RuntimeError):
    """A hook raised an error that the loop would take for its own."""


class Hooks:
    """Told of everything that happens in a run. Override what is of interest.

    Calls are awaited in order, and the run waits for them: be quick, or start a task. Their time
    is time of the run. What one raises ends the run, and comes out of ``Agent.run``; an error of
    eyehand's own kinds comes out as ``HookFailed``. Once the run is stopped, one that is under way
    has another second.

    Example::

        class Print(Hooks):
            async def on_step(self, event: Stepped) -> None:
                print(event.step)

        Agent(env, model, hooks=[Print()])
    """

    async def on_event(self, event: Event) -> None:
        """Be told of any event; by default calls the method for its kind."""
        match event:
            case Began():
                await self.on_begin(event)
            case Looked():
                await self.on_look(event)
            case Thinking():
                await self.on_thinking(event)
            case Replied():
                await self.on_reply(event)
            case Asking():
                await self.on_ask(event)
            case Decided():
                await self.on_decision(event)
            case Acting():
                await self.on_action(event)
            case Stepped():
                await self.on_step(event)
            case InTrouble():
                await self.on_trouble(event)
            case Paused():
                await self.on_pause(event)
            case GivenBack():
                await self.on_give_back(event)
            case Ended():
                await self.on_end(event)

    async def on_begin(self, event: Began) -> None:
        """The run begins."""

    async def on_look(self, event: Looked) -> None:
        """There is a picture of the screen."""

    async def on_thinking(self, event: Thinking) -> None:
        """The model is asked."""

    async def on_reply(self, event: Replied) -> None:
        """The model has answered."""

    async def on_ask(self, event: Asking) -> None:
        """A person is asked."""

    async def on_decision(self, event: Decided) -> None:
        """The guard has decided."""

    async def on_action(self, event: Acting) -> None:
        """An action is about to be carried out."""

    async def on_step(self, event: Stepped) -> None:
        """A step is finished."""

    async def on_trouble(self, event: InTrouble) -> None:
        """The run gets nowhere."""

    async def on_pause(self, event: Paused) -> None:
        """A person holds the run."""

    async def on_give_back(self, event: GivenBack) -> None:
        """The run goes on."""

    async def on_end(self, event: Ended) -> None:
        """The run is over."""
