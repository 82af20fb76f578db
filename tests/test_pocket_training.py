"""The pocket model's training run: begun, killed, gone on with, and what it leaves behind."""

import asyncio
import json
import os
import subprocess
from dataclasses import replace
from pathlib import Path
from random import Random

import numpy as np
import pytest
import torch
from command import EYEHAND
from safetensors.torch import load_file

from eyehand.agent import Agent, Limits, Task
from eyehand.agent.pocket.held_out import FIRST_SEED
from eyehand.agent.pocket.lessons import lesson_on
from eyehand.agent.pocket.looks import EVERY, SCREEN
from eyehand.agent.pocket.pictures import picture, piece_label, piece_labels
from eyehand.agent.pocket.playing import Speaking, played, right, rolled_out, share_right
from eyehand.agent.pocket.recipe import ACTING, LOOKING, SPEAKING
from eyehand.agent.pocket.rollouts import read_rollouts, rollouts_in
from eyehand.agent.pocket.training import (
    PocketRun,
    Watched,
    held_out_pictures,
    held_out_screens,
    held_out_words,
)
from eyehand.envs.practice.env import PracticeEnv
from eyehand.model import Message, Size
from eyehand.model.chat import prompt_hash
from eyehand.model.errors import BadCheckpoint, BadRun
from eyehand.model.qwen_vl import QwenVL
from eyehand.model.training.encode import encode
from eyehand.model.training.sample import Sample

QUICK = {"OMP_NUM_THREADS": "1"}
TINY = replace(
    ACTING,
    stages=tuple(
        replace(stage, steps=2, samples=3)
        for stage in (LOOKING.stages[0], SPEAKING.stages[0], ACTING.stages[-1])
    ),
    learning=replace(ACTING.learning, warmup=1, freeze_vision=False),
    phones=2,
)
QUIET = Watched(every=2, reading=2, screens=1, rollouts=1)


@pytest.fixture(scope="module")
def begun(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of six steps, in one go."""
    torch.set_num_threads(1)
    folder = tmp_path_factory.mktemp("pocket") / "run"
    PocketRun(folder, recipe=TINY, watched=QUIET).run()
    return folder


def logged(folder: Path) -> list[list[str]]:
    """Give the log's rows, but for the time they took."""
    lines = [line.split(",") for line in (folder / "log.csv").read_text().splitlines()]
    seconds = lines[0].index("seconds")
    return [line[:seconds] + line[seconds + 1 :] for line in lines]


def test_a_run_that_was_ended_goes_on_as_if_it_had_not_been(begun: Path, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    first = PocketRun(folder, recipe=TINY, watched=QUIET)
    assert first.trainer.run(until=3).step == 3
    rows: list[int] = []
    second = PocketRun(folder, recipe=TINY, watched=QUIET)
    second.on_step = lambda row: rows.append(row.step)
    summary = second.run()
    assert (summary.finished, rows) == (True, [4, 5, 6])
    assert logged(folder) == logged(begun)
    figures = [(run / "figures.csv").read_text() for run in (begun, folder)]
    assert figures[0] == figures[1]
    weights = [(run / "checkpoint/model.safetensors").read_bytes() for run in (begun, folder)]
    assert weights[0] == weights[1]


def test_another_recipe_does_not_go_on_with_a_run(begun: Path) -> None:
    for other in (replace(TINY, slips=0.5), replace(TINY, seed=1)):
        with pytest.raises(BadRun):
            PocketRun(begun, recipe=other, watched=QUIET)
    with pytest.raises(BadRun):
        PocketRun(begun, recipe=TINY, steps=7, watched=QUIET)


def test_what_was_trained_is_a_checkpoint_that_says_nothing_but_actions(begun: Path) -> None:
    model = QwenVL.load(begun / "checkpoint", device="cpu", max_tokens=64)
    assert model.plan(SCREEN) == SCREEN
    assert model.plan(Size(28, 28)) == Size(28, 28)
    lesson = lesson_on(EVERY.phone(Random(0), FIRST_SEED), "switch_setting")
    assert lesson is not None
    agent = Agent(PracticeEnv(phone=lesson.phone), model, dialect="pocket")
    task = Task.goal(lesson.task.goal, limits=Limits(steps=1))
    (step,) = asyncio.run(agent.run(task)).steps
    assert step.error is None or step.action is not None  # it did something, well or badly


def test_a_network_s_own_tasks_are_kept_so_that_they_can_be_gone_through_again(begun: Path) -> None:
    (one,) = read_rollouts(rollouts_in(begun / "rollouts", 4))
    assert one.said
    assert one.seed >= FIRST_SEED
    run = PocketRun(begun, recipe=TINY, watched=QUIET)
    again = (EVERY, run.network, run.layout, TINY.families, 1)
    made = rolled_out(Random(5), *again)
    assert made == rolled_out(Random(5), *again)
    model = Speaking(run.network, run.layout)
    lesson = made[0].lesson()
    assert played(replace(lesson, said=()), model) is made[0].passed
    assert tuple(model.said) == made[0].said
    samples = held_out_words(2, TINY.stages[0].reading, run.words)
    assert 0 <= share_right(run.network, run.layout, samples) <= 1


def test_what_is_held_out_is_the_same_each_time_and_of_phones_never_trained_on() -> None:
    one, other = held_out_screens(3), held_out_screens(3)
    hashes = [[prompt_hash(sample.messages) for sample in samples] for samples in (one, other)]
    assert hashes[0] == hashes[1]
    assert len(one) == 3


@pytest.mark.parametrize(
    ("true", "said", "good"),
    [
        ('answer "Ada"', 'answer "Ada"', True),
        ('answer "Ada"', 'answer "ada"', False),
        ("click 100 100", "click 114 95", True),
        ("click 100 100", "click 115 100", False),
        ("click 100 100", "click 100 120", False),
        ("click 100 100", "hold 100 100", False),
        ("click 100 100", "clack", False),
        ("click 100 100", "", False),
    ],
)
def test_a_click_beside_the_point_is_right_and_a_word_beside_the_word_is_not(
    true: str, said: str, good: bool
) -> None:
    shown = picture(np.zeros((616, 280, 3), np.uint8))
    messages = (Message.of("user", shown), Message.of("assistant", true))
    assert right(Sample(messages, (1,)), said) is good


def test_the_command_says_what_is_wrong_and_stops_when_its_time_is_over(tmp_path: Path) -> None:
    def train(*words: str) -> subprocess.CompletedProcess[str]:
        command = [EYEHAND, "practice", "train", *words]
        return subprocess.run(
            command, capture_output=True, text=True, timeout=300, env={**os.environ, **QUICK}
        )

    run = ("--out", str(tmp_path / "run"))
    for words, said in (
        (("looking", *run, "--device", "tpu"), "tpu"),
        (("sleeping", *run), "one of looking, seeing, speaking, acting, practising"),
        (("seeing", *run, "--after", str(tmp_path / "no")), "config.json"),
    ):
        wrong = train(*words)
        assert (wrong.returncode, said in wrong.stderr) == (2, True), wrong.stderr
    made = train("looking", *run, "--minutes", "0.01", "--steps", "900", "--json")
    assert made.returncode == 0, made.stderr
    end = json.loads(made.stdout.splitlines()[-1])
    assert end["steps"] == 900
    assert not end["finished"]
    assert (tmp_path / "run/checkpoint/model.safetensors").exists()


def test_a_part_begins_with_what_the_one_before_it_learnt(begun: Path, tmp_path: Path) -> None:
    after = PocketRun(tmp_path / "next", recipe=TINY, after=begun, watched=QUIET)
    for name, weight in QwenVL.load(begun / "checkpoint").network.named_parameters():
        assert torch.equal(after.network.get_parameter(name), weight.float()), name
    beside = load_file(begun / "head.safetensors")
    assert {name.partition(".")[0] for name in beside} == {"dense", "pointer"}
    for name, kept in beside.items():
        assert torch.equal(after.trainer.learner.weights[name], kept), name
    again = PocketRun(tmp_path / "next", recipe=TINY, watched=QUIET)  # it need not be said again
    assert again.trainer.step == 0
    assert torch.equal(again._head.get_parameter("weight"), beside["dense.weight"])


def test_the_language_model_begins_with_words_that_are_alike_on_pictures(tmp_path: Path) -> None:
    """What is told of a picture stays; and a run that goes on with one keeps its words."""
    first = replace(TINY, stages=TINY.stages[:1], learning=LOOKING.learning)
    PocketRun(tmp_path / "looking", recipe=first, watched=QUIET).run()
    speaking = replace(TINY, speaks=True, learning=SPEAKING.learning)
    run = PocketRun(
        tmp_path / "speaking", recipe=speaking, after=tmp_path / "looking", watched=QUIET
    )
    before = PocketRun(tmp_path / "same", recipe=TINY, after=tmp_path / "looking", watched=QUIET)
    (shown,) = encode(held_out_pictures(1, run.layout.tokenizer)[0], run.layout).pictures
    patches = run.layout.processor.patches(shown.frames, shown.resized)
    with torch.no_grad():
        told = [one._head(one.network.see(patches, [shown.grid])) for one in (run, before)]
        seen = run.network.see(patches, [shown.grid])
    torch.testing.assert_close(told[0], told[1], rtol=1e-3, atol=1e-3)
    assert 0.2 < float(seen.pow(2).mean().sqrt()) < 1.8
    words = run.network.model.embed_tokens.weight.detach()
    assert float((words.pow(2).mean(1).sqrt() - 0.3).abs().max()) < 1e-4
    tokenizer, labels = run.layout.tokenizer, run.trainer.recipe.labels
    (token,) = tokenizer.letters(" settings")
    head = run._head.weight.detach()
    row = head[labels.index(piece_label(" settings"))]
    usual = head[[labels.index(n) for n in piece_labels(tokenizer).values()]].mean(0)
    assert float(torch.cosine_similarity(words[token], row - usual, dim=0)) > 0.9
    for number in range(len(run.network.model.layers)):
        q = k = run.network.get_parameter(f"model.layers.{number}.self_attn.qkv_proj.weight")
        assert torch.equal(q[:64], k[256:320])
        assert torch.equal(q[128:192], k[320:384])
        assert not torch.equal(q[64:128], q[:64])
    run.run()
    on = PocketRun(tmp_path / "on", recipe=speaking, after=tmp_path / "speaking", watched=QUIET)
    learnt = load_file(tmp_path / "speaking/checkpoint/model.safetensors")
    kept = on.network.model.embed_tokens.weight
    assert torch.equal(kept, learnt["model.embed_tokens.weight"].float())
    # Who looks again in between has not forgotten that it spoke.
    looked = tmp_path / "looking again"
    PocketRun(looked, recipe=first, after=tmp_path / "speaking", watched=QUIET).run()
    before_it, after_it = (
        load_file(folder / "head.safetensors") for folder in (tmp_path / "speaking", looked)
    )
    assert before_it.keys() == after_it.keys()
    assert torch.equal(before_it["pointer.meant.weight"], after_it["pointer.meant.weight"])
    with pytest.raises(BadCheckpoint, match="what a tower sees"):
        PocketRun(tmp_path / "no", recipe=speaking, after=looked / "checkpoint", watched=QUIET)
    assert not (tmp_path / "no").exists()
