"""The forms an instruction may take, and the message for one that takes none of them."""

from __future__ import annotations

from dataclasses import dataclass

from rapidfuzz import fuzz, process

from agent_app.errors import KnownError


@dataclass(frozen=True, slots=True)
class Form:
    """One form of instruction: how it is written, and an example with its own sample labels."""

    verb: str
    pattern: str
    example: str
    samples: tuple[str, ...] = ()

    def example_with(self, labels: tuple[str, ...]) -> str:
        """The example, with the person's own labels where there are enough of them."""
        chosen = labels[: len(self.samples)] if len(labels) >= len(self.samples) else self.samples
        return self.example.format(*(_requote(label) for label in chosen))


FORMS = (
    Form("click", 'click "Label"', 'click "{}"', ("Save",)),
    Form("double click", 'double click "Label"', 'double click "{}"', ("Documents",)),
    Form("triple click", 'triple click "Label"', 'triple click "{}"', ("Title",)),
    Form("right click", 'right click "Label"', 'right click "{}"', ("Documents",)),
    Form("middle click", 'middle click "Label"', 'middle click "{}"', ("Link",)),
    Form("hover", 'hover "Label"', 'hover "{}"', ("Help",)),
    Form("type", 'type "Text" [into "Field"]', 'type "{}" into "{}"', ("report.txt", "Name")),
    Form("press", "press KEY[+KEY…] [N times]", "press ctrl+s"),
    Form("open menu", 'open menu "Menu" > "Item"', 'open menu "{}" > "{}"', ("File", "Save As…")),
    Form("scroll", 'scroll up|down|left|right [N] [at "Label"]', "scroll down 5"),
    Form("drag", 'drag "Label" to "Label"', 'drag "{}" to "{}"', ("notes.txt", "Trash")),
    Form("wait", "wait N seconds", "wait 2 seconds"),
    Form(
        "wait until",
        'wait [up to N seconds] until|while "Text" is visible',
        'wait until "{}" is visible',
        ("Saved",),
    ),
    Form(
        "check",
        'check that "Text" is visible|is not visible',
        'check that "{}" is visible',
        ("42",),
    ),
)

_BY_VERB = {form.verb: form for form in FORMS}
_OTHER_WORDS = {
    "click": "tap select choose push pick hit activate toggle tick untick focus",
    "type": "write enter input fill insert put",
    "press": "hotkey key shortcut hit",
    "open menu": "open menu",
    "wait": "sleep pause",
    "check": "verify assert ensure expect confirm see look",
    "hover": "move point mouse",
    "drag": "drop",
    "scroll": "swipe page",
}
_FORM_BY_WORD = {word: verb for verb, words in _OTHER_WORDS.items() for word in words.split()}
_ALIKE = 75.0  # of 100: one wrong, missing or extra letter in a verb of four or more


class StepError(KnownError):
    """The instruction cannot be read as steps; nothing has been done.

    `number` counts from 1; 0 when it is about the instruction as a whole.
    """

    def __init__(self, message: str, *, remedy: str, number: int) -> None:
        super().__init__(message, remedy=remedy)
        self.number = number


def form_for(verb: str) -> Form:
    """The form of a known verb."""
    return _BY_VERB[verb]


def nearest_form(words: tuple[str, ...]) -> Form | None:
    """The form meant by words that are no known verb, or None when nothing comes near."""
    if not words:
        return None
    if (verb := _FORM_BY_WORD.get(words[0])) is not None:
        return _BY_VERB[verb]
    best: tuple[float, Form] | None = None
    for said in (" ".join(words[:2]), words[0]):
        hit = process.extractOne(said, list(_BY_VERB), scorer=fuzz.ratio, score_cutoff=_ALIKE)
        if hit is not None and (best is None or hit[1] > best[0]):
            best = (hit[1], _BY_VERB[hit[0]])
    return best[1] if best else None


def unreadable(
    fault: str, *, number: int, said: str, form: Form | None, labels: tuple[str, ...] = ()
) -> StepError:
    """The error for one step: what is wrong with it, and the nearest form with an example."""
    message = f"step {number} ({_short(said)}) cannot be read: {fault}"
    if form is None:
        remedy = f"write it as one of: {_all_forms()}"
    else:
        remedy = f"write it as {form.pattern}, for example: {form.example_with(labels)}"
    return StepError(message, remedy=remedy, number=number)


def free_form(instruction: str) -> StepError:
    """The error for a task in free words, which takes a model that can plan."""
    return StepError(
        f"the reader follows written steps, and {_short(instruction)} holds none that it knows",
        remedy=(
            "a task in free words takes a vision model that plans, such as Kimi-VL (--model "
            "kimi-vl); for the reader write the steps, "
            f"separated by newlines, “;” or “then”: {_all_forms()}"
        ),
        number=0,
    )


def _all_forms() -> str:
    return "; ".join(form.pattern for form in FORMS)


def _short(text: str, limit: int = 80) -> str:
    plain = " ".join(text.split())
    return f"“{plain if len(plain) <= limit else plain[: limit - 1] + '…'}”"


def _requote(label: str) -> str:
    escapes = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\t": "\\t"}
    return "".join(escapes.get(char, char) for char in label)
