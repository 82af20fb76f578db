"""The network at work while it is trained: what it reads, finds and does."""

from collections.abc import Sequence
from random import Random

from ...actions import schema as a
from ...actions.errors import ActionError
from ...actions.geometry import Frame
from ...envs.practice.env import PracticeEnv
from ...envs.practice.tasks.base import Status
from ...model.base import Reply
from ...model.chat import Image, Message
from ...model.network import Network
from ...model.prompt import Layout
from ...model.size import Size
from ...model.training.replies import greedy
from ...model.training.sample import Sample
from ..loop import Agent
from ..task import Limits, Task
from .grounding import spoken
from .lessons import LONGEST_S, Lesson, aside, lesson_on
from .looks import Looks
from .rollouts import Rollout

_MOST_STEPS = 30
_MOST_TOKENS = 96


class Speaking:
    """A network that is being trained, as a model: greedy, nothing forced, no cache kept.

    Args:
        network: As it is at the moment of each reply.
        layout: Of its checkpoint.
    """

    name, fingerprint, family = "pocket", "in training", "script"

    def __init__(self, network: Network, layout: Layout) -> None:
        self._network, self._layout = network, layout
        self.said: list[str] = []

    def plan(self, size: Size) -> Size:
        """Choose as the checkpoint does."""
        return self._layout.processor.plan(size)

    def session(self, *, repetition_penalty: float | None = None) -> "Speaking":
        """Give itself."""
        return self

    async def close(self) -> None:
        """Do nothing."""

    async def reply(
        self,
        messages: Sequence[Message],
        *,
        grammar: str | None = None,
        stops: Sequence[str] = (),
        temperature: float | None = None,
    ) -> Reply:
        """Say the likeliest tokens."""
        text = greedy(self._network, self._layout, messages, most=_MOST_TOKENS)
        self.said.append(text)
        return Reply(text)


def played(lesson: Lesson, model: Speaking) -> bool:
    """Let a model work a task, and say whether it solved it. The lesson is used up."""
    env, agent_said, ended = PracticeEnv(phone=lesson.phone), list[str](), list[Status]()
    # What is learnt from it must not depend on how busy the machine is.
    limits = Limits(steps=_MOST_STEPS, seconds=LONGEST_S)
    agent = Agent(env, model, dialect=spoken(lesson.tools), tools=lesson.tools)
    for step in aside(agent.run(Task.goal(lesson.task.goal, limits=limits))).steps:
        if step.error is None and isinstance(step.action, a.Answer):
            agent_said.append(step.action.text)
        elif step.error is None and isinstance(step.action, a.CallTool):
            agent_said.append(str(step.action.arguments.get("text")))
        elif step.error is None and isinstance(step.action, a.Done):
            ended.append(step.action.status)
    return bool(ended) and lesson.task.passed(lesson.phone, agent_said, ended[-1])


def rolled_out(
    draw: Random,
    looks: Looks,
    network: Network,
    layout: Layout,
    families: Sequence[str],
    count: int,
) -> list[Rollout]:
    """Let the network work tasks on phones that are trained on."""
    found: list[Rollout] = []
    while len(found) < count:
        phone, family = looks.phone(draw), draw.choice(families)
        state = phone.state
        made = Rollout(
            family,
            state.seed,
            state.natural,
            state.theme,
            state.settings["secure"]["ui_night_mode"] == "2",
            state.settings["system"]["font_scale"],
            (),
        )
        lesson = lesson_on(phone, family)
        if lesson is None:
            continue
        model = Speaking(network, layout)
        passed = played(lesson, model)
        found.append(made.having(tuple(model.said), passed=passed))
    return found


def right(sample: Sample, reply: str) -> bool:
    """Whether a reply to a sample is as good as the one in it.

    Words must be equal. A click must be where the true one is, within half a token.
    """
    true = sample.messages[sample.learn[-1]].text
    if reply == true or not true.startswith("click "):
        return reply == true
    images = [p for m in sample.messages for p in m.parts if isinstance(p, Image)]
    size = images[-1].resized
    frame = Frame("picture", size, size).planned(size)
    try:
        said, meant = (spoken().parse(text, frame).actions[0] for text in (reply, true))
    except ActionError:
        return False
    points = [
        action.point for action in (said, meant) if isinstance(action, a.Click) and action.point
    ]
    if len(points) != 2:
        return False
    return abs(points[0].x - points[1].x) <= 14 and abs(points[0].y - points[1].y) <= 14


def share_right(network: Network, layout: Layout, samples: Sequence[Sample]) -> float:
    """Give the share of samples to which the network replies as well as they do."""
    replies = (
        greedy(network, layout, sample.messages[: sample.learn[-1]], most=_MOST_TOKENS)
        for sample in samples
    )
    counts = [right(sample, said) for sample, said in zip(samples, replies, strict=True)]
    return sum(counts) / len(counts)
