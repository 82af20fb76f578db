"""Our network beside the reference (transformers 5.23), float32, eager attention, small sizes."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
import toys
from safetensors.torch import load_file, save_file

from eyehand.model.config import read_config
from eyehand.model.files import Files
from eyehand.model.network import Network, padded_mask
from eyehand.model.rope import Grid, Span, positions_of
from eyehand.model.weights import load

FAMILIES = ["qwen2_vl", "qwen2_5_vl"]
PICTURES = {
    "one window": [Grid(1, 8, 8)],
    "windows fit": [Grid(1, 16, 24)],
    "windows do not fit": [Grid(1, 10, 26)],
    "a strip": [Grid(1, 2, 40)],
    "several": [Grid(1, 16, 24), Grid(1, 10, 6), Grid(1, 16, 24)],
}
IMAGE, VIDEO, START, END = 151655, 151656, 151652, 151653

Toy = Callable[..., tuple[Any, Network]]


@pytest.fixture(scope="module")
def toy(tmp_path_factory: pytest.TempPathFactory) -> Toy:
    """Make a reference model and load what it saves; the same arguments give the same pair."""
    made: dict[str, tuple[Any, Network]] = {}

    def make(family: str, **options: Any) -> tuple[Any, Network]:
        key = json.dumps([family, options], sort_keys=True)
        if key not in made:
            folder = tmp_path_factory.mktemp("checkpoint")
            model = toys.reference(family, vocab_size=151936, **options)
            model.save_pretrained(folder)
            made[key] = model, opened(folder)
        return made[key]

    return make


def opened(folder: Path) -> Network:
    device = torch.device("cpu")
    return load(Files(folder), read_config(folder), dtype=torch.float32, device=device)


def prompt(grids: list[Grid], pad: int = IMAGE) -> tuple[list[int], list[Span]]:
    """Text, pictures with their delimiters, text."""
    ids, spans = [151644, 8948, 198], [Span(3)]
    for grid in grids:
        ids += [START, *[pad] * (grid.patches // 4), END, 271, 14990]
        spans += [Span(1), Span(grid.patches // 4, grid), Span(3)]
    return [*ids, 9707, 11, 1879, 0], [*spans, Span(4)]


def patches(grids: list[Grid], seed: int = 1) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(sum(grid.patches for grid in grids), 1176, generator=generator)


def theirs(model: Any, ids: torch.Tensor, grids: list[Grid], **more: Any) -> torch.Tensor:
    kinds = (ids == IMAGE).long() + 2 * (ids == VIDEO).long()
    more = {"mm_token_type_ids": kinds, **more}
    if grids and "video_grid_thw" not in more:
        more["image_grid_thw"] = torch.tensor([list(grid) for grid in grids])
        more["pixel_values"] = patches(grids)
    with torch.no_grad():
        out: torch.Tensor = model(input_ids=ids, **more).logits
    return out


@torch.no_grad()
def ours(net: Network, ids: list[int], spans: list[Span], grids: list[Grid]) -> torch.Tensor:
    positions, _ = positions_of(spans, 2)
    seen = net.see(patches(grids), grids) if grids else None
    x = net.embed(torch.tensor([ids]), seen)
    return net.logits(net(x, positions[:, None]))


@pytest.mark.parametrize("grids", PICTURES.values(), ids=list(PICTURES))
@pytest.mark.parametrize("family", FAMILIES)
def test_pictures_give_the_same_embeddings_and_scores(
    toy: Toy, family: str, grids: list[Grid]
) -> None:
    model, net = toy(family)
    with torch.no_grad():
        expected = model.model.visual(
            patches(grids), grid_thw=torch.tensor([list(grid) for grid in grids])
        ).pooler_output
        found = net.see(patches(grids), grids)
    torch.testing.assert_close(found, expected)
    ids, spans = prompt(grids)
    expected = theirs(model, torch.tensor([ids]), grids)
    torch.testing.assert_close(ours(net, ids, spans, grids), expected)


@pytest.mark.parametrize("family", FAMILIES)
def test_text_alone_gives_the_same_scores(toy: Toy, family: str) -> None:
    model, net = toy(family)
    ids, spans = prompt([])
    expected = theirs(model, torch.tensor([ids]), [])
    torch.testing.assert_close(ours(net, ids, spans, []), expected)


@pytest.mark.parametrize("family", FAMILIES)
def test_a_tied_head_is_the_embedding(toy: Toy, family: str) -> None:
    model, net = toy(family, tied=True)
    assert net.lm_head is None
    grids = [Grid(1, 6, 4)]
    ids, spans = prompt(grids)
    expected = theirs(model, torch.tensor([ids]), grids)
    torch.testing.assert_close(ours(net, ids, spans, grids), expected)


def test_yarn_stretches_the_same_frequencies(toy: Toy) -> None:
    yarn = {
        "rope_type": "yarn", "factor": 4.0, "original_max_position_embeddings": 64,
        "mrope_section": [4, 6, 6], "rope_theta": 1e6,
    }  # fmt: skip
    model, net = toy("qwen2_5_vl", rope_parameters=yarn)
    assert net.config.text.yarn is not None
    grids = [Grid(1, 20, 12)]
    ids, spans = prompt(grids)
    ids, spans = ids + [100 + n for n in range(200)], [*spans, Span(200)]
    expected = theirs(model, torch.tensor([ids]), grids)
    torch.testing.assert_close(ours(net, ids, spans, grids), expected)


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("grid", [Grid(3, 8, 12), Grid(9, 4, 4)], ids=["short", "long"])
def test_a_video_under_the_newer_reference_rule(toy: Toy, family: str, grid: Grid) -> None:
    model, net = toy(family)
    seconds = 1.5
    ids, spans = prompt([grid], VIDEO)
    interval = 1.0 if family == "qwen2_vl" else 2 * seconds
    spans[2] = Span(spans[2].tokens, grid, interval)
    more = {
        "video_grid_thw": torch.tensor([list(grid)]),
        "pixel_values_videos": patches([grid]),
    }
    if family == "qwen2_5_vl":
        more["second_per_grid_ts"] = torch.tensor([seconds])
    expected = theirs(model, torch.tensor([ids]), [grid], **more)
    positions, _ = positions_of(spans, 2, overlap=True)
    with torch.no_grad():
        x = net.embed(torch.tensor([ids]), net.see(patches([grid]), [grid]))
        found = net.logits(net(x, positions[:, None]))
    torch.testing.assert_close(found, expected)


def test_text_after_a_video_goes_on_after_its_last_position() -> None:
    # The rule of the training code and of transformers 4.x: (T - 1) * interval + 1 beyond.
    grid = Grid(9, 4, 4)
    found, counter = positions_of([Span(5), Span(36, grid, 2.5), Span(2)], 2)
    assert found[0, 5:41:4].tolist() == [5 + int(frame * 2.5) for frame in range(9)]
    assert found[:, 41].tolist() == [26, 26, 26]
    assert counter == 28
    _, overlapping = positions_of([Span(5), Span(36, grid, 2.5), Span(2)], 2, overlap=True)
    assert overlapping == 9  # where a frame of the video stands too
    # They agree for pictures.
    picture = [Span(5), Span(6, Grid(1, 4, 6)), Span(2)]
    assert positions_of(picture, 2)[1] == positions_of(picture, 2, overlap=True)[1] == 10


@pytest.mark.parametrize("family", FAMILIES)
def test_a_left_padded_batch_of_three(toy: Toy, family: str) -> None:
    model, net = toy(family)
    batches = [[Grid(1, 8, 12)], [], [Grid(1, 4, 4), Grid(1, 6, 2)]]
    rows = [prompt(grids) for grids in batches]
    longest = max(len(ids) for ids, _ in rows)
    ids = torch.full((3, longest), 151643)
    kept = torch.zeros(3, longest, dtype=torch.bool)
    positions = torch.zeros(3, 3, longest, dtype=torch.int64)
    for number, (row, spans) in enumerate(rows):
        ids[number, longest - len(row) :] = torch.tensor(row)
        kept[number, longest - len(row) :] = True
        positions[:, number, longest - len(row) :], _ = positions_of(spans, 2)
    grids = [grid for batch in batches for grid in batch]
    expected = theirs(model, ids, grids, attention_mask=kept.long())
    with torch.no_grad():
        x = net.embed(ids, net.see(patches(grids), grids))
        found = net.logits(net(x, positions, mask=padded_mask(kept)))
    torch.testing.assert_close(found[kept], expected[kept])


@pytest.mark.parametrize("layout", ["old", "new", "bare"])
def test_every_layout_of_names_loads(toy: Toy, tmp_path: Path, layout: str) -> None:
    model, net = toy("qwen2_5_vl")
    model.save_pretrained(tmp_path)
    path = tmp_path / "model.safetensors"
    tensors = {
        name.replace("model.visual.", "visual.").replace("model.language_model.", "model."): value
        for name, value in load_file(path).items()
    }
    if layout == "new":
        tensors = {
            "model." + name if name.startswith("visual.") else
            name.replace("model.", "model.language_model.", 1): value
            for name, value in tensors.items()
        }  # fmt: skip
    if layout == "bare":
        tensors = {
            name.replace("model.", "language_model.", 1): value for name, value in tensors.items()
        }
    save_file(tensors, path)
    again = opened(tmp_path)
    for name, value in net.state_dict().items():
        assert torch.equal(again.state_dict()[name], value), name


@pytest.mark.parametrize("family", FAMILIES)
def test_bf16_stays_near_float32(toy: Toy, tmp_path: Path, family: str) -> None:
    model, net = toy(family)
    model.save_pretrained(tmp_path)
    narrow = load(
        Files(tmp_path), read_config(tmp_path), dtype=torch.bfloat16, device=torch.device("cpu")
    )
    grids = PICTURES["several"]
    ids, spans = prompt(grids)
    expected = ours(net, ids, spans, grids)
    found = ours(narrow, ids, spans, grids).float()
    # Eight bits of mantissa through a tower and three layers: 2 % of the scores' spread.
    assert float((found - expected).norm() / expected.norm()) < 0.02
