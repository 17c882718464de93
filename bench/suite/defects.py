"""Faults sown into our own two programs, and the test and the words that must tell of each.

`check` proves both directions: without the fault the test passes; with it, it fails, and the
failure's message names what is wrong.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import entry_points
from pathlib import Path

FOLDER = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Defect:
    """A fault by its name, the test that must catch it, and a pattern of what that must say."""

    name: str
    test: str
    says: str


_ORDERS, _SHOP = "test_orders.py::test_", "test_shop.py::test_"
DEFECTS = (
    Defect("missing-button", _ORDERS + "an_order_is_removed", "the button “Remove”.* not found"),
    Defect("wrong-label", _ORDERS + "an_order_is_listed", "the button “Add order”.* not found"),
    Defect("open-dialog", _ORDERS + "the_about_dialog_closes", "“About Orders”.* to be hidden"),
    Defect(
        "lying-toast",
        _ORDERS + "a_note_tells_how_many_were_saved",
        "“Saved 2 orders” was not seen(.|\n)*Saved 3 orders",
    ),
    Defect("nothing-saved", _ORDERS + "saved_orders_are_in_the_file", r"no orders\.txt"),
    Defect("off-by-one", _ORDERS + "the_total_is_quantity_times_price", r"“Total: 12\.50”"),
    Defect("late-label", _ORDERS + "the_total_is_quantity_times_price", r"“Total: 0\.00”"),
    Defect(
        "disabled-control",
        _ORDERS + "saving_is_possible_once_there_is_an_order",
        "“Save”.* is disabled",
    ),
    Defect("tab-order", _ORDERS + "tab_goes_from_field_to_field", "“Quantity”.*“7”: .*“3”"),
    Defect("dead-button", _ORDERS + "the_fields_are_cleared", "“Customer”.* is “Ada”"),
    Defect("dead-shortcut", _ORDERS + "the_fields_are_cleared_by_a_key", "“Customer”.* is “Ada”"),
    Defect("cut-text", _ORDERS + "a_long_name_is_kept_whole", "is “Wilhelmi”"),
    Defect("checked-at-start", _ORDERS + "gift_wrap_is_asked_for", "“Gift wrap”.* is checked"),
    Defect("missing-choice", _ORDERS + "express_can_be_chosen", "“Express”.* not found"),
    Defect("wrong-order", _ORDERS + "orders_keep_their_order", "“Second: .* below “First: "),
    Defect("flashed-error", _ORDERS + "no_error_shows_while_an_order_is_added", "Internal error"),
    Defect("crash", _ORDERS + "an_order_is_removed", "ended with status 7"),
    Defect("added-twice", _ORDERS + "each_order_is_listed_once", "count 1.*: 2 match"),
    Defect(
        "unmarked-change",
        _ORDERS + "an_unsaved_order_is_marked_in_the_title",
        r"\*Orders \(1\)(.|\n)*“Orders \(1\)”",
    ),
    Defect("wrong-currency", _SHOP + "prices_are_in_euros", r"Darjeeling, \$12"),
    Defect("wrong-discount", _SHOP + "a_voucher_takes_a_tenth_off", r"9\.60"),
    Defect("dead-search", _SHOP + "searching_leaves_only_what_matches", "“Add Assam”.* is visible"),
    Defect(
        "lenient-voucher",
        _SHOP + "a_wrong_voucher_is_refused",
        "“Unknown voucher” was not seen(.|\n)*Voucher accepted",
    ),
    Defect("silent-order", _SHOP + "an_order_is_thanked_for", "“Thank you.*” was not seen"),
    Defect("stuck-banner", _SHOP + "the_banner_goes_when_it_is_answered", "cookies.* is visible"),
    Defect("wrong-picture", _SHOP + "the_seal_is_shown", "picture.* not on the screen"),
)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one defect: `sound` without it, `caught` and `named` with it."""

    defect: Defect
    sound: bool
    caught: bool
    named: bool
    message: str
    seconds: float


def check(
    defects: Sequence[Defect] = DEFECTS, *, sound: set[str] | None = None
) -> Iterator[Outcome]:
    """Run each defect's test without and with it.

    `sound` are tests that are known to pass without a defect; they are not run again.
    """
    passing = set(sound or ())
    if missing := sorted({each.test for each in defects} - passing):
        passing |= {test for test, fault in run_tests(missing).items() if not fault}
    for each in defects:
        started = time.monotonic()
        message = run_tests([each.test], "--defect", each.name).get(each.test, "")
        yield Outcome(
            each,
            sound=each.test in passing,
            caught=bool(message),
            named=re.search(each.says, message) is not None,
            message=message,
            seconds=time.monotonic() - started,
        )


def run_tests(tests: Sequence[str], *options: str) -> dict[str, str]:
    """Run tests by pytest; what each failed with, empty for those that passed."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder, "report.xml")
        subprocess.run(
            [
                *(sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *plugin()),
                *(f"--junitxml={report}", f"--agent-output={folder}", *options, *tests),
            ],
            cwd=FOLDER,
            stdout=subprocess.DEVNULL,
            check=False,
        )
        return {
            f"{case.get('classname', '').split('.')[-1]}.py::{case.get('name')}": "\n".join(
                each.get("message", "") + "\n" + (each.text or "")
                for each in case
                if each.tag in ("failure", "error")
            )
            for case in ElementTree.parse(report).iter("testcase")  # noqa: S314 - of our own
        }


def plugin() -> tuple[str, ...]:
    """What loads our plugin where the package is run from its sources."""
    installed = any(each.name == "agent-app" for each in entry_points(group="pytest11"))
    return () if installed else ("-p", "agent_app.testing.plugin")


def main() -> int:
    """Check the defects named on the command line, or all of them; 1 when one is not caught."""
    chosen = [each for each in DEFECTS if not sys.argv[1:] or each.name in sys.argv[1:]]
    good = 0
    for outcome in check(chosen):
        fine = outcome.sound and outcome.caught and outcome.named
        good += fine
        first = (outcome.message.splitlines() or ["it passed"])[0]
        mark = "caught" if fine else "MISSED"
        sound = "" if outcome.sound else "(fails without it, too) "
        print(f"{mark}  {outcome.defect.name:18} {sound}{first[:150]}", flush=True)
    print(f"{good} of {len(chosen)} caught, each by the words that name it")
    return 0 if good == len(chosen) else 1


if __name__ == "__main__":
    sys.exit(main())
