"""The table in docs/CHAOS.md, made of the reports of a sweep."""

import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from chaos_plan import KINDS
from chaos_run import Report

PAGE = Path(__file__).parents[1] / "docs/CHAOS.md"
BEGINS, ENDS = "<!-- made by tests/full_chaos.py -->\n", "<!-- end -->\n"


def read(folder: Path) -> list[Report]:
    """Give the reports of all jobs of a sweep, by seed."""
    found: dict[int, Report] = {}
    for path in sorted(folder.rglob("reports-*.jsonl")):
        *lines, _ = path.read_text(encoding="utf-8").split("\n")  # the last may be torn
        for line in lines:
            report = Report(**json.loads(line))
            found[report.seed] = report
    return [found[seed] for seed in sorted(found)]


def made(reports: Sequence[Report]) -> str:
    """Give the tables."""
    adb = [report for report in reports if report.adb]
    wrong = [report for report in reports if report.wrong]
    slowest = max(reports, key=lambda report: report.seconds)
    totals: dict[str, int | str] = {
        "runs": len(reports),
        "of them behind adb": len(adb),
        "things that went wrong": sum(len(report.struck) for report in reports),
        "processes": sum(len(report.ended) for report in reports),
        "of them killed": sum(report.ended.count("killed") for report in reports),
        "of them gone on with by another": sum(report.resumed for report in reports),
        "steps": sum(report.steps for report in reports),
        "inputs": sum(report.inputs for report in reports),
        "slowest run, s": round(slowest.seconds),
        "**violations**": f"**{len(wrong)}**",
    }
    rows = [f"| {name} | {_number(value)} |" for name, value in totals.items()]
    return "\n".join(
        [
            "| | |",
            "|---|---:|",
            *rows,
            "",
            "| what went wrong | in this process | behind adb | how those runs ended at last | "
            "violations |",
            "|---|---:|---:|---|---:|",
            *[_row(kind, reports) for kind in KINDS],
            _row("", [report for report in reports if not report.struck]),
            "",
        ]
    )


def _row(kind: str, reports: Sequence[Report]) -> str:
    mine = [report for report in reports if not kind or kind in report.struck]
    adb = sum(report.adb for report in mine)
    ends = Counter(report.ended[-1].replace("_", " ") for report in mine)
    said = ", ".join(f"{end} {count}" for end, count in ends.most_common())
    wrong = sum(bool(report.wrong) for report in mine)
    return f"| {kind or 'nothing'} | {len(mine) - adb} | {adb} | {said} | {wrong} |"


def _number(value: int | str) -> str:
    return f"{value:,}" if isinstance(value, int) else value


def write(reports: Sequence[Report], seconds: float) -> str:
    """Put the tables into the page; gives them."""
    table = made(reports)
    page = PAGE.read_text(encoding="utf-8")
    before, after = page.index(BEGINS) + len(BEGINS), page.index(ENDS)
    PAGE.write_text(page[:before] + "\n" + table + "\n" + page[after:], encoding="utf-8")
    return f"{table}\nthis time {seconds:.0f} s"
