"""From a user's text and screenshots to tokens and back, beside the reference (transformers 5.23).

The reference's default way to cut pictures needs torchvision; its Pillow one stands here for it.
"""

import json
import re
import subprocess
import sys
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import corpus
import numpy as np
import pytest
import strategies  # noqa: F401 - its settings
import torch
import toys
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image as Pillow
from PIL import ImageDraw
from transformers import Qwen2Tokenizer
from transformers.models.qwen2_vl.image_processing_pil_qwen2_vl import Qwen2VLImageProcessorPil

from eyehand.model import Image, Message, Part, Pixels, Size, Text, Video, pixel_hash
from eyehand.model.errors import ModelError
from eyehand.model.image import Processor, flatten, frame_tensor
from eyehand.model.prompt import Layout
from eyehand.model.qwen_vl import QwenVL
from eyehand.model.tokenizer import SPECIAL, Tokenizer

FRAMES = Path(__file__).parent / "data" / "episodes" / "note" / "frames"
CPU = torch.device("cpu")
PROCESSOR = Processor()

# Text

SCRIPTS = """
Latin All human beings are born free. Tất cả mọi người sinh ra đều được tự do. Það er Ŋ ɓ ʃ Ꞵ
Greek Ὅλοι οἱ ἄνθρωποι γεννιοῦνται ἐλεύθεροι
Cyrillic Все люди рождаются свободными Ѣ ѳ Ӏ Ԥ ѝ й
Armenian Բոլոր մարդիկ ծնվում են ազատ
Hebrew כָּל בְּנֵי הָאָדָם נוֹלְדוּ בְּנֵי חוֹרִין
Arabic يُولَدُ جَمِيعُ النَّاسِ أَحْرَارًا ﷺ ٠١٢٣٤٥ تمام انسان آزاد پیدا ہوئے ہیں
Syriac ܟܠ ܒܪܢܫܐ ܒܪܝܠܗ ܚܐܪܐ
Thaana ހުރިހާ އިންސާނުން
NKo ߒߞߏ ߞߊ߲ߞߊ߲
Devanagari सभी मनुष्यों को गौरव ०१२३ क्षत्रिय
Bengali সমস্ত মানুষ স্বাধীনভাবে ০১২৩
Gurmukhi ਸਾਰਾ ਮਨੁੱਖੀ ਪਰਿਵਾਰ
Gujarati પ્રતિષ્ઠા અને અધિકારો
Odia ସମସ୍ତ ମନୁଷ୍ୟ ଜନ୍ମକାଳରୁ
Tamil மனிதப் பிறிவியினர் ௧௨௩
Telugu ప్రతిపత్తిస్వత్వముల
Kannada ಎಲ್ಲಾ ಮಾನವರೂ
Malayalam മനുഷ്യരെല്ലാവരും
Sinhala සියලු මනුෂ්‍යයෝ
Thai มนุษย์ทั้งหลายเกิดมามีอิสระ ๑๒๓
Lao ມະນຸດທຸກຄົນເກີດມາມີກຽດສັກສີ
Tibetan འགྲོ་བ་མིའི་རིགས་རྒྱུད་ཡོངས་ལ
Myanmar လူတိုင်းသည် တူညီ လွတ်လပ်သော ၀၁၂
Georgian ყველა ადამიანი იბადება თავისუფალი ႠႡႢ ᲐᲑ
Hangul 모든 인간은 태어날 때부터 \u1112\u1161\u11ab\u1100\u1173\u11af
Ethiopic የሰው ልጅ ሁሉ ሲወለድ ነጻ ፩፪፫
Cherokee ᏂᎦᏓ ᎠᏂᏴᏫ ꭰꭱꭲ
Canadian ᐃᓅᔪᓕᒫᑦ ᐊᓂᖅᑎᕆᔪᓕᒫᑦ
Ogham ᚛ᚁᚂᚃ᚜ Runic ᚠᚢᚦᚨᚱᚲ
Khmer មនុស្សទាំងអស់កើតមក ០១២
Mongolian ᠬᠦᠮᠦᠨ ᠪᠦᠷ
Kana すべての人間は、生まれながらにして自由 が か\u3099 ｶﾞ ー ゝ
Bopomofo ㄖㄣˊ ㄖㄣˊ Yi ꊿꂷꃅꄿꐨ Vai ꕉꕌꔰ
Han 人人生而自由，在尊严和权利上一律平等。豈\uf900 𠮷野家 \u2f00 〇 㐀
Javanese ꦱꦧꦼꦤ꧀ Balinese ᬓ᭄ᬱ Gothic 𐌰𐌻𐌻𐌰 Deseret 𐐒𐐓 Cuneiform 𒀀𒁀 Hieroglyphs 𓀀𓂀
Adlam 𞤋𞤲𞥆𞤢𞤥𞤢 Chakma 𑄟𑄚𑄪𑄌𑄴 Math 𝔸𝒜𝟙𝟚 Braille ⠓⠑⠇⠇⠕ Music 𝄞𝅘𝅥𝅮 Domino 🁢
"""
EMOJI = "👩🏽‍🚀👨‍👩‍👧‍👦🏴󠁧󠁢󠁥󠁮󠁧󠁿🇺🇳🇩🇪1️⃣#️⃣❤️‍🔥☺︎☺️🫱🏿‍🫲🏻👁️‍🗨️ 🙂🙃😶‍🌫️"
MARKS = "e\u0301\u0323 e\u0323\u0301 \u212b \u2126 \u1e9b\u0323 \u0344 q\u0307\u0323 \u0958 \ufb2c"
DIRECTIONS = "\u202eabc\u202c a\u200eb\u200fc \u2067שלום 123\u2069 \u061c٪ (א) [ب] \u202ax\u202c"
SPACES = (
    "a\r\nb\rc\n\n\nd \r\n \n  e\n f \t g\t\th"
    "\u00a0i\u2028j\u2029k\u3000l\u200b m\ufeffn\x0bo\x0c\x85p"
)
DIGITS = (
    "1234567890" * 9 + " 3.14159 1,234,567 0x7fff ١٢٣٤ १२३ ½ ² Ⅳ 一二三 1e-05 12:34:56 (493,169)"
)
CONTRACTIONS = "I'm I'M they'Re it'S don't DON'T we'LL 've''s 'd he'd'VE o'clock 'ſ İ's ’s"
CODE = """\
def f(x: int = 0) -> None:\n\tif x != 1:\n        return {"a": [1, 2]}  # ---- ====\n
<div class='x'>&nbsp;</div>\\n\\u0041 $HOME ~/.bashrc && ls -la ./* | grep -E "^\\s+$" >> /dev/null
{"name": "computer_use", "arguments": {"action": "left_click", "coordinate": [644, 364]}}\n}}}}))))
"""
TEXTS = {
    "corpus": corpus.CORPUS, "ideographs": corpus.IDEOGRAPHS, "long": corpus.LONG,
    "scripts": SCRIPTS, "emoji": EMOJI, "marks": MARKS, "directions": DIRECTIONS, "spaces": SPACES,
    "digits": DIGITS, "contractions": CONTRACTIONS, "code": CODE, "nothing": "", "a space": " ",
    "controls": "".join(map(chr, range(32))) + "\x7f", "newlines": "\n" * 40, "blanks": " " * 300,
    "almost special": "<|im_start <|im_start| > <| <|> |> <|im_stop|> <|IM_START|> ❮|im_end|❯",
}  # fmt: skip

TRICKY = "ab 1'\"\n\r\t.,:{}<|>é\u0301字👍🏽"

Both = tuple[Any, Tokenizer]


@pytest.fixture(scope="module")
def tokenizers() -> Both:
    """The reference's and ours, of one vocabulary."""
    tokens, merges = toys.vocabulary()
    pairs: Any = merges  # which the reference takes, and declares as strings
    theirs = Qwen2Tokenizer(vocab=tokens, merges=pairs, extra_special_tokens=[*SPECIAL][1:])
    return theirs, Tokenizer.from_vocabulary(tokens, merges)


def test_special_tokens_have_the_references_numbers(tokenizers: Both) -> None:
    theirs, ours = tokenizers
    assert {name: theirs.convert_tokens_to_ids(name) for name in SPECIAL} == SPECIAL
    assert {name: ours.special(name) for name in SPECIAL} == SPECIAL
    assert len(theirs) == ours.size


@pytest.mark.parametrize("text", TEXTS.values(), ids=list(TEXTS))
def test_text_becomes_the_references_tokens_and_comes_back(tokenizers: Both, text: str) -> None:
    theirs, ours = tokenizers
    ids = ours.encode(text)
    assert ids == theirs.encode(text)
    assert ours.decode(ids) == unicodedata.normalize("NFC", text)
    stream = ours.stream()
    assert "".join(stream.step(token) for token in ids) == unicodedata.normalize("NFC", text)


def test_every_character_becomes_the_references_tokens_and_comes_back(tokenizers: Both) -> None:
    theirs, ours = tokenizers
    characters = [
        char for char in map(chr, range(sys.maxunicode + 1))
        if unicodedata.category(char) not in ("Cn", "Co", "Cs")
    ]  # fmt: skip
    assert len(characters) > 140_000
    for start in range(0, len(characters), 500):
        batch = characters[start : start + 500]
        for text in ("".join(batch), " ".join(batch), "a".join(batch)):
            assert ours.encode(text) == theirs.encode(text), f"from {batch[0]!a} on"
        # Apart: Python and the tokenizer may know of newer marks, and order two in a row.
        text = "a ".join(batch)
        assert ours.decode(ours.encode(text)) == unicodedata.normalize("NFC", text)


@given(text=st.text(max_size=300) | st.text(st.sampled_from(TRICKY), max_size=99))
def test_any_text_becomes_the_references_tokens_and_comes_back(tokenizers: Both, text: str) -> None:
    theirs, ours = tokenizers
    ids = ours.encode(text)
    assert ids == theirs.encode(text)
    # Equal up to the order of marks, which is equal once both are ordered by Python.
    back = unicodedata.normalize("NFC", ours.decode(ids))
    assert back == unicodedata.normalize("NFC", text)


# Prompts

TEMPLATE = (
    "{% set image_count = namespace(value=0) %}{% set video_count = namespace(value=0) %}"
    "{% for message in messages %}"
    "{% if loop.first and message['role'] != 'system' %}"
    "<|im_start|>system\nYou are a helpful assistant.<|im_end|>\n"
    "{% endif %}"
    "<|im_start|>{{ message['role'] }}\n"
    "{% if message['content'] is string %}{{ message['content'] }}<|im_end|>\n"
    "{% else %}{% for content in message['content'] %}"
    "{% if content['type'] == 'image' or 'image' in content or 'image_url' in content %}"
    "{% set image_count.value = image_count.value + 1 %}"
    "{% if add_vision_id %}Picture {{ image_count.value }}: {% endif %}"
    "<|vision_start|><|image_pad|><|vision_end|>"
    "{% elif content['type'] == 'video' or 'video' in content %}"
    "{% set video_count.value = video_count.value + 1 %}"
    "{% if add_vision_id %}Video {{ video_count.value }}: {% endif %}"
    "<|vision_start|><|video_pad|><|vision_end|>"
    "{% elif 'text' in content %}{{ content['text'] }}{% endif %}"
    "{% endfor %}<|im_end|>\n{% endif %}{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
"""The published ``chat_template`` of Qwen2-VL and Qwen2.5-VL, word for word."""


def picture(width: int, height: int, seed: int = 0) -> Image:
    random = np.random.default_rng(seed)
    pixels = random.integers(0, 256, (height, width, 3), dtype=np.uint8)
    return Image(pixels, PROCESSOR.plan(Size(width, height)), pixel_hash(pixels))


def rendered(theirs: Any, messages: Sequence[Message]) -> list[int]:
    """The prompt as the reference makes it: template, then pads repeated, then tokens."""
    turns = []
    for message in messages:
        content = [
            {"type": "text", "text": part.text}
            if isinstance(part, Text)
            else {"type": type(part).__name__.lower()}
            for part in message.parts
        ]
        turns.append({"role": message.role, "content": content})
    goes_on = messages[-1].role == "assistant"  # the reply goes on where that turn stops
    text = theirs.apply_chat_template(
        turns, chat_template=TEMPLATE, tokenize=False, add_generation_prompt=not goes_on
    )
    if goes_on:
        text = text.removesuffix("<|im_end|>\n")
    tokens = []
    for part in (part for message in messages for part in message.parts):
        if isinstance(part, Image | Video):
            steps = (len(part.pixels) + 1) // 2 if isinstance(part, Video) else 1
            tokens.append(steps * part.resized.width * part.resized.height // 28**2)
    repeats = iter(tokens)
    found: list[int] = theirs.encode(
        re.sub(r"<\|(image|video)_pad\|>", lambda pad: pad[0] * next(repeats), text)
    )
    return found


@pytest.fixture(scope="module")
def layout(tokenizers: Both) -> Layout:
    return Layout(tokenizers[1], PROCESSOR, 151655, 151656, 151652, 151653)


SHOWN = {"small": picture(60, 60), "wide": picture(300, 57, 1), "tall": picture(40, 333, 2)}
CLIP = Video(np.zeros((5, 84, 56, 3), np.uint8), Size(56, 84), 2.0, "clip")
TALKS: dict[str, list[Message]] = {
    "one picture": [Message.of("user", SHOWN["small"], "What is this?")],
    "its own system turn": [Message.of("system", "Be brief.\n"), Message.of("user", "hi")],
    "several turns and pictures": [
        Message.of("system", "You work a computer."),
        Message.of("user", "Goal: save the file.\n\n", SHOWN["wide"], "\nWhat now?"),
        Message.of("assistant", '{"name": "click", "arguments": {"point": [1, 2]}}\n'),
        Message.of("user", "before:", SHOWN["wide"], SHOWN["tall"], " and after \r\n"),
        Message.of("assistant", "\n Done. 完成了 \t"),
        Message.of("user", SHOWN["small"], "", Text("one "), Text(" two\n"), SHOWN["small"]),
    ],
    "pictures alone": [Message.of("user", SHOWN["tall"]), Message.of("user", SHOWN["tall"])],
    "empty turns": [Message.of("user"), Message.of("assistant", ""), Message.of("user", "\n")],
    "a video": [Message.of("user", "see ", CLIP, " and ", SHOWN["small"], "?")],
    "a long tool list": [Message.of("system", CODE, SCRIPTS, SPACES), Message.of("user", EMOJI)],
}


@pytest.mark.parametrize("messages", TALKS.values(), ids=list(TALKS))
def test_a_whole_prompt_is_the_references(
    tokenizers: Both, layout: Layout, messages: list[Message]
) -> None:
    assert layout.prompt(messages).ids == rendered(tokenizers[0], messages)


parts: st.SearchStrategy[Part] = (
    st.builds(Text, st.text(st.sampled_from(TRICKY), max_size=12))
    | st.sampled_from([*SHOWN.values()])
    | st.just(CLIP)
)


@given(
    st.lists(
        st.tuples(st.sampled_from(["user", "assistant"]), st.lists(parts, max_size=5)),
        min_size=1,
        max_size=5,
    )
)
def test_any_conversation_is_the_references(tokenizers: Both, layout: Layout, said: Any) -> None:
    messages = [Message.of(role, *of) for role, of in said]
    assert layout.prompt(messages).ids == rendered(tokenizers[0], messages)


# Pictures


def recorded() -> Pixels:
    """A screenshot of a real desktop, 760x540."""
    with Pillow.open(sorted(FRAMES.glob("*.png"))[0]) as picture:
        return flatten(picture)


def drawn(width: int, height: int) -> Pixels:
    """Text and boxes: edges, which resizing changes most."""
    page = Pillow.new("RGB", (width, height), "#f4f1ea")
    pen = ImageDraw.Draw(page)
    for row in range(0, height, 22):
        pen.rectangle((row % 90, row, row % 90 + width // 3, row + 9), fill=(row % 256, 90, 200))
        pen.text((8, row), f"{row} The quick brown fox 0123456789 jumps" * 3, fill="black")
    return np.asarray(page)


SCREENS: dict[str, Callable[[], Pixels]] = {
    "recorded": recorded,
    "full hd": lambda: drawn(1920, 1080),
    "small": lambda: drawn(97, 61),
    "tiny": lambda: drawn(9, 9),
    "wide": lambda: drawn(1500, 70),
    "noise": lambda: picture(333, 222).pixels,
}


def raw(pixels: Pixels, processor: Processor, **more: Any) -> tuple[torch.Tensor, list[int]]:
    """Patches of grey levels and their grid, by the reference."""
    limits = {"shortest_edge": processor.min_pixels, "longest_edge": processor.max_pixels}
    theirs = Qwen2VLImageProcessorPil(size=limits, do_rescale=False, do_normalize=False)
    out = theirs(images=[pixels], return_tensors="pt", **more)
    return out["pixel_values"], out["image_grid_thw"][0].tolist()


def normalised(greys: torch.Tensor) -> torch.Tensor:
    """What the reference's default backend makes of grey levels: one fused step in float32."""
    by_colour = greys.float().reshape(len(greys), 3, -1)
    mean, std = (torch.tensor(values)[:, None] * 255 for values in (PROCESSOR.mean, PROCESSOR.std))
    return ((by_colour - mean) / std).reshape(len(greys), -1)


def greys(patches: torch.Tensor) -> torch.Tensor:
    """Back to grey levels."""
    by_colour = patches.double().reshape(len(patches), 3, -1)
    mean, std = (torch.tensor(values)[:, None] for values in (PROCESSOR.mean, PROCESSOR.std))
    return ((by_colour * std + mean) * 255).round().reshape(len(patches), -1)


@pytest.mark.parametrize(
    "size", [Size(56, 56), Size(28, 560), Size(756, 532), Size(1316, 728)], ids=str
)
def test_a_picture_that_needs_no_resizing_is_cut_bit_for_bit_alike(size: Size) -> None:
    pixels = drawn(*size)
    assert PROCESSOR.plan(size) == size
    found = PROCESSOR.patches(frame_tensor(pixels, CPU), size)
    expected, grid = raw(pixels, PROCESSOR)
    assert grid == [*PROCESSOR.grid(size)]
    assert torch.equal(found, normalised(expected))
    whole = Qwen2VLImageProcessorPil()(images=[pixels], do_resize=False, return_tensors="pt")
    # Its Pillow backend scales and normalises in two steps.
    torch.testing.assert_close(found, whole["pixel_values"], rtol=0, atol=1e-6)


@pytest.mark.parametrize("limit", [12_845_056, 1_003_520, 28 * 28 * 64], ids=["full", "1280", "64"])
@pytest.mark.parametrize("screen", SCREENS)
def test_a_resized_picture_is_within_two_grey_levels(screen: str, limit: int) -> None:
    pixels = SCREENS[screen]()
    processor = Processor(max_pixels=limit)
    resized = processor.plan(Size(pixels.shape[1], pixels.shape[0]))
    found = greys(processor.patches(frame_tensor(pixels, CPU), resized))
    # Pillow 13 resizes columns first where that is less work, as torch never does, and what the
    # first pass cuts off at black and white is then other pixels. So it is made to do rows first.
    rows = Pillow.fromarray(pixels).resize(
        (resized.width, pixels.shape[0]), Pillow.Resampling.BICUBIC
    )
    both = np.asarray(rows.resize(resized, Pillow.Resampling.BICUBIC))
    expected, grid = raw(both, processor, do_resize=False)
    assert grid == [*processor.grid(resized)] == raw(pixels, processor)[1]
    difference = (found - expected).abs()
    assert difference.max() <= 2
    assert (difference > 0).double().mean() < 0.01


def test_whichever_pass_pillow_does_first_a_picture_stays_the_same_to_the_eye() -> None:
    # On screenshots of phones up to 21 levels were seen at an edge, 0.04 on average.
    processor = Processor(max_pixels=1_003_520)
    for pixels in (recorded(), drawn(1080, 2400), drawn(1920, 1080)):
        resized = processor.plan(Size(pixels.shape[1], pixels.shape[0]))
        found = greys(processor.patches(frame_tensor(pixels, CPU), resized))
        expected, _ = raw(pixels, processor)
        assert (found - expected).abs().mean() < 0.1


# Answers


@pytest.mark.parametrize("family", ["qwen2_vl", "qwen2_5_vl"])
async def test_64_greedy_tokens_about_text_and_two_pictures_are_the_references(
    tokenizers: Both, tmp_path: Path, family: str
) -> None:
    reference = toys.reference(family)
    model = QwenVL.load(toys.save(reference, tmp_path), dtype=torch.float32)
    # No resizing, so that all of the reference's chain can be its own.
    shown = [
        Image(pixels, Size(pixels.shape[1], pixels.shape[0]), pixel_hash(pixels))
        for pixels in (drawn(308, 196), picture(112, 168).pixels)
    ]
    messages = [Message.of("user", "from ", shown[0], " to ", shown[1], "\nWhat was done? 你好")]
    ids = torch.tensor([rendered(tokenizers[0], messages)])
    seen = Qwen2VLImageProcessorPil(do_resize=False)(
        images=[each.pixels for each in shown], return_tensors="pt"
    )
    out = reference.generate(
        input_ids=ids,
        attention_mask=torch.ones_like(ids),
        mm_token_type_ids=(ids == 151655).long(),
        max_new_tokens=64,
        do_sample=False,
        eos_token_id=[*model.stop_ids],
        pad_token_id=151643,
        **seen,
    )
    emitted: list[int] = []
    session = model.session()
    reply = await session.reply(
        messages, max_tokens=64, on_token=lambda token: emitted.append(token.id)
    )
    assert emitted == out[0, ids.shape[1] :].tolist()
    assert len(emitted) == 64, "a toy that stops early shows little: take another seed"
    assert reply.text == model.tokenizer.decode(emitted)
    model.close()


# Accidents


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Iterator[QwenVL]:
    folder = toys.save(toys.reference("qwen2_5_vl"), tmp_path_factory.mktemp("toy"))
    made = QwenVL.load(folder, dtype=torch.float32, max_tokens=4)
    yield made
    made.close()


@pytest.mark.parametrize("size", [Size(1, 1), Size(1, 200), Size(200, 1), Size(2, 400)], ids=str)
async def test_a_picture_as_thin_as_can_be_is_answered(model: QwenVL, size: Size) -> None:
    shown = Image(np.zeros((size.height, size.width, 3), np.uint8), model.plan(size), "thin")
    reply = await model.session().reply([Message.of("user", shown, "?")])
    assert reply.stats["decoded_tokens"]


@pytest.mark.parametrize("size", [Size(1, 201), Size(2010, 10)], ids=str)
def test_a_strip_is_refused_before_it_is_resized(model: QwenVL, size: Size) -> None:
    with pytest.raises(ValueError, match="over 200 times"):
        model.plan(size)


TWENTY_MEGAPIXELS = """
import json, resource
import numpy as np, torch
from eyehand.model import Size
from eyehand.model.image import Processor, frame_tensor

def peak(): return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
size, processor = Size(5472, 3648), Processor()
before, pixels = peak(), np.full((size.height, size.width, 3), 200, np.uint8)
resized = processor.plan(size)
patches = processor.patches(frame_tensor(pixels, torch.device("cpu")), resized)
print(json.dumps([peak() - before, [*resized], [*patches.shape]]))
"""


def test_a_screenshot_of_20_megapixels_takes_bounded_memory() -> None:
    done = subprocess.run(
        [sys.executable, "-c", TWENTY_MEGAPIXELS], capture_output=True, text=True, timeout=100
    )
    assert done.returncode == 0, done.stderr
    taken_kib, resized, shape = json.loads(done.stdout)
    assert (resized, shape) == ([4368, 2912], [64896, 1176])
    # Patches are 291 MiB, the picture 57; 479 in all were measured.
    assert taken_kib < 700 * 1024


def test_a_transparent_screenshot_is_refused_until_it_lies_on_white(model: QwenVL) -> None:
    random = np.random.default_rng(0)
    clear = random.integers(0, 256, (84, 84, 4), dtype=np.uint8)
    with pytest.raises(ValueError, match="`flatten` joins RGBA"):
        frame_tensor(clear, CPU)
    picture = Pillow.fromarray(clear)
    # As ``to_rgb`` of qwen-vl-utils 0.0.14 does it.
    white = Pillow.new("RGB", picture.size, (255, 255, 255))
    white.paste(picture, mask=picture.split()[3])
    assert np.array_equal(flatten(picture), np.asarray(white))
    assert frame_tensor(flatten(picture), CPU).shape == (1, 84, 84, 3)


@pytest.mark.parametrize("place", ["the last norm", "a layer", "the vision tower"])
async def test_weights_that_are_no_numbers_are_told_and_spoil_no_other_session(
    model: QwenVL, place: str
) -> None:
    name = {
        "the last norm": "model.norm.weight",
        "a layer": "model.layers.1.self_attn.o_proj.weight",
        "the vision tower": "visual.blocks.0.mlp.down_proj.weight",
    }[place]
    weight, seed = model.network.get_parameter(name), len(name)
    session = model.session()
    good = [Message.of("user", picture(90, 90), "what now?")]
    before = await model.session().reply(good)
    kept = weight.data.clone()
    try:
        weight.data.view(-1)[7] = float("nan")
        with pytest.raises(ModelError, match="not finite"):
            await session.reply([Message.of("user", picture(100, 100, seed), "?")])
    finally:
        weight.data.copy_(kept)
    assert (await session.reply(good)).text == before.text
    again = [Message.of("user", picture(100, 100, seed), "?")]
    assert (await session.reply(again)).text == (await model.session().reply(again)).text
