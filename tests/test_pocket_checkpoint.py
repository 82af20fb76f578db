"""The checkpoint that eyehand ships: whole, as its card says, and the same to transformers."""

import csv
import json
import subprocess
import sys
from pathlib import Path

import torch
from pocket_parity import SHIPPED, Reference, ours, screens

from eyehand.model.files import Files
from eyehand.model.qwen_vl import QwenVL


def test_its_card_names_its_weights() -> None:
    card = (SHIPPED / "MODEL_CARD.md").read_text(encoding="utf-8")
    assert Files(SHIPPED).fingerprint() in card
    assert sum(path.stat().st_size for path in SHIPPED.iterdir()) < 40_000_000


async def test_transformers_says_the_same_about_screens_never_trained_on() -> None:
    reference, model = Reference(SHIPPED), QwenVL.load(SHIPPED, dtype=torch.float32)
    for messages in screens(3):
        assert await ours(model, messages) == reference.said(messages)
    model.close()


TABLE = Path(__file__).parents[1] / "docs/pocket/families.csv"


def test_it_solves_what_its_table_says_that_it_solves(tmp_path: Path) -> None:
    """Nine of ten of the trials there; what it computes in differs from one CPU to the next.

    On phones beside those of the table.
    """
    with TABLE.open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["learnt"] == "1"]
    good = [row["family"] for row in rows if int(row["model"]) >= 0.9 * int(row["trials"])]
    assert len(good) >= 12
    command = [sys.executable, "-m", "eyehand.agent", "eval", "practice", "--model", "pocket"]
    command += ["--tasks", ",".join(good), "--size", "280x616", "--max-steps", "20"]
    command += ["--max-tokens", "96", "--episodes", "1", "--seed", "100", "--keep", "none"]
    ended = subprocess.run(
        [*command, "--json"], capture_output=True, text=True, timeout=600, cwd=tmp_path, check=True
    )
    found = json.loads(ended.stdout)
    assert found["trials"] == len(good)
    assert found["trials"] - found["lost"] >= 0.75 * len(good), found["failures"]
