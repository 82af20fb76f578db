"""Exports read back: what is learnt from them is what the session read and said."""

import asyncio
import itertools
import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import small
import toys
from published import published
from tokenizers import AddedToken
from tokenizers import Tokenizer as Backend
from training_rig import row, written

from eyehand.agent import Agent, Limits, Task
from eyehand.agent.contexts import contexts
from eyehand.agent.exporting import Choice, export
from eyehand.envs import Episode, PracticeEnv
from eyehand.model import Message, ScriptedModel, Size
from eyehand.model.chat import Image, Marked
from eyehand.model.config import parse_config
from eyehand.model.errors import BadTrainingData
from eyehand.model.image import Processor
from eyehand.model.prompt import Layout
from eyehand.model.tokenizer import Tokenizer
from eyehand.model.training.data import Epochs, Examples, sizes
from eyehand.model.training.encode import encode
from eyehand.model.training.exported import Export
from eyehand.model.training.sample import Sample

SCREEN = Size(252, 504)
LIMITS = Limits(steps=12, errors=9, stuck=False)


def call(**arguments: Any) -> str:
    body = json.dumps({"name": "computer_use", "arguments": arguments}, ensure_ascii=False)
    return f"<tool_call>\n{body}\n</tool_call>"


REPLIES = [
    "The top. " + call(action="left_click", coordinate=[126, 300]),
    call(action="answer", text="Grüße, 世界"),
    call(action="terminate", status="success"),
]


@pytest.fixture(scope="module")
def episode(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("recorded") / "e"
    agent = Agent(
        PracticeEnv(3, size=SCREEN), ScriptedModel(REPLIES), dialect="computer_use", record=folder
    )
    asyncio.run(agent.run(Task.goal("look around", limits=LIMITS)))
    return folder


@pytest.fixture(scope="module")
def genuine(tmp_path_factory: pytest.TempPathFactory) -> Layout:
    """Qwen2.5-VL's own way, with `<tool_call>` as a token."""
    backend = Backend.from_str(Tokenizer.from_vocabulary(*toys.vocabulary()).to_json())
    names = ("<tool_call>", "</tool_call>")
    backend.add_tokens([AddedToken(name, special=False, normalized=False) for name in names])
    return Layout.of(parse_config(published("Qwen2.5-VL-3B")), Tokenizer(backend), Processor())


async def seen(folder: Path) -> list[tuple[list[Message], str]]:
    return [(list(c.messages), c.step.reply or "") async for c in contexts(Episode.load(folder))]


@pytest.mark.parametrize("form", ["sharegpt", "messages"])
@pytest.mark.parametrize("per", ["step", "episode"])
def test_what_is_learnt_are_the_tokens_that_the_session_read_and_said(
    episode: Path, genuine: Layout, tmp_path: Path, form: Any, per: Any
) -> None:
    loss: Any = "last" if per == "step" else "all"
    asyncio.run(export([episode], tmp_path / "out", Choice(form=form, per=per, loss=loss)))
    opened = Export.open(tmp_path / "out")
    told = asyncio.run(seen(episode))
    assert len(opened.lines) == (3 if per == "step" else 1)
    for number in range(len(opened.lines)):
        found = encode(opened.example(number), genuine)
        messages, reply = told[number] if per == "step" else told[-1]
        prompt = genuine.prompt(messages)
        if per == "step":
            said = prompt.ids + genuine.tokenizer.encode(reply)
            assert found.ids.tolist() == [*said, genuine.tokenizer.im_end]
            assert int(found.learnt.nonzero()[0]) == len(prompt.ids)
        learnt = found.ids[found.learnt].tolist()
        replies = [reply] if per == "step" else REPLIES
        expected = [[*genuine.tokenizer.encode(text), genuine.tokenizer.im_end] for text in replies]
        assert learnt == [*itertools.chain(*expected)]
        shown = [p for m in messages for p in m.parts if isinstance(p, Image)]
        assert len(found.pictures) == len(shown)
        last = opened.example(number).messages
        again = [p for m in last for p in m.parts if isinstance(p, Image)][-1]
        assert np.array_equal(again.pixels, shown[-1].pixels)
        assert (again.hash, again.resized) == (shown[-1].hash, shown[-1].resized)


def test_a_loss_mask_says_which_replies_are_learnt(tmp_path: Path) -> None:
    turns = row(0)
    turns["conversations"] += [{"from": "human", "value": "and?"}, {"from": "gpt", "value": "on"}]
    for mask in ([0, 1, 0, 0], [0, 0, 0, 1], [0, 1, 0, 1]):
        folder = written(tmp_path / str(mask), [{**turns, "loss_mask": mask}])
        learn = Export.open(folder).example(0).learn
        assert list(learn) == [n + 1 for n, loss in enumerate(mask) if loss]


def test_a_users_word_stays_letters_where_the_session_read_letters(
    tmp_path: Path, genuine: Layout
) -> None:
    rows = [row(0, asked="<image>say <tool_call><|box_start|>", said="<tool_call>")]
    for rereads in (False, True):
        folder = written(tmp_path / str(rereads), rows, rereads=rereads)
        ids = encode(Export.open(folder).example(0), genuine).ids.tolist()
        word = genuine.tokenizer.added["<tool_call>"]
        assert ids.count(word) == (1 if rereads else 2)
        assert ids[-2:] == [word, genuine.tokenizer.im_end]
        assert ids.count(genuine.tokenizer.added["<|box_start|>"]) == 1


def test_the_folder_of_demonstrations_is_found_with_its_data(tmp_path: Path) -> None:
    written(tmp_path / "demos" / "data", [row(0)])
    assert len(Export.open(tmp_path / "demos").lines) == 1


def broken(kind: str, folder: Path) -> None:
    """Do to an export what accidents do."""
    manifest = folder / "manifest.json"
    if kind == "nothing":
        shutil.rmtree(folder)
    elif kind == "unfinished":
        manifest.unlink()
    elif kind == "changed":
        (folder / "data.jsonl").write_bytes((folder / "data.jsonl").read_bytes() + b"\n")
    elif kind == "damaged":
        manifest.write_text('{"format": 1')
    elif kind == "newer":
        manifest.write_text('{"format": 2, "other_sizes": 0}')
    elif kind == "cut":
        (folder / "provenance.jsonl").write_text("")
    elif kind == "no data":
        (folder / "data.jsonl").unlink()


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("nothing", "is no export"),
        ("unfinished", "never finished"),
        ("changed", "was changed"),
        ("damaged", "is damaged"),
        ("newer", "of format 2"),
        ("cut", "1 examples and provenance.jsonl 0"),
        ("no data", "cannot be read"),
    ],
)
def test_what_is_no_whole_export_is_refused_in_words(tmp_path: Path, kind: str, words: str) -> None:
    folder = written(tmp_path / "out", [row(0)])
    broken(kind, folder)
    with pytest.raises(BadTrainingData, match=words):
        Export.open(folder)


def test_an_empty_export_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadTrainingData, match="holds no example"):
        Export.open(written(tmp_path / "out", []))


def test_pictures_of_another_size_are_refused(tmp_path: Path) -> None:
    with pytest.raises(BadTrainingData, match=r"7 pictures.*--resize"):
        Export.open(written(tmp_path / "out", [row(0)], other_sizes=7))
    small_pictures = Processor().at_most(4)
    export = Export.open(written(tmp_path / "ours", [row(0)]))
    export.check_pictures(Processor())
    with pytest.raises(BadTrainingData, match=r"seen at 112x56.*sees it at 56x28.*--image-tokens"):
        export.check_pictures(small_pictures)


def test_missing_and_damaged_pictures_are_told(tmp_path: Path) -> None:
    export = Export.open(written(tmp_path / "out", [row(0)]))
    file = export.folder / "images" / "0.png"
    file.write_bytes(file.read_bytes()[:40])
    with pytest.raises(BadTrainingData, match="no picture"):
        export.example(0)
    file.unlink()
    for read in (lambda: export.check_pictures(Processor()), lambda: export.example(0)):
        with pytest.raises(BadTrainingData, match="is missing"):
            read()


@pytest.mark.parametrize(
    "bad",
    [
        {"images": []},
        {"images": ["images/0.png", "images/0.png"]},
        {"loss_mask": [0]},
        {"conversations": [{"from": "robot", "value": "x"}]},
        {"conversations": "x"},
    ],
    ids=range(5),
)
def test_a_line_that_is_no_example_is_told_by_its_number(
    tmp_path: Path, bad: dict[str, Any]
) -> None:
    export = Export.open(written(tmp_path / "out", [row(0), {**row(1), **bad}]))
    with pytest.raises(BadTrainingData, match="line 2, is no example"):
        export.example(1)


def examples(tmp_path: Path, count: int) -> Examples:
    rows = [row(n, said="on" * (n % 3 + 1)) for n in range(count)]
    half = count // 2
    return Examples.open(
        [written(tmp_path / "one", rows[:half]), written(tmp_path / "two", rows[half:])]
    )


def test_an_epoch_shows_each_example_once_and_every_worker_the_same(tmp_path: Path) -> None:
    held = examples(tmp_path, 10)
    source = Epochs(held, 4, 25, seed=3)
    assert source.steps == 7
    shown = [[id_of(s) for s in source.batch(step)] for step in range(7)]
    assert shown == [[id_of(s) for s in Epochs(held, 4, 25, seed=3).batch(n)] for n in range(7)]
    flat = [*itertools.chain(*shown)]
    assert [len(part) for part in shown] == [4] * 6 + [1]
    everything = sorted(id_of(held[n]) for n in range(10))
    assert sorted(flat[:10]) == sorted(flat[10:20]) == everything
    assert flat[:10] != flat[10:20]
    other = [id_of(s) for s in Epochs(held, 4, 25, seed=4).batch(0)]
    assert other != shown[0]


def id_of(one: Sample) -> str:
    shown = [part.hash for m in one.messages for part in m.parts if isinstance(part, Image)]
    return f"{shown} {one.messages[-1].text}"


def test_episodes_are_held_out_whole(tmp_path: Path) -> None:
    rows = [row(n) for n in range(12)]
    folder = written(tmp_path / "out", rows)
    told = [json.loads(x) for x in (folder / "provenance.jsonl").read_text().splitlines()]
    lines = [json.dumps({**about, "episode": f"e{n // 3}"}) for n, about in enumerate(told)]
    (folder / "provenance.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    everything = Examples.open([folder])
    learnt, held = everything.held_out(0.25, seed=1)
    assert (len(learnt), len(held)) == (9, 3)
    names = {learnt.episode(n) for n in learnt.chosen}, {held.episode(n) for n in held.chosen}
    assert not names[0] & names[1]
    assert everything.held_out(0.25, seed=1)[1].chosen == held.chosen
    assert len(everything.held_out(0.2, seed=1)[1]) == 0  # of four episodes, rounded down
    assert any(everything.held_out(0.25, seed=s)[1].chosen != held.chosen for s in range(2, 9))


def test_sizes_are_what_is_encoded_without_a_pixel(tmp_path: Path) -> None:
    folder = small.small_checkpoint(tmp_path / "small", "qwen2_vl")
    how = Layout.read(folder, small.opened(folder).config)
    held = examples(tmp_path, 6)
    whole = [encode(held[n], how) for n in range(6)]
    found = sizes(held, how)
    assert found.samples == 6
    assert found.tokens == sum(one.length for one in whole)
    assert found.learnt == sum(int(one.learnt.sum()) for one in whole)
    assert found.longest == max(one.length for one in whole) == whole[found.number].length


def test_a_turn_of_messages_keeps_its_parts_in_order(tmp_path: Path) -> None:
    turns = [
        {"role": "user", "content": [{"type": "text", "text": "Open"}, {"type": "image"}]},
        {"role": "assistant", "content": [{"type": "text", "text": "off"}]},
    ]
    one = {"messages": turns, "images": ["images/a.png"]}
    two = {"prompt": turns[:1], "completion": turns[1:], "images": ["images/b.png"]}
    export = Export.open(written(tmp_path / "out", [one, two]))
    for number in range(2):
        found = export.example(number)
        assert found.messages[0].parts[0] == Marked("Open")
        assert isinstance(found.messages[0].parts[1], Image)
        assert found.learn == (1,)
