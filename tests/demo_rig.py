"""What a model would have to say to solve what the demonstration plays, as an oracle knows it."""

from eyehand.actions import schema as a
from eyehand.actions.dialects import dialect_named
from eyehand.agent.pocket.demo import set_up
from eyehand.envs.practice.tasks.oracle import next_action

DIALECT = "pocket"
_MOST_STEPS = 20


async def solution(names: list[str], seed: int = 0) -> list[str]:
    """Give the replies that solve tasks, one after the other, on the demonstration's phones."""
    replies: list[str] = []
    for name in names:
        place = set_up(name, seed)
        seed = place.phone.state.seed + 1
        dialect = dialect_named(DIALECT, place.env.action_space | a.TALK)
        seen = await place.env.reset()
        frame = seen.frame.planned(place.phone.size)
        said: list[str] = []
        for _ in range(_MOST_STEPS):
            action = next_action(place.task, place.phone, said).action
            replies.append(dialect.render(action, frame))
            if isinstance(action, a.Done):
                break
            if isinstance(action, a.CallTool):
                said.append(str(action.arguments["text"]))
            elif isinstance(action, a.Answer):
                said.append(action.text)
            else:
                outcome = await place.env.perform(action, seen)
                seen = outcome.after or await place.env.observe()
        else:
            raise AssertionError(f"{name} takes more than {_MOST_STEPS} steps")
        await place.env.close()
    return replies
