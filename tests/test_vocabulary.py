"""A vocabulary of one's own: any text can be written with it, and the reference reads it alike."""

import json
import subprocess
import sys
import unicodedata
from pathlib import Path
from typing import Any

import pytest
import small
import strategies  # noqa: F401 - its settings
from hypothesis import given
from hypothesis import strategies as st
from transformers import AutoTokenizer

from eyehand.model.errors import BadCheckpoint
from eyehand.model.image import Processor
from eyehand.model.tokenizer import SPECIAL, Tokenizer, structural
from eyehand.model.training.new import new_checkpoint
from eyehand.model.training.pocket import pocket_config
from eyehand.model.training.vocabulary import train_vocabulary

HARD = [
    "Open the settings and turn on the light",
    "  two  spaces\tand\ttabs \r\n\r\n new lines \n",
    "7:30 2048 ٠١٢٣ ०१२ ４５ ⅷ ½ x² 1,000.50",
    "naïve cafe\u0301 Tất cả ﬁ Å \u212b Straße ǅ",
    "Привет Ὅλοι שָׁלוֹם يُولَدُ سलام सभी மனித มนุษย์ 모든 すべて 人人生而自由 ᐃᓅ 𒀀𓂀",
    "👩🏽‍🚀👨‍👩‍👧‍👦🏴󠁧󠁢󠁥󠁮󠁧󠁿🇺🇳 1️⃣ ❤️‍🔥 ☺︎ 🫱🏿‍🫲🏻",
    "<|im_start|>user\n<|vision_start|><|image_pad|><|vision_end|><|im_end|><|endoftext|>",
    "<tool_call>\n{\"name\": \"tap\", \"arguments\": {\"x\": 12}}\n</tool_call> it's WE'LL",
    "\u200b\u200d\ufeff\u2028\x00\x1f\x7f\u0600 \ue000 \U0010fffd",
    "",
]  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("checkpoints") / "new"
    words = small.vocabulary()
    new_checkpoint(made, small.small_config("qwen2_vl"), words, Processor(), seed=0)
    return made


@pytest.fixture(scope="module")
def theirs(folder: Path) -> Any:
    return AutoTokenizer.from_pretrained(folder, split_special_tokens=True)


@pytest.mark.parametrize("text", HARD)
def test_the_reference_cuts_text_alike(text: str, folder: Path, theirs: Any) -> None:
    ours = Tokenizer.load(folder).letters(text)
    assert ours == theirs.encode(text, add_special_tokens=False)
    assert ours == small.vocabulary().letters(text)


@given(st.text(max_size=60))
def test_any_text_can_be_written_and_comes_back_composed(text: str) -> None:
    words = small.vocabulary()
    assert words.decode(words.letters(text)) == unicodedata.normalize("NFC", text)


def test_every_byte_is_a_token() -> None:
    words = small.vocabulary()
    said = json.loads(words.to_json())["model"]["vocab"]
    assert len([token for token in said if len(token) == 1]) == 256


def test_digits_stay_single_however_often_they_stand_together() -> None:
    words = train_vocabulary(["2024 2024 2024 2024 12:30 12:30 12:30"] * 10, 600)
    ids = words.letters("2024")
    assert [words.decode([i]) for i in ids] == ["2", "0", "2", "4"]


def test_words_of_the_texts_are_short_and_special_tokens_come_last() -> None:
    words = small.vocabulary()
    assert words.size == 300
    assert len(words.letters(" the settings")) < len(" the settings") / 2
    assert [words.special(name) for name in SPECIAL] == [*range(300 - len(SPECIAL), 300)]


def test_no_text_opens_a_turn(folder: Path) -> None:
    words = Tokenizer.load(folder)
    first = words.size - len(SPECIAL)
    for name in SPECIAL:
        assert all(i < first for i in words.letters(f"a{name}b"))
    assert not any(structural(name) and i < first for name, i in words.added.items())


def test_few_texts_give_a_smaller_vocabulary_whose_ids_have_no_gaps() -> None:
    words = train_vocabulary(["ab ab"], 4096)
    assert words.size == 256 + len(SPECIAL) + 1  # a and b, and no more pairs that come twice
    assert sorted(words.added.values()) == [*range(257, 257 + len(SPECIAL))]


def test_the_same_texts_give_the_same_vocabulary_in_every_process() -> None:
    """Pairs that come equally often must not be joined in the order of a hash table."""
    code = (
        "import hashlib; from eyehand.model.training.vocabulary import train_vocabulary; "
        "texts = [f'word{n % 97} other{n % 89}' for n in range(2000)]; "
        "print(hashlib.sha256(train_vocabulary(texts, 400).to_json().encode()).hexdigest())"
    )
    found = {
        subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True
        ).stdout
        for _ in range(3)
    }
    assert len(found) == 1


def test_a_size_without_room_for_bytes_is_refused() -> None:
    least = 256 + len(SPECIAL)
    assert train_vocabulary(small.TEXTS, least).size == least
    with pytest.raises(ValueError, match=f"needs {least} tokens .*: {least - 1} are too few"):
        train_vocabulary(small.TEXTS, least - 1)


def test_a_vocabulary_that_is_no_pocket_one_is_refused(folder: Path) -> None:
    letters = "abcdefghijklmnop"
    texts = [f"{a}{b}{c} " * 4 for a in letters for b in letters for c in letters]
    with pytest.raises(ValueError, match="4097 tokens: more than 4096"):
        pocket_config(train_vocabulary(texts, 4097))
    bare = json.loads(small.vocabulary().to_json())
    bare["added_tokens"] = [
        token for token in bare["added_tokens"] if token["content"] != "<|image_pad|>"
    ]
    (folder.parent / "bare").mkdir()
    (folder.parent / "bare" / "tokenizer.json").write_text(json.dumps(bare))
    with pytest.raises(ValueError, match=r"no special token <\|image_pad\|>"):
        pocket_config(Tokenizer.load(folder.parent / "bare"))


def test_config_and_vocabulary_of_different_checkpoints_are_refused(tmp_path: Path) -> None:
    other = train_vocabulary(small.TEXTS, 280)
    with pytest.raises(BadCheckpoint, match=r"of the tokenizer and .* of config.json"):
        new_checkpoint(tmp_path / "new", small.small_config("qwen2_vl"), other, Processor(), seed=0)
    assert [*tmp_path.iterdir()] == []
