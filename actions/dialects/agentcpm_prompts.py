"""AgentCPM-GUI's prompt.

Source: OpenBMB/AgentCPM-GUI, ``eval/run_predict_minicpm.py`` (commit 4a6e0d6f), word for word. Not
verified: the file ``eval/utils/schema/schema.json`` itself; its text is taken from the samples of
the README and of the fine-tuning.
"""

import json
from collections.abc import Iterable, Mapping
from typing import Any

_SYSTEM = """# Role
你是一名熟悉安卓系统触屏GUI操作的智能体，将根据用户的问题，分析当前界面的GUI元素和布局，生成相应的操作。

# Task
针对用户问题，根据输入的当前屏幕截图，输出下一步的操作。

# Rule
- 以紧凑JSON格式输出
- 输出操作必须遵循Schema约束

# Schema
"""
DROPPED = "// 该图像为历史图像，无法显示"
"""Stands for a picture that is no longer shown."""

_LOCATION = {"$ref": "#/$defs/Location"}
PROPERTIES: dict[str, Any] = {
    "thought": {"type": "string", "description": "智能体的思维过程"},
    "POINT": {**_LOCATION, "description": "点击屏幕上的指定位置"},
    "to": {
        "description": "移动，组合手势参数",
        "oneOf": [
            {
                "enum": ["up", "down", "left", "right"],
                "description": "从当前点（POINT）出发，执行滑动手势操作，方向包括向上、"
                "向下、向左、向右",
            },
            {**_LOCATION, "description": "移动到某个位置"},
        ],
    },
    "duration": {
        "type": "integer",
        "description": "动作执行的时间或等待时间，毫秒",
        "minimum": 0,
        "default": 200,
    },
    "PRESS": {
        "type": "string",
        "description": "触发特殊按键，HOME为回到主页按钮，BACK为返回按钮，ENTER为回车按钮",
        "enum": ["HOME", "BACK", "ENTER"],
    },
    "TYPE": {"type": "string", "description": "输入文本"},
    "STATUS": {
        "type": "string",
        "description": "当前任务的状态。特殊情况：satisfied，无需操作；impossible，"
        "任务无法完成；interrupt，任务中断；need_feedback，需要用户反馈；",
        "enum": [
            "continue", "finish", "satisfied", "impossible", "interrupt", "need_feedback",
        ],
        "default": "continue",
    },
}  # fmt: skip
_DEFINITIONS = {
    "Location": {
        "type": "array",
        "description": "坐标为相对于屏幕左上角位原点的相对位置，并且按照宽高比例缩放到0～1000，"
        "数组第一个元素为横坐标x，第二个元素为纵坐标y",
        "items": {"type": "integer", "minimum": 0, "maximum": 1000},
        "minItems": 2,
        "maxItems": 2,
    }
}


def system(tools: Iterable[Mapping[str, Any]]) -> str:
    """Give the system turn; a tool is one more property of the schema, its arguments an object."""
    called = {
        tool["name"]: {"description": tool["description"], **tool["parameters"]} for tool in tools
    }
    schema = {
        "type": "object",
        "description": "执行操作并决定当前任务状态",
        "additionalProperties": False,
        "required": ["thought"],
        "properties": {**PROPERTIES, **called},
        "$defs": _DEFINITIONS,
    }
    return _SYSTEM + json.dumps(schema, ensure_ascii=False, separators=(",", ":"))
