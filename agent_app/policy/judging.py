"""The verdict on an action: the last word before any input is sent, whatever the model answers.

The model and the screen it reads are untrusted. A refusal is a `ModelMistake`, so the model is told
and may choose another way; what is asked about waits for the person.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Literal

from agent_app.actions import Action, Click, Drag, Hold, Hotkey, Press, Scroll
from agent_app.errors import ModelMistake
from agent_app.events import ShownText
from agent_app.geometry import Region, ScreenPoint
from agent_app.keys import MODIFIERS, STOP_CHORD, chord_of
from agent_app.policy.case import Case, texts_of
from agent_app.policy.file import default_rules
from agent_app.policy.matching import holds
from agent_app.policy.rules import Confirm, Kind, Rule, Rules, Verdict, kind_of
from agent_app.policy.scene import Scene
from agent_app.policy.wording import deed_of, window_of
from agent_app.policy.words import first_found, word_list
from agent_app.wording import Words, say

# Chords that leave the session, switch its terminal or kill its X server, and a person's own.
_BARRED = frozenset(
    frozenset(chord.split("+"))
    for chord in (
        "ctrl+alt+delete",
        "ctrl+alt+backspace",
        "alt+printscreen",
        "+".join(STOP_CHORD),
        *(f"ctrl+alt+f{n}" for n in range(1, 13)),
    )
)
_TERMINAL = say("what is typed into a terminal runs as a command")
_IN_PASSWORDS = say("the keyboard is in a field for passwords")
_UNKNOWN = say(
    "the application does not tell which field has the keyboard; it may be for passwords"
)
_UNREAD = say("there is no text there that could be read, and the application gives it no name")
_MOVED_ON = say("its keys move to something else first, and what they press there is not known yet")
_BLIND = say("the screen cannot be read here, so what is there is unknown (agent-app doctor helps)")
_EVERY = say("you are asked before every action")
_ANY = say("any window")
_SOME = say("a window that is not known")
_SEVERAL = say("windows that are not known")
_EVERY_KIND: dict[Kind, Words] = {
    "click": say("every click"),
    "drag": say("every drag"),
    "scroll": say("every scroll"),
    "move": say("every move"),
    "type": say("every type"),
    "press": say("every press"),
}


@dataclass(frozen=True, slots=True)
class Judgement:
    """Why an action may not simply be done.

    `deed` names the action in words, and `window` where it goes; `reason` is a sentence. `scope`
    says what else is allowed when a person allows it for the whole run: exactly what has the same
    scope.
    """

    verdict: Literal["ask", "refuse"]
    rule: str
    reason: Words
    deed: Words
    window: str | Words
    scope: Words
    shown: tuple[ShownText, ...] = ()

    @property
    def refusal(self) -> Words:
        """What the model is told when it is refused."""
        return say(
            "You may not {deed}: {reason} (rule “{rule}”). Choose another way; "
            "only a person can allow it, in policy.toml.",
            deed=self.deed,
            reason=self.reason,
            rule=self.rule,
        )

    def question(self, seconds: float) -> Words:
        """What the person is asked, who has `seconds` to answer."""
        deed = self.deed
        if self.window:
            deed = _in_window(deed, self.window)
        return say(
            "May the agent {deed}?\n{reason}.\n“For this run” allows {scope}.\n"
            "Without an answer in {seconds} seconds it is not done. (Rule: {rule})",
            deed=deed,
            reason=self.reason,
            scope=self.scope,
            seconds=f"{seconds:g}",
            rule=self.rule,
        )


@dataclass(frozen=True, slots=True)
class _Found:
    """What decided, before the mode of the run has a say. With `sure` False it may not apply."""

    verdict: Verdict
    rule: str
    reason: Words
    scope: Words
    shown: tuple[ShownText, ...] = ()
    sure: bool = True


@dataclass(frozen=True, slots=True)
class Policy:
    """The rules of one run. `barred` are key chords that are never pressed, in any order.

    `confirm` says when the person is asked. `author` is who wrote what is done: a model, or a
    person, whose tests and recordings may type wherever they say. `private` says that the
    desktop is one of the agent's own, with no window of the person's on it.
    """

    barred: frozenset[frozenset[str]] = _BARRED
    rules: Rules = field(default_factory=default_rules, repr=False)
    confirm: Confirm = "none"
    author: Literal["model", "person"] = "model"
    private: bool = False

    def confirming(self, confirm: Confirm) -> Policy:
        """The same with another mode."""
        return replace(self, confirm=confirm)

    def written_by_person(self) -> Policy:
        """The same for what a person wrote, step by step."""
        return replace(self, author="person")

    def on_private_desktop(self, private: bool) -> Policy:
        """The same, also private if the desktop turns out to be."""
        return replace(self, private=private or self.private)

    def check(self, action: Action, *, points: Iterable[ScreenPoint], region: Region) -> None:
        """Raises ModelMistake when the action may not be done on any screen.

        `points` are the places it touches, `region` the part of the screen the agent may touch.
        """
        for point in points:
            if not region.contains(point):
                right, bottom = region.left + region.width - 1, region.top + region.height - 1
                raise ModelMistake(
                    f"({point.x}, {point.y}) is outside the part of the screen you may act on, "
                    f"which is ({region.left}, {region.top}) to ({right}, {bottom}). Act there."
                )
        chord = chord_of(_keys_together(action))
        for barred in self.barred:
            if barred <= chord:
                chord_name = "+".join(sorted(barred, key=_place_in_chord))
                why = (
                    "it is how a person stops you"
                    if barred == frozenset(STOP_CHORD)
                    else "it would leave this desktop session"
                )
                raise ModelMistake(f"{chord_name} is barred: {why}. Choose another way.")

    def judge(self, action: Action, scene: Scene) -> Judgement | None:
        """What stands in the way of an action on this screen; None when it may be done.

        Only as much of the screen is read as can change the verdict in this mode.
        """
        kind = kind_of(action)
        if kind is None:
            return None
        case = Case(action, kind, scene, self.rules)
        found = self._found(case)
        if found is None or found.verdict == "allow":
            if self.confirm != "all":
                return None
            every = _EVERY_KIND[kind]
            scope = _in_window(every, window_of(case) or _SOME)
            found = _Found("ask", "confirm all", _EVERY, scope)
        verdict = found.verdict
        if verdict == "refuse" and not found.sure and self.confirm != "none":
            verdict = "ask"
        if verdict == "allow" or (verdict == "ask" and self.confirm == "none"):
            return None
        own = case.nearby.own if "nearby" in vars(case) and case.nearby else found.shown
        deed = deed_of(case, own)
        shown = tuple(dict.fromkeys((*own, *found.shown)))
        return Judgement(
            verdict, found.rule, found.reason, deed, window_of(case), found.scope, shown
        )

    def _found(self, case: Case) -> _Found | None:
        """What decides: a rule, else where is typed, else the words on what is clicked."""
        asked: _Found | None = None
        for rule in self.rules.rules:
            answer = holds(rule, case)
            if answer == "no" or (answer == "maybe" and rule.verdict == "allow"):
                continue
            found = self._by_rule(rule, case, sure=answer == "yes")
            if found.verdict != "ask":
                return found
            asked = found
            break
        found = self._by_typing(case)
        if found is not None and found.verdict != "allow":
            if found.verdict == "refuse":
                return found
            asked = asked or found
        if asked is None or any(risk.verdict == "refuse" for risk in self.rules.risks):
            found = self._by_words(case)
            if found is not None and (asked is None or found.verdict == "refuse"):
                return found
        return asked

    def _by_rule(self, rule: Rule, case: Case, *, sure: bool = True) -> _Found:
        why = Words(rule.why) if rule.why else say("your rule “{rule}” says so", rule=rule.name)
        if not sure:
            why = say(
                "it cannot be told whether the rule “{rule}” applies ({why})",
                rule=rule.name,
                why=why,
            )
        asks = say("what the rule “{rule}” asks about", rule=rule.name)
        scope = _in_window(asks, case.application or _ANY)
        shown = case.nearby.own if rule.words and case.nearby else ()
        return _Found(rule.verdict, rule.name, why, scope, shown, sure)

    def _by_typing(self, case: Case) -> _Found | None:
        """Where characters go; None when that is nothing special, or it enters none."""
        rules = self.rules
        if self.author == "person":
            return None
        terminals = rules.private_terminals if self.private else rules.terminals
        enters = case.types or case.activates
        where = case.application or _SOME
        if (case.pastes or not case.pointer) and terminals != "allow" and case.in_terminal:
            scope = say("typing in the terminal {window}", window=where)
            rule = "typing.private_terminals" if self.private else "typing.terminals"
            return _Found(terminals, rule, _TERMINAL, scope)
        if not enters or not self._matters(rules.passwords, rules.unknown):
            return None
        if case.in_terminal:
            return None  # allowed above; it has no field for passwords
        if case.focus is None:
            scope = _in_window(say("typing"), where)
            return _Found(rules.unknown, "typing.unknown", _UNKNOWN, scope)
        if case.focus.password and case.types and not case.names_secret:
            scope = _in_window(say("typing into fields for passwords"), where)
            return _Found(rules.passwords, "typing.passwords", _IN_PASSWORDS, scope)
        return None

    def _matters(self, *verdicts: Verdict) -> bool:
        """Whether one of these can stop anything in this mode."""
        return "refuse" in verdicts or (self.confirm != "none" and "ask" in verdicts)

    def _by_words(self, case: Case) -> _Found | None:
        """The words on what is clicked, or of the dialog that is answered."""
        verdicts: list[Verdict] = [risk.verdict for risk in self.rules.risks]
        if not self._matters(self.rules.unread, *verdicts):
            return None
        if case.clicks:
            nearby = case.nearby
            if nearby is None:
                scope = _in_window(say("clicks"), case.application or _SEVERAL)
                return _Found("ask", "reading", _BLIND, scope)
            if nearby.harmless and not case.in_browser:
                return None
            if found := self._risk_in(case, nearby.own):
                return found
            if not (nearby.own and nearby.sure):
                if not nearby.drawn:
                    return None
                unread = say("clicks on what cannot be read")
                scope = _in_window(unread, case.application or _ANY)
                return _Found(self.rules.unread, "reading.unread", _UNREAD, scope)
            confirming = word_list(self.rules.confirming)
            if first_found(confirming, texts_of(nearby.own)) is None:
                return None
            return self._risk_in_dialog(case)
        if case.moves_on and self.rules.unread != "allow":
            moving = say("keys that move on and then press Enter")
            scope = _in_window(moving, case.application or _ANY)
            return _Found(self.rules.unread, "reading.unread", _MOVED_ON, scope)
        if case.activates and (found := self._risk_in(case, case.focused)):
            return found
        if case.activates or case.answers:
            return self._risk_in_dialog(case)
        return None

    def _risk_in_dialog(self, case: Case) -> _Found | None:
        texts = case.dialog
        if texts is None:
            scope = _in_window(say("answers to dialogs"), case.application or _SEVERAL)
            return _Found("ask", "reading", _BLIND, scope)
        return self._risk_in(case, texts, dialog=True)

    def _risk_in(
        self, case: Case, shown: tuple[ShownText, ...], *, dialog: bool = False
    ) -> _Found | None:
        """The strictest risk that a word of these texts names."""
        best: _Found | None = None
        for risk in self.rules.risks:
            if risk.verdict == "allow" or (best is not None and risk.verdict == best.verdict):
                continue
            texts = texts_of(shown) if not dialog else [each.text for each in shown]
            if found := first_found(word_list(risk.words), texts):
                word, text = found
                why = Words(risk.why)
                if dialog:
                    reason = say("its dialog says “{word}”, and {why}", word=word, why=why)
                else:
                    reason = say("it says “{word}”, and {why}", word=word, why=why)
                clicked = case.nearby.own if case.clicks and case.nearby else ()
                deed = deed_of(case, clicked, by_ing=True)
                if dialog or not case.clicks:
                    deed = say("{deed}, where “{text}” stands,", deed=deed, text=text)
                scope = _in_window(deed, case.application or _ANY)
                named = tuple(each for each in shown if each.text == text) or shown
                best = _Found(risk.verdict, f"words.{risk.name}", reason, scope, named)
                if risk.verdict == "refuse":
                    break
        return best


def _in_window(what: Words, window: str | Words) -> Words:
    return say("{what} in {window}", what=what, window=window)


def _place_in_chord(key: str) -> tuple[int, str]:
    """Where a key is named in a chord: modifiers first, in their usual order."""
    return (MODIFIERS.index(key) if key in MODIFIERS else len(MODIFIERS), key)


def _keys_together(action: Action) -> tuple[str, ...]:
    match action:
        case Hotkey(keys=keys) | Hold(keys=keys):
            return keys
        case Click(modifiers=keys) | Drag(modifiers=keys) | Scroll(modifiers=keys):
            return keys
        case Press(keys=keys) if len(keys) == 1:
            return keys
        case _:
            return ()
