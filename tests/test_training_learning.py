"""The arithmetic of a step: packed, accumulated and computed again, it stays the same."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import small
import torch
import torch.nn.functional as F
from training_rig import QUICK, WORDS, layout, sample, several

from eyehand.model import Message, language
from eyehand.model.attention import Segments, attend_segments
from eyehand.model.errors import NotEnoughMemory
from eyehand.model.prompt import Layout
from eyehand.model.training import learner as learner_module
from eyehand.model.training import reading
from eyehand.model.training.encode import Encoded, encode
from eyehand.model.training.learner import Learner, Learnt
from eyehand.model.training.packing import Pass, StepBatch, pack
from eyehand.model.training.recipe import Pace, Recipe
from eyehand.model.training.recompute import recompute
from eyehand.model.training.sample import Sample

Gradients = dict[str, torch.Tensor]
SAMPLES = [sample(0), several(1), sample(3, weight=2.0), sample(1), sample(4), sample(6)]
LABELS = ("a", "b", "c")


@pytest.fixture(scope="module", params=small.FAMILIES)
def checkpoint(request: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("learning") / "small"
    return small.small_checkpoint(folder, request.param, tied=request.param == "qwen2_vl")


def learner(checkpoint: Path, recipe: Recipe = QUICK, pace: Pace | None = None) -> Learner:
    torch.set_num_threads(1)
    network = small.opened(checkpoint)
    return Learner(network, layout(checkpoint).processor, recipe, pace or Pace())


def encoded(checkpoint: Path, samples: list[Sample]) -> list[Encoded]:
    how: Layout = layout(checkpoint)
    return [encode(one, how) for one in samples]


def gradients(held: Learner, batch: StepBatch) -> tuple[Gradients, float]:
    found = held._sums(batch)
    made = {
        n: torch.zeros_like(w) if w.grad is None else w.grad.clone()
        for n, w in held.weights.items()
    }
    held._optimizer.zero_grad()
    return made, found.loss


def close(one: Gradients, two: Gradients) -> None:
    """Compare gradients, each to the size of the largest of its tensor."""
    assert one.keys() == two.keys()
    for name in one:
        scale = float(one[name].abs().max())
        assert scale > 0, f"{name} learns nothing"
        torch.testing.assert_close(two[name], one[name], rtol=1e-4, atol=3e-5 * scale, msg=name)


def test_packed_samples_learn_what_they_learn_alone(checkpoint: Path) -> None:
    held, samples = learner(checkpoint), encoded(checkpoint, SAMPLES)
    packed = pack(samples, 10_000, merge=2)
    assert len(packed.passes) == 1
    together, loss = gradients(held, packed)
    alone: Gradients = {}
    losses = 0.0
    for one in samples:
        batch = pack([one], 10_000, merge=2)
        found, own = gradients(held, batch)
        share = batch.weight / packed.weight
        losses += own * share
        for name, gradient in found.items():
            alone[name] = alone.get(name, torch.zeros_like(gradient)) + gradient * share
    assert loss == pytest.approx(losses, rel=1e-6)
    close(alone, together)


@torch.no_grad()
def test_one_sample_does_not_see_another(checkpoint: Path) -> None:
    """The last is the shortest, so it ends the pass; it could see all of the first."""
    held = learner(checkpoint)
    last, one, other = encoded(checkpoint, [sample(0), several(1), several(1 + len(WORDS))])
    assert last.length < one.length == other.length
    assert not torch.equal(one.pictures[0].frames, other.pictures[0].frames)
    how = layout(checkpoint).processor

    def right(samples: list[Encoded]) -> torch.Tensor:
        one = pack(samples, 10_000, merge=2).passes[0]
        seen = torch.cat([alike.patches(how) for alike in one.pictures])
        grids = [alike.grid for alike in one.pictures for _ in alike.frames]
        assert one.order is not None
        x = held.network.embed(one.ids[None], held.network.see(seen, grids)[one.order])
        out = held.network(x, one.positions[:, None], segments=one.segments)
        found: torch.Tensor = out[0, -last.length :]
        return found

    torch.testing.assert_close(right([one, last]), right([other, last]))
    torch.testing.assert_close(right([one, last]), right([last]))


def test_many_passes_learn_what_one_learns(checkpoint: Path) -> None:
    held, samples = learner(checkpoint), encoded(checkpoint, SAMPLES)
    whole = pack(samples, 10_000, merge=2)
    longest = max(one.length for one in samples)
    cut = pack(samples, longest, merge=2)
    assert len(cut.passes) > 3
    together, loss = gradients(held, whole)
    added, summed = gradients(held, cut)
    assert summed == pytest.approx(loss, rel=1e-6)
    close(together, added)


def test_layers_computed_again_learn_the_same(checkpoint: Path) -> None:
    batch = pack(encoded(checkpoint, SAMPLES), 10_000, merge=2)
    plain, loss = gradients(learner(checkpoint), batch)
    again, same = gradients(learner(checkpoint, pace=Pace(recompute=True)), batch)
    assert same == loss
    for name, gradient in plain.items():
        assert torch.equal(again[name], gradient), name


def test_scores_a_part_at_a_time_learn_the_same(
    checkpoint: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch = pack(encoded(checkpoint, SAMPLES), 10_000, merge=2)
    whole, loss = gradients(learner(checkpoint), batch)
    held = learner(checkpoint)
    monkeypatch.setattr(reading, "SCORES", 7 * held.network.config.text.vocabulary)
    parts, same = gradients(held, batch)
    assert same == pytest.approx(loss, rel=1e-6)
    close(whole, parts)


def test_the_loss_and_its_gradients_are_the_references(checkpoint: Path) -> None:
    one = encoded(checkpoint, [several(1)])[0]
    held = learner(checkpoint)
    found, loss = gradients(held, pack([one], 10_000, merge=2))
    model = small.reference(checkpoint)
    how = layout(checkpoint).processor
    labels = torch.where(one.learnt, one.ids, -100)
    theirs = model(
        input_ids=one.ids[None],
        labels=labels[None],
        mm_token_type_ids=(one.ids == model.config.image_token_id).long()[None],
        image_grid_thw=torch.tensor([list(shown.grid) for shown in one.pictures]),
        pixel_values=torch.cat([how.patches(s.frames, s.resized) for s in one.pictures]),
    ).loss
    assert loss == pytest.approx(theirs.item(), rel=2e-5)
    theirs.backward()
    gradient = model.model.language_model.embed_tokens.weight.grad
    scale = float(gradient.abs().max())
    torch.testing.assert_close(
        found["model.embed_tokens.weight"], gradient, rtol=1e-3, atol=1e-4 * scale
    )
    gradient = model.model.visual.blocks[0].attn.qkv.weight.grad
    scale = float(gradient.abs().max())
    torch.testing.assert_close(
        found["visual.blocks.0.attn.qkv.weight"], gradient, rtol=1e-3, atol=1e-4 * scale
    )


@pytest.mark.parametrize("lengths", [[5], [4, 4, 4], [9, 4, 4, 1]])
def test_causal_segments_with_shared_heads_are_each_attended_alone(lengths: list[int]) -> None:
    generator = torch.Generator().manual_seed(1)
    total = sum(lengths)
    q = torch.randn(total, 6, 8, generator=generator, dtype=torch.float64)
    k, v = (torch.randn(total, 2, 8, generator=generator, dtype=torch.float64) for _ in range(2))
    found = attend_segments(q, k, v, Segments.of(lengths), causal=True)
    start = 0
    for length in lengths:
        part = slice(start, start + length)
        one, two, three = (
            x[part].transpose(0, 1).repeat_interleave(6 // x.shape[1], dim=0) for x in (q, k, v)
        )
        scores = one @ two.transpose(1, 2) / 8**0.5
        hidden = torch.ones(length, length, dtype=torch.bool).triu(1)
        expected = scores.masked_fill(hidden, -torch.inf).softmax(-1) @ three
        torch.testing.assert_close(found[part], expected.transpose(0, 1))
        start += length


@pytest.mark.parametrize(
    "lengths", [[70, 66, 65, 40, 33, 5, 1], [1, 2], [40, 40], [31, 32, 33], [5, 70, 5]]
)
def test_in_bfloat16_segments_of_many_lengths_learn_what_they_learn_alone(
    lengths: list[int],
) -> None:
    """On a CPU neighbours of nearly equal length are padded: nothing sees what pads them."""
    generator = torch.Generator().manual_seed(2)
    drawn = [torch.randn(sum(lengths), n, 8, generator=generator) for n in (4, 2, 2)]
    packed = [x.bfloat16().requires_grad_() for x in drawn]
    alone = [x.detach().float().requires_grad_() for x in packed]
    q, k, v = packed
    found = attend_segments(q, k, v, Segments.of(lengths), causal=True)
    apart = []
    one, two, three = (torch.split(x, lengths) for x in alone)
    for a, b, c in zip(one, two, three, strict=True):
        apart.append(attend_segments(a, b, c, Segments.of([len(a)]), causal=True))
    expected = torch.cat(apart)
    torch.testing.assert_close(found.float(), expected, atol=0.03, rtol=0.03)
    aim = torch.randn(found.shape, generator=generator)
    mine = torch.autograd.grad((found.float() * aim).sum(), packed)
    theirs = torch.autograd.grad((expected * aim).sum(), alone)
    for here, there in zip(mine, theirs, strict=True):
        torch.testing.assert_close(here.float(), there, atol=0.06, rtol=0.06)


def test_a_packed_sequence_cannot_also_have_a_cache(checkpoint: Path) -> None:
    network = small.opened(checkpoint)
    x = network.embed(torch.zeros(2, 3, dtype=torch.int64))
    with pytest.raises(ValueError, match="segments are of one row"):
        network(x, torch.zeros(3, 2, 3, dtype=torch.int64), segments=Segments.of([3]))


def test_what_is_drawn_is_learnt_beside_the_words(checkpoint: Path) -> None:
    held = learner(checkpoint, replace(QUICK, labels=LABELS))
    how = layout(checkpoint)
    shown = [sample(n, drawn={0: {0: LABELS[n % 3], 2: "b"}}) for n in range(4)]
    batch = pack([encode(s, how) for s in shown], 10_000, merge=2, labels=LABELS)
    losses = [held.learn(batch, 3e-3) for _ in range(60)]
    dense = [found.dense for found in losses if found is not None]
    assert dense[0] is not None
    assert dense[-1] is not None
    assert dense[0] > 0.9  # it begins with the belief that letters are seldom
    assert dense[-1] < 0.3


def test_a_dense_loss_is_added_up_over_labels_and_the_mean_over_tokens(checkpoint: Path) -> None:
    held = learner(checkpoint, replace(QUICK, labels=LABELS))
    how = layout(checkpoint)
    one = encode(sample(0, drawn={0: {1: "ca"}}), how)
    batch = pack([one], 1000, merge=2, labels=LABELS)
    found = held.measure(batch)
    assert held.head is not None
    with torch.no_grad():
        shown = one.pictures[0]
        seen = held.network.see(how.processor.patches(shown.frames, shown.resized), [shown.grid])
        labels = torch.zeros(4, 3)
        labels[1, 2] = labels[1, 0] = 1
        expected = F.binary_cross_entropy_with_logits(held.head(seen), labels, reduction="sum") / 4
    assert found.dense == pytest.approx(float(expected), rel=1e-6)


def pointing(number: int, token: int | None) -> Sample:
    one = sample(number)
    return one if token is None else replace(one, pointed={0: token})


def test_what_is_meant_and_where_tokens_lie_is_read_in_the_middle_of_the_language_model(
    checkpoint: Path,
) -> None:
    held = learner(checkpoint, replace(QUICK, pointing=0.5))
    assert held.pointer is not None
    pointed = [(0, 2), (1, None), (2, 11), (3, 0)]
    samples = encoded(checkpoint, [pointing(*which) for which in pointed])
    batch = pack(samples, 10_000, merge=2)
    assert (batch.pointed, batch.placed) == (3, 4 + 8 + 12 + 4)
    found = held.measure(batch)
    losses, right = [], 0
    for one, (_, token) in zip(samples, pointed, strict=True):
        alone = pack([one], 1000, merge=2).passes[0]
        with torch.no_grad(), held.pointer.listening(held.network) as heard:
            read_alone(held, alone)
        states = heard.states[0, alone.ids == held.network.config.image_token]
        with torch.no_grad():
            meant, where = held.pointer(states)
        grid = one.pictures[0].grid
        high, wide = grid.height // 2, grid.width // 2
        # Rows first, as tokens are counted.
        assert alone.lies.tolist() == [[at // wide, at % wide] for at in range(high * wide)]
        assert where.shape == (high * wide, 2, 64)
        if token is not None:
            scores = torch.cat([meant, torch.zeros(1)])  # the last: none of them
            losses.append(F.cross_entropy(scores[None], torch.tensor([token])))
            right += int(scores.argmax() == token)
    assert found.meant == pytest.approx(float(sum(losses)) / 3, rel=1e-5)
    assert found.hit == right / 3
    touched = {name for name, gradient in gradients(held, batch)[0].items() if gradient.any()}
    assert {"pointer.meant.weight", "pointer.lies.weight"} <= touched


def read_alone(held: Learner, one: Pass) -> None:
    patches = torch.cat([alike.patches(held._processor) for alike in one.pictures])
    grids = [alike.grid for alike in one.pictures for _ in alike.frames]
    x = held.network.embed(one.ids[None], held.network.see(patches, grids))
    held.network(x, one.positions[:, None], segments=one.segments)


def taught(held: Learner, batch: StepBatch) -> tuple[Learnt, Learnt]:
    """Give what is known of a batch before it is learnt sixty times, and at the last of them."""
    first = held.measure(batch)
    last = [held.learn(batch, 3e-3) for _ in range(60)][-1]
    assert last is not None
    return first, last


def test_pointing_is_learnt_from_what_was_said_before_the_picture(checkpoint: Path) -> None:
    """One and the same picture: which token is meant, or that none is, the words alone tell."""
    held = learner(checkpoint, replace(QUICK, pointing=1.0))
    picture = sample(2).messages[0].parts[0]
    asked = []
    for word, token in (("Ada", 3), ("Wolf", 7), ("Oslo", 0), ("Bilbao", None)):
        messages = (Message.of("user", word, picture), Message.of("assistant", "here"))
        asked.append(Sample(messages, (1,), pointed={0: token}))
    batch = pack(encoded(checkpoint, asked), 10_000, merge=2)
    assert batch.pointed == 4
    first, last = taught(held, batch)
    assert first.meant is not None
    assert last.meant is not None
    assert first.meant > 1.5
    assert last.meant < 0.3
    assert last.hit == 1


def aiming(number: int, token: int, reply: str) -> Sample:
    one = sample(number)
    return replace(one, messages=(*one.messages[:-1], Message.of("assistant", reply)),
                   aimed={1: (0, token)})  # fmt: skip


def test_a_head_is_to_look_at_what_a_reply_is_about_at_first_and_while_numbers_are_said(
    checkpoint: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Compared with the queries and keys by which the network's own layer attends."""
    held = learner(checkpoint, replace(QUICK, pointing=1.0))
    assert held.pointer is not None
    layer = held.pointer.layer
    samples = encoded(checkpoint, [aiming(0, 2, "at 12 7"), aiming(2, 5, "40"), sample(1)])
    # The first letter, a blank, two digits, a blank and a digit; two digits, of which one is first.
    assert [len(one.aims) for one in samples] == [6, 2, 0]
    batch = pack(samples, 10_000, merge=2)
    attended: list[tuple[torch.Tensor, torch.Tensor]] = []

    def noted(q: torch.Tensor, k: torch.Tensor, *more: Any, **named: Any) -> torch.Tensor:
        attended.append((q, k))
        found: torch.Tensor = attend_segments(q, k, *more, **named)
        return found

    def share(one: Encoded) -> torch.Tensor:
        """Give how much of the head's attention is where it should be, for each number."""
        attended.clear()
        with torch.no_grad():
            read_alone(held, pack([one], 1000, merge=2).passes[0])
        q, k = attended[layer]
        scores = q[:, 0] @ k[:, 0].T * k.shape[-1] ** -0.5
        ahead = torch.ones_like(scores).triu(1).bool()
        looked: torch.Tensor = scores.masked_fill(ahead, -torch.inf).softmax(1)
        return looked[one.aims[:, 0], one.aims[:, 1]]

    monkeypatch.setattr(language, "attend_segments", noted)
    losses = torch.cat([-share(one).log() for one in samples[:2]])
    assert held.measure(batch).aim == pytest.approx(float(losses.mean()), rel=1e-4)
    for _ in range(80):
        held.learn(batch, 3e-3)
    assert torch.cat([share(one) for one in samples[:2]]).min() > 0.5


def test_to_look_at_a_word_that_is_repeated_is_learnt_without_a_picture(checkpoint: Path) -> None:
    held = learner(checkpoint, replace(QUICK, pointing=1.0))
    asked = []
    for word in ("Ada Wolf", "Oslo", "Bilbao"):
        messages = (Message.of("user", f"Type {word}"), Message.of("assistant", f'type "{word}"'))
        asked.append(Sample(messages, (1,), copied=(1,)))
    batch = pack(encoded(checkpoint, asked), 10_000, merge=2)
    assert batch.aimed > 3
    first, last = taught(held, batch)
    assert first.aim is not None
    assert last.aim is not None
    assert first.aim > 1
    assert last.aim < 0.3
    assert last.meant is None


def test_what_is_not_on_the_picture_is_looked_for_at_its_end(checkpoint: Path) -> None:
    (made,) = encoded(checkpoint, [replace(sample(0), aimed={1: (0, None)})])
    first = int(made.learnt.nonzero()[0])
    ends = layout(checkpoint).vision_end
    assert made.aims[0, 0] == first - 1
    assert [int(made.ids[place]) for place in made.aims[:, 1]] == [ends] * len(made.aims)


@pytest.mark.parametrize("wrong", [{0: (0, 1)}, {1: (0, 4)}, {1: (0, -1)}, {1: (1, 0)}])
def test_what_is_not_there_cannot_be_aimed_at(
    checkpoint: Path, wrong: dict[int, tuple[int, int]]
) -> None:
    with pytest.raises(ValueError, match="aimed names"):
        encode(replace(sample(0), aimed=wrong), layout(checkpoint))


@pytest.mark.parametrize("wrong", [{0: 4}, {0: -1}, {1: 0}])
def test_a_token_that_is_not_there_cannot_be_meant(checkpoint: Path, wrong: dict[int, int]) -> None:
    with pytest.raises(ValueError, match="pointed names"):
        encode(replace(sample(0), pointed=wrong), layout(checkpoint))


def only_seen(number: int, drawn: dict[int, str]) -> Sample:
    asked = sample(number).messages[:1]
    return Sample(asked, learn=(), drawn={0: drawn})


def test_pictures_that_are_only_looked_at_teach_what_is_drawn_and_no_words(
    checkpoint: Path,
) -> None:
    held = learner(checkpoint, replace(QUICK, labels=LABELS))
    seen = encoded(checkpoint, [only_seen(n, {0: LABELS[n % 3], 2: "b"}) for n in range(4)])
    batch = pack(seen, 12, merge=2, labels=LABELS)
    assert (batch.said, batch.learnt, batch.tokens) == (0, 0, 4 + 8 + 12 + 4)
    assert len(batch.passes) == 3  # what pictures become counts, too
    made, loss = gradients(held, batch)
    assert loss == 0
    touched = {name for name, gradient in made.items() if gradient.any()}
    assert {name.partition(".")[0] for name in touched} == {"visual", "dense"}
    found = [held.learn(batch, 3e-3) for _ in range(60)]
    assert found[-1] is not None
    assert found[-1].dense is not None
    assert found[-1].dense < 0.3
    assert (found[-1].right, found[-1].exact) == (0, 0)


def test_beside_words_pictures_that_are_only_looked_at_change_no_word(checkpoint: Path) -> None:
    held = learner(checkpoint, replace(QUICK, labels=LABELS))
    words = encoded(checkpoint, [sample(0), sample(1, drawn={0: {1: "c"}}), sample(2)])
    seen = encoded(checkpoint, [only_seen(2, {3: "ab"}), only_seen(1, {0: "a"})])
    alone, apart, mixed = (
        held._sums(pack(some, 10_000, merge=2, labels=LABELS))
        for some in (words, seen, [seen[0], *words, seen[1]])
    )
    assert mixed.loss == pytest.approx(alone.loss, rel=1e-6)
    assert (mixed.right, mixed.exact) == (alone.right, alone.exact)
    # A mean over tokens: 8 of the words' picture, 12 and 8 of the others.
    both = (8 * (alone.dense or 0) + 20 * (apart.dense or 0)) / 28
    assert mixed.dense == pytest.approx(both, rel=1e-5)


@pytest.mark.parametrize("where", ["read", "clip_grad_norm_"])
def test_memory_that_runs_out_is_told_and_leaves_no_gradient(
    checkpoint: Path, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    held = learner(checkpoint)
    batch = pack(encoded(checkpoint, SAMPLES), 10_000, merge=2)

    def out(*args: object, **options: object) -> None:
        raise RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 9")

    owner = learner_module if where == "read" else torch.nn.utils
    monkeypatch.setattr(owner, where, out)
    with pytest.raises(NotEnoughMemory, match="--max-tokens"):
        held.learn(batch, 1e-3)
    assert all(weight.grad is None for weight in held.weights.values())


def test_a_frozen_tower_is_left_as_it_is(checkpoint: Path) -> None:
    held = learner(checkpoint, replace(QUICK, freeze_vision=True, weight_decay=0.1))
    before = {n: w.clone() for n, w in held.network.named_parameters()}
    held.learn(pack(encoded(checkpoint, SAMPLES), 10_000, merge=2), 1e-3)
    for name, weight in held.network.named_parameters():
        assert torch.equal(weight, before[name]) == name.startswith("visual."), name


def test_norms_biases_and_embeddings_do_not_decay(checkpoint: Path) -> None:
    held = learner(checkpoint, replace(QUICK, weight_decay=0.1))
    named = {id(weight): name for name, weight in held.weights.items()}
    for group in held._optimizer.param_groups:
        for weight in group["params"]:
            name = named[id(weight)]
            plain = weight.dim() == 1 or "embed_tokens" in name
            assert group["weight_decay"] == (0.0 if plain else 0.1), name


def test_nothing_is_learnt_from_a_gradient_that_is_not_finite(checkpoint: Path) -> None:
    held = learner(checkpoint)
    batch = pack(encoded(checkpoint, [sample(0)]), 1000, merge=2)
    with torch.no_grad():
        held.network.model.norm.weight[0] = torch.nan
    before = {n: w.clone() for n, w in held.weights.items()}
    found = held.learn(batch, 1e-3)
    assert found is not None
    assert found.skipped
    for name, weight in held.weights.items():
        assert torch.equal(weight.nan_to_num(7), before[name].nan_to_num(7)), name


def test_a_longer_gradient_is_scaled_down(checkpoint: Path) -> None:
    batch = pack(encoded(checkpoint, SAMPLES), 10_000, merge=2)
    wide, narrow = (learner(checkpoint, replace(QUICK, clip=clip)) for clip in (None, 1e-3))
    one, two = wide.learn(batch, 0.0), narrow.learn(batch, 0.0)
    assert one is not None
    assert two is not None
    assert one.norm == two.norm  # as it was before
    assert one.norm > 1e-3
    moments = [held._optimizer.state_dict()["state"][0]["exp_avg"] for held in (wide, narrow)]
    torch.testing.assert_close(moments[1] * one.norm / 1e-3, moments[0], rtol=1e-3, atol=1e-6)


def test_packed_layers_and_narrow_weights_are_refused(checkpoint: Path) -> None:
    how = layout(checkpoint).processor
    with pytest.raises(ValueError, match="packed"):
        Learner(small.opened(checkpoint, quantize="int8"), how, QUICK, Pace())
    with pytest.raises(ValueError, match="float32"):
        Learner(small.opened(checkpoint, dtype=torch.bfloat16), how, QUICK, Pace())


def test_wrapping_twice_computes_again_once(checkpoint: Path) -> None:
    network = small.opened(checkpoint)
    recompute(network)
    wrapped = network.model.layers[0].forward
    recompute(network)
    assert network.model.layers[0].forward is wrapped


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"learning_rate": -1.0}, "learning_rate"),
        ({"betas": (0.9, 1.0)}, "betas"),
        ({"clip": 0.0}, "clip"),
        ({"lora": 0}, "rank"),
        ({"ema": 1.0}, "ema"),
        ({"schedule": "steps"}, "cosine"),
        ({"labels": ("a", "b", "a")}, "once"),
    ],
    ids=lambda value: str(value),
)
def test_a_recipe_out_of_bounds_is_refused(options: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        Recipe(**options)
