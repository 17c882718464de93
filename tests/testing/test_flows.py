"""Flows: what is read, what is refused and how that is said, and what is done."""

from __future__ import annotations

from pathlib import Path

import pytest

from agent_app.cli import main
from agent_app.errors import KnownError
from agent_app.flows.reading import read_flow
from agent_app.flows.schema import make_schema, shipped_schema, write_schema
from agent_app.flows.steps import Click, If, Target
from agent_app.testing.desktop import Desktop
from agent_app.testing.flows.errors import FlowFailed
from agent_app.testing.flows.running import Runner
from agent_app.testing.locator import Scope
from agent_app.testing.model_doing import SECONDS, STEPS
from tests.fakes.eyes import told
from tests.testing.stages import PreparedStage, top_level

pytest_plugins = ["pytester"]


class PreparedDesktop(Desktop):
    """A desktop whose screen is prepared; what it was asked for is in `asked`."""

    def __init__(self, prepared: PreparedStage) -> None:
        Scope.__init__(self, prepared.stage, prepared.scope._within)
        self.session = prepared.stage.session
        self.asked: list[object] = []
        self.answers: dict[str, object] = {}

    def do(self, task: str, **options: int) -> None:
        self.asked.append((task, options))

    def ask(self, question: str, answer: type, *, samples: int) -> object:
        self.asked.append((question, answer, samples))
        return self.answers[question]

    def assert_seen(self, text: str, *, last: float = 5.0) -> None:
        self.asked.append(("seen", text, last))

    def never_seen(self, text: str, *, last: float = 5.0) -> None:
        self.asked.append(("never", text, last))


@pytest.fixture
def write(tmp_path):
    """Write a flow: what stands before its steps, and these."""

    def write(text: str, name: str = "it.flow.yaml") -> Path:
        path = tmp_path / name
        path.write_text(text if text.startswith("flow:") else f"flow: 2\nsteps:\n{text}")
        return path

    return write


@pytest.fixture
def run(prepared, write):
    """Do a flow on the prepared desktop, and return that."""

    def run(text: str, **values: str) -> PreparedDesktop:
        desktop = PreparedDesktop(prepared)
        Runner(desktop, values).run(read_flow(write(text)))
        return desktop

    return run


def typed(prepared: PreparedStage) -> str:
    return "".join(rest[0] for name, *rest in prepared.input.events if name == "write")


# --- reading --------------------------------------------------------------------------------------


def test_a_plain_value_is_the_text_of_what_is_meant_whatever_it_looks_like(write):
    flow = read_flow(write("- click: 5\n- click: {text: yes, nth: -1}\n- expect: null ptr\n"))
    assert [step.given for step in flow.steps[:2]] == [Click(text="5"), Click(text="yes", nth=-1)]
    assert [step.place.line for step in flow.steps] == [3, 4, 5]


def test_steps_stand_below_other_steps(write):
    flow = read_flow(
        write("- if: {visible: {role: button, right_of: Name}}\n  then:\n    - click: OK\n")
    )
    assert flow.steps[0].given == If(visible=Target(role="button", right_of="Name"))
    assert flow.steps[0].blocks["then"][0].place.line == 5


@pytest.mark.parametrize(
    ("text", "line", "why"),
    [
        ("- clikc: OK", 3, "“clikc” is no kind of step; is “click” meant?"),
        ("- click: OK\n- press", 4, "“press” is no step: write a word"),
        ("- click: OK\n  press: a", 3, "one step has one word, and this has click, press"),
        ("- click:\n    txt: OK", 4, "“click” knows no “txt”; there are text, role, picture"),
        ("- click: {text: a,\n    right_of: {txt: b}}", 4, "“right_of” of “click” knows no “txt”"),
        ("- click: {text: a, nth: first}", 3, "“nth” of “click” must be a number"),
        ("- click: {exact: true}", 3, "“click” needs “text”, “role” or “picture”"),
        ("- drag: {thing: a}", 3, "“drag” needs “to”"),
        ("- click: a\n  wait: 5", 4, "a step “click” knows no “wait”; there are click, timeout"),
        ("- click: a\n  timeout: 9999", 4, "“timeout” of a step “click” must be a number <= 600"),
        ("- repeat: 100000\n  steps: []", 3, "“times” of “repeat” must be a number <= 1000"),
        ("- repeat: 3", 3, "“repeat” needs “steps”"),
        ("- expect: {visible: a, hidden: b}", 3, "and this has visible, hidden"),
        ("- expect: {text: a}", 3, "needs `of`"),
        ("- click: a\n- click: a\n  click: b", 5, "“click” stands here twice"),
        ("- click: &x a\n- click: *x", 4, "aliases"),
        ("- click: !!python/object/apply:os.getcwd []", 3, "tags (such as"),
        ("- click: [" + "[" * 60, 3, "it is nested too deep"),
        ("- click: 'a", 3, "it is no YAML"),
        ("flow: 1\nsteps: []", 1, "its format is '1', and this agent-app reads 2"),
        ("flow: 2\nsteps: []\nstepz: []", 3, "a flow knows no “stepz”"),
        ("flow: 2\ndesktop: {size: big}\nsteps: []", 2, "“desktop.size” of a flow"),
        ("flow: 2\nsteps:\n  click: a", 2, "`steps` must be a list of steps"),
    ],
)
def test_what_is_wrong_is_said_with_its_file_and_line(text, line, why, write):
    path = write(text)
    with pytest.raises(KnownError) as told_so:
        read_flow(path)
    assert told_so.value.message.startswith(f"{path}:{line}: ")
    assert why in told_so.value.message


def test_a_small_file_cannot_become_an_enormous_one(write):
    with pytest.raises(KnownError, match="more than 1000 steps"):
        read_flow(write("- press: a\n" * 1001))


def test_the_schema_that_is_shipped_is_the_one_of_the_types_and_reaches_every_flow(tmp_path, write):
    assert shipped_schema() == make_schema()
    flow = write("- click: OK\n")
    assert main(["test", "--schema", str(tmp_path)]) == 0
    assert flow.read_text().startswith("# yaml-language-server: $schema=flow.schema.json\nflow: 2")
    assert read_flow(flow).steps[0].given == Click(text="OK")
    assert write_schema(tmp_path) == []


# --- doing ----------------------------------------------------------------------------------------


def test_variables_stand_in_every_text_and_can_be_given_from_outside(run, prepared):
    text = (
        "flow: 2\nvariables: {name: Ada, price: 5}\nsteps:\n"
        "- type: ${name} $${name} ${price}\n- set: {name: '${name}!'}\n- type: ${name}"
    )
    run(text, price="7")
    assert typed(prepared) == "Ada ${name} 7Ada!"
    with pytest.raises(FlowFailed, match="there is no variable 'nmae'"):
        run("- type: ${nmae}")


def test_loops_and_conditions(run, prepared):
    prepared.eyes.elements = [told("push button", "More", 100, 50)]
    run(
        "- for_each: {variable: n, values: [a, b]}\n  steps:\n"
        "    - repeat: 2\n      steps:\n        - type: ${n}\n"
        "- if: {visible: More}\n  then: [{type: +}]\n  else: [{type: '-'}]\n"
        "- if: {visible: Less}\n  then: [{type: +}]\n  else: [{type: '-'}]\n"
        "- if: {equal: ['${n}', b]}\n  then: [{type: =}]\n"
        "- repeat: {times: 9, until: More}\n  steps: [{type: never}]\n"
    )
    assert typed(prepared) == "aabb+-="
    with pytest.raises(FlowFailed, match="“Less” does not show after 2 times"):
        run("- repeat: {times: 2, until: Less}\n  steps: [{type: x}]\n")


def test_loops_in_loops_come_to_an_end(run):
    nested = "".join(
        f"{'  ' * 2 * n}- repeat: 1000\n{'  ' * 2 * n}  steps:\n" for n in range(4)
    ) + ("  " * 8 + "- set: {a: b}\n")
    with pytest.raises(FlowFailed, match="did 10000 steps"):
        run(nested)


def test_another_flow_is_included_with_its_own_variables_and_named_when_it_fails(
    run, write, prepared
):
    inner = "flow: 2\nvariables: {who: nobody, greeting: Hi}\nsteps:\n- type: ${greeting} ${who}\n"
    included = write(f"{inner}- click: Gone\n", "inner.flow.yaml")
    with pytest.raises(FlowFailed) as failed:
        run("- include: {file: inner.flow.yaml, variables: {who: Ada}}")
    assert typed(prepared) == "Hi Ada"
    lines = str(failed.value).splitlines()
    assert lines[0].startswith(f"{included}:5: click “Gone”: not found within 0.1 s")
    assert "  >    5 | - click: Gone" in lines
    assert f"  included by {included.parent / 'it.flow.yaml'}:3" in lines
    with pytest.raises(FlowFailed, match="included within itself"):
        run("- include: it.flow.yaml")


def test_teardown_is_done_whatever_happens(run, prepared):
    with pytest.raises(FlowFailed, match="Gone") as failed:
        run(
            "flow: 2\nsetup: [{type: a}]\nsteps:\n- click: Gone\n- type: never\n"
            "teardown:\n- type: b\n- click: Lost\n"
        )
    assert typed(prepared) == "ab"
    assert "in teardown" in failed.value.__notes__[0]
    assert "Lost" in failed.value.__notes__[0]


def test_an_error_can_be_expected(run):
    run(
        "- expect_error: not found\n  steps:\n    - click: Gone\n"
        "- expect_error:\n  steps: [{click: x}]"
    )
    with pytest.raises(FlowFailed, match="failed otherwise: click “Gone”"):
        run("- expect_error: covered\n  steps: [{click: Gone}]")
    with pytest.raises(FlowFailed, match="should fail, and all were done"):
        run("- expect_error:\n  steps: [{type: a}]")


def test_a_thing_is_found_by_all_that_is_said_of_it(run, prepared):
    first = told("push button", "Delete", 300, 100)
    second = told("push button", "Delete", 300, 200)
    prepared.eyes.elements = [
        told("label", "one", 10, 102),
        first,
        told("label", "two", 10, 202),
        second,
        told("text", "", 120, 300, width=200),
        told("label", "Name", 10, 300),
    ]
    run(
        "- click: {text: Delete, right_of: two}\n- double_click: {role: button, nth: 0}\n"
        "- right_click: {text: Delete, above: {text: Delete, nth: -1}, window: Editor}\n"
        "- click: {text: Delete, region: [0, 150, 640, 300], button: middle, holding: [ctrl]}\n"
        "- fill: {field: {text: Name, role: field}, text: Ada}\n"
        "- scroll: {over: Name, down: 3}\n- press: {keys: [a, ctrl+s], window: Editor}\n"
        "- expect: {of: Delete, count: 2}\n- expect: {hidden: Add}\n- expect: {window: Editor}\n"
        "- expect: {of: {text: one}, text: one}\n- expect: {enabled: {text: one}}\n"
    )
    assert [y for _, y in prepared.clicks()] == [212, 112, 112, 112, 212, 312]
    assert [rest for name, *rest in prepared.input.events if name == "scroll"] != []


def test_keys_wait_until_their_window_has_them(run, prepared):
    prepared.stack = [top_level("Save As", prepared.stack[0].region)]
    run("- type: {text: a, window: Save As}")
    with pytest.raises(FlowFailed, match="“Editor” has no focus: the keyboard is with “Save As”"):
        run("- type: {text: b, window: Editor}\n  timeout: 0.1")
    assert typed(prepared) == "a"


def test_a_soft_claim_lets_the_flow_go_on_and_names_its_line(run, prepared, tmp_path):
    run("- expect: Gone\n  soft: true\n- type: a")
    (failure,) = prepared.stage.failures
    assert str(failure).startswith(f"{tmp_path / 'it.flow.yaml'}:3: expect “Gone” to be visible")
    assert typed(prepared) == "a"


def test_the_model_is_asked_what_words_alone_do_not_say(prepared, write):
    desktop = PreparedDesktop(prepared)
    desktop.answers = {"how many?": 3, "who?": "Ada"}
    text = (
        "- do: save it\n- do: {task: close it, steps: 3}\n  timeout: 9\n"
        "- ask: {question: 'how many?', type: int, equals: 3}\n"
        "- ask: {question: 'who?', keep: name, samples: 3}\n- type: ${name}\n"
        "- seen: Saved\n- never_seen: {text: Error, last: 9}\n"
    )
    Runner(desktop, {}).run(read_flow(write(text)))
    assert desktop.asked == [
        *(
            ("save it", {"steps": STEPS, "timeout": SECONDS}),
            ("close it", {"steps": 3, "timeout": 9}),
            ("how many?", int, 1),
            ("who?", str, 3),
        ),
        *(("seen", "Saved", 5.0), ("never", "Error", 9.0)),
    ]
    assert typed(prepared) == "Ada"
    with pytest.raises(FlowFailed, match="answered with 3, and should be '4'"):
        Runner(desktop, {}).run(
            read_flow(write("- ask: {question: 'how many?', type: int, equals: 4}"))
        )
