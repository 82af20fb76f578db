"""Your own regression test: replay a recorded episode, with no display, device or model."""

from pathlib import Path

import pytest

from eyehand.agent import replay
from eyehand.envs import StopReason

EPISODE = Path(__file__).parents[1] / "tests" / "data" / "episodes" / "note"


async def test_the_note_is_still_written(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DISPLAY", raising=False)
    replayed = await replay(EPISODE)
    assert replayed.stop is StopReason.DONE
    assert replayed.complete
