"""The cache, the model and repeats under pytest, on a real desktop."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree

import pytest

pytest_plugins = ["pytester"]
ROOT = Path(__file__).parent.parent.parent

CONFTEST = """
    import json
    from pathlib import Path

    import pytest

    from agent_app import model_runtime
    from tests.fakes.runtime import ScriptedRuntime

    def open_scripted(name, **_options):
        # each process of a suite goes on in the same list of replies
        path = Path(__file__).with_name("replies.json")
        class Replies(ScriptedRuntime):
            def generate(self, request):
                replies = json.loads(path.read_text())
                self._replies = [replies.pop(0)]
                path.write_text(json.dumps(replies))
                return super().generate(request)
        return Replies([])

    model_runtime._RUNTIMES["scripted"] = "conftest:open_scripted"
"""
TEST = """
    XTERM = "xterm -T Terminal -fa Monospace -fs 12 -e sh -c 'echo Password; cat > typed'"

    def test_terminal(desktop):
        terminal = desktop.launch(XTERM)
        terminal.find("Password").click()
        desktop.do("type hello and enter")
        assert desktop.ask("what was typed?") == "hello"
"""


@pytest.fixture
def run(pytester, monkeypatch):
    """Run pytest with this plugin, warnings being errors."""
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    monkeypatch.delenv("CI", raising=False)

    def run(*arguments: str, plugins: tuple[str, ...] = ()) -> pytest.RunResult:
        names = [part for name in ("agent_app.testing.plugin", *plugins) for part in ("-p", name)]
        return pytester.runpytest_subprocess(*names, "-W", "error", *arguments)

    return run


def replies(pytester, *texts: str) -> None:
    (pytester.path / "replies.json").write_text(json.dumps(texts))


@pytest.mark.desktop
def test_the_second_run_asks_the_model_nothing_but_questions(run, pytester, monkeypatch):
    pytester.makeconftest(CONFTEST)
    pytester.makepyfile(test_terminal=TEST)
    hello = '## Action:\nType it.\n## Code:\n```python\npyautogui.write("hello\\n")\n```'
    done = '## Action:\nDone.\n## Code:\n```python\ncomputer.terminate(status="success")\n```'
    answer = "## Reason:\nIt stands there.\n## Answer:\nhello"
    model = ("--agent-model", "scripted")
    replies(pytester, hello, done, answer)
    first = run(*model, "--junitxml=junit.xml")
    first.assert_outcomes(passed=1)
    first.stdout.fnmatch_lines(
        [
            "asked 3 times",
            "0 hits, 2 new, 0 healed, 0 dropped; the model was asked 3 times",
            "written beside the tests; look, then commit:",
            "*test_terminal: new “Password” in xterm",
            "*test_terminal: new do type hello and enter",
        ]
    )
    (case,) = ElementTree.parse(pytester.path / "junit.xml").iter("testcase")
    told = {each.get("name"): each.get("value") for each in case.iter("property")}
    assert told["agent_cache"] == "0 hits, 2 misses, 0 heals, 0 dropped"
    assert told["agent_model_calls"] == "3"

    file = pytester.path / "agent-cache" / "test_terminal" / "test_terminal.json"
    before = file.read_bytes()
    replies(pytester, answer)
    monkeypatch.setenv("CI", "true")
    second = run(*model)
    second.assert_outcomes(passed=1)
    second.stdout.fnmatch_lines(["2 hits (median * ms), 0 new*; the model was asked 1 times"])
    assert "read-only" not in second.stdout.str()
    assert file.read_bytes() == before


@pytest.mark.desktop
def test_repeats_count_what_passed_and_what_cannot_be_asked_is_said_plainly(run, pytester):
    pytester.makepyfile(
        test_often="""
        from pathlib import Path

        import pytest

        COUNT = Path(__file__).with_name("count")

        @pytest.mark.parametrize("word", ["a"])
        def test_flaky(desktop, word):
            COUNT.write_text(COUNT.read_text() + word if COUNT.exists() else word)
            desktop.press("escape")
            if len(COUNT.read_text()) == 2:
                desktop.find("nothing", role="title").click(timeout=0)

        def test_asks(desktop):
            desktop.ask("is it there?", bool)

        def test_without_a_desktop():
            pass
        """
    )
    result = run("--agent-repeat", "3", "--agent-cache", "off")
    result.assert_outcomes(passed=3, failed=4)
    result.stdout.fnmatch_lines(
        [
            "*the reader cannot answer questions*--agent-model*",
            "2 tests, 6 runs: 1 flaky, 1 always failing, 66.7% of the runs failed",
            "*::test_asks: 0 of 3 passed",
            "*::test_flaky[[]a]: 2 of 3 passed",
            "    step 2, click the title “nothing”: failed in 1 of 1",
        ]
    )
    assert not (pytester.path / "agent-cache").exists()


@pytest.mark.desktop
def test_a_test_that_passes_at_its_second_try_is_flaky(run, pytester):
    pytester.makepyfile(
        test_often="""
        from pathlib import Path

        TRIED = Path(__file__).with_name("tried")

        def test_flaky(desktop):
            tried = TRIED.exists()
            TRIED.touch()
            desktop.press("escape")
            if not tried:
                desktop.find("nothing", role="title").click(timeout=0)
        """
    )
    result = run("--reruns", "1", plugins=("pytest_rerunfailures",))
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(
        ["1 test, 2 runs: 1 flaky*", "*::test_flaky: 1 of 2 passed, 1 of them tried again"]
    )
