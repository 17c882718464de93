"""One action on one screen: what is known of it, found out only as the verdict needs it."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property

from agent_app.actions import Action, Click, Drag, Hold, Hotkey, Press, Scroll, Write
from agent_app.events import ShownText, WindowRef
from agent_app.geometry import ScreenPoint
from agent_app.keys import chord_of
from agent_app.markers import MARKER
from agent_app.policy.rules import Kind, Rules, is_like
from agent_app.policy.scene import Focus, Hosts, Nearby, Scene

_ACTIVATING = frozenset(("enter", "space"))
_MOVING = frozenset(("tab", "up", "down", "left", "right", "home", "end", "pageup", "pagedown"))
_SIGNS = {"\t": "tab", "\n": "enter"}
_BUTTON = (400, 120)  # units of the screen: what has the keyboard and is larger is no button
_HELD = frozenset(("ctrl", "alt", "win"))
_PASTING = (frozenset(("ctrl", "v")), frozenset(("shift", "insert")))


class Case:
    """What is known of one action; each question to the screen is asked once, and only if need be.

    `pointer` says whether it goes where the pointer does, otherwise it goes to the keyboard's
    window.
    """

    def __init__(self, action: Action, kind: Kind, scene: Scene, rules: Rules) -> None:
        self.action = action
        self.kind: Kind = kind
        self.scene = scene
        self._rules = rules
        self.pointer = kind in ("click", "drag", "scroll", "move")

    @cached_property
    def window(self) -> WindowRef | None:
        """The window that it goes to; None when nothing tells."""
        if not self.pointer:
            return self.scene.active
        return self.scene.window_at(self.scene.points[-1]) if self.scene.points else None

    @cached_property
    def windows(self) -> tuple[WindowRef, ...]:
        """Every window that it touches: a drag may begin in another one than it ends in."""
        if not self.pointer:
            return (self.window,) if self.window is not None else ()
        found = (self.scene.window_at(point) for point in self.scene.points)
        return tuple(dict.fromkeys(each for each in found if each is not None))

    @property
    def application(self) -> str:
        return self.window.application if self.window is not None else ""

    @cached_property
    def nearby(self) -> Nearby | None:
        """What is clicked; None when it cannot be told."""
        target = self.scene.target
        if target is None or self.scene.reads is None:
            return None
        return self.scene.reads.near(self.scene.frame, target, self.window)

    @cached_property
    def focus(self) -> Focus | None:
        """What has the keyboard; None when it cannot be told."""
        window = self.scene.active
        if window is None or self.scene.reads is None:
            return None
        return self.scene.reads.focus(window)

    @cached_property
    def dialog(self) -> tuple[ShownText, ...] | None:
        """The texts of the dialog that is answered; empty in no dialog, None where unreadable."""
        if self.scene.reads is None:
            return None
        point = self.scene.target if self.pointer else None
        return self.scene.reads.around(self.scene.frame, point, self.window)

    @property
    def in_browser(self) -> bool:
        """Whether it goes to a browser, in which a page says what its parts are."""
        return is_like(self.application, self._rules.browsers)

    @cached_property
    def hosts(self) -> Hosts | None:
        """Where the browser is that it goes to; None when it is no browser's window."""
        window = self.window
        if window is None or not self.in_browser:
            return None
        return Hosts() if self.scene.reads is None else self._read_hosts(window)

    def _read_hosts(self, window: WindowRef) -> Hosts:
        assert self.scene.reads is not None
        return self.scene.reads.hosts(self.scene.frame, window)

    @cached_property
    def chords(self) -> tuple[frozenset[str], ...]:
        """The keys that are down together, without their sides; one set for each press of a row."""
        match self.action:
            case Hotkey(keys=keys) | Hold(keys=keys):
                return (chord_of(keys),)
            case Press(keys=keys):
                return tuple(chord_of((key,)) for key in keys)
            case Click(modifiers=keys) | Drag(modifiers=keys) | Scroll(modifiers=keys) if keys:
                return (chord_of(keys),)
            case Write(text=text) if "\n" in text:
                return (frozenset(("enter",)),)
            case _:
                return ()

    @property
    def clicks(self) -> bool:
        """Whether it does what a button or a link is for."""
        match self.action:
            case Click(button="left") | Drag(button="left"):
                return True
            case _:
                return False

    @property
    def activates(self) -> bool:
        """Whether its keys do what a button or a form is for; a space does unless it is typed."""
        if isinstance(self.action, Write) and " " in self.action.text:
            focus = self.focus
            if focus is not None and not (focus.field or focus.terminal):
                return True
        return not self.pointer and any(not chord.isdisjoint(_ACTIVATING) for chord in self.chords)

    @property
    def moves_on(self) -> bool:
        """Whether its keys choose something else first, and then do what that is for."""
        match self.action:
            case Press(keys=keys, count=count):
                pressed = [key for name in keys for key in chord_of((name,))] * min(count, 2)
            case Write(text=text):
                pressed = [_SIGNS[sign] for sign in text if sign in _SIGNS]
            case _:
                return False
        moved = next((at for at, key in enumerate(pressed) if key in _MOVING), len(pressed))
        if _ACTIVATING.isdisjoint(pressed[moved:]):
            return False
        return not self._takes_them(written=isinstance(self.action, Write))

    def _takes_them(self, *, written: bool) -> bool:
        """Whether what has the keyboard keeps keys that elsewhere move on, as an editor does.

        In a browser none is known to: there Tab leaves a field of several lines, too. Where nothing
        is known of the keyboard another rule asks.
        """
        focus = self.focus
        if focus is None:
            return True
        if self.in_browser:
            return False
        return focus.lines or focus.terminal or (written and not focus.field)

    @property
    def answers(self) -> bool:
        """Whether it may press a button of a dialog by the letter that is underlined there."""
        return not self.pointer and any(
            "alt" in chord and any(len(key) == 1 for key in chord) for chord in self.chords
        )

    @cached_property
    def focused(self) -> tuple[ShownText, ...]:
        """What its keys do: the name of what has the keyboard, and what is seen there."""
        focus = self.focus
        if focus is None or focus.field:
            return ()
        named = (ShownText(focus.text),) if focus.text else ()
        place, reads = focus.region, self.scene.reads
        if reads is None or place is None or place.width > _BUTTON[0] or place.height > _BUTTON[1]:
            return named
        middle = ScreenPoint(place.left + place.width // 2, place.top + place.height // 2)
        at = self.scene.frame.transform.screen_to_frame(middle)
        seen = reads.near(self.scene.frame, at, self.window)
        return named if seen is None else tuple(dict.fromkeys((*named, *seen.own)))

    @property
    def types(self) -> bool:
        """Whether it enters characters, by keys or by pasting."""
        if isinstance(self.action, Write):
            return True
        return not self.pointer and any(map(_enters_text, self.chords))

    @property
    def names_secret(self) -> bool:
        """Whether all it enters is stored secrets, by their names, and keys that end a field."""
        if not isinstance(self.action, Write) or not MARKER.search(self.action.text):
            return False
        return not MARKER.sub("", self.action.text).strip("\n\t")

    @property
    def pastes(self) -> bool:
        """Whether it may paste by the pointer: X11 does by the middle button, and by dropping."""
        return isinstance(self.action, Drag) or (
            isinstance(self.action, Click) and self.action.button == "middle"
        )

    @cached_property
    def in_terminal(self) -> bool:
        """Whether what it enters goes to a terminal, in which every key counts."""
        if self.pointer:
            return self.pastes and is_like(self.application, self._rules.terminal_applications)
        if is_like(self.application, self._rules.terminal_applications):
            return True
        return bool(self.focus and self.focus.terminal)


def texts_of(shown: Iterable[ShownText]) -> list[str]:
    """Each text, and those that stand in one row as one: a label may be read in pieces."""
    own = list(shown)
    return [each.text for each in own] + (
        [" ".join(each.text for each in own)] if len(own) > 1 else []
    )


def _enters_text(chord: frozenset[str]) -> bool:
    if any(paste <= chord for paste in _PASTING):
        return True
    signs = [key for key in chord if len(key) == 1 or key == "space" or key[:3] == "num"]
    return bool(signs) and chord.isdisjoint(_HELD)
