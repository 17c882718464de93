"""The pytest plugin, in pytest runs of its own."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path
from xml.etree import ElementTree

import pytest

pytest_plugins = ["pytester"]
ROOT = Path(__file__).parent.parent.parent


@pytest.fixture
def run(pytester, monkeypatch):
    """Run pytest with this plugin and those that are named, warnings being errors."""
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    monkeypatch.delenv("CI", raising=False)

    def run(*arguments: str, plugins: tuple[str, ...] = ()) -> pytest.RunResult:
        names = [part for name in ("agent_app.testing.plugin", *plugins) for part in ("-p", name)]
        return pytester.runpytest_subprocess(*names, "-W", "error", "-ra", *arguments)

    return run


def test_pytest_loads_the_plugin_by_itself_and_nothing_heavy_with_it():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    (module,) = project["project"]["entry-points"]["pytest11"].values()
    script = (
        f"import sys, pytest, {module}\n"
        "heavy = {'numpy', 'cv2', 'PIL', 'Xlib', 'rapidocr', 'msgspec'} & set(sys.modules)\n"
        "sys.exit(f'imported: {heavy}' if heavy else 0)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_tests_that_want_no_desktop_are_not_disturbed(run, pytester):
    pytester.makepyfile("def test_nothing(): pass")
    result = run("--strict-markers")
    result.assert_outcomes(passed=1)
    assert not (pytester.path / "test-results").exists()


@pytest.mark.desktop
def test_a_failure_leaves_a_film_named_everywhere_and_a_pass_leaves_nothing(run, pytester):
    pytester.makepyfile(
        test_terminal="""
        import pytest
        from agent_app.testing import expect

        XTERM = "xterm -T Terminal -e sh"

        def test_passes(desktop):
            desktop.launch(XTERM)
            expect(desktop.find("Terminal", window="title")).to_be_visible()
            (desktop.home / "left").write_text("by a test")

        def test_fails(desktop):
            assert desktop.windows == ()
            assert not (desktop.home / "left").exists()
            desktop.launch(XTERM)
            desktop.find("Save", window="Terminal").click(timeout=0.2)

        def test_fails_softly(desktop):
            desktop.launch(XTERM)
            expect.soft(desktop.window("Nowhere"), timeout=0).to_be_visible()
            expect.soft(desktop.window("Elsewhere"), timeout=0).to_be_visible()

        @pytest.mark.agent(size="800x600", locale="de_DE.UTF-8", fresh=True)
        def test_is_elsewhere(desktop):
            assert desktop.screenshot().size == (800, 600)
            assert not (desktop.home / "left").exists()
            expect(desktop).to_match_screenshot("empty.png")

        @pytest.mark.agent(colour="red")
        def test_wants_what_there_is_not(desktop):
            pass
        """
    )
    result = run(
        *("--junitxml=junit.xml", "--html=report.html"),
        plugins=("pytest_html.plugin", "pytest_metadata.plugin"),
    )
    result.assert_outcomes(passed=2, failed=2, errors=1)
    output = result.stdout.str()
    assert "2 things" not in output
    assert "ActionFailed: click “Save” in the window “Terminal”" in output
    assert "in act" not in output  # the traceback ends in the test
    assert "window “Nowhere”" in output
    assert "window “Elsewhere”" in output
    assert "the marker agent has no colour" in output
    baseline = pytester.path / "screenshots" / "test_terminal" / "empty.png"
    assert baseline.is_file()
    assert f"{baseline}" in output
    kept = [each.name for each in (pytester.path / "test-results").iterdir()]
    assert sorted(name.partition("-test-")[2] for name in kept) == [
        "fails",
        "fails-softly",
        "fails-softly.html",
        "fails.html",
    ]
    cases = ElementTree.parse(pytester.path / "junit.xml").iter("testcase")
    films = {
        case.get("name"): Path(each.get("value", ""))
        for case in cases
        for each in case.iter("property")
        if each.get("name") == "agent_film"
    }
    assert films.keys() == {"test_fails", "test_fails_softly"}
    page = (pytester.path / "report.html").read_text()
    for film in films.values():
        assert film.stat().st_size < 5_000_000
        assert str(film) in output
        assert film.as_uri() in page


@pytest.mark.desktop
def test_each_worker_has_a_desktop_of_its_own(run, pytester):
    pytester.makepyfile(
        """
        import time
        from pathlib import Path
        import pytest

        HERE = Path(__file__).parent

        @pytest.mark.parametrize("number", [1, 2])
        def test_alone(desktop, number, worker_id):
            desktop.launch(f"xterm -T Terminal{number} -e sh")
            (HERE / f"shown{number}").write_text(desktop.place.environment["DISPLAY"])
            (desktop.home / f"home{number}").touch()
            other = HERE / f"shown{3 - number}"
            deadline = time.monotonic() + 60
            while not (other.exists() and other.read_text()):
                assert time.monotonic() < deadline
                time.sleep(0.02)
            assert desktop.windows == (f"Terminal{number}",)
            assert not (desktop.home / f"home{3 - number}").exists()
            assert other.read_text() != desktop.place.environment["DISPLAY"]
        """
    )
    result = run("-n", "2", "--agent-record", "always", plugins=("xdist",))
    result.assert_outcomes(passed=2)
    assert len(list((pytester.path / "test-results").glob("*.html"))) == 2
