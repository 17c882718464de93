"""Our scorer beside a published one: ScreenSpot-Pro, as OmniParser v2 with GPT-4o was scored on it.

    python bench/published_log.py logs_sspro_omniv2.jsonl

Each line of that log has a box, a point in whole pixels and the verdict of the official scorer. The
point is written as an answer in the form that the published parser reads, and scored as any other.
Prints the items on which the two disagree, then one line of JSON.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from agent_app.evaluate.items import BoxTarget, Item
from agent_app.evaluate.scoring import predicted, verdict
from agent_app.geometry import Size
from agent_app.model_runtime import Reply

SIDES = (8192, 8192)  # the log names none; by a power of two, shares of it are exact


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("log", type=Path, help="a line an item")
    lines = parser.parse_args().log.read_text("utf-8").splitlines()
    rows: list[dict[str, Any]] = [json.loads(line) for line in lines]
    other = [row for row in rows if ours(row) != row["correctness"]]
    on_edge = sum(is_on_edge(row) for row in other)
    for row in other:
        print(f"{row['idx']}: box {row['bbox']}, point {row['pred']}: {row['correctness']} there")
    right = sum(ours(row) == "correct" for row in rows)
    print(
        json.dumps(
            {
                "bench": "published_log",
                "items": len(rows),
                "agree": len(rows) - len(other),
                "disagree on an edge": on_edge,
                "right": round(100 * right / len(rows), 1),
                "right there": round(
                    100 * sum(row["correctness"] == "correct" for row in rows) / len(rows), 1
                ),
            }
        )
    )


def ours(row: dict[str, Any]) -> str:
    """Our verdict of a row."""
    left, top, right, bottom = row["bbox"]
    box = BoxTarget(left, top, right - left, bottom - top)
    item = Item(id=str(row["idx"]), picture="", instruction="", target=box)
    return verdict(item, predicted(reply_of(row), image_size=Size(*SIDES)), Size(*SIDES))


def reply_of(row: dict[str, Any]) -> Reply:
    """The answer that the row's point would be; without one, words that name no place."""
    if row["pred"] is None:
        return Reply("", "nothing", "stop")
    x, y = (value / side for value, side in zip(row["pred"], SIDES, strict=True))
    return Reply("", f"pyautogui.click(x={x:.13f}, y={y:.13f})", "stop")


def is_on_edge(row: dict[str, Any]) -> bool:
    left, top, right, bottom = row["bbox"]
    x, y = row["pred"]
    return x in (left, right) or y in (top, bottom)


if __name__ == "__main__":
    main()
