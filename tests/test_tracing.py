"""Tracing: which spans a run makes, what is in them, and above all what is not."""

import asyncio
import sys
from pathlib import Path
from typing import Any

import pytest
from hand_rig import Scene
from opentelemetry import trace
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import StatusCode
from paper_env import PaperEnv

from eyehand.agent import Agent, Limits, Task, TaskStep
from eyehand.agent.guard import Guard, Leave
from eyehand.agent.policy import Policy
from eyehand.agent.tracing import Tracing
from eyehand.model import Reply, ScriptedModel


class Counting(ScriptedModel):
    async def reply(self, *given: Any, **bounds: Any) -> Reply:
        reply = await super().reply(*given)
        return Reply(reply.text, {"prefilled_tokens": 70, "reused_tokens": 30, "decoded_tokens": 9})


@pytest.fixture
def exporter() -> InMemorySpanExporter:
    return InMemorySpanExporter()


@pytest.fixture
def provider(exporter: InMemorySpanExporter) -> TracerProvider:
    made = TracerProvider()
    made.add_span_processor(SimpleSpanProcessor(exporter))
    return made


def tree(spans: tuple[ReadableSpan, ...]) -> list[Any]:
    """Names, each with those of its children, in order of their beginning."""

    def below(parent: int | None) -> list[Any]:
        found = [s for s in spans if (None if s.parent is None else s.parent.span_id) == parent]
        found.sort(key=lambda span: span.start_time or 0)
        return [
            (span.name, below(span.context.span_id)) if below(span.context.span_id) else span.name
            for span in found
            if span.context is not None
        ]

    return below(None)


SECRET = "hunter2 in the greenhouse"


async def work(provider: TracerProvider, **options: Any) -> None:
    replies: list[str | dict[str, Any]] = [
        {"action": "type", "text": SECRET},
        {"action": "ask_user", "question": f"is it {SECRET}?"},
        f"nonsense {SECRET}",
        {"action": "done"},
    ]

    async def approve(leave: Leave) -> bool:
        return True

    async def ask(question: str) -> str:
        return SECRET

    task = Task(name=SECRET, steps=(TaskStep(goal=f"type {SECRET}"),), limits=Limits(stuck=False))
    agent = Agent(
        PaperEnv(), Counting(replies), ask=ask, guard=Guard(Policy(), approve),
        hooks=[Tracing(provider, **options)],
    )  # fmt: skip
    await agent.run(task)


async def test_the_spans_of_a_run_and_their_figures(
    provider: TracerProvider, exporter: InMemorySpanExporter
) -> None:
    await work(provider)
    spans = exporter.get_finished_spans()
    assert tree(spans) == [
        ("run", [
            ("step", ["observe", "think", "guard", "act"]),
            ("step", ["observe", "think"]),
            ("step", ["observe", "think"]),
            ("step", ["observe", "think"]),
        ])
    ]  # fmt: skip
    first = {span.name: span for span in spans[:5]}
    assert first["think"].attributes is not None
    assert first["think"].attributes["gen_ai.usage.input_tokens"] == 100
    assert first["think"].attributes["gen_ai.usage.output_tokens"] == 9
    decided = dict(first["guard"].attributes or {})
    assert decided["eyehand.decision.by"] == "person"
    assert decided["eyehand.decision.allowed"] is True
    acted = dict(first["act"].attributes or {})
    assert acted["eyehand.action"] == "type"
    assert acted["eyehand.result.effect"] == "changed"
    steps = [span for span in spans if span.name == "step"]
    assert [dict(span.attributes or {})["eyehand.step"] for span in steps] == [0, 1, 2, 3]
    assert [span.status.status_code for span in steps] == [
        StatusCode.UNSET, StatusCode.UNSET, StatusCode.ERROR, StatusCode.UNSET,
    ]  # fmt: skip
    assert dict(spans[-1].attributes or {})["eyehand.stop"] == "done"
    for span in spans:
        assert span.start_time is not None
        assert span.end_time is not None
        assert span.start_time <= span.end_time


async def test_nothing_typed_said_or_answered_is_in_them_unless_asked_for(
    provider: TracerProvider, exporter: InMemorySpanExporter
) -> None:
    await work(provider)
    assert SECRET.split()[0] not in "".join(s.to_json() for s in exporter.get_finished_spans())
    exporter.clear()
    await work(provider, content=True)
    assert SECRET in "".join(s.to_json() for s in exporter.get_finished_spans())


@pytest.mark.parametrize("phase", ["thinking", "typing", "between"])
async def test_what_a_person_broke_off_says_so(
    provider: TracerProvider, exporter: InMemorySpanExporter, phase: str, tmp_path: Path
) -> None:
    scene = Scene(phase, tmp_path / "e")
    scene.agent.hooks = (*scene.agent.hooks, Tracing(provider))
    await scene.begin()
    scene.control.take_over()
    scene.control.give_back("hunter2")
    await scene.end()
    spans = exporter.get_finished_spans()
    held = [dict(span.attributes or {}) for span in spans if span.name == "held"]
    assert len(held) == 1
    assert held[0]["eyehand.taken"] is True
    assert isinstance(held[0]["eyehand.handover.seconds"], float)
    broken = {span.name for span in spans if "eyehand.broken_off" in (span.attributes or {})}
    assert broken == {"thinking": {"think"}, "typing": set(), "between": set()}[phase]
    assert "hunter2" not in "".join(span.to_json() for span in spans)
    people = [s for s in spans if dict(s.attributes or {}).get("eyehand.source") == "person"]
    assert len(people) == 1


async def test_a_run_that_is_cancelled_leaves_no_span_open(
    provider: TracerProvider, exporter: InMemorySpanExporter, tmp_path: Path
) -> None:
    scene = Scene("thinking", tmp_path / "e")
    scene.agent.hooks = (*scene.agent.hooks, Tracing(provider))
    await scene.begin()
    assert scene.running is not None
    scene.running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await scene.running
    await scene.agent.closed()
    spans = exporter.get_finished_spans()
    assert spans[-1].name == "run"
    assert spans[-1].status.status_code is StatusCode.ERROR
    assert dict(spans[-1].attributes or {})["eyehand.stop"] == "cancelled"


async def test_a_run_lies_within_the_callers_own_span(
    provider: TracerProvider, exporter: InMemorySpanExporter
) -> None:
    with provider.get_tracer("mine").start_as_current_span("mine"):
        await work(provider)
    spans = {span.name: span for span in exporter.get_finished_spans()}
    assert spans["run"].parent is not None
    assert spans["mine"].context is not None
    assert spans["run"].parent.span_id == spans["mine"].context.span_id


def test_a_missing_package_is_named_and_the_global_provider_left_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    before = trace.get_tracer_provider()
    Tracing()
    assert trace.get_tracer_provider() is before
    assert not isinstance(before, TracerProvider)
    monkeypatch.setitem(sys.modules, "opentelemetry", None)
    with pytest.raises(ImportError, match=r'pip install "eyehand\[tracing\]"'):
        Tracing()
