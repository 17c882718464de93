"""A file of tasks becomes tasks, or says with its line why not."""

from __future__ import annotations

from pathlib import Path

import pytest

from agent_app.errors import KnownError
from agent_app.flows import steps
from agent_app.flows.reading import read_flow
from agent_app.suite.collecting import collect
from agent_app.suite.tasks import Task, check_ids, read_tasks, tasks_sha1

ROOT = Path(__file__).parent.parent.parent
PLAIN = Task(id="", model="reader", seconds=600, retries=0)
WHOLE = """\
suite: 1
defaults:
  model: http://gpu1:8000/v1
  desktop: {size: 1024x768, theme: dark}
  seconds: 90
  resources: {cpu: 0.5}
tasks:
  - id: save a note
    instruction: type "Hello ${name}"; press ctrl+s
    apps: [mousepad --disable-server, xterm]
    variables: {name: Ada}
    steps: 20
    retries: 2
    expect:
      - Save As
      - {window: Save As}
  - id: sums
    flow: sums.flow.yaml
    resources: {gpu: 1, camera: 2}
  - id: a test
    test: test_a.py::test_b
    model: reader
    seconds: 5
"""


def read(folder: Path, text: str) -> tuple[Task, ...]:
    path = folder / "TASKS.yaml"
    path.write_text(text)
    return read_tasks(path, root=folder, plain=PLAIN)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")  # they take seconds to load
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    (tmp_path / "sums.flow.yaml").write_text("flow: 2\nsteps: []\n")
    (tmp_path / "test_a.py").write_text("def test_b(): ...\n")
    return tmp_path


def test_a_task_has_its_own_values_then_the_defaults_then_those_of_the_command(folder: Path):
    note, sums, test = read(folder, WHOLE)
    assert (note.model, note.seconds, note.retries) == ("http://gpu1:8000/v1", 150, 2)
    assert note.resources == {"cpu": 0.5}
    assert (sums.target, sums.seconds, sums.retries) == ("sums.flow.yaml", 90, 0)
    assert sums.resources == {"gpu": 1, "camera": 2}
    assert (test.target, test.model, test.seconds) == ("test_a.py::test_b", "reader", 5)


def test_an_instruction_is_a_flow_that_starts_does_and_expects(folder: Path):
    note, *_ = read(folder, WHOLE)
    path = folder / "written.flow.yaml"
    path.write_text(note.flow)
    flow = read_flow(path)
    assert flow.title == "save a note"
    assert flow.head.desktop is not None
    assert flow.head.desktop.given() == {"size": "1024x768", "theme": "dark"}
    assert [each.given.command for each in flow.setup] == ["mousepad --disable-server", "xterm"]
    do, *claims = flow.steps
    assert do.given == steps.Do(task='type "Hello ${name}"; press ctrl+s', steps=20)
    assert do.options.timeout == 90
    assert [each.given for each in claims] == [
        steps.Expect(visible="Save As"),
        steps.Expect(window="Save As"),
    ]
    assert note.variables == {"name": "Ada"}


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("tasks: []", 1, "a suite needs “suite”"),
        ("suite: 2\ntasks: []", 2, "its format is 2"),
        ("suite: 1", 1, "it needs `tasks`"),
        ("suite: 1\ntasks:\n  - id: a", 3, "one of `instruction`, `flow` and `test`"),
        ("suite: 1\ntasks:\n  - id: a\n    test: a\n    flow: b", 3, "one of"),
        ("suite: 1\ntasks:\n  - instruction: a", 3, "a task needs “id”"),
        ("suite: 1\ntasks:\n  - id: a\n    inst: b", 4, "a task knows no “inst”"),
        ("suite: 1\ntasks:\n  - id: a\n    test: gone.py::test", 3, "no “gone.py” beside it"),
        (
            "suite: 1\ntasks:\n  - id: a\n    test: test_a.py\n    apps: [x]",
            5,
            "`apps` goes with an `instruction`",
        ),
        (
            "suite: 1\ntasks:\n  - id: a\n    instruction: b\n    expect:\n      - {windw: c}",
            6,
            "knows no “windw”",
        ),
        (
            "suite: 1\ntasks:\n  - id: a\n    instruction: b\n    seconds: 9999",
            4,
            "“timeout”",
        ),
        ("suite: 1\ndefaults: {retries: -1}\ntasks: []", 2, "“retries”"),
    ],
)
def test_what_is_wrong_is_named_with_its_line(folder: Path, text: str, line: int, said: str):
    with pytest.raises(KnownError) as raised:
        read(folder, text)
    assert f"TASKS.yaml:{line}: " in raised.value.message
    assert said in raised.value.message


def test_files_outside_of_the_suites_folder_are_refused(folder: Path):
    inner = folder / "inner"
    inner.mkdir()
    path = inner / "TASKS.yaml"
    path.write_text("suite: 1\ntasks:\n  - {id: a, flow: ../sums.flow.yaml}\n")
    with pytest.raises(KnownError, match="does not lie in"):
        read_tasks(path, root=inner, plain=PLAIN)


def test_names_for_files_are_plain_and_each_tasks_own():
    ids = ["a/b", "a-b", "ä::x[1 ü]", "x" * 300, "y" * 300, "...", "../../etc", ""]
    names = [Task(id=each).file_name for each in ids]
    assert len(set(names)) == len(ids)
    assert all("/" not in name and not name.startswith(".") and len(name) < 80 for name in names)


def test_other_tasks_are_told_from_the_same_ones_with_more_time():
    task = Task(id="a", target="b")
    assert tasks_sha1([task]) == tasks_sha1([Task(id="a", target="b", seconds=1, retries=3)])
    assert tasks_sha1([task]) != tasks_sha1([Task(id="a", target="b", model="kimi-vl")])
    assert tasks_sha1([task]) != tasks_sha1([Task(id="a", target="b", model_name="kimi-vl")])


def test_two_tasks_of_one_id_and_no_tasks_are_refused():
    with pytest.raises(KnownError, match="two tasks are called 'a'"):
        check_ids([Task(id="a"), Task(id="b"), Task(id="a")])
    with pytest.raises(KnownError, match="there is no task"):
        check_ids([])


def test_tests_and_flows_are_collected_one_by_one_or_by_file(
    folder: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(folder)
    (folder / "test_c.py").write_text(
        "import pytest\n@pytest.mark.parametrize('x', ['1 2', 'ü'])\ndef test_d(x): ...\n"
    )

    def targets(**how: bool) -> list[str]:
        found = collect(["."], root=folder, plain=PLAIN, flags=["-p", "no:cacheprovider"], **how)
        assert all(each.id == each.target and each.model == "reader" for each in found)
        return [each.target for each in found]

    assert targets(per_file=False) == [
        "sums.flow.yaml",
        "test_a.py::test_b",
        "test_c.py::test_d[1 2]",
        "test_c.py::test_d[\\xfc]",
    ]
    assert targets(per_file=True) == ["sums.flow.yaml", "test_a.py", "test_c.py"]


def test_what_pytest_cannot_collect_is_told_in_its_words(
    folder: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(folder)
    (folder / "bad.flow.yaml").write_text("flow: 2\nsteps:\n  - clikc: OK\n")
    with pytest.raises(KnownError, match="is “click” meant"):
        collect(["."], root=folder, plain=PLAIN, per_file=False, flags=())
