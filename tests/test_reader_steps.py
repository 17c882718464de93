"""The instruction language: what is understood, what is refused, and with which words."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent_app.runtimes.reader.language.forms import FORMS, StepError
from agent_app.runtimes.reader.language.parsing import parse_qualifiers, parse_steps
from agent_app.runtimes.reader.language.steps import (
    LAST,
    Check,
    Click,
    Deed,
    Drag,
    Hover,
    OpenMenu,
    Press,
    Relation,
    Scroll,
    Target,
    Type,
    Wait,
    WaitFor,
)

SAVE = Target("Save")


def deeds(instruction: str) -> list[Deed]:
    return [step.deed for step in parse_steps(instruction)]


@pytest.mark.parametrize(
    ("instruction", "deed"),
    [
        ('click "Save"', Click(SAVE)),
        ("click Save", Click(SAVE)),
        ("Click Save As…", Click(Target("Save As…"))),
        ("click Save As...", Click(Target("Save As..."))),
        ("click Log in", Click(Target("Log in"))),
        ("click ×", Click(Target("×"))),
        ("click .", Click(Target("."))),
        ('CLICK ON THE "Save" BUTTON.', Click(Target("Save", kind="button"))),
        ("click the Save button", Click(Target("Save", kind="button"))),
        ('left click "Save"', Click(SAVE)),
        ('please double-click "Save"', Click(SAVE, count=2)),
        ('doubleclick "Save"', Click(SAVE, count=2)),
        ('triple click "Save"', Click(SAVE, count=3)),
        ('right click "Save"', Click(SAVE, "right")),
        ('middle click "Save"', Click(SAVE, "middle")),
        ('hover over the "Save" icon', Hover(Target("Save", kind="item"))),
        ('click "Save" in "Editor"', Click(Target("Save", window="Editor"))),
        ('click Save in "Editor"', Click(Target("Save", window="Editor"))),
        ('click "Save" in the "Editor" window', Click(Target("Save", window="Editor"))),
        ('click the 2nd "Save"', Click(Target("Save", ordinal=2))),
        ('click the second "Save"', Click(Target("Save", ordinal=2))),
        ('click "Save" (3rd)', Click(Target("Save", ordinal=3))),
        ('click the last "Save" button', Click(Target("Save", ordinal=LAST, kind="button"))),
        (
            'click "Save" next to "Name"',
            Click(Target("Save", relations=(Relation("next to", "Name"),))),
        ),
        (
            'click "Save" to the left of the "Name" field in "Editor"',
            Click(Target("Save", "Editor", (Relation("left of", "Name"),))),
        ),
        (
            'click "Save" below "A" and click "B"',
            Click(Target("Save", relations=(Relation("below", "A"),))),
        ),
        ('click "the \\"big\\" one"', Click(Target('the "big" one'))),
        ("click “Speichern”", Click(Target("Speichern"))),
        ("click „Speichern“", Click(Target("Speichern"))),
        ("click «Enregistrer»", Click(Target("Enregistrer"))),
        ("click 「保存」", Click(Target("保存"))),
        ("click 'Don't save'", Click(Target("Don't save"))),
        ("click ‘Don’t save’", Click(Target("Don’t save"))),
        ('type "hello"', Type("hello")),
        ("type hello", Type("hello")),
        ('type the text "hello"', Type("hello")),
        ('type "a;b then c"', Type("a;b then c")),
        (r'type "one\ntwo\t\"three\" \\"', Type('one\ntwo\t"three" \\')),
        (r'type "C:\Users"', Type(r"C:\Users")),
        ('type "two\nlines"', Type("two\nlines")),
        ('type "x" into "Name"', Type("x", Target("Name"))),
        ('type "x" in the "Name" field', Type("x", Target("Name", kind="field"))),
        ('type "x" into "Name" in "Dialog"', Type("x", Target("Name", window="Dialog"))),
        ("press enter", Press(("enter",))),
        ("press the Return key", Press(("enter",))),
        ("press ctrl+s", Press(("ctrl", "s"))),
        ("press Ctrl + Shift + Page Down", Press(("ctrl", "shift", "pagedown"))),
        ("press ctrl-s", Press(("ctrl", "s"))),
        ("press ctrl+;", Press(("ctrl", ";"))),
        ("press ctrl++", Press(("ctrl", "+"))),
        ("press +", Press(("+",))),
        ("press .", Press((".",))),
        ('press ";"', Press((";",))),
        ("press enter 3 times", Press(("enter",), 3)),
        ("press tab twice", Press(("tab",), 2)),
        ("press ctrl+z x4", Press(("ctrl", "z"), 4)),
        ('open menu "File" > "Save As…"', OpenMenu(("File", "Save As…"))),
        ("open menu File > Export > PDF", OpenMenu(("File", "Export", "PDF"))),
        ("open File → Save As...", OpenMenu(("File", "Save As..."))),
        ('open the "File" menu', OpenMenu(("File",))),
        ('open menu "File" > "Save" in "Editor"', OpenMenu(("File", "Save"), "Editor")),
        ('open menu File > Save in "Editor"', OpenMenu(("File", "Save"), "Editor")),
        ("scroll down", Scroll("down", 5)),
        ("scroll up 3 times", Scroll("up", 3)),
        ('scroll right by 2 in the "List"', Scroll("right", 2, Target("List"))),
        ('drag "A" to "B"', Drag(Target("A"), Target("B"))),
        ("drag A to B", Drag(Target("A"), Target("B"))),
        (
            'drag and drop the 2nd "A" onto "B" in "Files"',
            Drag(Target("A", ordinal=2), Target("B", window="Files")),
        ),
        ("wait 2 seconds", Wait(2)),
        ("wait for 1.5s", Wait(1.5)),
        ("wait 500 ms", Wait(0.5)),
        ("wait a minute", Wait(60)),
        ('wait until "Done" is visible', WaitFor(Target("Done"), True, 60)),
        ('wait for "Done"', WaitFor(Target("Done"), True, 60)),
        ('wait until "Busy" is gone', WaitFor(Target("Busy"), False, 60)),
        ('wait while "Busy" is visible', WaitFor(Target("Busy"), False, 60)),
        ('wait while "Done" is not visible', WaitFor(Target("Done"), True, 60)),
        ('wait up to 20 seconds until "Done" appears', WaitFor(Target("Done"), True, 20)),
        ('wait until "Done" is visible (up to 2 min)', WaitFor(Target("Done"), True, 120)),
        (
            'wait until "Done" in "Editor" is visible',
            WaitFor(Target("Done", window="Editor"), True, 60),
        ),
        ('check that "42" is visible', Check(Target("42"), True)),
        ('check "42" is not visible', Check(Target("42"), False)),
        ("check that “42” isn’t visible", Check(Target("42"), False)),
        ("check that Saved is visible", Check(Target("Saved"), True)),
        ('check that "42" is visible in "calc"', Check(Target("42", window="calc"), True)),
    ],
)
def test_a_step_is_read(instruction: str, deed: Deed):
    assert deeds(instruction)[0] == deed


@pytest.mark.parametrize(
    "instruction",
    [
        'click "A"\ntype "b"\npress enter',
        'click "A"; type "b" ;; press enter;',
        'click "A" then type "b" and then press enter',
        'click "A", then type "b", then press enter.',
        '1. click "A"\n2) type "b"\n(3) press enter',
        '- click "A"\n* type "b"\n• press enter',
        'Step 1: click "A".\nStep 2: type "b".\nStep 3: press enter.',
        'First, click "A". Now please type "b". Finally press enter.',
        'Click "A" and type "b" and press enter',
        '\n\n  click "A"\r\n\ttype "b"  \n press enter \n',
        "click A\ntype b\npress enter",
    ],
)
def test_steps_are_told_apart(instruction: str):
    assert deeds(instruction) == [Click(Target("A")), Type("b"), Press(("enter",))]


def test_each_step_keeps_the_words_that_said_it():
    steps = parse_steps('1. click the "A" button. 2. press ctrl+s then wait 1 s')
    assert [step.said for step in steps] == ['click the "A" button', "press ctrl+s", "wait 1 s"]


@pytest.mark.parametrize(
    ("instruction", "number", "fault", "example"),
    [
        ('click "A"\nclik "B"', 2, "“clik” is no instruction", 'click "B"'),
        ('select "A"', 1, "“select” is no instruction", 'click "A"'),
        ('enter "A"', 1, "“enter” is no instruction", "type"),
        ('verify that "A" is visible', 1, "no instruction", 'check that "A" is visible'),
        ("click", 1, "does not say what", 'click "Save"'),
        ("click Save in Editor", 1, "quotes", 'click "Save"'),
        ("click the File menu", 1, "quotes", 'click "Save"'),
        ("click second page", 1, "quotes", 'click "Save"'),
        ('click "File" > "Save"', 1, 'what > "Save" means', 'open menu "File" > "Save"'),
        ('click "A" "B"', 1, 'what "B" means', 'click "A"'),
        ('click ""', 1, "nothing between the quotes", "click"),
        ("type hello into Name", 1, "in no quotes", 'type "report.txt" into "Name"'),
        ('type ""', 1, "nothing between the quotes", "type"),
        ('type "a\x07b"', 1, "cannot be typed", "type"),
        ("press", 1, "no key", "press ctrl+s"),
        ("press foo", 1, "“foo” is not the name of a key", "press ctrl+s"),
        ("press ctrl+", 1, "key is missing", "press ctrl+s"),
        ("press tab enter", 1, "several keys", "press tab; press enter"),
        ('press "Save"', 1, "not the name of a key", 'click "Save"'),
        ("press enter 1000 times", 1, "1 to 100", "press"),
        ("press ctrl+z 99 times", 1, "at most 30", "press"),
        ("scroll", 1, "direction", "scroll down 5"),
        ("scroll down 1000", 1, "1 to 100", "scroll down 5"),
        ('drag "A"', 1, "where to drag to", "drag"),
        ("wait", 1, "how long", "wait 2 seconds"),
        ("wait 5 bananas", 1, "bananas", "wait 2 seconds"),
        ("wait 2 hours", 1, "hours", "wait 2 seconds"),
        ("wait 99999 seconds", 1, "up to 3600", "wait 2 seconds"),
        ('wait until "A"', 1, "visible or not", 'wait until "A" is visible'),
        ('check "A"', 1, "visible or not", 'check that "A" is visible'),
        ('open menu the 2nd "A"', 1, "labels alone", "open menu"),
        ('click "A"; do something', 2, "“do” is no instruction", 'click "Label"'),
    ],
)
def test_a_step_that_cannot_be_read_is_named_with_the_nearest_form(
    instruction: str, number: int, fault: str, example: str
):
    with pytest.raises(StepError) as caught:
        parse_steps(instruction)
    assert caught.value.number == number
    assert fault in caught.value.message
    assert f"step {number}" in caught.value.message
    assert example in caught.value.remedy


@pytest.mark.parametrize(
    "instruction",
    [
        "book me a flight to Rome",
        "Open the calculator and compute 6 times 7",
        "compute 6×7 then write it into the editor",
        "?",
    ],
)
def test_a_free_form_task_is_told_what_would_do_it(instruction: str):
    with pytest.raises(StepError) as caught:
        parse_steps(instruction)
    assert "--model kimi-vl" in caught.value.remedy
    for form in FORMS:
        assert form.pattern in caught.value.remedy


@pytest.mark.parametrize("instruction", ["", " \n;\n", "1."])
def test_an_empty_task_or_a_lone_number_is_refused(instruction: str):
    with pytest.raises(StepError):
        parse_steps(instruction)


@pytest.mark.parametrize("instruction", ['click "A', "click “A\nclick B", 'type "C:\\"'])
def test_a_quote_that_never_closes_is_named(instruction: str):
    with pytest.raises(StepError, match="never closed"):
        parse_steps(instruction)


def test_every_form_reads_its_own_example():
    for form in FORMS:
        (step,) = parse_steps(form.example_with(()))
        assert step.said == form.example_with(())


def test_an_example_quotes_what_the_person_wrote():
    (step,) = parse_steps(FORMS[0].example_with(('a "b" \\ c\nd',)))
    assert step.deed == Click(Target('a "b" \\ c\nd'))


@pytest.mark.parametrize(
    ("answer", "target"),
    [
        ('in "Editor"', Target("Save", window="Editor")),
        ("the 2nd one", Target("Save", ordinal=2)),
        ('the one below "Name"', Target("Save", relations=(Relation("below", "Name"),))),
        ("the button", Target("Save", kind="button")),
        ("whatever", None),
        ("", None),
        ('in "Editor', None),
        ('in "Editor"\nclick "OK"', None),
    ],
)
def test_an_answer_may_qualify_a_label(answer: str, target: Target | None):
    assert parse_qualifiers(answer, SAVE) == target


def remedy_of(text: str) -> str:
    """What is said against an instruction; empty when it is read as steps."""
    try:
        return "" if parse_steps(text) else "no steps"
    except StepError as error:
        return error.remedy or "no remedy"


@given(st.text(max_size=80))
def test_any_text_is_steps_or_a_step_error(text: str):
    assert remedy_of(text) not in ("no steps", "no remedy")


_PIECES = st.sampled_from(
    "click type press open menu > in into until is visible not then and ; , . \n the 2nd last "
    '"A" “B” \'C\' " \\ + ctrl enter wait 3 seconds up to scroll down drag check that next'.split(
        " "
    )
)


@given(st.lists(_PIECES, max_size=14).map(" ".join))
def test_any_words_of_the_language_are_steps_or_a_step_error(text: str):
    assert remedy_of(text) not in ("no steps", "no remedy")


@given(st.text(st.characters(exclude_categories=("Cc", "Cs")), min_size=1, max_size=40))
def test_a_quoted_text_is_typed_exactly(text: str):
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    assert deeds(f'type "{escaped}"; press enter') == [Type(text), Press(("enter",))]
