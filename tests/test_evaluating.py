"""Evaluations: asked once each, gone on with after any end, and the same whoever reads them."""

import asyncio
import contextlib
import errno
import json
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import toys
from eval_rig import EVALUATORS, SIZE, Boxes, BoxScore

from eyehand.actions.dialects import dialect_named
from eyehand.actions.errors import ActionError
from eyehand.actions.geometry import Frame
from eyehand.actions.schema import Click, HoldKey, Scroll, Swipe
from eyehand.agent.datasets.base import Sample
from eyehand.agent.errors import BadUsage
from eyehand.agent.eval_ahead import ahead
from eyehand.agent.eval_prompts import Asking, in_words_of
from eyehand.agent.eval_scores import compare, mcnemar, score_file, to_json
from eyehand.agent.eval_voices import ModelVoice, Replies, Voice, baseline
from eyehand.agent.evaluating import CUT_OFF, Evaluation, Plan, Repeated
from eyehand.agent.line_file import LinesBroken, ResultsDiffer
from eyehand.agent.results import Header, Result
from eyehand.agent.results_file import ResultsFile, read_results
from eyehand.model.base import Reply
from eyehand.model.chat import Image, Message
from eyehand.model.qwen_vl import QwenVL
from eyehand.model.scripted import ScriptedModel
from eyehand.model.size import Size

PLAN = Plan(path="boxes", command="eyehand eval boxes boxes --model answer")


def named(name: str) -> BoxScore:
    return EVALUATORS[name]


def known(name: str) -> Voice:
    made = baseline(name)
    assert made is not None
    return made


async def evaluated(
    path: Path,
    voice: Voice,
    data: Boxes | None = None,
    plan: Plan = PLAN,
    *,
    most: int | None = None,
) -> list[Result | Repeated]:
    """Run an evaluation, or so much of it as is asked for before it is killed in the middle."""
    told: list[Result | Repeated] = []
    evaluation = Evaluation(data or Boxes(), BoxScore(), voice, plan)
    with ResultsFile(path) as file:
        file.begin(await evaluation.header())

        def tell(news: Result | Repeated) -> None:
            told.append(news)
            if most is not None and sum(isinstance(one, Result) for one in told) >= most:
                raise InterruptedError

        with contextlib.suppress(InterruptedError):
            await evaluation.run(file, tell)
    return told


def comparable(path: Path) -> list[dict[str, Any]]:
    """Give the lines without what differs between two runs of one evaluation."""
    lines = [json.loads(line) for line in path.read_bytes().splitlines()]
    for line in lines:
        for name in ("started", "seconds", "stats"):
            line.pop(name, None)
    return lines


async def test_the_truth_said_through_any_dialect_is_right(tmp_path: Path) -> None:
    for dialect in ("native", "computer_use", "qwen2-vl", "mobile_use", "ui-tars"):
        path = tmp_path / f"{dialect}.jsonl"
        await evaluated(path, known("answer"), plan=replace(PLAN, dialect=dialect))
        scored = score_file(path, None, "intended", named)
        assert [f.value for f in scored.summary().figures[:2]] == [1, 1], dialect
        assert scored.complete
        assert not scored.failures


@pytest.mark.parametrize("way", ["up", "down", "left", "right"])
def test_a_family_that_scrolls_alone_says_a_stroke_so_and_the_other_way_round(way: Any) -> None:
    frame = Frame("dataset", SIZE, SIZE).planned(SIZE)
    scrolls, strokes = dialect_named("os-atlas", ["back"]), dialect_named("mobile_use", ["back"])
    scroll = Scroll(direction=way)
    (stroke,) = strokes.parse(in_words_of(strokes, scroll, frame), frame).actions
    assert isinstance(stroke, Swipe)
    (back,) = scrolls.parse(in_words_of(scrolls, stroke, frame), frame).actions
    assert isinstance(back, Scroll)
    assert back.direction == way
    with pytest.raises(ActionError, match="no words"):
        in_words_of(scrolls, HoldKey(keys="shift"), frame)


async def test_baselines_are_wrong_where_they_should_be(tmp_path: Path) -> None:
    await evaluated(tmp_path / "c", known("centre"))
    scored = score_file(tmp_path / "c", None, "intended", named)
    assert sum(row.verdict.type_match for row in scored.rows) == 8  # all but the typing
    one, two, other = (tmp_path / name for name in ("1", "1 again", "2"))
    await evaluated(one, known("random:1"))
    await evaluated(two, known("random:1"))
    await evaluated(other, known("random:2"))
    assert comparable(one) == comparable(two)
    assert comparable(one)[1:] != comparable(other)[1:]
    with pytest.raises(BadUsage, match="seed"):
        baseline("random:x")


async def test_what_cannot_be_read_is_a_miss_with_its_reason(tmp_path: Path) -> None:
    class Chatty(ScriptedModel):
        async def reply(self, *arguments: Any, **options: Any) -> Reply:
            reply = await super().reply(*arguments, **options)
            return replace(reply, finished="half" not in reply.text)

    click = '{"action": "click", "point": [35, 35]}'
    half = '{"action": "click", "point": [66, 52]} half'
    script = Chatty(["I do not know.", half, "\ud800", *[click] * 9])
    path = tmp_path / "r"
    await evaluated(path, ModelVoice(script))
    _, results = read_results(path)
    first, second, third, fourth, *_ = results
    assert first.error
    assert first.reply == "I do not know."
    assert first.prediction is None
    assert second.error == CUT_OFF
    assert not second.finished
    assert not second.actions
    assert third.reply == "?"
    assert fourth.error is None
    assert fourth.points[0].physical == (35, 35)
    scored = score_file(path, None, "intended", named)
    assert (scored.meaningless, scored.cut_off, scored.unanswered) == (3, 1, 0)
    assert [failure.number for failure in scored.failures[:3]] == [0, 1, 2]
    assert not any(row.verdict.exact_match for row in scored.rows[:3])


@pytest.mark.parametrize("past", ["none", "actions", "pictures"])
@pytest.mark.parametrize("dialect", ["native", "computer_use", "mobile_use", "ui-tars"])
def test_the_past_is_told_as_it_was_recorded(past: Any, dialect: str) -> None:
    data = Boxes(count=9)
    asking = Asking(dialect, lambda sample, size: size, past, prompts=True, constrain=True)
    sample = list(data.samples())[5]  # the third of its episode
    asked = asking((5, sample))
    assert asked.messages is not None
    assert asked.grammar is not None
    parts = [part for message in asked.messages for part in message.parts]
    shown = [part for part in parts if isinstance(part, Image)]
    several = past == "pictures" and dialect != "mobile_use"
    assert len(shown) == (3 if several else 1)
    text = "".join(message.text for message in asked.messages)
    spoken = dialect_named(dialect, sample.actions)
    for earlier in sample.earlier:
        said = spoken.render(earlier.actions[0], asked.frame, earlier.words)
        if past == "none":
            assert said not in text
        elif dialect != "mobile_use":
            assert said in text
        else:  # the calls alone are told
            assert said.partition("<tool_call>\n")[2].partition("\n")[0] in text


def test_earlier_pictures_are_not_decoded_where_they_are_not_shown() -> None:
    data = Boxes(count=3)
    asking = Asking("native", lambda sample, size: size, "actions", prompts=True, constrain=False)
    for numbered in enumerate(data.samples()):
        asking(numbered)
    assert data.decoded == 3 + 2  # and once each for the size that their points are in


async def test_nothing_is_seen_where_there_is_no_picture(tmp_path: Path) -> None:
    class Blind(Boxes):
        def samples(self) -> Iterator[Sample]:
            tool = {"name": "pay", "description": "Pay.", "parameters": {"type": "object"}}
            for sample in super().samples():
                yield replace(
                    sample,
                    picture=None,
                    tools=(tool,),
                    actions=frozenset({"call_tool"}),
                    truth={"text": "none"},
                )

    prompts: list[list[Message]] = []

    class Calls(ScriptedModel):
        async def reply(self, messages: Any, **options: Any) -> Reply:
            prompts.append(messages)
            return await super().reply(messages, **options)

    said = {"action": "call_tool", "name": "pay", "arguments": {}}
    await evaluated(tmp_path / "r", ModelVoice(Calls([said] * 12)), Blind())
    assert not [p for m in prompts[0] for p in m.parts if isinstance(p, Image)]
    assert "pay" in prompts[0][0].text
    _, results = read_results(tmp_path / "r")
    result = next(results)
    assert result.picture is None
    assert result.actions[0].action == "call_tool"
    results.close()  # type: ignore[attr-defined]


@pytest.fixture(scope="module")
def toy(tmp_path_factory: pytest.TempPathFactory) -> QwenVL:
    folder = toys.save(toys.reference("qwen2_vl"), tmp_path_factory.mktemp("toy"))
    return QwenVL.load(folder, max_tokens=6, dtype="float32")


async def test_a_network_says_the_same_whatever_it_had_read_before(
    toy: QwenVL, tmp_path: Path
) -> None:
    plan = replace(PLAN, past="pictures", dialect="native", constrain=False)
    whole, pieces = tmp_path / "whole", tmp_path / "pieces"
    await evaluated(whole, ModelVoice(toy), Boxes(count=5), plan)
    repeated: list[Repeated] = []
    for most in (1, 1, 2, 9):  # in the middle of an episode, and at its end
        told = await evaluated(pieces, ModelVoice(toy), Boxes(count=5), plan, most=most)
        repeated += [one for one in told if isinstance(one, Repeated)]
    assert comparable(whole) == comparable(pieces)
    assert [one.id for one in repeated] == ["e0/0", "e0/0", "e0/1", "e1/0"]
    assert all(one.same for one in repeated)
    # Nor does it matter that an earlier step of the episode was asked at all.
    _, results = read_results(whole)
    said = list(results)
    assert len({result.reply for result in said}) > 1
    third = said[2]
    alone = replace(plan, sample=1, seed=_seed_of(2, 5))
    await evaluated(tmp_path / "alone", ModelVoice(toy), Boxes(count=5), alone)
    _, results = read_results(tmp_path / "alone")
    (only,) = results
    assert (only.id, only.reply, only.prompt) == (third.id, third.reply, third.prompt)
    assert third.stats["reused_tokens"] > only.stats["reused_tokens"] == 0


def _seed_of(number: int, count: int) -> int:
    return next(s for s in range(999) if number in replace(PLAN, sample=1, seed=s).chosen(count))


async def test_a_recorded_reply_is_never_taken_for_what_the_session_said(toy: QwenVL) -> None:
    # The model's own tokens for a text may be others than the text's: a score would depend on them.
    asking = Asking("native", ModelVoice(toy).plan, "actions", prompts=True, constrain=False)
    asked = asking((1, list(Boxes().samples())[1]))
    assert asked.messages is not None
    spoken = [message for message in asked.messages if message.role == "assistant"]
    assert spoken
    said = {(n, 0, m.text): object() for n, m in enumerate(asked.messages) if m in spoken}
    assert toy.layout.prompt(asked.messages).ids == toy.layout.prompt(asked.messages, said).ids  # type: ignore[arg-type]


async def test_an_interrupted_script_goes_on_where_it_was(tmp_path: Path) -> None:
    replies = [{"action": "type", "text": f"word {n}"} for n in range(12)]
    path = tmp_path / "r"
    await evaluated(path, ModelVoice(ScriptedModel(replies)), most=5)
    voice = ModelVoice(ScriptedModel(replies))
    _, before = read_results(path)
    voice.skip(result.reply or "" for result in before)
    await evaluated(path, voice)
    await evaluated(tmp_path / "whole", ModelVoice(ScriptedModel(replies)))
    assert comparable(path) == comparable(tmp_path / "whole")


async def test_a_finished_evaluation_asks_nothing(tmp_path: Path) -> None:
    path = tmp_path / "r"
    await evaluated(path, known("answer"))
    body = path.read_bytes()
    data = Boxes()
    assert await evaluated(path, known("answer"), data) == []
    assert not data.decoded
    assert path.read_bytes() == body


@pytest.mark.parametrize("kept", [1, 30, -1])
async def test_half_a_line_is_dropped(tmp_path: Path, kept: int) -> None:
    whole, path = tmp_path / "whole", tmp_path / "r"
    await evaluated(whole, known("answer"))
    lines = whole.read_bytes().splitlines(keepends=True)
    for last in (0, 1, 7):
        path.write_bytes(b"".join(lines[:last]) + lines[last][:kept])
        if last:
            assert len(list(read_results(path)[1])) == last - 1
        await evaluated(path, known("answer"))
        assert comparable(path) == comparable(whole)
        path.unlink()


async def test_another_evaluation_is_refused_by_name(tmp_path: Path) -> None:
    path = tmp_path / "r"
    await evaluated(path, known("answer"), most=2)
    body = path.read_bytes()
    changed: list[tuple[str, Voice, Boxes, Plan]] = [
        ("dataset_hash", known("answer"), Boxes(salt="newer"), PLAN),
        ("model.name", known("centre"), Boxes(), PLAN),
        ("dialect", known("answer"), Boxes(), replace(PLAN, dialect="ui-tars")),
        ("settings.history", known("answer"), Boxes(), replace(PLAN, past="none")),
        ("count", known("answer"), Boxes(), replace(PLAN, limit=4)),
    ]
    for field, voice, data, plan in changed:
        with pytest.raises(ResultsDiffer, match=f"{field}.*--model answer".replace(".", r"[\s\S]")):
            await evaluated(path, voice, data, plan)
        assert path.read_bytes() == body, field
    # Where the files lie, how many threads read, and when it began is nobody's business.
    await evaluated(path, known("answer"), plan=replace(PLAN, path="/elsewhere", jobs=5))


async def test_what_is_no_results_file_is_left_alone(tmp_path: Path) -> None:
    for body in (b"my notes", b'{"a": 1}\n', b"\x00\xff\n", b'{"kind":"evaluation","format":9}\n'):
        path = tmp_path / "r"
        path.write_bytes(body)
        with pytest.raises(LinesBroken):
            ResultsFile(path)
        with pytest.raises(LinesBroken):
            read_results(path)
        assert path.read_bytes() == body
    with pytest.raises(BadUsage, match="cannot read"):
        read_results(tmp_path / "none")
    with pytest.raises(BadUsage, match="cannot write"):
        ResultsFile(tmp_path)


async def test_damage_in_the_middle_is_named_by_its_line(tmp_path: Path) -> None:
    path = tmp_path / "r"
    await evaluated(path, known("answer"))
    lines = path.read_bytes().splitlines(keepends=True)
    for broken, where in (
        ([*lines[:3], b"{}\n", *lines[4:]], ":4"),
        ([*lines[:3], *lines[4:]], ":4: result 3 where 2"),
        ([*lines, lines[-1].replace(b'"number":11', b'"number":12')], "more than the 12"),
    ):
        path.write_bytes(b"".join(broken))
        with pytest.raises(LinesBroken, match=where):
            list(read_results(path)[1])
        with pytest.raises(LinesBroken, match=where):
            ResultsFile(path)


async def test_two_writers_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "r"
    await evaluated(path, known("answer"), most=2)
    with ResultsFile(path), pytest.raises(BadUsage, match="alive"):
        ResultsFile(path)
    ResultsFile(path).close()


async def test_a_full_disk_leaves_whole_lines(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "r"
    write, left = os.write, [4000]

    def full(file: int, body: Any) -> int:
        if left[0] < len(body):
            if left[0] == 0:
                raise OSError(errno.ENOSPC, "No space left on device")
            body = body[: left[0]]
        left[0] -= len(body)
        return write(file, body)

    monkeypatch.setattr("eyehand.agent.line_file.os.write", full)
    with pytest.raises(BadUsage, match="No space left"):
        await evaluated(path, known("answer"))
    assert path.read_bytes().endswith(b"\n")
    monkeypatch.undo()
    await evaluated(path, known("answer"))
    await evaluated(tmp_path / "whole", known("answer"))
    assert comparable(path) == comparable(tmp_path / "whole")


async def test_a_missing_picture_ends_it_with_its_name_and_what_was_asked_is_kept(
    tmp_path: Path,
) -> None:
    path = tmp_path / "r"
    with pytest.raises(BadUsage, match=r"shot7\.png"):
        await evaluated(path, known("answer"), Boxes(damaged=7))
    assert len(list(read_results(path)[1])) == 7
    await evaluated(path, known("answer"))
    assert score_file(path, None, "intended", named).complete


async def test_fewer_samples_than_were_counted_is_no_finished_evaluation(tmp_path: Path) -> None:
    class Short(Boxes):
        def __len__(self) -> int:
            return 20

    with pytest.raises(BadUsage, match="12 of 20"):
        await evaluated(tmp_path / "r", known("answer"), Short())


def test_the_same_samples_are_drawn_everywhere() -> None:
    drawn = replace(PLAN, sample=4, seed=3).chosen(20)
    assert sorted(n for n in range(20) if n in drawn) == [7, 9, 18, 19]
    assert replace(PLAN, limit=4).chosen(3) == range(3)
    with pytest.raises(ValueError, match="not both"):
        replace(PLAN, sample=4, limit=3)


async def test_replies_made_elsewhere_are_read_through_the_dialect(tmp_path: Path) -> None:
    path = tmp_path / "replies.jsonl"
    spoken = dialect_named("computer_use", ["click"])
    lines = []
    for sample in list(Boxes().samples())[:9]:
        seen = Size(160, 120)
        asking = Asking("computer_use", lambda s, z: Size(160, 120), "none", prompts=False,
                        constrain=False)  # fmt: skip
        frame = asking((0, sample)).frame
        reply = spoken.render(sample.answer[0], frame)
        lines.append({"id": sample.id, "reply": reply, "image": list(seen), "by": "others"})
    lines.append({"id": "nobody", "reply": "x"})
    path.write_text("\n".join(map(json.dumps, lines)), encoding="utf-8")
    plan = replace(PLAN, dialect="computer_use")
    await evaluated(tmp_path / "r", Replies(path), plan=plan)
    scored = score_file(tmp_path / "r", None, "intended", named)
    right = [row.verdict.exact_match for row in scored.rows]
    assert right == [True] * 9 + [False] * 3
    assert scored.unanswered == 3
    assert "no reply" in scored.failures[0].detail
    for body, words in ((b'{"id": 1}', ":1: id"), (b"[", ":1: it is no JSON"), (b"", "no reply"),
                        (b'{"id":"a","reply":""}\n' * 2, ":2: there is a reply")):  # fmt: skip
        path.write_bytes(body)
        with pytest.raises(BadUsage, match=words):
            Replies(path)


async def test_scored_again_by_other_rules_and_by_another_evaluator(tmp_path: Path) -> None:
    path = tmp_path / "r"

    def edge(sample: Sample) -> Click:
        left, top, *_ = sample.truth["box"]
        return Click(point=(left, top))  # type: ignore[arg-type]

    samples = [s for s in Boxes().samples() if "box" in s.truth]
    lines = [
        {"id": s.id, "reply": json.dumps(edge(s).to_json()), "image": list(SIZE)} for s in samples
    ]
    replies = tmp_path / "replies.jsonl"
    replies.write_text("\n".join(map(json.dumps, lines)), encoding="utf-8")
    await evaluated(path, Replies(replies))
    count = {
        (who, rules): sum(
            row.verdict.exact_match for row in score_file(path, EVALUATORS[who], rules, named).rows
        )
        for who in EVALUATORS
        for rules in ("intended", "published")
    }
    assert count == {
        ("boxes", "intended"): 8, ("boxes", "published"): 0,
        ("any-click", "intended"): 8, ("any-click", "published"): 8,
    }  # fmt: skip


async def test_what_changed_between_two_evaluations(tmp_path: Path) -> None:
    before, now = tmp_path / "before", tmp_path / "now"
    await evaluated(before, known("answer"))
    await evaluated(now, known("centre"), plan=replace(PLAN, past="none"))
    scored = score_file(now, None, "intended", named)
    found = compare(scored, before, named)
    wrong = [row.id for row in scored.rows if not row.verdict.exact_match]
    assert list(found.lost) == wrong
    assert not found.won
    assert found.both == 12 - len(wrong)
    assert found.p == 2 / 2 ** len(wrong)
    assert ("history", "actions", "none") in found.different
    data = to_json(scored, scored.summary(), found)
    assert json.loads(json.dumps(data))["compared"]["lost"] == wrong
    other = tmp_path / "other"
    await evaluated(other, known("answer"), Boxes(salt="newer"))
    with pytest.raises(BadUsage, match="other data"):
        compare(scored, other, named)


def test_the_exact_test_is_exact() -> None:
    assert mcnemar(0, 0) == mcnemar(7, 7) == 1
    assert mcnemar(1, 9) == mcnemar(9, 1) == pytest.approx(2 * (1 + 10) / 1024)
    assert mcnemar(0, 30_000) == 0.0
    assert 0.3 < mcnemar(20_000, 20_200) < 0.33


async def test_no_more_is_read_ahead_than_was_asked_for_and_order_is_kept() -> None:
    read = made = 0
    most = 0
    looked = 0

    def items() -> Iterator[int]:
        nonlocal read
        for number in range(50):
            read += 1
            yield number

    def prepare(number: int) -> int:
        nonlocal made, most
        made += 1
        most = max(most, made - looked)
        return number * number

    seen = []
    async for square in ahead(items(), prepare, 3):
        seen.append(square)
        looked += 1
        await asyncio.sleep(0)
        if looked == 10:
            await asyncio.sleep(0.05)  # time enough to read all, if it were not bounded
            assert read <= looked + 4
    assert seen == [number * number for number in range(50)]
    assert most <= 5


async def test_stopping_early_closes_the_dataset() -> None:
    closed = asyncio.Event()
    loop = asyncio.get_running_loop()

    def items() -> Iterator[int]:
        try:
            while True:
                yield 1
        finally:
            loop.call_soon_threadsafe(closed.set)

    async def look() -> None:
        stream = ahead(items(), lambda number: number, 2)
        async for _ in stream:
            break
        await stream.aclose()

    await look()
    async with asyncio.timeout(5):
        await closed.wait()


def test_a_header_says_all_that_a_number_needs(tmp_path: Path) -> None:
    path = tmp_path / "r"
    asyncio.run(evaluated(path, known("answer"), plan=replace(PLAN, sample=5, seed=7)))
    header = Header.model_validate_json(path.read_bytes().splitlines()[0])
    assert header.dataset_hash == Boxes().hash()
    assert header.count == 5
    assert header.settings == {"sample": 5, "seed": 7, "history": "actions"}
    assert "eyehand" in header.versions
    assert header.command == PLAN.command
