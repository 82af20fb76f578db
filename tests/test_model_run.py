"""The whole way: pixels of a real screen, the network, a click on it."""

import asyncio
import json
import os
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest
import torch
import toys
from command import EYEHAND
from paper_env import PaperEnv
from published import PUBLISHED, published
from typer.testing import CliRunner

from eyehand.actions.dialects import ComputerUseDialect
from eyehand.agent import Agent, Limits, Task, replay
from eyehand.agent.cli import app
from eyehand.agent.model_check import ask_colours, ask_places
from eyehand.envs import Episode, ReplayDiverged, StopReason
from eyehand.model import ScriptedModel, Size
from eyehand.model.config import parse_config
from eyehand.model.cost import (
    head_weights,
    kv_bytes,
    parameters,
    prefill_flops,
    token_weights,
    vision_flops,
)
from eyehand.model.linear import Linear, is_slow
from eyehand.model.qwen_vl import QwenVL
from eyehand.model.rope import Grid

CLICKS = (
    'I click. <tool_call>{"name": "computer_use", "arguments": {"action": "left_click", '
    '"coordinate": [140, 90]}}</tool_call><tool_call>{"name":"computer_use","arguments":'
    '{"action":"terminate","status":"success"}}</tool_call>'
)
LIMITS = Limits(steps=5)
SPOKEN = "computer_use"


@pytest.fixture(scope="module")
def clicking(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkpoint that clicks once and says that it is done."""
    return toys.save(toys.speaking(CLICKS), tmp_path_factory.mktemp("clicking"))


@pytest.fixture(scope="module")
def babbling(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkpoint that never comes to an end."""
    return toys.save(toys.reference("qwen2_vl"), tmp_path_factory.mktemp("babbling"))


def eyehand(*arguments: object, **environ: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [EYEHAND, *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=100,
        env={**os.environ, **environ},
    )


def test_the_command_line_clicks_where_the_network_says(clicking: Path, tmp_path: Path) -> None:
    task = tmp_path / "task.yaml"
    task.write_text(
        "env: {desktop: {virtual: 700x460}}\nsteps:\n  - goal: click\n", encoding="utf-8"
    )
    # What it was taught holds two calls in one reply, which it could not say constrained.
    free = ("--model", clicking, "--no-constrain", "--dialect", "computer_use")
    done = eyehand("run", task, *free, "--record", tmp_path / "e")
    assert done.returncode == 0, done.stderr
    assert "tokens: {'read':" in done.stdout
    episode = Episode.load(tmp_path / "e")
    step = episode.steps[0]
    # 700 x 460 is seen as 700 x 448: what is said of the one is done on the other.
    assert step.seen.frame.image == Size(700, 448)
    assert step.points[0].image == (140, 90)
    assert step.points[0].pointer == (140, round((90.5) * 460 / 448 - 0.5))
    assert step.thought == "I click."
    assert step.stats["decoded_tokens"] > 20
    assert episode.header.dialect == "computer_use"
    assert episode.header.model == {
        "name": clicking.name, "fingerprint": QwenVL.load(clicking).fingerprint
    }  # fmt: skip
    replayed = eyehand("replay", tmp_path / "e", DISPLAY="")
    assert replayed.returncode == 0, replayed.stderr


async def test_a_reply_that_was_cut_off_is_never_acted_upon(clicking: Path, tmp_path: Path) -> None:
    # Long enough for the click, which is whole; the end of the goal is not said yet.
    model = QwenVL.load(clicking, max_tokens=48)
    env = PaperEnv()
    agent = Agent(env, model, dialect=SPOKEN, constrain=False, record=tmp_path / "e")
    episode = await agent.run(Task.goal("dot", limits=LIMITS))
    assert "left_click" in (episode.steps[0].reply or "")
    assert episode.stop is StopReason.ERROR_LIMIT
    assert not env.clicks
    assert [step.finished for step in episode.steps] == [False] * 3
    assert "was cut off" in episode.steps[0].told
    replayed = await replay(tmp_path / "e")
    assert replayed.complete
    lines = (tmp_path / "e" / "steps.jsonl").read_text(encoding="utf-8")
    whole = lines.replace('"finished":false', '"finished":true')
    (tmp_path / "e" / "steps.jsonl").write_text(whole, encoding="utf-8")
    with pytest.raises(ReplayDiverged):
        await replay(tmp_path / "e")


async def test_a_recording_is_replayed_in_its_own_dialect(clicking: Path, tmp_path: Path) -> None:
    env = PaperEnv()
    model = QwenVL.load(clicking)
    agent = Agent(env, model, dialect=SPOKEN, constrain=False, record=tmp_path / "e")
    await agent.run(Task.goal("dot", limits=LIMITS))
    assert len(env.clicks) == 1
    assert (await replay(tmp_path / "e")).complete
    header = tmp_path / "e" / "episode.json"
    said = header.read_text(encoding="utf-8")
    header.write_text(said.replace("computer_use", "klingon"), encoding="utf-8")
    with pytest.raises(Exception, match="there is no dialect 'klingon'; there are"):
        await replay(tmp_path / "e")


async def test_a_constrained_model_says_nothing_but_what_can_be_done(clicking: Path) -> None:
    model = QwenVL.load(clicking)
    episode = await Agent(PaperEnv(), model, dialect=SPOKEN).run(Task.goal("dot", limits=LIMITS))
    assert episode.stop is StopReason.STEP_LIMIT
    for step in episode.steps:
        assert step.error is None
        assert step.action is not None
        assert step.repairs == ()
        assert step.stats["forced_tokens"] > step.stats["decoded_tokens"]


def test_a_penalty_on_repeated_tokens_is_for_others_than_agents(clicking: Path) -> None:
    path = clicking / "generation_config.json"
    before = path.read_text(encoding="utf-8") if path.is_file() else "{}"
    path.write_text(json.dumps({"repetition_penalty": 1.05}), encoding="utf-8")
    try:
        model = QwenVL.load(clicking)
    finally:
        path.write_text(before, encoding="utf-8")
    assert model.sampling.repetition_penalty == 1.05
    assert model.session()._sampling.repetition_penalty == 1.05
    assert model.session(repetition_penalty=1.0)._sampling.repetition_penalty == 1.0


@pytest.mark.parametrize("after", ["loading", "thinking"])
def test_ctrl_c_ends_at_once_while_a_network_is_at_work(
    babbling: Path, tmp_path: Path, after: str
) -> None:
    task = tmp_path / "task.yaml"
    task.write_text("env: {desktop: {virtual: 700x460}}\nsteps:\n  - goal: click\n")
    run = subprocess.Popen(
        [EYEHAND, "run", task, "--model", babbling, "--max-tokens", "2500", "--no-constrain",
         "--record", tmp_path / "e"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        if after == "thinking":
            deadline = time.monotonic() + 60
            while not (tmp_path / "e" / "episode.json").is_file() and run.poll() is None:
                assert time.monotonic() < deadline
                time.sleep(0.1)
            time.sleep(2)  # the display is up and the network at its first reply
        else:
            time.sleep(2.5)  # in the middle of importing torch, or a little later
        began = time.monotonic()
        run.send_signal(signal.SIGINT)
        _, errors = run.communicate(timeout=30)
    finally:
        run.kill()
        run.wait()
    assert time.monotonic() - began < 10
    assert run.returncode == 130
    assert errors == "eyehand: interrupted\n"


def test_ctrl_c_does_not_end_python_in_the_middle_of_importing_torch(tmp_path: Path) -> None:
    begun, ended = tmp_path / "begun", tmp_path / "ended"
    (tmp_path / "torch.py").write_text(  # where that takes long; its end would abort the process
        "import atexit, pathlib, time\n"
        f"atexit.register(pathlib.Path({str(ended)!r}).touch)\n"
        f"pathlib.Path({str(begun)!r}).touch()\n"
        "time.sleep(100)\n"
    )
    run = subprocess.Popen(
        [EYEHAND, "run", "click", "--env", "practice", "--model", tmp_path],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
    )  # fmt: skip
    try:
        while not begun.is_file() and run.poll() is None:
            time.sleep(0.05)
        run.send_signal(signal.SIGINT)
        _, errors = run.communicate(timeout=30)
    finally:
        run.kill()
        run.wait()
    assert begun.is_file()
    assert not ended.is_file()
    assert (run.returncode, errors) == (130, "eyehand: interrupted\n")


@pytest.mark.parametrize(
    ("options", "code", "message"),
    [
        (["--device", "banana"], 2, "unknown device 'banana': there are cpu and cuda:NUMBER"),
        (["--device", "cuda:7"], 2, "there is no device cuda:7"),
        (["--dtype", "float16"], 2, "float16 on a CPU"),
        (["--image-tokens", "3"], 2, "greater than or equal to 4"),
        (["--dialect", "klingon"], 2, "there is no dialect 'klingon'; there are"),
        (["--model", "script:x", "--device", "cpu"], 2, "a script has no device"),
        (["--model", "script:"], 2, "script: needs a file"),
        (["--model", "no/such/folder"], 2, "there is no folder no/such/folder"),
    ],
)
def test_options_that_cannot_be_are_refused(
    babbling: Path, options: list[str], code: int, message: str
) -> None:
    arguments = ["run", "do it", "--model", str(babbling), *options]
    done = CliRunner().invoke(app, arguments, env={"HF_HUB_OFFLINE": "1", "DISPLAY": None})
    assert message in " ".join(done.stderr.replace("│", " ").split())
    assert done.exit_code == code


def test_a_picture_has_as_many_tokens_as_is_allowed(babbling: Path) -> None:
    model = QwenVL.load(babbling, image_tokens=300)
    assert 250 < model.processor.tokens(model.plan(Size(1920, 1080))) <= 300
    with pytest.raises(ValueError, match="at least 4 tokens, so not 3"):
        QwenVL.load(babbling, image_tokens=3)


def findings(*arguments: object) -> tuple[int, dict[str, dict[str, Any]]]:
    command = ["model", "check", *map(str, arguments), "--json", "--screen", "640x480"]
    done = CliRunner().invoke(app, command)
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    return done.exit_code, {row["name"]: row for row in rows if "name" in row}


def test_a_checkpoint_is_looked_at(babbling: Path) -> None:
    code, found = findings(babbling)
    grades = {name: row["grade"] for name, row in found.items()}
    assert code == 0
    assert grades == {
        "checkpoint": "pass", "memory": "pass", "tokenizer": "pass", "template": "warn",
        "pixels": "pass", "scores": "pass", "sight": "pass", "trained": "warn", "speed": "pass",
    }  # fmt: skip
    assert "640x480 becomes 644x476, 391 tokens" in found["speed"]["text"]


def test_the_shipped_checkpoint_is_looked_at_too() -> None:
    """Its vocabulary is small, and it never saw English: neither is a fault."""
    code, found = findings("pocket")
    assert code == 0
    assert {row["grade"] for row in found.values()} == {"pass"}
    assert "eyehand demo" in found["trained"]["text"]
    assert "640x480 becomes" in found["speed"]["text"]


QWEN = (
    "{% for message in messages %}{% if loop.first and message['role'] != 'system' %}"
    "<|im_start|>system\nYou are a helpful assistant.<|im_end|>\n{% endif %}"
    "<|im_start|>{{ message['role'] }}\n{% for content in message['content'] %}"
    "{% if content['type'] == 'image' %}<|vision_start|><|image_pad|><|vision_end|>"
    "{% else %}{{ content['text'] }}{% endif %}{% endfor %}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)


@pytest.mark.parametrize("accident", ["template", "blind", "nan", "good template"])
def test_what_is_wrong_with_a_checkpoint_is_found(
    babbling: Path, tmp_path: Path, accident: str
) -> None:
    from safetensors.torch import load_file, save_file

    for path in babbling.iterdir():
        (tmp_path / path.name).symlink_to(path)
    template = tmp_path / "chat_template.json"
    if accident == "good template":
        template.write_text(json.dumps({"chat_template": QWEN}))
    elif accident == "template":
        template.write_text(json.dumps({"chat_template": QWEN.replace("<|im_end|>\n", "</s>")}))
    else:
        weights = load_file(babbling / "model.safetensors")
        name = next(name for name in weights if name.endswith("merger.mlp.2.weight"))
        weights[name].fill_(0 if accident == "blind" else float("nan"))
        (tmp_path / "model.safetensors").unlink()
        save_file(weights, tmp_path / "model.safetensors", {"format": "pt"})
    code, found = findings(tmp_path)
    if accident == "good template":
        assert (code, found["template"]["grade"]) == (0, "pass")
        return
    assert code == 1
    row = found[{"template": "template", "blind": "sight", "nan": "scores"}[accident]]
    assert row["grade"] == "fail"
    said = {"template": "</s>", "blind": "no picture reaches", "nan": "NaN"}
    assert said[accident] in row["text"]


def click(x: float, y: float) -> str:
    arguments = {"action": "left_click", "coordinate": [x, y]}
    call = json.dumps({"name": "computer_use", "arguments": arguments})
    return f"<tool_call>{call}</tool_call>"


@pytest.mark.parametrize(
    ("replies", "grade", "text"),
    [
        ([click(384, 270), click(1440, 756)], "pass", "it clicks what it is asked to"),
        ([click(200, 250), click(750, 700)], "fail", "as if it counted to 1000"),
        ([click(900, 800), click(1440, 756)], "fail", "it clicks somewhere else"),
        (["I would rather not."], "fail", "calls no function"),
    ],
)
async def test_coordinates_of_another_kind_are_found(
    replies: list[str], grade: str, text: str
) -> None:
    model = ScriptedModel(replies)
    found = await ask_places(model, model.session(), ComputerUseDialect(), Size(1920, 1080))
    assert found.grade == grade
    assert text in found.text


async def test_a_model_that_does_not_see_colours_is_found() -> None:
    model = ScriptedModel(["Red.", "It is green", "BLUE"])
    assert (await ask_colours(model, model.session())).grade == "pass"
    model = ScriptedModel(["blue", "green", "red"])
    found = await ask_colours(model, model.session())
    assert found.grade == "fail"
    assert "'blue' for red" in found.text


@pytest.mark.parametrize("name", PUBLISHED)
def test_costs_are_those_of_the_shapes(name: str) -> None:
    config = parse_config(published(name))
    assert parameters(config) / 1e9 == pytest.approx(PUBLISHED[name]["billions"], rel=0.005)


def test_the_table_of_memory_in_the_docs_is_reckoned() -> None:
    text = (Path(__file__).parents[1] / "docs" / "MODELS.md").read_text(encoding="utf-8")
    rows = [line for line in text.splitlines() if line.startswith("| Qwen")]
    assert [row.split()[1] for row in rows] == list(PUBLISHED)
    for row in rows:
        name, *cells = row.strip("| ").split(" | ")
        config = parse_config(published(name))
        layers, head = token_weights(config.text), head_weights(config.text)
        dense = parameters(config)
        # A tied head is packed beside the embedding, which stays; another is packed itself.
        eight = 2 * (dense - layers) + layers + (head if config.text.tied else -head)
        four = 2 * (dense - layers) + layers * (0.5 + 4 / 32)
        published_four = 2 * (dense - layers) + layers * (0.5 + 4 / 128)
        ten_steps = 10 * (1280 + 40) * kv_bytes(config.text, 2)
        sizes = [2 * dense, eight, four, published_four, ten_steps]
        expected = [
            f"{size / 2**30:.{places}f}"
            for size, places in zip(sizes, (1, 1, 1, 1, 2), strict=True)
        ]
        assert cells == expected, name


def test_costs_of_a_screenshot_are_as_worked_out_elsewhere() -> None:
    # The published towers at 1932 x 1092: linear maps 13.8 TFLOP; attention 19.0 in all blocks,
    # 2.5 where all but four are windowed.
    grid = [Grid(1, 78, 138)]
    old, new = (parse_config(published(n)) for n in ("Qwen2-VL-2B", "Qwen2.5-VL-7B"))
    assert vision_flops(old.vision, grid) / 1e12 == pytest.approx(13.8 + 19.0, rel=0.02)
    assert vision_flops(new.vision, grid) / 1e12 == pytest.approx(13.8 + 2.5, rel=0.02)
    assert prefill_flops(old.text, 2691) / 1e12 == pytest.approx(7.9, rel=0.1)
    assert prefill_flops(new.text, 2691) / 1e12 == pytest.approx(37.4, rel=0.1)


@pytest.mark.parametrize("rows", [1, 7, 8, 300])
def test_widened_products_are_those_of_bfloat16(rows: int) -> None:
    torch.manual_seed(0)
    layer = Linear(70, 50).to(torch.bfloat16)
    x = torch.randn(2, rows, 70, dtype=torch.bfloat16)
    exact = x.double() @ layer.weight.double().T + layer.bias.double()
    # One rounding to eight bits, whichever way was taken.
    torch.testing.assert_close(layer(x).double(), exact, rtol=2**-8, atol=2**-8)
    assert layer(x).dtype == torch.bfloat16
    assert not is_slow(x.float())


async def test_a_cancelled_load_stops_reading(babbling: Path) -> None:
    from eyehand.agent.opening import ModelOptions, open_model

    async def load() -> None:
        async with open_model(str(babbling), ModelOptions()):
            await asyncio.sleep(60)

    for wait_s in (0.0, 0.05):
        task = asyncio.create_task(load())
        await asyncio.sleep(wait_s)
        began = time.monotonic()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert time.monotonic() - began < 0.5
