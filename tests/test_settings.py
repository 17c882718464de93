"""The file of settings: what is read, refused, changed, and what comes before what."""

from __future__ import annotations

from pathlib import Path

import pytest

from agent_app import cli
from agent_app.cli.running import chosen_options
from agent_app.episode.recorder import default_library
from agent_app.errors import KnownError
from agent_app.geometry import Region, Size
from agent_app.settings import SETTINGS, Settings, SettingsFile, own_settings, setting_of
from agent_app.settings.kinds import Value, shown

WRITTEN = """\
# mine
[run]   # about runs
max_steps = 5  # few

# this stays where it is

[window]
theme = "dark"
"""


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SettingsFile:
    path = tmp_path / "config" / "settings.toml"
    monkeypatch.setenv("AGENT_APP_SETTINGS", str(path))
    return SettingsFile(path)


def write(file: SettingsFile, text: str) -> None:
    file.path.parent.mkdir(parents=True, exist_ok=True)
    file.path.write_text(text, "utf-8")


def change(file: SettingsFile, **values: Value | None) -> None:
    file.change({setting_of(key.replace("__", ".")): value for key, value in values.items()})


def test_without_a_file_all_is_as_by_default(file: SettingsFile) -> None:
    assert own_settings() == Settings()
    assert file.read() == {}
    assert not file.path.exists()


def test_the_environment_comes_before_the_file_and_that_before_the_default(
    file: SettingsFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(file, '[run]\nmax_steps = 5\nmax_seconds = 60\n[desktop]\nmasks = ["0,0,9,9"]\n')
    monkeypatch.setenv("AGENT_APP_RUN_MAX_STEPS", "7")
    monkeypatch.setenv("AGENT_APP_RUN_TAKE_OVER", "no")
    monkeypatch.setenv("AGENT_APP_RUN_MAX_SECONDS", "")
    found = own_settings()
    assert (found.max_steps, found.max_seconds, found.take_over) == (7, 60.0, False)
    assert found.mask == ("0,0,9,9",)
    assert found.max_tokens == Settings().max_tokens


@pytest.mark.parametrize(
    ("text", "place", "remedy"),
    [
        ("[run]\n\nmax_step = 5\n", "line 3: there is no setting run.max_step", "run.max_steps"),
        ("[runs]\nmax_steps = 5\n", "line 1: there is no section [runs]", "settings show"),
        ("max_steps = 5\n", "line 1: there is no setting max_steps", "run.max_steps"),
        ('[run]\nmax_steps = "5"\n', "line 2: run.max_steps cannot be '5'", "from 1 on"),
        ("[run]\nmax_steps = 0\n", "line 2: run.max_steps cannot be 0", "from 1 on"),
        ("[run]\nmax_steps = true\n", "line 2: run.max_steps cannot be True", "from 1 on"),
        ("[run]\nmax_seconds = nan\n", "line 2: run.max_seconds cannot be nan", "above 0"),
        ("[run]\ntake_over = 1\n", "line 2: run.take_over cannot be 1", "true or false"),
        ("[model]\ntop_p = 1.5\n", "line 2: model.top_p cannot be 1.5", "up to 1"),
        ('[window]\ntheme = "blue"\n', "line 2: window.theme cannot be", "light, dark"),
        ('[desktop]\nvirtual = "9x9"\n', "line 2: desktop.virtual cannot be", "1280x800"),
        ('[desktop]\nmasks = ["1,2"]\n', "line 2: desktop.masks cannot be", "X,Y,W,H"),
        ('desktop.region = "1"\n', "line 1: desktop.region cannot be", "X,Y,W,H"),
        ("[run\n", "is no TOML", "line"),
        ("[run]\nmax_steps = 1\nmax_steps = 2\n", "is no TOML", "line"),
    ],
)
def test_what_is_wrong_is_named_with_its_line_and_what_would_be_right(
    file: SettingsFile, text: str, place: str, remedy: str
) -> None:
    write(file, text)
    with pytest.raises(KnownError) as raised:
        own_settings()
    assert str(file.path) in raised.value.message
    assert place in raised.value.message
    assert remedy in str(raised.value)


def test_a_wrong_variable_of_the_environment_is_named(
    file: SettingsFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AGENT_APP_RUN_MAX_STEPS", "many")
    with pytest.raises(KnownError, match="AGENT_APP_RUN_MAX_STEPS: run"):
        own_settings()
    assert not file.path.exists()


def test_a_change_leaves_what_a_person_wrote_as_it_is(file: SettingsFile) -> None:
    write(file, WRITTEN)
    change(file, run__max_steps=70, run__take_over=False, model__name="kimi-vl")
    text = file.path.read_text("utf-8")
    assert text.startswith("# mine\n[run]   # about runs\nmax_steps = 70  # few\n\n# this stays")
    assert [line for line in WRITTEN.splitlines() if line and line not in text] == [
        "max_steps = 5  # few"
    ]
    assert own_settings() == Settings(max_steps=70, take_over=False, model="kimi-vl", theme="dark")
    change(file, run__max_steps=None, run__take_over=None, model__name=None)
    assert own_settings() == Settings(theme="dark")
    assert "# this stays where it is" in file.path.read_text("utf-8")


def test_every_kind_of_value_is_read_back_as_it_was_written(file: SettingsFile) -> None:
    values: dict[str, Value] = {
        "desktop.masks": ("0,0,9,9", "-5,0,4,4"),
        "desktop.app": 'mousepad "a b"',
        "run.max_seconds": 0.5,
        "run.max_steps": 9,
        "model.think": False,
        "episodes.folder": "~/Aufnahmen/你好",
    }
    file.change({setting_of(key): value for key, value in values.items()})
    assert {setting.key: value for setting, value in file.read().items()} == values
    for setting in SETTINGS:
        value = values.get(setting.key, setting.default)
        if value not in (None, ()):
            assert setting.kind.read(shown(value)) == setting.kind.take(value)


def test_a_file_that_is_wrong_is_never_written_over(file: SettingsFile) -> None:
    wrong = "[run]\nmax_step = 5\n"
    write(file, wrong)
    with pytest.raises(KnownError, match="line 2"):
        change(file, run__max_steps=70)
    assert file.path.read_text("utf-8") == wrong
    assert [path.name for path in file.path.parent.iterdir()] == ["settings.toml"]


def test_a_link_to_the_file_stays_a_link(file: SettingsFile, tmp_path: Path) -> None:
    real = tmp_path / "dotfiles.toml"
    real.write_text(WRITTEN, "utf-8")
    file.path.parent.mkdir()
    file.path.symlink_to(real)
    change(file, run__max_steps=70)
    assert file.path.is_symlink()
    assert "max_steps = 70" in real.read_text("utf-8")


def test_a_file_that_cannot_be_written_is_a_known_error(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file where a folder is needed")
    file = SettingsFile(tmp_path / "taken" / "settings.toml")
    with pytest.raises(KnownError, match="the settings"):
        change(file, run__max_steps=70)


# On the command line


def test_flags_come_before_what_is_set(file: SettingsFile) -> None:
    write(
        file,
        '[run]\nmax_steps = 5\ntake_over = false\nconfirm = "all"\nanswer_seconds = 9\n'
        '[model]\nname = "reader"\nthink = false\n'
        '[desktop]\nvirtual = "800x600"\nmonitor = 2\nmasks = ["0,0,9,9"]\napp = "mousepad"\n',
    )

    def chosen(*flags: str):
        return chosen_options(cli.parser().parse_args(["run", "x", *flags]))

    plain = chosen()
    assert plain.settings.budgets.steps == 5
    assert (plain.model, plain.app, plain.take_over) == ("reader", "mousepad", False)
    assert (plain.virtual, plain.monitor) == (Size(800, 600), 2)
    assert not plain.settings.sampling.think
    given = chosen(
        *("--max-steps", "6", "--take-over", "--think", "--model", "kimi-vl", "--virtual", "none"),
        *("--region", "1,1,5,5", "--mask", "3,3,4,4", "--confirm", "risky"),
    )
    assert [each.settings.policy.confirm for each in (plain, given)] == ["all", "risky"]
    assert {each.settings.policy.rules.answer_seconds for each in (plain, given)} == {9.0}
    assert given.settings.budgets.steps == 6
    assert (given.model, given.take_over, given.virtual) == ("kimi-vl", True, None)
    assert (given.monitor, given.region) == (None, Region(1, 1, 5, 5))
    assert given.masks == (Region(0, 0, 9, 9), Region(3, 3, 4, 4))
    assert given.settings.sampling.think


def test_a_monitor_and_a_region_cannot_both_be_set(file: SettingsFile) -> None:
    write(file, '[desktop]\nmonitor = 2\nregion = "1,1,5,5"\n')
    with pytest.raises(KnownError, match=r"both desktop\.monitor and desktop\.region"):
        own_settings()


def test_settings_are_set_shown_and_taken_out_again(
    file: SettingsFile, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AGENT_APP_WINDOW_THEME", "light")
    assert cli.main(["settings", "set", "run.max_steps", "70"]) == 0
    assert cli.main(["settings", "show"]) == 0
    said = capsys.readouterr().out
    assert "max_steps = 70  # a run ends after so many steps — line" in said
    assert "AGENT_APP_WINDOW_THEME" in said
    assert "# name is not set" in said
    assert cli.main(["settings", "unset", "run.max_steps"]) == 0
    assert cli.main(["settings", "show", "run.max_steps"]) == 0
    assert cli.main(["settings", "path"]) == 0
    assert capsys.readouterr().out == f"50\n{file.path}\n"
    assert cli.main(["settings", "set", "run.max_stepps", "70"]) == 3
    assert cli.main(["settings", "set", "run.max_steps", "none"]) == 3
    said = capsys.readouterr().err
    assert "there is no setting run.max_stepps\n  → perhaps run.max_steps is meant" in said
    assert "run.max_steps cannot be 'none'\n  → give a whole number from 1 on" in said


def test_runs_are_recorded_where_it_is_set(file: SettingsFile, tmp_path: Path) -> None:
    assert default_library().name == "episodes"
    change(file, episodes__folder=str(tmp_path / "here"))
    assert default_library() == tmp_path / "here"
