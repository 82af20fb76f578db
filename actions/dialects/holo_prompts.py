"""What Holo1 is told of a step of navigation, word for word.

The system turn holds the JSON Schema of a step as pydantic makes it, in Python's notation. Source:
``utils/navigation.py`` of hcompai/hai-cookbook (commit 40d4b0e1). Left out is the last guideline,
the current date: a prompt is the same whenever an episode is replayed.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from ..geometry import Space

SYSTEM = """Imagine you are a robot browsing the web, just like humans. Now you need to complete a \
task.
In each iteration, you will receive an Observation that includes the last  screenshots of a web \
browser and the current memory of the agent.
You have also information about the step that the agent is trying to achieve to solve the task.
Carefully analyze the visual information to identify what to do, then follow the guidelines to \
choose the following action.
You should detail your thought (i.e. reasoning steps) before taking the action.
Also detail in the notes field of the action the extracted information relevant to solve the task.
Once you have enough information in the notes to answer the task, return an answer action with the \
detailed answer in the notes field.
This will be evaluated by an evaluator and should match all the criteria or requirements of the \
task.

Guidelines:
- store in the notes all the relevant information to solve the task that fulfill the task \
criteria. Be precise
- Use both the task and the step information to decide what to do
- if you want to write in a text field and the text field already has text, designate the text \
field by the text it contains and its type
- If there is a cookies notice, always accept all the cookies first
- The observation is the screenshot of the current page and the memory of the agent.
- If you see relevant information on the screenshot to answer the task, add it to the notes field \
of the action.
- If there is no relevant information on the screenshot to answer the task, add an empty string to \
the notes field of the action.
- If you see buttons that allow to navigate directly to relevant information, like jump to ... or \
go to ... , use them to navigate faster.
- In the answer action, give as many details a possible relevant to answering the task.
- if you want to write, don't click before. Directly use the write action
- to write, identify the web element which is type and the text it already contains
- If you want to use a search bar, directly write text in the search bar
- Don't scroll too much. Don't scroll if the number of scrolls is greater than 3
- Don't scroll if you are at the end of the webpage
- Only refresh if you identify a rate limit problem
- If you are looking for a single flights, click on round-trip to select 'one way'
- Never try to login, enter email or password. If there is a need to login, then go back.
- If you are facing a captcha on a website, try to solve it.

- if you have enough information in the screenshot and in the notes to answer the task, return an \
answer action with the detailed answer in the notes field

# <output_json_format>
# ```json
# {output_format}
# ```
# </output_json_format>

"""

_EDGES = {"x": "left", "y": "top"}


def _sorted(**members: Any) -> dict[str, Any]:
    return dict(sorted(members.items()))


def _field(name: str, kind: str, description: str, **more: Any) -> dict[str, Any]:
    return _sorted(title=name.capitalize(), type=kind, description=description, **more)


def _action(title: str, about: str, verb: str, says: str, **fields: Any) -> dict[str, Any]:
    """Give the schema of an action; those of which nothing is said have their name by default."""
    named = {"description": says} if says else {"default": verb}
    properties = {"action": _sorted(const=verb, title="Action", type="string", **named), **fields}
    needed = [name for name, field in properties.items() if "default" not in field]
    required = {"required": needed} if needed else {}
    return _sorted(description=about, properties=properties, title=title, type="object", **required)


def actions(space: Space) -> list[dict[str, Any]]:
    """Give the schemas of the actions.

    Args:
        space: The units of its points. Of thousandths it says what Holo2's localization says.
    """
    if space is Space.REL1000:
        place = {
            axis: _field(
                axis,
                "integer",
                f"The {axis} coordinate, normalized between 0 and 1000.",
                minimum=0,
                maximum=1000,
            )
            for axis in _EDGES
        }
    else:
        place = {
            axis: _field(
                axis, "integer", f"The {axis} coordinate, number of pixels from the {edge} edge."
            )
            for axis, edge in _EDGES.items()
        }
    ways = _field(
        "direction", "string", "The direction to scroll in", enum=["down", "up", "left", "right"]
    )
    seconds = _field(
        "seconds", "integer", "The number of seconds to wait", default=2, minimum=0, maximum=10
    )
    return [
        _action(
            "ClickElementAction",
            "Click at absolute coordinates of a web element with its description",
            "click_element",
            "Click at absolute coordinates of a web element",
            element=_field("element", "string", "text description of the element"),
            **place,
        ),
        _action(
            "WriteElementAction",
            "Write content at absolute coordinates of a web element identified by its description, "
            "then press Enter.",
            "write_element_abs",
            "Write content at absolute coordinates of a web page",
            content=_field("content", "string", "Content to write"),
            element=_field("element", "string", "Text description of the element"),
            **place,
        ),
        _action(
            "ScrollAction",
            "Scroll action with no required element",
            "scroll",
            "Scroll the page or a specific element",
            direction=ways,
        ),
        _action(
            "GoBackAction",
            "Action to navigate back in browser history",
            "go_back",
            "Navigate to the previous page",
        ),
        _action(
            "RefreshAction",
            "Action to refresh the current page",
            "refresh",
            "Refresh the current page",
        ),
        _action(
            "WaitAction",
            "Action to wait for a particular amount of time",
            "wait",
            "Wait for a particular amount of time",
            seconds=seconds,
        ),
        _action("RestartAction", "Restart the task from the beginning.", "restart", ""),
        _action(
            "AnswerAction",
            "Return a final answer to the task. This is the last action to call in an episode.",
            "answer",
            "",
            content=_field("content", "string", "The answer content"),
        ),
        _action(
            "GotoAction",
            "Action to go to a particular URL",
            "goto",
            "Goto a particular URL",
            url=_field("url", "string", "A url starting with http:// or https://"),
        ),
    ]


def tool_action(tool: Mapping[str, Any]) -> dict[str, Any]:
    """Give the schema of an action that calls a tool."""
    name, parameters = str(tool["name"]), tool["parameters"]
    properties = {
        "action": _sorted(const=name, title="Action", type="string"),
        **parameters.get("properties", {}),
    }
    required = ["action", *parameters.get("required", [])]
    about = str(tool["description"])
    return _sorted(
        description=about, properties=properties, required=required, title=name, type="object"
    )


def system(offered: Iterable[Mapping[str, Any]]) -> str:
    """Give the system turn with the schema of a step.

    Args:
        offered: The schemas of the actions.
    """
    named = {each["title"]: each for each in offered}
    note = (
        "Task-relevant information extracted from the previous observation. Keep empty if no new "
        "info."
    )
    choice = {
        "anyOf": [{"$ref": f"#/$defs/{title}"} for title in named],
        "description": "Next action to take",
        "title": "Action",
    }
    step = {
        "$defs": dict(sorted(named.items())),
        "properties": {
            "note": _field("note", "string", note, default=""),
            "thought": _field("thought", "string", "Reasoning about next steps (<4 lines)"),
            "action": choice,
        },
        "required": ["thought", "action"],
        "title": "NavigationStep",
        "type": "object",
    }
    return SYSTEM.replace("{output_format}", str(step))
