"""What is said of tests that ran more than once."""

from __future__ import annotations

from agent_app.episode.reader import open_episode
from agent_app.testing import ActionFailed
from agent_app.testing.flakes import Run, StepRun, step_runs, told
from agent_app.testing.plugin_use import plain_name
from tests.fakes.eyes import told as element


def run(*steps: tuple[str, float], fails: bool = False) -> Run:
    last = len(steps) - 1
    return Run(
        "failed" if fails else "passed",
        tuple(
            StepRun(name, fails and number == last, seconds)
            for number, (name, seconds) in enumerate(steps)
        ),
    )


def test_tests_that_ran_once_are_not_spoken_of():
    assert told({"a": [run(("x", 1.0))], "b": [run(("x", 1.0), fails=True)]}) == []


def test_a_flaky_test_has_its_rate_and_the_step_that_failed():
    good = run(("open", 0.1), ("click “Save”", 0.2), ("expect", 0.1))
    bad = run(("open", 0.1), ("click “Save”", 5.0), fails=True)
    lines = told({"t": [good, bad, good, good]})
    assert lines == [
        "1 test, 4 runs: 1 flaky, 0 always failing, 25.0% of the runs failed",
        "t: 3 of 4 passed",
        "    step 2, click “Save”: failed in 1 of 4",
    ]


def test_the_least_reliable_test_comes_first_and_reliable_ones_are_only_counted():
    good, bad = run(("x", 0.1)), run(("x", 0.1), fails=True)
    lines = told({"a": [good, good], "b": [good, bad], "c": [bad, bad]})
    assert [line.split(":")[0] for line in lines if not line.startswith(" ")] == [
        "3 tests, 6 runs",
        "c",
        "b",
    ]
    assert "1 flaky, 1 always failing, 50.0% of the runs" in lines[0]


def test_a_step_that_is_another_one_or_takes_far_longer_is_named():
    slow = [run(("x", 0.1)), run(("x", 0.2)), run(("x", 4.0))]
    other = [run(("x", 0.1), ("y", 0.1)), run(("x", 0.1), ("z", 0.1))]
    lines = told({"a": slow, "b": other})
    assert "    step 1, x: took 0.1 to 4.0 s" in lines
    assert "    step 2, y: in 1 of 2 runs, z" in lines


def test_a_run_that_was_tried_again_counts_as_one_that_failed_and_is_told_as_such():
    lines = told({"a": [Run("rerun"), run(("x", 0.1))]})
    assert lines[0].startswith("1 test, 2 runs: 1 flaky")
    assert lines[1] == "a: 1 of 2 passed, 1 of them tried again"


def test_the_steps_of_a_recorded_test_are_what_is_compared(prepared):
    prepared.eyes.elements = [element("push button", "Save", 100, 50)]
    prepared.find("Save").click()
    try:
        prepared.find("Open").click()
    except ActionFailed:
        prepared.stage.session.finish("failure", "")
    steps = step_runs(open_episode(prepared.episode).steps, failed=True)
    assert [(step.summary, step.failed) for step in steps] == [
        ("click “Save”", False),
        ("click “Open”", True),
    ]


def test_the_runs_of_a_test_share_its_name():
    assert plain_name("t.py::test_a[run2of10]") == "t.py::test_a"
    assert plain_name("t.py::test_a[de-run2of10]") == "t.py::test_a[de]"
    assert plain_name("t.py::test_a[run2of10-de]") == "t.py::test_a[de]"
    assert plain_name("t.py::test_a[de]") == "t.py::test_a[de]"
