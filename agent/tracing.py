"""Tracing: a run as OpenTelemetry spans, for whatever collects them.

::

    run
      step
        observe     taking the screenshot
        think       the model's reply
        guard       deciding, and asking a person
        act         the input, and waiting until the screen has settled
        held        a person paused, or had taken over

Attributes are names, figures and verdicts. What stands on the screen, what is typed, said or
answered, and the task's words are in none, unless ``content`` asks for them.
"""

import importlib.metadata
import time
from typing import Any

from ..actions.schema import Action
from ..envs.records import Handover, Step, StopReason
from .events import (
    Acting,
    Asking,
    Began,
    Decided,
    Ended,
    GivenBack,
    Hooks,
    InTrouble,
    Looked,
    Paused,
    Replied,
    Stepped,
    Thinking,
)

_NAME = "eyehand"
_NOT_DONE = frozenset(StopReason) - {StopReason.DONE}


class Tracing(Hooks):
    """Makes the spans of one run at a time.

    Args:
        provider: An OpenTelemetry ``TracerProvider``; None: the global one, as the program has
            set it up. None is ever set or changed here.
        content: Whether the task's words, the actions with what they type, and errors go into
            attributes, too.

    Raises:
        ImportError: OpenTelemetry is not installed; the message names the extra.

    Example::

        provider = TracerProvider()
        provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
        Agent(env, model, hooks=[Tracing(provider)])
    """

    def __init__(self, provider: Any = None, *, content: bool = False) -> None:
        try:
            from opentelemetry import trace
        except ImportError as error:
            raise ImportError(
                "tracing needs OpenTelemetry, which is not installed: "
                'pip install "eyehand[tracing]"'
            ) from error
        self._api = trace
        version = importlib.metadata.version(_NAME)
        self._tracer = trace.get_tracer(_NAME, version, tracer_provider=provider)
        self._content = content
        self._run: Any = None
        self._step: Any = None
        self._open: dict[str, Any] = {}
        self._since = 0

    async def on_begin(self, event: Began) -> None:
        """Open the run, inside the caller's own span if there is one."""
        self._close_all(event="another run began")
        header = event.episode.header
        self._run = self._tracer.start_span("run")
        self._put(
            self._run,
            {
                "eyehand.episode": header.id,
                "eyehand.env": str(header.env.get("name", "")),
                "eyehand.dialect": header.dialect,
                "gen_ai.request.model": None if header.model is None else header.model.get("name"),
                "eyehand.limits.steps": event.task.limits.steps,
                "eyehand.limits.seconds": event.task.limits.seconds,
                "eyehand.limits.tokens": event.task.limits.tokens,
            },
            {"eyehand.task": event.task.name},
        )

    async def on_look(self, event: Looked) -> None:
        """Write down the look, which begins a step."""
        start = time.time_ns() - int(event.seconds * 1e9)
        size = event.seen.frame.physical
        span = self._child("observe", start)
        self._put(span, {"eyehand.screen.width": size.width, "eyehand.screen.height": size.height})
        self._done(span)

    async def on_thinking(self, event: Thinking) -> None:
        """Open the reply."""
        self._begin("think")

    async def on_reply(self, event: Replied) -> None:
        """Close the reply, with its figures."""
        stats = event.reply.stats
        span = self._open.pop("think", None)
        if span is None:
            return
        read = sum(stats.get(name, 0) for name in ("reused_tokens", "prefilled_tokens"))
        self._put(
            span,
            {
                "gen_ai.usage.input_tokens": int(read),
                "gen_ai.usage.output_tokens": int(stats.get("decoded_tokens", 0)),
                "eyehand.reply.finished": event.reply.finished,
                **{f"eyehand.reply.{name}": float(value) for name, value in stats.items()},
            },
            {"eyehand.reply.text": event.reply.text},
        )
        self._done(span)

    async def on_ask(self, event: Asking) -> None:
        """Note on the step that a person is asked."""
        attributes: dict[str, str] = {"eyehand.asking": event.what}
        if self._content:
            attributes["eyehand.question"] = event.words
        self._parent(time.time_ns()).add_event("asking", attributes)

    async def on_decision(self, event: Decided) -> None:
        """Write down what the guard decided, since the reply came."""
        decision = event.decision
        span = self._child("guard", self._since)
        self._put(
            span,
            {
                "eyehand.action": event.action.action,
                "eyehand.decision.verdict": decision.verdict,
                "eyehand.decision.allowed": decision.allowed,
                "eyehand.decision.by": decision.by,
                "eyehand.decision.rule": decision.rule,
            },
            {"eyehand.decision.why": decision.why},
        )
        self._done(span)

    async def on_action(self, event: Acting) -> None:
        """Open the action."""
        self._put(self._begin("act"), *self._of_action(event.action))

    async def on_trouble(self, event: InTrouble) -> None:
        """Note on the step that the run gets nowhere."""
        trouble = event.trouble
        attributes = {"eyehand.trouble": trouble.kind, "eyehand.trouble.grade": trouble.grade}
        self._parent(time.time_ns()).add_event("trouble", attributes)

    async def on_step(self, event: Stepped) -> None:
        """Close the step, with what came of it."""
        step = event.step
        figures, words = self._of_step(step)
        if (act := self._open.pop("act", None)) is not None:
            self._put(act, {k: v for k, v in figures.items() if k.startswith("eyehand.result.")})
            self._done(act, failed=step.error is not None)
        parent = self._parent(time.time_ns())
        self._put(parent, figures, words)
        self._finish_step(failed=step.error is not None)

    async def on_pause(self, event: Paused) -> None:
        """Break off what was under way, and open the time that a person holds the run."""
        for name in ("think", "act"):
            if event.taken and (span := self._open.pop(name, None)) is not None:
                self._put(span, {"eyehand.broken_off": True})
                self._done(span)
        self._put(self._open.get("held") or self._begin("held"), {"eyehand.taken": event.taken})

    async def on_give_back(self, event: GivenBack) -> None:
        """Close that time."""
        if (span := self._open.pop("held", None)) is not None:
            self._put(span, *_of_handover(event.handover))
            self._done(span)

    async def on_end(self, event: Ended) -> None:
        """Close the run."""
        end = event.end
        if self._run is not None:
            figures = {
                "eyehand.stop": end.stop.value,
                "eyehand.steps": end.steps,
                "eyehand.seconds": end.seconds,
            }
            self._put(self._run, figures, {"eyehand.stop.detail": end.detail})
        self._close_all(event="the run ended", failed=end.stop in _NOT_DONE)

    # Spans --------------------------------------------------------------------------------------

    def _parent(self, start: int) -> Any:
        """Give the step's span, begun now if there is none; the run's where none has begun."""
        if self._step is None and self._run is not None:
            context = self._api.set_span_in_context(self._run)
            self._step = self._tracer.start_span("step", context=context, start_time=start)
        return self._step or self._api.INVALID_SPAN

    def _child(self, name: str, start: int) -> Any:
        parent = self._parent(start)
        context = self._api.set_span_in_context(parent)
        return self._tracer.start_span(name, context=context, start_time=start)

    def _begin(self, name: str) -> Any:
        if (before := self._open.pop(name, None)) is not None:
            self._done(before)
        self._open[name] = span = self._child(name, time.time_ns())
        return span

    def _done(self, span: Any, *, failed: bool = False) -> None:
        if failed:
            span.set_status(self._api.StatusCode.ERROR)
        self._since = time.time_ns()
        span.end(self._since)

    def _finish_step(self, *, failed: bool = False) -> None:
        # A hold goes on beyond the step that it cut.
        for name in [name for name in self._open if name != "held"]:
            span = self._open.pop(name)
            self._put(span, {"eyehand.broken_off": True})
            self._done(span)
        if self._step is not None:
            step, self._step = self._step, None
            self._done(step, failed=failed)

    def _close_all(self, *, event: str, failed: bool = False) -> None:
        if (held := self._open.pop("held", None)) is not None:
            self._done(held)
        if self._step is not None:
            self._step.add_event(event)
        self._finish_step()
        if self._run is not None:
            run, self._run = self._run, None
            self._done(run, failed=failed)

    # Attributes ---------------------------------------------------------------------------------

    def _put(self, span: Any, figures: dict[str, Any], words: dict[str, Any] | None = None) -> None:
        """Set attributes; those that hold words only where they are asked for."""
        chosen = {**figures, **(words or {})} if self._content else figures
        for name, value in chosen.items():
            if value is not None:
                span.set_attribute(name, value)

    def _of_action(self, action: Action) -> tuple[dict[str, Any], dict[str, Any]]:
        figures: dict[str, Any] = {"eyehand.action": action.action}
        if action.action == "call_tool":
            figures["eyehand.tool"] = action.name
        return figures, {"eyehand.action.words": str(action)}

    def _of_step(self, step: Step) -> tuple[dict[str, Any], dict[str, Any]]:
        figures: dict[str, Any] = {
            "eyehand.step": step.index,
            "eyehand.part": step.part,
            "eyehand.source": step.source,
            "eyehand.failed": step.error is not None,
            **{f"eyehand.seconds.{name}": value for name, value in step.seconds.items()},
        }
        words: dict[str, Any] = {"eyehand.error": step.error, "eyehand.told": step.told}
        if step.action is not None:
            more, said = self._of_action(step.action)
            figures, words = {**figures, **more}, {**words, **said}
        if step.check is not None:
            figures |= {
                "eyehand.check": step.check.name, "eyehand.check.passed": step.check.passed
            }  # fmt: skip
        if (result := step.result) is not None:
            facts: dict[str, Any] = {
                "delivery": result.delivery.value,
                "effect": result.effect.value,
                "settled": result.settled,
                "settle_s": result.settle_s,
                "change": None if result.change is None else result.change.kind,
            }
            figures |= {f"eyehand.result.{name}": fact for name, fact in facts.items()}
        if step.decision is not None:
            figures |= {
                "eyehand.decision.allowed": step.decision.allowed,
                "eyehand.decision.by": step.decision.by,
            }
        more, said = _of_handover(step.handover)
        return {**figures, **more}, {**words, **said}


def _of_handover(handover: Handover | None) -> tuple[dict[str, Any], dict[str, Any]]:
    if handover is None:
        return {}, {}
    figures = {"eyehand.handover.seconds": handover.seconds}
    return figures, {"eyehand.handover.note": handover.note}
