"""A tool and a condition of one's own.

eyehand run examples/price.yaml --tools examples/price_tools.py --model script:examples/price.jsonl
"""

from eyehand.actions import Context, tool
from eyehand.agent import Look, Verdict, check

PRICES = {"pen": 1.50, "notebook": 4.20}


@tool
def price(item: str, quantity: int = 1, *, context: Context) -> float:
    """Look up what something costs, in euros.

    Args:
        item: Its name in the catalogue.
        quantity: How many of it.
        context: The run; filled in by the agent, not shown to the model.
    """
    context.log(f"{quantity} x {item}, for: {context.goal}")
    return PRICES[item] * quantity


@check("line_count", reads="world")
async def line_count(look: Look, *, path: str, lines: int) -> Verdict:
    """How many lines a file has."""
    found = len(look.path(path).read_text(encoding="utf-8").splitlines())
    return Verdict(found == lines, f"{path} has {found} lines")
