"""The settings' file: read, and changed so that what a person wrote into it stays as it is."""

from __future__ import annotations

import json
import os
import re
import tempfile
import tomllib
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, NoReturn, cast

import platformdirs

from agent_app.errors import KnownError
from agent_app.settings.kinds import Value, shown
from agent_app.settings.table import BY_KEY, SETTINGS, Setting, Settings, advice

VARIABLE = "AGENT_APP_SETTINGS"
_LONGEST_BYTES = 1_000_000
_HEADER = re.compile(r"\s*\[\s*([A-Za-z0-9_.-]+)\s*\]")
_KEY = re.compile(r"\s*[\"']?([A-Za-z0-9_.-]+)[\"']?\s*=")
_HEAD = "# Settings of agent-app; `agent-app settings show` lists all there are.\n"


def settings_path(environment: Mapping[str, str] = os.environ) -> Path:
    """Where the file lies: AGENT_APP_SETTINGS, else the person's configuration folder."""
    named = environment.get(VARIABLE)
    if named:
        return Path(named).expanduser()
    return platformdirs.user_config_path("agent-app", appauthor=False) / "settings.toml"


def own_settings(environment: Mapping[str, str] = os.environ) -> Settings:
    """What is set: the environment comes before the file, and the file before the defaults.

    Raises KnownError for what is set wrong, naming the place and what would be right.
    """
    return SettingsFile(settings_path(environment)).settings(environment)


class SettingsFile:
    """The file of settings at `path`, which need not be there."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def settings(self, environment: Mapping[str, str]) -> Settings:
        """What is set, here and in the environment. Raises KnownError."""
        found: dict[str, Any] = {}
        for setting, value in (self.read() | read_variables(environment)).items():
            found[setting.field] = value
        settings = Settings(**found)
        if settings.monitor is not None and settings.region is not None:
            raise KnownError(
                "both desktop.monitor and desktop.region are set",
                remedy="take one out: agent-app settings unset desktop.monitor",
            )
        return settings

    def read(self) -> dict[Setting, Value]:
        """What stands in the file. Raises KnownError, naming the line."""
        text = self._text()
        try:
            given = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            raise KnownError(
                f"{self.path} is no TOML: {error}", remedy="put that line right, or take it out"
            ) from error
        found: dict[Setting, Value] = {}
        for section, table in given.items():
            if not isinstance(table, dict):
                self._unknown(text, "", section)
            if section not in {setting.section for setting in SETTINGS}:
                self._unknown(text, section, "")
            for name, value in cast("dict[str, object]", table).items():
                setting = BY_KEY.get(f"{section}.{name}")
                if setting is None:
                    self._unknown(text, section, name)
                try:
                    found[setting] = setting.kind.take(value)
                except ValueError as error:
                    raise self._wrong(text, setting, value) from error
        return found

    def lines(self) -> dict[Setting, int]:
        """In which line each setting stands, counted from 1."""
        text = self._text()
        found = {each: _line_of(text, each.section, each.name) for each in self.read()}
        return {setting: line for setting, line in found.items() if line is not None}

    def change(self, changes: Mapping[Setting, Value | None]) -> None:
        """Set these, None takes one out; comments, order and everything else stay.

        Raises KnownError when the file is wrong as it is, which is then left alone, and when it
        cannot be written.
        """
        import tomlkit

        wanted = {**self.read(), **changes}
        document: Any = tomlkit.parse(self._text() or _HEAD)  # a dict of its own making
        for setting, value in changes.items():
            table = document.get(setting.section)
            if value is None:
                if table is not None and setting.name in table:
                    del table[setting.name]
                continue
            if table is None:
                if document.body and document.as_string().strip():
                    document.add(tomlkit.nl())
                document.add(setting.section, tomlkit.table())
                table = document[setting.section]
            plain = _plain(value)
            if setting.name in table:
                table[setting.name] = plain
            else:
                table.add(setting.name, plain)
        text = document.as_string()
        self._write(text, {key: value for key, value in wanted.items() if value is not None})

    def _text(self) -> str:
        try:
            if self.path.is_file() and self.path.stat().st_size > _LONGEST_BYTES:
                raise KnownError(
                    f"{self.path} is too long for settings", remedy=f"set {VARIABLE} to another"
                )
            return self.path.read_text("utf-8")
        except FileNotFoundError:
            return ""
        except (OSError, UnicodeDecodeError) as error:
            what = error.strerror if isinstance(error, OSError) else "it is no UTF-8 text"
            raise KnownError(
                f"cannot read the settings {self.path}: {what}",
                remedy=f"put it right, or set {VARIABLE} to another file",
            ) from error

    def _write(self, text: str, wanted: dict[Setting, Value]) -> None:
        """Put a whole new file in the place of the old one; a link stays one."""
        path = self.path.resolve()
        written: Path | None = None
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            if path.exists() and not path.is_file():
                raise OSError(0, "it is no file")
            number, name = tempfile.mkstemp(dir=path.parent, prefix=".settings-", suffix=".toml")
            written = Path(name)
            with os.fdopen(number, "w", encoding="utf-8", newline="") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            if path.exists():
                written.chmod(path.stat().st_mode & 0o777)
            if SettingsFile(written).read() != wanted:
                raise KnownError(
                    f"{self.path} is laid out in a way that cannot be changed from here",
                    remedy="change it in an editor",
                )
            written.replace(path)
        except OSError as error:
            raise KnownError(
                f"cannot write the settings {self.path}: {error.strerror}",
                remedy="check who owns the file and its folder, and the free space",
            ) from error
        finally:
            if written is not None:
                with suppress(FileNotFoundError):
                    written.unlink()

    def _unknown(self, text: str, section: str, name: str) -> NoReturn:
        key = ".".join(part for part in (section, name) if part)
        line = _line_of(text, section, name)
        what = f"there is no section [{section}]" if not name else f"there is no setting {key}"
        raise KnownError(f"{self._place(line)}: {what}", remedy=advice(key))

    def _wrong(self, text: str, setting: Setting, value: object) -> KnownError:
        line = _line_of(text, setting.section, setting.name)
        return KnownError(
            f"{self._place(line)}: {setting.key} cannot be {value!r}",
            remedy=f"write {setting.kind.wanted}",
        )

    def _place(self, line: int | None) -> str:
        return f"{self.path}" if line is None else f"{self.path}, line {line}"


def read_variables(environment: Mapping[str, str]) -> dict[Setting, Value]:
    """What the environment sets; an empty variable sets nothing. Raises KnownError."""
    found: dict[Setting, Value] = {}
    for setting in SETTINGS:
        text = environment.get(setting.variable)
        if text:
            found[setting] = read_value(setting, text, setting.variable)
    return found


def read_value(setting: Setting, text: str, place: str) -> Value:
    """A value from one line of text; raises KnownError that begins with `place`."""
    try:
        return setting.kind.read(text)
    except ValueError as error:
        raise KnownError(
            f"{place}: {setting.key} cannot be {text!r}", remedy=f"give {setting.kind.wanted}"
        ) from error


def where_from(
    setting: Setting, environment: Mapping[str, str], lines: Mapping[Setting, int]
) -> str:
    """Which place a setting's value comes from, in words; empty for its default."""
    if environment.get(setting.variable):
        return setting.variable
    line = lines.get(setting)
    return "" if line is None else f"line {line}"


def show_line(setting: Setting, settings: Settings) -> str:
    """A setting as it stands in a file: `max_steps = 50`."""
    value: Value | None = getattr(settings, setting.field)
    match value:
        case None:
            return f"# {setting.name} is not set"
        case str() | tuple():  # JSON's texts and lists are TOML's, too
            return f"{setting.name} = {json.dumps(value, ensure_ascii=False)}"
        case _:
            return f"{setting.name} = {shown(value)}"


def _plain(value: Value) -> str | int | float | bool | list[str]:
    """A value as tomlkit takes it; a number that is whole is written so."""
    if isinstance(value, tuple):
        return list(value)
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _line_of(text: str, section: str, name: str) -> int | None:
    """The line where a setting, a section (no name) or a key outside of all stands, from 1."""
    current = ""
    for number, line in enumerate(text.splitlines(), start=1):
        if header := _HEADER.match(line):
            current = header[1]
            if not name and current == section:
                return number
        elif name and (key := _KEY.match(line)):
            whole = f"{current}.{key[1]}" if current else key[1]
            if whole == (f"{section}.{name}" if section else name):
                return number
    return None
