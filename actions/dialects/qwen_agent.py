"""Qwen-Agent's own format of function calls: ✿ marks around functions with JSON arguments.

It has no function for screens. What Qwen2-VL's agent can do is offered as a function each, and the
user's tools stand among them in the same section. One call at a time.

Source: Qwen-Agent's ``qwen_fncall_prompt``, the section of tools word for word. Not verified: the
functions themselves, which are ours.
"""

import json
from collections.abc import Mapping
from typing import Any, Literal

from .base import Tools
from .flower import ARGS, FUNCTION, RESULT, RETURN, FlowerDialect
from .flower_verbs import entries, parameters
from .points import PointKind
from .verbs import Vocabulary

_SYSTEM = "You are a helpful assistant."
_SECTION = {
    "en": f"""# Tools

## You have access to the following tools:

%s

## When you need to call a tool, please insert the following command in your reply, which can be \
called zero or multiple times according to your needs:

{FUNCTION}: The tool to use, should be one of [%s]
{ARGS}: The input of the tool
{RESULT}: Tool results
{RETURN}: Reply based on tool results. Images need to be rendered as ![](url)""",
    "zh": f"""# 工具

## 你拥有如下工具：

%s

## 你可以在回复中插入零次、一次或多次以下命令以调用工具：

{FUNCTION}: 工具名称，必须是[%s]之一。
{ARGS}: 工具输入
{RESULT}: 工具结果
{RETURN}: 根据工具结果进行回复，需将图片用![](url)渲染出来""",
}
_TOOL = {
    "en": "### {name}\n\n{name}: {words} Parameters: {schema} "
    "Format the arguments as a JSON object.",
    "zh": "### {name}\n\n{name}: {words} 输入参数：{schema} 此工具的输入应为JSON对象。",
}


class QwenAgentDialect(FlowerDialect):
    """Functions between ✿ marks."""

    name = "qwen-agent"
    python = False

    def __init__(
        self,
        tools: Tools = (),
        *,
        phone: bool = False,
        language: Literal["en", "zh"] = "en",
    ) -> None:
        """Choose the functions.

        Args:
            tools: What can be called besides.
            phone: Whether the functions are those of a finger, instead of mouse and keyboard.
            language: Of the words round the functions.

        Raises:
            ValueError: A tool has the name of a function.
        """
        self._language: Literal["en", "zh"] = language
        self._entries = entries(PointKind(), phone=phone)
        verbs = [entry.verb for entry in self._entries]
        super().__init__(Vocabulary(self.name, verbs), tools)

    @property
    def system(self) -> str:
        """The functions, and how they are called."""
        return f"{_SYSTEM}\n\n{tools_section(self._functions(), self._language)}"

    def _functions(self) -> list[Mapping[str, Any]]:
        own = []
        for verb, words in self._entries:
            schema = {
                "type": "object",
                "properties": parameters(verb, self.space),
                "required": [name for name, arg in verb.args.items() if arg.needed],
            }
            own.append({"name": verb.name, "description": words, "parameters": schema})
        return [*own, *self.calls.tools.values()]


def tools_section(functions: Tools, language: Literal["en", "zh"] = "en") -> str:
    """Give the section of a system turn that says what can be called, as Qwen-Agent writes it."""
    described = "\n\n".join(
        _TOOL[language].format(
            name=function["name"],
            words=function["description"],
            schema=json.dumps(function["parameters"], ensure_ascii=False),
        )
        for function in functions
    )
    return _SECTION[language] % (described, ",".join(function["name"] for function in functions))
