"""The window's languages: files of translated texts, read as they are; one more needs no code.

A file is Qt's own format for translators, `zh_CN.ts`. Ours lie beside this file; those in the
folder `translations` beside the person's settings come before them.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from PySide6.QtCore import QLibraryInfo, QLocale, QObject, QTranslator
from PySide6.QtGui import QFontDatabase
from PySide6.QtWidgets import QApplication

from agent_app.errors import KnownError
from agent_app.settings import SettingsFile
from agent_app.ui.phrases import CORE, Phrases

OURS = Path(__file__).parent / "translations"
_LONGEST_BYTES = 4_000_000
_WRITING = {
    QLocale.Script.SimplifiedHanScript: QFontDatabase.WritingSystem.SimplifiedChinese,
    QLocale.Script.TraditionalHanScript: QFontDatabase.WritingSystem.TraditionalChinese,
    QLocale.Script.JapaneseScript: QFontDatabase.WritingSystem.Japanese,
    QLocale.Script.KoreanScript: QFontDatabase.WritingSystem.Korean,
}
_CJK = {"CN": "CJK SC", "TW": "CJK TC", "HK": "CJK HK", "JP": "CJK JP", "KR": "CJK KR"}  # Noto's
_SOURCE = "en"  # what the texts are written in


class Translation(QTranslator):
    """The texts of one file. Raises KnownError when it cannot be read."""

    def __init__(self, path: Path, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.texts = read_texts(path)
        # a text that was taken to another class is still what it was
        self._elsewhere = {source: text for (_, source), text in self.texts.items()}
        self._core = {
            source: text for (context, source), text in self.texts.items() if context == CORE
        }
        self._phrases = Phrases(self._core)

    def isEmpty(self) -> bool:  # noqa: N802 - Qt's name
        return not self.texts

    def translate(self, context: str, source: str, *_others: Any) -> str | None:  # type: ignore[override]  # None is Qt's null: ask the next one
        if context == CORE:
            return self._core.get(source) or self._phrases.translate(source)
        return self.texts.get((context, source)) or self._elsewhere.get(source)


def read_texts(path: Path) -> dict[tuple[str, str], str]:
    """What a file translates, by class and text; what is unfinished or empty is left out.

    Raises KnownError when it is no such file.
    """
    try:
        if path.stat().st_size > _LONGEST_BYTES:
            raise KnownError(f"{path} is too long for a translation", remedy="take it away")
        text = path.read_text("utf-8")
        if "<!ENTITY" in text:  # texts need none, and they can be made to fill all memory
            raise KnownError(f"{path} declares entities", remedy="write the texts themselves")
        root = ElementTree.fromstring(text)  # noqa: S314 - without entities it is harmless
    except (OSError, UnicodeDecodeError, ElementTree.ParseError) as error:
        raise KnownError(
            f"cannot read the translation {path}: {error}", remedy="put it right, or take it away"
        ) from error
    found: dict[tuple[str, str], str] = {}
    for context in root.iter("context"):
        name = context.findtext("name", "")
        for message in context.iter("message"):
            translated = message.find("translation")
            if translated is not None and translated.text and not translated.get("type"):
                found[name, message.findtext("source", "")] = translated.text
    return found


def translations(folder: Path | None) -> dict[str, Path]:
    """Which languages there are, by their names as in `zh_CN`, with their files."""
    found: dict[str, Path] = {}
    for place in (OURS, folder):
        if place is not None and place.is_dir():
            found |= {path.stem: path for path in sorted(place.glob("*.ts"))}
    return found


def choices(folder: Path | None) -> list[tuple[str, str]]:
    """The languages to choose from, each with its name in itself."""
    names = sorted({_SOURCE, *translations(folder)})
    return [
        (name, "English" if name == _SOURCE else QLocale(name).nativeLanguageName() or name)
        for name in names
    ]


def language_for(chosen: str, there: Sequence[str], wanted: Sequence[str]) -> str:
    """Which language to show: the chosen one, or for "system" the first wanted one that is there.

    `wanted` is as the system tells it, such as `zh-Hans-CN`. A language counts for its others, but
    a script does not for another one.
    """
    for each in [chosen] if chosen != "system" else wanted:
        name = each.replace("-", "_")
        if name.split("_")[0] == _SOURCE:
            return _SOURCE
        asked = QLocale(name)
        for have in there:
            has = QLocale(have)
            if have == name or (
                (has.language(), has.script()) == (asked.language(), asked.script())
                and asked.language() != QLocale.Language.C
            ):
                return have
    return _SOURCE


def beside(file: SettingsFile) -> Path:
    """Where a person's own translations lie."""
    return file.path.parent / "translations"


def install(app: QApplication, chosen: str, folder: Path | None) -> str:
    """Have the application speak this language, or the system's; the one it speaks.

    Raises KnownError when the language's file cannot be read.
    """
    there = translations(folder)
    name = language_for(chosen, list(there), QLocale.system().uiLanguages())
    if name in there:
        own = QTranslator(app)  # Qt's own texts, such as those of a field's menu
        place = QLibraryInfo.path(QLibraryInfo.LibraryPath.TranslationsPath)
        if own.load(f"qtbase_{name}", place):
            app.installTranslator(own)
        app.installTranslator(Translation(there[name], app))
        _choose_font(app, QLocale(name))
    return name


def _choose_font(app: QApplication, locale: QLocale) -> None:
    """Take a font that has the language's letters: a borrowed one is taller than its lines."""
    system = _WRITING.get(locale.script())
    if system is None:
        return
    having = QFontDatabase.families(system)
    font = app.font()
    if font.family() in having or not having:
        return
    region = locale.name().rpartition("_")[2]
    best = [each for each in having if "Sans" in each and _CJK.get(region, "") in each]
    font.setFamilies([*best[:1], having[0]])
    app.setFont(font)
