"""Whole runs: they learn, go on after a kill as if nothing had been, and end in a checkpoint."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
import small
import torch
from safetensors.torch import load_file
from training_rig import (
    AVERAGED,
    LONG,
    QUICK,
    Changing,
    Failing,
    Fixed,
    rows,
    sample,
    several,
    trainer,
)

from eyehand.model.errors import BadCheckpoint, BadRun, NotFinite
from eyehand.model.prompt import Layout
from eyehand.model.qwen_vl import QwenVL
from eyehand.model.training.log import Row
from eyehand.model.training.recipe import Pace, Recipe
from eyehand.model.training.replies import greedy
from eyehand.model.training.sample import Sample
from eyehand.model.training.schedule import learning_rate
from eyehand.model.training.state import state_files

TESTS = Path(__file__).parent


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return small.small_checkpoint(tmp_path_factory.mktemp("run") / "small", "qwen2_vl")


def weights(folder: Path) -> dict[str, torch.Tensor]:
    """Give the last state's tensors."""
    return load_file(state_files(folder)[-1])


def equal(one: Path, two: Path) -> None:
    """Compare two runs to the last bit."""
    assert rows(one) == rows(two)
    ours, theirs = weights(one), weights(two)
    assert ours.keys() == theirs.keys()
    for name in ours:
        assert torch.equal(ours[name], theirs[name]), name


@pytest.fixture(scope="module")
def whole(checkpoint: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run that nobody disturbed."""
    folder = tmp_path_factory.mktemp("whole")
    trainer(checkpoint, folder, Changing(LONG), recipe=AVERAGED).run()
    return folder


def victim(checkpoint: Path, folder: Path, workers: int = 0) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, TESTS / "training_victim.py", checkpoint, folder, str(workers)],
        env={**os.environ, "PYTHONPATH": str(TESTS), "OMP_NUM_THREADS": "1"},
        stderr=subprocess.PIPE,
        text=True,
    )


def wait_for_rows(folder: Path, count: int, process: subprocess.Popen[str]) -> None:
    for _ in range(6000):
        log = folder / "log.csv"
        if log.is_file() and log.read_text(encoding="utf-8").count("\n") > count:
            return
        assert process.poll() is None, process.communicate()[1]
        time.sleep(0.01)
    raise AssertionError("the run does not get on")


def test_a_killed_run_goes_on_to_the_same_curve(
    checkpoint: Path, whole: Path, tmp_path: Path
) -> None:
    process = victim(checkpoint, tmp_path)
    wait_for_rows(tmp_path, 6, process)
    process.kill()
    process.communicate()
    with (tmp_path / "log.csv").open("a", encoding="utf-8") as file:
        file.write("99,4,2")  # half a row, as a crash leaves it
    again = trainer(checkpoint, tmp_path, Changing(LONG), recipe=AVERAGED)
    assert 0 < again.step < LONG
    assert again.run().finished
    equal(tmp_path, whole)
    assert len(state_files(tmp_path)) <= 2


def test_ctrl_c_saves_and_the_run_goes_on(checkpoint: Path, whole: Path, tmp_path: Path) -> None:
    def press(row: Row) -> None:
        if row.step == 5:
            os.kill(os.getpid(), signal.SIGINT)

    before = signal.getsignal(signal.SIGINT)
    begun = trainer(checkpoint, tmp_path, Changing(LONG), recipe=AVERAGED, on_step=press)
    with pytest.raises(KeyboardInterrupt):
        begun.run()
    assert signal.getsignal(signal.SIGINT) is before
    again = trainer(checkpoint, tmp_path, Changing(LONG), recipe=AVERAGED)
    assert again.step == 5 == len(rows(tmp_path)) - 1  # nothing that was learnt is lost
    again.run()
    equal(tmp_path, whole)


def test_a_run_in_parts_is_the_run_as_a_whole(
    checkpoint: Path, whole: Path, tmp_path: Path
) -> None:
    for until in (1, 5, 11, LONG):
        part = trainer(checkpoint, tmp_path, Changing(LONG), recipe=AVERAGED).run(until=until)
        assert (part.step, part.finished) == (until, until == LONG)
    equal(tmp_path, whole)
    done = trainer(checkpoint, tmp_path, Changing(LONG), recipe=AVERAGED).run()
    assert (done.finished, done.last, done.samples) == (True, None, 0)
    equal(tmp_path, whole)


def test_worker_processes_change_nothing(checkpoint: Path, whole: Path, tmp_path: Path) -> None:
    pace = Pace(workers=2)
    trainer(checkpoint, tmp_path, Changing(LONG), recipe=AVERAGED, pace=pace).run()
    equal(tmp_path, whole)


def test_a_stop_in_the_middle_of_a_step_learns_nothing_of_it(
    checkpoint: Path, tmp_path: Path
) -> None:
    stop = threading.Event()

    def see(row: Row) -> None:
        if row.step == 2:
            stop.set()

    begun = trainer(checkpoint, tmp_path, Changing(LONG), on_step=see)
    assert begun.run(stop).step == 2
    before = {n: w.clone() for n, w in begun.learner.weights.items()}
    assert begun.run(stop).step == 2
    assert all(torch.equal(w, before[n]) for n, w in begun.learner.weights.items())


def test_eight_samples_are_learnt_to_the_letter(checkpoint: Path, tmp_path: Path) -> None:
    samples = [sample(n) for n in range(6)] + [several(6), several(7)]
    recipe = replace(QUICK, labels=("a", "b", "c"))
    run = trainer(
        checkpoint, tmp_path, Fixed(samples, 60), recipe=recipe, held_out=samples, every=30
    )
    done = run.run()
    assert done.last is not None
    assert done.last.exact_replies == 1.0
    assert done.last.held_exact == 1.0
    for one in samples:
        reply = greedy(run.network, run.layout, one.messages[:-1])
        assert reply == one.messages[-1].text
    header, *lines = rows(tmp_path)
    held = header.index("held_exact")
    assert [line[held] != "" for line in lines] == [n in (29, 59) for n in range(60)]


async def test_the_checkpoint_that_is_written_says_what_was_learnt(
    checkpoint: Path, tmp_path: Path
) -> None:
    samples = [sample(n, drawn={0: {0: "a"}}) for n in range(4)]
    recipe = replace(QUICK, labels=("a", "b", "c"), ema=0.5)
    run = trainer(checkpoint, tmp_path, Fixed(samples, 40), recipe=recipe)
    run.run()
    assert any(name.startswith("weight.dense.") for name in weights(tmp_path))
    out = run.finish(checkpoint, made={"steps": 40})
    assert load_file(out / "model.safetensors").keys() == (
        load_file(checkpoint / "model.safetensors").keys()
    )
    assert json.loads((out / "training.json").read_text(encoding="utf-8"))["steps"] == 40
    for name, average in weights(tmp_path).items():
        if name == "average.model.norm.weight":
            assert torch.equal(average, load_file(out / "model.safetensors")["model.norm.weight"])
    model = QwenVL.load(out)
    try:
        for one in samples:
            reply = await model.session().reply(one.messages[:-1])
            assert reply.text == one.messages[-1].text
    finally:
        model.close()
    assert run.finish(checkpoint) == out  # once more, in its place
    assert not [path for path in os.listdir(tmp_path) if path.startswith(".checkpoint")]


def test_adapters_are_learnt_go_on_and_are_merged(checkpoint: Path, tmp_path: Path) -> None:
    samples = [sample(n) for n in range(4)]
    recipe = replace(QUICK, lora=8, learning_rate=2e-2)
    first = trainer(checkpoint, tmp_path, Fixed(samples, 40), recipe=recipe)
    assert first.run(until=10).step == 10
    assert not any("base" in name for name in weights(tmp_path))
    whole = trainer(checkpoint, tmp_path / "whole", Fixed(samples, 40), recipe=recipe)
    whole.run()
    run = trainer(checkpoint, tmp_path, Fixed(samples, 40), recipe=recipe)
    done = run.run()
    equal(tmp_path, tmp_path / "whole")
    assert done.last is not None
    assert done.last.exact_replies == 1.0
    said = [greedy(run.network, run.layout, one.messages[:-1]) for one in samples]
    out = run.finish(checkpoint)
    merged = small.opened(out)
    assert said == [greedy(merged, run.layout, one.messages[:-1]) for one in samples]
    with pytest.raises(ValueError, match="merged"):
        run.run()


def test_a_network_that_has_learnt_little_may_say_a_picture_s_token(
    checkpoint: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    network = small.opened(checkpoint)
    scores = torch.zeros(1, network.config.text.vocabulary)
    scores[0, network.config.image_token] = 1
    monkeypatch.setattr(network, "logits", lambda hidden: scores)
    said = greedy(network, Layout.read(checkpoint, network.config), sample(0).messages[:-1], most=3)
    assert said == 3 * "<|image_pad|>"


def test_a_network_may_speak_between_two_steps(checkpoint: Path, tmp_path: Path) -> None:
    """What a session works out first is no tensor that a training pass may not keep."""
    asked = sample(5).messages[:-1]
    run: Any = None

    def listen(step: int) -> Mapping[str, float]:
        greedy(run.network, run.layout, asked, most=3)
        return {"loudness": step / 10}

    from eyehand.model import vision

    vision.layout.cache_clear()
    run = trainer(checkpoint, tmp_path, Fixed([sample(5)], 4), every=2, watch=listen)
    greedy(run.network, run.layout, asked, most=3)
    assert run.run().finished
    assert (tmp_path / "figures.csv").read_text(encoding="utf-8") == (
        "step,figure,value\n2,loudness,0.2\n4,loudness,0.4\n"
    )


@dataclass(frozen=True)
class Broken:
    """Its weights' loss is infinite."""

    steps: int = 30

    def batch(self, step: int) -> Sequence[Sample]:
        return [sample(0, weight=float("inf"))]


def test_gradients_that_stay_infinite_end_the_run_with_advice(
    checkpoint: Path, tmp_path: Path
) -> None:
    with pytest.raises(NotFinite, match=r"10 steps in a row.*--lr"):
        trainer(checkpoint, tmp_path, Broken()).run()
    header, *lines = rows(tmp_path)
    assert [line[header.index("skipped")] for line in lines] == ["1"] * 10


@pytest.mark.parametrize("workers", [0, 1])
def test_a_bad_sample_is_told_in_its_own_words(
    checkpoint: Path, tmp_path: Path, workers: int
) -> None:
    run = trainer(checkpoint, tmp_path, Failing(), pace=Pace(workers=workers))
    with pytest.raises(ValueError, match=r"^step 2: message 0 is the user's"):
        run.run()
    assert len(rows(tmp_path)) == 3


@pytest.mark.parametrize(
    ("other", "words"),
    [
        ({"recipe": replace(QUICK, learning_rate=1.0)}, "learning_rate was 0.003 and is 1.0"),
        ({"source": Changing(5)}, "steps was 4 and is 5"),
        ({"about": {"data": "b"}}, "data was 'a' and is 'b'"),
    ],
    ids=["recipe", "steps", "data"],
)
def test_another_run_is_not_mixed_into_a_folder(
    checkpoint: Path, tmp_path: Path, other: dict[str, Any], words: str
) -> None:
    same: dict[str, Any] = {"source": Changing(4), "about": {"data": "a"}}
    trainer(checkpoint, tmp_path, **same).run(until=1)
    before = rows(tmp_path)
    with pytest.raises(BadRun, match=words):
        trainer(checkpoint, tmp_path, **{**same, **other})
    assert rows(tmp_path) == before
    # Time and memory are no part of what a run is.
    pace = Pace(max_tokens=400, recompute=True)
    assert trainer(checkpoint, tmp_path, **same, pace=pace).run().finished


def test_who_is_killed_leaves_no_worker_behind(checkpoint: Path, tmp_path: Path) -> None:
    process = victim(checkpoint, tmp_path, 2)
    wait_for_rows(tmp_path, 2, process)
    tasks = Path(f"/proc/{process.pid}/task").iterdir()
    children = {child for task in tasks for child in (task / "children").read_text().split()}
    workers = [
        child for child in children
        if b"spawn_main" in Path(f"/proc/{child}/cmdline").read_bytes()
    ]  # fmt: skip
    assert len(workers) == 2
    process.kill()
    process.communicate()
    deadline = time.monotonic() + 10
    while any(Path(f"/proc/{worker}").exists() for worker in workers):
        assert time.monotonic() < deadline, workers
        time.sleep(0.05)


def test_two_processes_do_not_train_in_one_folder(checkpoint: Path, tmp_path: Path) -> None:
    other = trainer(checkpoint, tmp_path, Changing(4))

    def meet(row: Row) -> None:
        with pytest.raises(BadRun, match="another process trains"):
            other.run()

    trainer(checkpoint, tmp_path, Changing(4), on_step=meet).run(until=1)


def test_a_run_that_was_gone_on_with_elsewhere_is_opened_anew(
    checkpoint: Path, tmp_path: Path
) -> None:
    stale = trainer(checkpoint, tmp_path, Fixed([sample(0)], 2))
    left = tmp_path / "states" / "000000001.safetensors.7.part"
    left.parent.mkdir()
    left.touch()  # of a process that was killed while it wrote
    trainer(checkpoint, tmp_path, Fixed([sample(0)], 2)).run()
    assert not left.exists()
    before = (tmp_path / "log.csv").read_bytes()
    with pytest.raises(BadRun, match="has gone on to step 2, and this is at 0"):
        stale.run()
    assert (tmp_path / "log.csv").read_bytes() == before


def test_a_damaged_or_foreign_state_is_refused(checkpoint: Path, tmp_path: Path) -> None:
    trainer(checkpoint, tmp_path, Changing(4)).run(until=1)
    state = state_files(tmp_path)[-1]
    whole = state.read_bytes()
    state.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(BadCheckpoint, match="damaged"):
        trainer(checkpoint, tmp_path, Changing(4))
    state.write_bytes((checkpoint / "model.safetensors").read_bytes())
    with pytest.raises(BadRun, match="no state of a training run"):
        trainer(checkpoint, tmp_path, Changing(4))
    state.write_bytes(whole)
    run = tmp_path / "run.json"
    run.write_text("[1", encoding="utf-8")
    with pytest.raises(BadRun, match="damaged"):
        trainer(checkpoint, tmp_path, Changing(4))


def test_without_its_package_tensorboard_is_told_of(
    checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", None)
    with pytest.raises(ImportError, match="pip install tensorboard"):
        trainer(checkpoint, tmp_path, Changing(3), tensorboard=True).run()


def test_curves_are_drawn(checkpoint: Path, tmp_path: Path) -> None:
    trainer(checkpoint, tmp_path, Changing(3), held_out=[sample(50)]).run()
    assert (tmp_path / "curves.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize("schedule", ["cosine", "linear", "constant"])
def test_the_rate_rises_and_falls_where_it_should(schedule: Any) -> None:
    recipe = Recipe(learning_rate=2.0, warmup=4, schedule=schedule, final=0.25)
    rates = [learning_rate(recipe, step, 20) for step in range(20)]
    assert rates[:4] == [0.5, 1.0, 1.5, 2.0]
    assert rates[4] == 2.0
    assert rates[-1] == pytest.approx(2.0 if schedule == "constant" else 0.5)
    assert rates[4:] == sorted(rates[4:], reverse=True)
    assert learning_rate(replace(recipe, warmup=0), 0, 1) == 2.0
