"""The runtime from Python: open a terminal on a private display and type into it."""

import asyncio

from eyehand.agent import Agent, Task, TaskStep
from eyehand.envs import DesktopEnv, VirtualDisplay

STEPS = (
    {"wait_for": {"window": {"title": "greetings"}}},
    {"type": {"text": "echo Grüße", "submit": True}},
)


async def main() -> None:
    async with VirtualDisplay() as screen:
        await screen.launch(["xterm", "-title", "greetings"])
        task = Task(name="greet", steps=tuple(TaskStep.of(step) for step in STEPS))
        episode = await Agent(DesktopEnv(screen.display)).run(task)
        print(episode.stop, [str(step) for step in episode.steps])


if __name__ == "__main__":
    asyncio.run(main())
