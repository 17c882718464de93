"""Prompts and the conversation in the trained form."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from agent_app.errors import KnownError
from agent_app.geometry import FrameTransform, ScreenPoint, Size
from agent_app.model_runtime import THINK_CLOSE, THINK_OPEN, ImagePart, Turn
from agent_app.prompting import History, Prompt, load_prompt, shortened

PROMPT = Prompt("You are an agent.", "# Task Instruction:\n$instruction\n\nNext move?", "0" * 40)


def image(name: str) -> ImagePart:
    transform = FrameTransform(ScreenPoint(0, 0), 1.0, Size(4, 4))
    return ImagePart(Image.new("RGB", (4, 4)), name, transform)


def history_of(steps: int, *, images: int = 3) -> History:
    history = History(PROMPT, "Save it", images=images)
    for n in range(1, steps + 1):
        history.add(n, image=image(f"i{n}"), thought=f"thought {n}", action=f"action {n}")
    return history


def shown(history: History) -> list[tuple[str, list[str]]]:
    return text_of(history.turns(image("now")))


def text_of(turns: tuple[Turn, ...]) -> list[tuple[str, list[str]]]:
    return [
        (turn.role, [part if isinstance(part, str) else f"<{part.sha1}>" for part in turn.parts])
        for turn in turns
    ]


def test_the_first_question_is_system_image_and_task():
    assert shown(history_of(0)) == [
        ("system", ["You are an agent."]),
        ("user", ["<now>", "# Task Instruction:\nSave it\n\nNext move?"]),
    ]


def test_recent_steps_are_pictures_with_thoughts_and_older_ones_one_text_turn():
    assert shown(history_of(5, images=2)) == [
        ("system", ["You are an agent."]),
        (
            "assistant",
            [
                "# Step 1:\n## Action:\naction 1",
                "# Step 2:\n## Action:\naction 2",
                "# Step 3:\n## Action:\naction 3",
            ],
        ),
        ("user", ["<i4>"]),
        ("assistant", ["# Step 4:\n◁think▷thought 4◁/think▷## Action:\naction 4"]),
        ("user", ["<i5>"]),
        ("assistant", ["# Step 5:\n◁think▷thought 5◁/think▷## Action:\naction 5"]),
        ("user", ["<now>", "# Task Instruction:\nSave it\n\nNext move?"]),
    ]


def test_remarks_follow_their_step_and_stay_with_it_as_text():
    history = history_of(1, images=1)
    history.remark("Nothing changed.")
    assert shown(history)[3] == ("user", ["Nothing changed."])
    history.add(2, image=image("i2"), thought="", action="action 2")
    assert shown(history)[1] == (
        "assistant",
        ["# Step 1:\n## Action:\naction 1\nNothing changed."],
    )


def test_the_history_only_ever_grows_at_its_end():
    history = history_of(2)
    before = shown(history)[:-1]
    history.add(3, image=image("i3"), thought="t", action="a")
    assert shown(history)[: len(before)] == before


def test_a_remark_reaches_a_step_that_is_text_already():
    history = history_of(1, images=0)
    history.remark("Nothing changed.")
    assert shown(history)[1] == (
        "assistant",
        ["# Step 1:\n## Action:\naction 1\nNothing changed."],
    )


# what a model and a screen may say: anything but the marks, which end a thought
WORDS = st.one_of(
    st.text(max_size=20), st.sampled_from(["", "\n", "# Step 2:", "## Action:\nx", "◁think", "\\1"])
).filter(lambda text: THINK_OPEN not in text and THINK_CLOSE not in text)
STEPS = st.lists(st.tuples(WORDS, WORDS, st.lists(WORDS, max_size=2)), max_size=5)


def told(steps: list[tuple[str, str, list[str]]], *, images: int, first: int = 1) -> History:
    history = History(PROMPT, "Save it", images=images)
    for number, (thought, action, remarks) in enumerate(steps, start=1):
        if number >= first:
            history.add(number, image=image(f"i{number}"), thought=thought, action=action)
            for remark in remarks:
                history.remark(remark)
    return history


@given(steps=STEPS)
def test_a_conversation_gets_shorter_as_if_fewer_images_had_been_asked_for(steps):
    now = image("now")
    turns = told(steps, images=len(steps)).turns(now)
    for images in reversed(range(len(steps))):
        turns = shortened(turns)
        assert text_of(turns) == text_of(told(steps, images=images).turns(now))
    for first in range(2, len(steps) + 2):
        turns = shortened(turns)
        assert text_of(turns) == text_of(told(steps, images=0, first=first).turns(now))
    assert turns[-1].parts[0] is now
    assert shortened(turns) is None


def test_a_conversation_in_another_form_gets_shorter_too():
    now = Turn("user", ("And now?",))
    turns = (Turn("user", ("Hello",)), Turn("assistant", ("Hi",)), now)
    assert shortened(turns) == (Turn("assistant", ("Hi",)), now)
    assert shortened((Turn("assistant", ("Hi",)), now)) == (now,)
    assert shortened((now,)) is None


@pytest.mark.parametrize(
    ("name", "heading"), [("agent", "# Task Instruction:"), ("grounding", "## Task Instruction:")]
)
def test_the_shipped_prompts_have_the_trained_headings(name, heading):
    prompt = load_prompt(name)
    assert "\n## Action:\n" in prompt.system
    assert prompt.system.index("\n## Action:\n") < prompt.system.index("\n## Code:\n")
    assert prompt.ask("Cost: $5 {x}").startswith(f"{heading}\nCost: $5 {{x}}")
    assert len(prompt.sha1) == 40


def test_the_shipped_agent_prompt_asks_for_the_next_move():
    prompt = load_prompt()
    assert prompt.ask("Cost: $5 {x}").startswith(
        "# Task Instruction:\nCost: $5 {x}\n\nGive the next move"
    )


@pytest.mark.parametrize(
    "text",
    [
        "no parts",
        "<!-- system -->\na\n<!-- user -->\nno task",
        "<!-- system -->\na\n<!-- user -->\n$instruction costs $5",
        "<!-- system -->\na\n<!-- user -->\n$instruction $other",
    ],
)
def test_a_prompt_of_the_wrong_form_is_refused(tmp_path, text):
    path = tmp_path / "prompt.md"
    path.write_text(text)
    with pytest.raises(KnownError, match="wrong form"):
        load_prompt(path)


def test_a_missing_or_unreadable_prompt_is_refused(tmp_path):
    with pytest.raises(KnownError, match="cannot read"):
        load_prompt(tmp_path / "none.md")
    (tmp_path / "binary.md").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(KnownError, match="cannot read"):
        load_prompt(tmp_path / "binary.md")
