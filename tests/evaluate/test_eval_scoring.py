"""Answers are read and scored as the official scorers do, item by item."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent_app.evaluate.items import BoxTarget, Item, PolygonTarget, RefusalTarget, Target
from agent_app.evaluate.reader import on_a_picture, step_for
from agent_app.evaluate.running import representative
from agent_app.evaluate.scoring import Prediction, in_polygon, predicted, verdict
from agent_app.geometry import Size
from agent_app.model_runtime import Reply

SEEN = Size(1932, 1092)  # what a model sees of a screen of 1920x1080
SIZE = Size(1920, 1080)
BOX = BoxTarget(29, 100, 20, 30)


def read(summary: str | None) -> Prediction:
    return predicted(Reply("It is there.", summary, "stop"), image_size=SEEN)


def scored(target: Target, summary: str | None, size: Size = SIZE) -> str:
    item = Item(id="1", picture="a.png", instruction="x", target=target)
    return verdict(item, read(summary), size)


def at(x: float, y: float) -> str:
    return f"## Action:\nClick\n## Code:\n```python\npyautogui.click(x={x}, y={y})\n```"


@pytest.mark.parametrize(
    ("x", "y", "right"),
    [
        (29, 100, True),  # the edges belong to the box
        (49, 130, True),
        (39, 115, True),
        (28.99, 115, False),
        (49.01, 115, False),
        (39, 99.99, False),
        (39, 130.01, False),
    ],
)
@pytest.mark.parametrize("width", [1920, 49, 6016])
def test_the_edges_of_a_box_belong_to_it(x: float, y: float, width: int, *, right: bool):
    point = Prediction("point", x / width, y / 1080)
    item = Item(id="1", picture="a.png", instruction="x", target=BOX)
    assert (verdict(item, point, Size(width, 1080)) == "correct") is right


def test_a_box_at_the_far_edge_is_hit_by_the_far_edge():
    assert scored(BoxTarget(1900, 1060, 20, 20), at(1.0, 1.0)) == "correct"
    assert scored(BoxTarget(0, 0, 20, 20), at(0, 0)) == "correct"


def test_the_first_place_of_the_summary_counts_as_in_the_published_evaluation():
    two = "pyautogui.moveTo(x=0.02, y=0.1)\npyautogui.click(x=0.9, y=0.9)"
    assert read(two) == Prediction("point", 0.02, 0.1, "official")
    assert scored(BOX, two) == "correct"
    prose = "The button is at x=0.02, y=0.1, I think.\n" + at(0.9, 0.9)
    assert read(prose).x == 0.02


@pytest.mark.parametrize(
    "summary",
    [
        "pyautogui.click(0.02, 0.11)",
        "pyautogui.moveTo(0.02, 0.11)\npyautogui.click(0.9, 0.9)",  # the first one counts here, too
        "pyautogui.click(x=0.02,y=0.11)",  # the published parser wants the space
        "pyautogui.click(y=0.11, x=0.02)",
        "pyautogui.click(x=38.64, y=120.12)",  # pixels of the picture that was seen
        '{"point_2d": [38.64, 120.12], "label": "Save"}',
        "click(start_box='(20,110)')",
        "<|box_start|>(10,100),(30,120)<|box_end|>",
    ],
)
def test_other_dialects_are_read_and_told_apart_from_the_published_form(summary: str):
    prediction = read(summary)
    assert prediction.kind == "point"
    assert prediction.read_by == "dialect"
    assert (prediction.x, prediction.y) == pytest.approx((0.02, 0.11))


def test_a_predicted_box_counts_by_its_centre():
    box = '```json\n{"bbox_2d": [0, 0, 193.2, 109.2], "label": "Save"}\n```'
    assert read(box).x == pytest.approx(0.05)
    assert scored(BoxTarget(0, 0, 20, 20), box) == "wrong"
    assert scored(BoxTarget(90, 50, 12, 10), box) == "correct"


@pytest.mark.parametrize(
    "summary",
    [
        None,  # a thought that never ended
        "",
        "I would click on the save button.",
        "```python\npyautogui.click(button)\n```",
        "pyautogui.click(x=0.5, y=300)",
        "pyautogui.press('enter')",
        'computer.terminate(status="success")',
        "x=nan, y=nan",
    ],
)
def test_what_cannot_be_read_is_wrong_format_and_never_a_refusal(summary: str | None):
    prediction = read(summary)
    assert prediction.kind == "none"
    assert prediction.fault
    for target in (BOX, RefusalTarget(), PolygonTarget(((0, 0), (9, 0), (9, 9)))):
        assert scored(target, summary) == "wrong_format"


def test_a_thought_that_was_cut_off_is_not_searched_for_places():
    cut = Reply("it is at x=0.02, y=0.1", None, "length")
    prediction = predicted(cut, image_size=SEEN)
    assert prediction.kind == "none"
    assert "length limit" in prediction.fault


@pytest.mark.parametrize(
    "summary",
    [
        'computer.terminate(status="failure", answer="there is none")',
        "pyautogui.click(x=-1, y=-1)",
        "[-1, -1]",
        "(-1,-1)",
        "(-1.0, -1.0)",
    ],
)
def test_a_refusal_is_right_where_nothing_is_to_be_found_and_wrong_elsewhere(summary: str):
    assert read(summary).kind == "refusal"
    assert scored(RefusalTarget(), summary) == "correct"
    assert scored(BOX, summary) == "wrong"
    assert scored(PolygonTarget(((0, 0), (9, 0), (9, 9))), summary) == "wrong"


def test_a_point_is_wrong_where_it_should_be_refused():
    assert scored(RefusalTarget(), at(0.5, 0.5)) == "wrong"


def test_minus_one_within_other_numbers_is_no_refusal():
    assert read("scroll(-1, -10)").kind != "refusal"
    assert read("pyautogui.click(x=0.5, y=0.25)  # was (-1, -12)").kind == "point"


SQUARE = ((10.0, 10.0), (20.0, 10.0), (20.0, 20.0), (10.0, 20.0))
HOOK = ((0.0, 0.0), (30.0, 0.0), (30.0, 30.0), (20.0, 30.0), (20.0, 10.0), (0.0, 10.0))


@pytest.mark.parametrize(
    ("x", "y", "outline", "inside"),
    [
        (15, 15, SQUARE, True),
        (25, 15, SQUARE, False),
        (5, 5, HOOK, True),
        (25, 25, HOOK, True),
        (10, 20, HOOK, False),  # in its box, not in it
        (5, 5, ((0.0, 0.0), (10.0, 10.0)), False),  # a line holds nothing
    ],
)
def test_a_polygon_holds_what_a_ray_leaves_an_odd_number_of_times(
    x: float, y: float, outline: tuple[tuple[float, float], ...], *, inside: bool
):
    assert in_polygon(x, y, outline) is inside
    assert in_polygon(x, y, outline[::-1]) is inside
    target = PolygonTarget(outline)
    assert scored(target, at(x / 100, y / 100), Size(100, 100)) == (
        "correct" if inside else "wrong"
    )


@given(st.floats(0, 1), st.floats(0, 1))
def test_a_rectangle_as_polygon_agrees_with_the_box_inside_and_outside(x: float, y: float):
    px, py = x * 40, y * 40
    if min(abs(px - 10), abs(px - 20), abs(py - 10), abs(py - 20)) < 1e-6:
        return  # a polygon's edge is on one side only
    box = BoxTarget(10, 10, 10, 10)
    item = Item(id="1", picture="a.png", instruction="x", target=box)
    point = Prediction("point", x, y)
    assert (verdict(item, point, Size(40, 40)) == "correct") is in_polygon(px, py, SQUARE)


@given(st.text(max_size=300))
def test_any_reply_predicts_something(summary: str):
    prediction = read(summary)
    assert (prediction.kind == "none") == bool(prediction.fault)


def test_of_several_answers_the_middle_of_the_most_frequent_kind_stands_for_all():
    points = [Prediction("point", x, 0.5) for x in (0.1, 0.12, 0.9)]
    refusal = Prediction("refusal")
    assert representative([*points, refusal], SIZE) == 1
    assert representative([refusal, points[0], refusal], SIZE) == 0
    assert representative([points[2]], SIZE) == 0


@pytest.mark.parametrize(
    ("instruction", "step"),
    [
        ('click the "Save" button', 'click the "Save" button'),
        ('double click "Save"', 'double click "Save"'),
        ("Click on the 'Search' button to find 'george orwell'.", 'click "Search"'),
        ('Go to the search bar where it says "Find".', 'click "Find"'),
        ("close this window", 'click "close this window"'),
        ("open the author's page.", 'click "open the author\'s page"'),
        ('press ctrl+s"', 'click "press ctrl+s\\""'),
    ],
)
def test_the_reader_is_given_an_instruction_as_a_step_that_it_can_follow(
    instruction: str, step: str
):
    assert step_for(instruction) == step
    assert step_for(step) == step


def test_the_readers_look_again_is_its_refusal_on_a_picture():
    waits = read("computer.wait(seconds=0.5)")
    assert waits.kind == "none"
    assert on_a_picture(waits).kind == "refusal"
    assert on_a_picture(read("pyautogui.press('a')")).kind == "none"
