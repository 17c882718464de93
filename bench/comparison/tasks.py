"""The tasks: which application is started for each, and what must be so when its script has ended.

The checks are the same for all tools and know none of them: they look at files, at windows' titles
as xprop tells them, and at the clipboard.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from .staging import Stage, wait_for

SHOP = Path(__file__).parents[1] / "suite" / "programs" / "shop.html"
_SETTLE_SECONDS = 3.0  # that the last act of a script may take to have its effect

# The page tells of an order in its title, which xprop reads.
_TELL = """<script>
document.getElementById("buy").addEventListener("click", () => {
  document.title = "Ordered: " + document.getElementById("sum").textContent;
}, true);
</script>
"""
_QUIET_OFFICE = """<?xml version="1.0" encoding="UTF-8"?>
<oor:items xmlns:oor="http://openoffice.org/2001/registry">
<item oor:path="/org.openoffice.Office.Common/Misc"><prop oor:name="ShowTipOfTheDay"
 oor:op="fuse"><value>false</value></prop></item>
<item oor:path="/org.openoffice.Setup/Product"><prop oor:name="ooSetupLastVersion"
 oor:op="fuse"><value>7.4</value></prop></item>
</oor:items>
"""
_SHEET = """<?xml version="1.0" encoding="UTF-8"?>
<office:document xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0"
 xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0"
 xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0" office:version="1.3"
 office:mimetype="application/vnd.oasis.opendocument.spreadsheet">
<office:body><office:spreadsheet><table:table table:name="Budget">{rows}</table:table>
</office:spreadsheet></office:body></office:document>
"""
_ROW = (
    '<table:table-row><table:table-cell office:value-type="float" office:value="{0}">'
    "<text:p>{0}</text:p></table:table-cell></table:table-row>"
)


@dataclass(frozen=True, slots=True)
class Task:
    """A task by its name. `window` is a pattern of the title that shows when the program is ready.

    `check` gives what is wrong in the end, or nothing.
    """

    name: str
    application: str
    steps: str
    command: Callable[[Stage], list[str]]
    window: str
    check: Callable[[Stage], str]

    def fault(self, stage: Stage) -> str:
        """What is still wrong when the script's last act has had time for its effect."""
        wait_for(lambda: not self.check(stage), _SETTLE_SECONDS)
        return self.check(stage)


def _editor_fault(stage: Stage) -> str:
    titles = list(stage.titles().values())
    if not any("notes.txt" in title and "*" not in title for title in titles):
        return f"no window's title says notes.txt: {titles}"
    return _file_fault(stage.home / "notes.txt", "Hello")


def _calculator_fault(stage: Stage) -> str:
    window = next((key for key, title in stage.titles().items() if "galculator" in title), "")
    stage.ask("xdotool", "windowactivate", "--sync", window, "key", "ctrl+c")
    copied = stage.ask("xclip", "-selection", "clipboard", "-out")
    return "" if copied.strip() == "408" else f"the calculator shows {copied!r}"


def _folder(stage: Stage) -> list[str]:
    folder = stage.home / "inbox"
    folder.mkdir()
    for name in ("budget.txt", "letter.txt", "photo.txt"):
        (folder / name).write_text(name)
    return ["pcmanfm", "--no-desktop", "inbox"]


def _folder_fault(stage: Stage) -> str:
    names = sorted(path.name for path in (stage.home / "inbox").iterdir())
    if names != ["budget.txt", "invoice.txt", "photo.txt"]:
        return f"the folder holds {names}"
    return _file_fault(stage.home / "inbox" / "invoice.txt", "letter.txt")


def _form(_: Stage) -> list[str]:
    form = "zenity --forms --text=Visitor --add-entry=Name --add-entry=City --add-entry=Company"
    return ["sh", "-c", f"{form} > answer"]


def _form_fault(stage: Stage) -> str:
    return _file_fault(stage.home / "answer", "Zoë Müller|Köln|Ada & Co")


def _shop(stage: Stage) -> list[str]:
    page = stage.home / "shop.html"
    page.write_text(SHOP.read_text("utf-8").replace("</html>", f"{_TELL}</html>"), "utf-8")
    return [
        *("chromium", "--no-sandbox", "--no-first-run", "--disable-gpu", "--test-type"),
        *("--disable-dev-shm-usage", "--password-store=basic", "--force-renderer-accessibility"),
        *("--remote-debugging-port=0", f"--user-data-dir={stage.home}/chromium"),
        *("--window-size=1000,760", *stage.condition.chromium, f"--app={page.as_uri()}"),
    ]


def _shop_fault(stage: Stage) -> str:
    titles = list(stage.titles().values())
    return "" if "Ordered: Basket: 2 items, €17.55" in titles else f"the windows are {titles}"


def _sheet(stage: Stage) -> list[str]:
    profile = stage.home / "office"
    (profile / "user").mkdir(parents=True)
    (profile / "user" / "registrymodifications.xcu").write_text(_QUIET_OFFICE, "utf-8")
    rows = "".join(_ROW.format(value) for value in (1200, 30, 4))
    (stage.home / "budget.fods").write_text(_SHEET.format(rows=rows), "utf-8")
    return [
        *("soffice", "--norestore", f"-env:UserInstallation={profile.as_uri()}", "--calc"),
        str(stage.home / "budget.fods"),
    ]


def _sheet_fault(stage: Stage) -> str:
    text = (stage.home / "budget.fods").read_text("utf-8")
    cell = re.search(r"<table:table-cell[^>]*table:formula=[^>]*>", text)
    if cell is None:
        return "no formula was saved"
    return "" if 'office:value="1234"' in cell[0] else f"the formula's cell is {cell[0]}"


def _file_fault(path: Path, text: str) -> str:
    if not path.exists():
        return f"no {path.name} was written"
    found = path.read_text("utf-8").strip()
    return "" if found == text else f"{path.name} holds {found!r}"


TASKS = {
    each.name: each
    for each in (
        Task(
            "editor",
            "Mousepad (GTK 3)",
            "type a line, File → Save As…, name it, save; the title names the file",
            lambda _: ["mousepad", "--disable-server"],
            "Mousepad",
            _editor_fault,
        ),
        Task(
            "calculator",
            "Galculator (GTK 3)",
            "12 × 34 by its buttons; it shows 408",
            lambda _: ["galculator"],
            "galculator",
            _calculator_fault,
        ),
        Task(
            "folder",
            "PCManFM (GTK 2)",
            "rename a file by its context menu and dialog; the new name shows",
            _folder,
            "inbox",
            _folder_fault,
        ),
        Task(
            "form",
            "Zenity (GTK 3)",
            "fill three fields, two with umlauts, and confirm",
            _form,
            "zenity|Add a new",
            _form_fault,
        ),
        Task(
            "shop",
            "a page in Chromium",
            "two articles, a voucher, the terms, the order; a note thanks for 1.2 s",
            _shop,
            "^Tea shop",
            _shop_fault,
        ),
        Task(
            "sheet",
            "LibreOffice Calc",
            "a sum below a column; it shows 1234; save",
            _sheet,
            "budget",
            _sheet_fault,
        ),
    )
}
