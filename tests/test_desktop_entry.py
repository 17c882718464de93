"""The icon and the entry by which a desktop knows the application."""

from __future__ import annotations

import configparser
import shutil
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

from agent_app import cli
from agent_app.desktop_entry import entry_text, install, own_command, places, remove
from agent_app.errors import KnownError


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    return {"XDG_DATA_HOME": str(tmp_path / "data")}


def read(path: Path) -> configparser.SectionProxy:
    parser = configparser.RawConfigParser()
    parser.optionxform = str  # type: ignore[assignment,method-assign]  # its keys keep their case
    parser.read(path, "utf-8")
    assert parser.sections() == ["Desktop Entry"]
    return parser["Desktop Entry"]


def test_the_entry_starts_this_installation(environment: dict[str, str], tmp_path: Path) -> None:
    icon, entry = places(environment)
    assert install(environment) == [icon, entry]
    assert icon == tmp_path / "data/icons/hicolor/scalable/apps/agent-app.svg"
    found = read(entry)
    assert found["Exec"] == f"{' '.join(own_command())} window"
    assert Path(found["TryExec"]).is_file()
    assert (found["Type"], found["Icon"], found["Terminal"]) == (
        "Application",
        "agent-app",
        "false",
    )
    assert found["GenericName[zh_CN]"]
    assert ElementTree.parse(icon).getroot().tag.endswith("svg")
    if shutil.which("desktop-file-validate"):
        said = subprocess.run(
            ["desktop-file-validate", str(entry)], capture_output=True, text=True, check=False
        )
        assert (said.returncode, said.stdout) == (0, "")


def test_a_command_with_signs_of_its_own_is_quoted_as_the_specification_has_it() -> None:
    text = entry_text(['/home/a b/100%/$x"`\\', "-m"])
    line = next(each for each in text.splitlines() if each.startswith("Exec="))
    assert line == r'Exec="/home/a b/100%%/\\$x\\"\\`\\\\" -m window'


def test_what_was_installed_is_removed_and_nothing_else(environment: dict[str, str]) -> None:
    icon, entry = places(environment)
    assert remove(environment) == []
    install(environment)
    install(environment)  # once more renews it
    other = entry.with_name("other.desktop")
    other.write_text("[Desktop Entry]")
    assert remove(environment) == [icon, entry]
    assert other.exists()
    assert not entry.exists()


def test_an_entry_of_the_persons_own_is_left_alone(environment: dict[str, str]) -> None:
    _, entry = places(environment)
    entry.parent.mkdir(parents=True)
    entry.write_text("[Desktop Entry]\nName=mine\n")
    for change in (install, remove):
        with pytest.raises(KnownError, match=r"agent-app\.desktop"):
            change(environment)
    assert "mine" in entry.read_text()


def test_a_folder_that_cannot_be_written_is_a_known_error(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file")
    with pytest.raises(KnownError, match="cannot write"):
        install({"XDG_DATA_HOME": str(tmp_path / "data")})


def test_the_command_says_what_it_wrote(
    environment: dict[str, str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", environment["XDG_DATA_HOME"])
    wrote = "".join(f"{path}\n" for path in places(environment))
    assert cli.main(["install-desktop"]) == 0
    assert cli.main(["install-desktop", "--remove"]) == 0
    assert capsys.readouterr().out == wrote * 2
    assert sys.executable
