import json
from pathlib import Path

import pytest

from eyehand.model import Message, Model, ModelError, ScriptedModel, ScriptExhausted, Session, Size

ASK = [Message.of("user", "what now?")]


async def replies(model: ScriptedModel) -> list[str]:
    session = model.session()
    return [(await session.reply(ASK)).text for _ in range(model.remaining)]


def test_it_is_a_model_and_its_session_a_session() -> None:
    scripted = ScriptedModel([])
    model: Model = scripted  # the type checkers compare it with the contract
    session: Session = scripted.session()
    assert model.name == "scripted"
    assert session is scripted


async def test_it_gives_texts_verbatim_and_mappings_as_json() -> None:
    model = ScriptedModel(["  I look.\n", {"action": "type", "text": "中\n"}])
    assert await replies(model) == ["  I look.\n", '{"action": "type", "text": "中\\n"}']


async def test_it_never_repeats_itself_when_the_script_is_over() -> None:
    model = ScriptedModel(["one"], name="mine")
    await model.reply(ASK)
    for _ in range(2):
        with pytest.raises(ScriptExhausted, match=r"mine holds 1 replies.*end the script with"):
            await model.reply(ASK)


async def test_a_second_session_goes_on_where_the_first_stopped() -> None:
    model = ScriptedModel(["a", "b"])
    first = model.session()
    assert (await first.reply(ASK)).text == "a"
    await first.close()
    await first.close()
    assert (await model.session().reply(ASK)).text == "b"


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("script.yaml", '- action: key\n  keys: ctrl+s\n- "I am\\n done"\n'),
        ("script.json", '[{"action": "key", "keys": "ctrl+s"}, "I am\\n done"]'),
        ("script.jsonl", '{"action": "key", "keys": "ctrl+s"}\n\n"I am\\n done"\n'),
    ],
)
async def test_a_script_reads_the_same_from_every_format(
    tmp_path: Path, name: str, text: str
) -> None:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    model = ScriptedModel.from_file(path)
    assert model.name == f"script:{name}"
    assert await replies(model) == ['{"action": "key", "keys": "ctrl+s"}', "I am\n done"]


@pytest.mark.parametrize(
    ("name", "body", "message"),
    [
        ("a.yaml", b"action: done\n", 'must hold a list of replies, not dict: start each.*"- "'),
        ("a.yaml", b"", "not NoneType"),
        ("a.yaml", b"- 1\n", "reply 1 is 1; a reply is a text or a mapping"),
        ("a.yaml", b"- ok\n- null\n", "reply 2 is None"),
        ("a.yaml", b"- [\n", "is not valid YAML, JSON or JSON Lines"),
        ("a.yaml", b"- \xff\n", "is not valid"),
        ("a.jsonl", b'{"action": \n', "is not valid"),
        ("a.yaml", b"- action: wait\n  at: 2026-01-01\n", "reply 1.*no JSON form"),
        ("a.yaml", b"- text: &a [*a]\n", "no JSON form"),
        ("a.yaml", b"- seconds: .nan\n", "no JSON form"),
        ("a.yaml", b"- ? [a]\n  : 1\n", "reply 1|is not valid"),
        ("a.yaml", b"!!python/object/apply:os.getcwd []", "is not valid"),
    ],
)
def test_a_script_that_is_none_is_refused_with_its_name(
    tmp_path: Path, name: str, body: bytes, message: str
) -> None:
    path = tmp_path / name
    path.write_bytes(body)
    with pytest.raises(ModelError, match=message) as caught:
        ScriptedModel.from_file(path)
    assert str(path) in str(caught.value)


def test_a_missing_script_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"cannot read the script .*none\.yaml: No such file"):
        ScriptedModel.from_file(tmp_path / "none.yaml")


def test_the_fingerprint_is_of_what_it_says() -> None:
    same = ScriptedModel([json.dumps({"action": "done"})], name="other")
    assert ScriptedModel([{"action": "done"}]).fingerprint == same.fingerprint
    assert ScriptedModel(["a", "b"]).fingerprint != ScriptedModel(["ab"]).fingerprint


def test_screenshots_keep_their_size() -> None:
    assert ScriptedModel([]).plan(Size(1367, 769)) == Size(1367, 769)


async def test_a_line_separator_inside_a_reply_ends_no_line(tmp_path: Path) -> None:
    path = tmp_path / "s.jsonl"
    path.write_text('"one\u2028two"\n"three"\n', encoding="utf-8")
    assert (await ScriptedModel.from_file(path).reply([])).text == "one\u2028two"
