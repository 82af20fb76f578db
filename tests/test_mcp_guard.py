"""What a program asks for over MCP is held to the policy, too."""

from eyehand.agent import Guard, load_policy
from eyehand.agent.mcp_hand import Hand
from eyehand.agent.policy import read_policy
from eyehand.agent.task import Task, TaskStep
from eyehand.envs import PracticeEnv, Step

NO_TYPING = """
name: no typing
rules:
  - {name: hands off, verdict: refuse, when: {action: type}, why: this phone is for looking}
default: allow
unattended: allow
"""


async def test_what_the_policy_refuses_is_not_done_and_the_client_hears_why() -> None:
    env = PracticeEnv(seed=3)
    hand = Hand(env, guard=Guard(read_policy(NO_TYPING)))
    await hand.open()
    try:
        await hand.act({"action": "open_app", "name": "Notes"})
        before = (await hand.observe()).hash
        acted = await hand.act({"action": "type", "text": "hello"})
        assert acted.error is not None
        assert "this phone is for looking" in acted.error
        assert acted.told.startswith("type failed, nothing was done")
        assert (await hand.observe()).hash == before
    finally:
        await hand.close()


async def test_a_task_for_the_server_is_held_to_the_same_policy() -> None:
    hand = Hand(PracticeEnv(seed=3), guard=Guard(load_policy("read-only")))
    await hand.open()
    done: list[Step] = []

    async def on_step(step: Step) -> None:
        done.append(step)

    try:
        steps = (TaskStep.of({"open_app": "Notes"}), TaskStep.of({"type": "hello"}))
        episode = await hand.run(Task(steps=steps), on_step)
    finally:
        await hand.close()
    assert not episode.done
    decision = done[-1].decision
    assert decision is not None
    assert not decision.allowed
