"""What the side by side comparison counts and tells; the comparison itself is a bench."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bench.comparison.counting import code_lines
from bench.comparison.running import Entry, Run
from bench.comparison.table import details, faults, summary
from bench.comparison.tasks import TASKS
from bench.comparison.tools import TOOLS

TASK, TOOL = TASKS["editor"], TOOLS["opencv"]


def runs(*verdicts: str, condition: str = "plain", seconds: float = 2.0) -> list[Run]:
    return [Run(TOOL.name, TASK.name, condition, verdict, seconds, "why") for verdict in verdicts]


def entry(*own: Run, lines: int | None = 9) -> Entry:
    return Entry(TOOL, TASK, lines, 5, own)


@pytest.mark.parametrize(
    ("source", "count"),
    [
        ("", 0),
        ("# a comment\n\n\nx = 1  # and one beside code\n", 1),
        ('"""A module\'s docstring\nof two lines."""\nx = 1\n', 1),
        ('def f():\n    """Told."""\n    return 1\n', 2),
        ("class A:\n    'Told.'\n\n    def f(self):\n        return 1\n", 3),
        ('text = """\nno docstring\n"""\n', 3),
        ("call(\n    1,\n    # in between\n    2,\n)\n", 4),
    ],
)
def test_lines_of_code_are_neither_blank_nor_comments_nor_docstrings(source: str, count: int):
    assert code_lines(source) == count


def test_a_tool_s_row_tells_its_median_and_what_it_survives():
    plain = runs("passed", seconds=1) + runs("passed", seconds=4) + runs("passed", seconds=9)
    dark, font = runs("failed", condition="dark"), runs("passed", condition="font")
    row = summary([entry(*plain, *dark, *font)], []).splitlines()[-1]
    assert row == "| OpenCV + xdotool | 1 of 1 | 9.0 | 27 | 5.0 | 4.0 | – | 0 of 1 | 1 of 1 |"


def test_a_script_that_does_not_always_pass_has_not_done_its_task():
    told = summary([entry(*runs("passed", "wrong", "passed"))], [])
    assert "| 0 of 1 |" in told
    assert "passes 2 of 3" in details([entry(*runs("passed", "wrong", "passed"))])


def test_start_up_is_told_of_runs_that_did_nothing():
    idle = [replace(run, task="nothing") for run in runs("passed", seconds=0.5)]
    assert summary([entry(*runs("passed"))], idle).splitlines()[-1].endswith("| 2.0 | 0.5 |")


def test_a_task_s_row_says_what_breaks_each_tool_and_what_it_cannot_do():
    unable = replace(TOOL, name="other", title="Other", unable="no such thing")
    broken = entry(*runs("passed"), *runs("failed", condition="size"))
    held = entry(*runs("passed"), *runs("passed", condition="size"))
    assert "9 lines, 5 pictures, 2.0 s, **breaks: size**" in details([broken])
    assert "9 lines, 5 pictures, 2.0 s, holds" in details([held])
    assert "| cannot: no such thing |" in details([held, Entry(unable, TASK, None, 0, ())])


def test_a_fault_is_told_in_the_script_s_own_words():
    assert faults([*runs("passed"), *runs("wrong")]) == [
        "editor with opencv, plain: wrong after 2.0 s: why"
    ]
