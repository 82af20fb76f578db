"""Going on with a real network: the conversation is the same, token by token."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import toys
from paper_env import PaperEnv

from eyehand.agent import Agent, Limits, Task
from eyehand.agent.resuming import ResumedAgent
from eyehand.envs import Episode, StopReason
from eyehand.model import Message
from eyehand.model.prompt import Layout
from eyehand.model.qwen_vl import QwenVL


async def test_a_network_reads_the_same_tokens_as_if_nothing_had_happened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    checkpoint = toys.save(toys.speaking("Nothing to see here."), tmp_path / "model")
    read: list[list[int]] = []
    prompt = Layout.prompt

    def listen(self: Layout, messages: Sequence[Message], *said: Any) -> Any:
        made = prompt(self, messages, *said)
        read.append(list(made.ids))
        return made

    monkeypatch.setattr(Layout, "prompt", listen)
    task = Task.goal("dot it", limits=Limits(steps=3, errors=9, stuck=False))

    model = QwenVL.load(checkpoint, max_tokens=40)

    async def run(folder: Path | None = None) -> Episode:
        if folder is not None:
            return await ResumedAgent(folder, PaperEnv(), model, constrain=False).run()
        agent = Agent(PaperEnv(), model, constrain=False, record=tmp_path / "e")
        return await agent.run(task)

    full = await run()
    asked = [*read]
    assert len(asked) == 3
    for tokens in (True, False):
        read.clear()
        path = tmp_path / "e" / "steps.jsonl"
        row = json.loads(path.read_text(encoding="utf-8").splitlines()[0])
        assert row["tokens"]
        kept = row if tokens else {**row, "tokens": []}
        path.write_text(json.dumps(kept) + "\n", encoding="utf-8")
        made = await run(tmp_path / "e")
        assert made.stop is StopReason.STEP_LIMIT
        assert [s.reply for s in made.steps] == [s.reply for s in full.steps]
        # Text alone would not do: it is encoded otherwise than it was emitted.
        assert (read == asked[1:]) is tokens
        if tokens:
            assert [s.tokens for s in made.steps] == [s.tokens for s in full.steps]
