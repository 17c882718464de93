"""Orders for one screen: how each is asked for, and what the reply says and does.

A reply that looks for something relative to another thing says first where that other thing is.
"""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass
from itertools import pairwise

from train.screens import COLOURS, ICONS, NOUNS, SHAPES, Box, Element, Scene
from train.words import label, short_label, typed_text

_DIRECTIONS = ("below", "above", "left of", "right of")
_FARTHEST = 400  # pixels between two things that are named together
_CALLED = {  # what people call a kind; the first is the screens' own word for it
    "button": ("button",),
    "field": ("field", "field", "text field"),
    "check": ("check box", "checkbox"),
    "option": ("option", "radio button"),
    "tab": ("tab",),
    "menu": ("menu",),
    "item": ("item", "menu item", "entry"),
    "link": ("link",),
    "text": ("text", "label"),
}
REFUSED = ("missing", "nearly")  # kinds of orders that are to be refused
_ORDINALS = ("first", "second", "third", "fourth", "fifth")
_KEYS = {
    "Enter": "enter",
    "Escape": "esc",
    "Tab": "tab",
    "Space": "space",
    "Delete": "delete",
    "Backspace": "backspace",
    "Home": "home",
    "End": "end",
    "F5": "f5",
    "F11": "f11",
}
_MODIFIERS = ("ctrl", "alt", "shift")
_SEES, _LACKS = "I see it.", "It is not on the screen."


@dataclass(frozen=True, slots=True)
class Order:
    """One thing to do: how it is asked for, the reply's thought, sentence and code.

    `aims` are the elements whose places the reply tells, in order. `kind` names what is judged:
    "nearly" is what is missing although something one letter off is there.
    """

    asked: str
    sentence: str
    thought: str
    code: str
    kind: str
    aims: tuple[int, ...] = ()


class Asker:
    """Thinks of orders for one screen. `words` is the pool that absent names come from.

    `near` of the absent names are one letter off one that is there.
    """

    def __init__(
        self, scene: Scene, rng: random.Random, words: str = "train", *, near: float = 0.2
    ) -> None:
        self.rng = rng
        self.words = words
        self.near = near
        self.size = scene.image.size
        self.elements = scene.elements
        fields = {one.label.lower() for one in scene.elements if one.kind == "field"}
        counts = Counter(
            one.label.lower()
            for one in scene.elements
            if not (one.kind == "text" and one.label.lower() in fields)
        )
        hidden = {name.lower() for name in scene.hidden}
        self._taken = {*counts, *hidden, *fields}
        self.by_kind: dict[str, list[int]] = {}
        self._again: dict[str, list[int]] = {}
        for at, one in enumerate(scene.elements):
            name = one.label.lower()
            if name in hidden:
                continue
            if counts[name] == 1 and not (one.kind == "text" and name in fields):
                self.by_kind.setdefault(one.kind, []).append(at)
            elif one.kind == "button":
                self._again.setdefault(name, []).append(at)
        self.worded = [
            at
            for kind in ("button", "check", "option", "tab", "menu", "item", "link")
            for at in self.by_kind.get(kind, [])
        ]

    # --- names ----------------------------------------------------------------------------------

    def called(self, one: Element) -> str:
        """One of the ways to name an element that stands on the screen once."""
        if one.kind in ("shape", "icon"):
            return f"the {one.label}" + " icon" * (one.kind == "icon")
        return self._called(one.label, one.kind)

    def _called(self, name: str, kind: str) -> str:
        rng, draw = self.rng, self.rng.random()
        noun = rng.choice(_CALLED[kind])
        if kind == "text":
            name += ":" * (rng.random() < 0.25)  # as it may be written, or not
            draw *= 0.75
        if kind == "field":
            draw = 0.5 + draw / 2
        if draw < 0.5:
            return name if draw < 0.28 else f'"{name}"'
        if draw < 0.74:
            return f'the {noun} "{name}"' if draw < 0.6 else f'the "{name}" {noun}'
        return f"the {noun} {name}" if draw < 0.88 else f"the {name} {noun}"

    def _absent(self) -> tuple[str, str]:
        """A name that stands nowhere, now and then nearly one that does; and the order's kind."""
        if self.worded and self.rng.random() < self.near:
            name = self.elements[self.rng.choice(self.worded)].label
            at = self.rng.randrange(len(name))
            other = self.rng.choice("abcdefghijklmnoprstuvwy")
            name = name[:at] + other + name[at + 1 :]
            if name.lower() not in self._taken:
                return name, "nearly"
        while True:
            name = label(self.rng, pool=self.words)
            if self.words == "train" and self.rng.random() < 0.06:
                name = short_label(self.rng)
            if name.lower() not in self._taken:
                return name, "missing"

    def _at(self, index: int) -> str:
        at = zip(self.elements[index].centre, self.size, strict=True)
        x, y = (min(0.999, max(0.0, side / whole)) for side, whole in at)
        return f"x={x:.3f}, y={y:.3f}"

    # --- orders ---------------------------------------------------------------------------------

    def order(self, kind: str) -> Order | None:
        """An order of a kind, or None when the screen has nothing for it."""
        made = self.key() if kind == "key" else getattr(self, f"_{kind}")()
        assert made is None or isinstance(made, Order)
        return made

    def _on(self, at: int, named: str, kind: str, start: int | None = None, way: str = "") -> Order:
        """A click of some sort on an element."""
        draw = self.rng.random()
        aims, thought = (at,), _SEES
        if start is not None:
            aims = (start, at)
            thought = f"From {self._at(start)} I look {way}."
        if draw < 0.9:
            verb = self.rng.choice(("Click", "Click", "Click", "Click on", "Select", "Press"))
            asked, told, call = f"{verb} {named}", f"Click {named}.", "click"
        elif draw < 0.95:
            asked, told, call = f"Double-click {named}", f"Double-click {named}.", "doubleClick"
        else:
            asked, told, call = f"Right-click {named}", f"Right-click {named}.", "rightClick"
        asked = self._begun(asked)
        return Order(asked, told, thought, f"pyautogui.{call}({self._at(at)})", kind, aims)

    def _begun(self, asked: str) -> str:
        """An order as people write it: with a capital letter or a small one."""
        return asked[0].lower() + asked[1:] if self.rng.random() < 0.35 else asked

    def _pick(self, *kinds: str) -> int | None:
        found = [at for kind in kinds for at in self.by_kind.get(kind, [])]
        return self.rng.choice(found) if found else None

    def _shape(self) -> Order | None:
        at = self._pick("shape", "shape", "icon")
        return None if at is None else self._on(at, self.called(self.elements[at]), "shape")

    def _word(self) -> Order | None:
        if not self.worded:
            return None
        at = self.rng.choice(self.worded)
        if self.rng.random() < 0.12 and self.by_kind.get("text"):
            at = self.rng.choice(self.by_kind["text"])
        return self._on(at, self.called(self.elements[at]), "word")

    def _field(self) -> Order | None:
        at = self._pick("field")
        return None if at is None else self._on(at, self.called(self.elements[at]), "field")

    def _typing(self) -> Order | None:
        at = self._pick("field")
        if at is None:
            return None
        return self._typed(self.called(self.elements[at]), self._at(at), (at,))

    def _typed(self, named: str, place: str, aims: tuple[int, ...]) -> Order:
        text = typed_text(self.rng).replace('"', "").replace("\\", "")
        verb = self.rng.choice(("Type", "Type", "Write", "Enter"))
        asked = self._begun(f'{verb} "{text}" into {named}')
        told = f'Type "{text}" into {named}.'
        code = f'pyautogui.click({place})\npyautogui.write(message="{text}")'
        if self.rng.random() < 0.4:
            asked += " and press Enter"
            told = told[:-1] + " and press Enter."
            code += '\npyautogui.press("enter")'
        return Order(asked, told, _SEES, code, "typing", aims)

    def _relation(self) -> Order | None:
        ways = [self._beside, self._named_beside, self._nth, self._in_row]
        self.rng.shuffle(ways)
        return next((made for made in (way() for way in ways) if made), None)

    def _beside(self) -> Order | None:
        """The nearest thing of a kind in one direction of a named one."""
        rng = self.rng
        anchors = [at for kind, found in self.by_kind.items() if kind != "field" for at in found]
        rng.shuffle(anchors)
        for start in anchors[:6]:
            way = rng.choice(_DIRECTIONS)
            kinds = [kind for kind in NOUNS if kind not in ("text", "link", "tab", "menu")]
            rng.shuffle(kinds)
            for kind in kinds[:4]:
                at = self._nearest(start, way, kind)
                if at is not None:
                    noun = NOUNS[kind] or "shape"
                    one = self.elements[start]
                    named = f"the {noun} {way} {self.called(one)}"
                    return self._on(at, named, "relation", start, way)
        return None

    def _named_beside(self) -> Order | None:
        """A named thing on one side of another named one, in its row or its column."""
        rng, several = self.rng, [at for found in self._again.values() for at in found]
        known = [at for kind, found in self.by_kind.items() if kind != "field" for at in found]
        for at in rng.sample(several, min(3, len(several))) + rng.sample(known, min(6, len(known))):
            one = self.elements[at]
            if one.kind in ("shape", "icon"):
                continue
            beside = [
                (start, way)
                for start in known
                for way in _DIRECTIONS
                if start != at and _lies(one.box, way, self.elements[start].box)
            ]
            if not beside:
                continue
            start, way = rng.choice(beside)
            anchor = self.elements[start]
            twins = [other for other in self.elements if other.label.lower() == one.label.lower()]
            if sum(_lies(twin.box, way, anchor.box) for twin in twins) != 1:
                continue
            if rng.random() < 0.6 and anchor.kind not in ("shape", "icon"):
                named = f'"{one.label}" {way} "{anchor.label}"'
            else:
                named = f"{self._called(one.label, one.kind)} {way} {self.called(anchor)}"
            return self._on(at, named, "relation", start, way)
        return None

    def _nearest(self, start: int, way: str, kind: str) -> int | None:
        """The nearest element of a kind that way, when there is no doubt which it is."""
        axis = 1 if way in ("below", "above") else 0
        sign = 1 if way in ("below", "right of") else -1
        a = self.elements[start].box
        gaps: list[tuple[float, int]] = []
        for at, one in enumerate(self.elements):
            b = one.box
            if one.kind != kind or at == start:
                continue
            gap = b[axis] - a[axis + 2] if sign > 0 else a[axis] - b[axis + 2]
            other = 1 - axis
            beside = min(a[other + 2], b[other + 2]) - max(a[other], b[other])
            if gap >= -2 and beside > 0:
                gaps.append((gap, at))
            elif gap >= -2 and beside > -30:
                gaps.append((gap + 1e4, at))  # askew: makes what is nearer doubtful
        gaps.sort()
        sure = gaps and gaps[0][0] < 300 and (len(gaps) == 1 or gaps[1][0] - gaps[0][0] > 8)
        if not sure or any(0 <= gap - 1e4 < gaps[0][0] + 20 for gap, _ in gaps[1:]):
            return None
        return gaps[0][1]

    def _nth(self) -> Order | None:
        several = [found for found in self._again.values() if 2 <= len(found) <= len(_ORDINALS)]
        if not several:
            return None
        found = self.rng.choice(several)
        found = sorted(found, key=lambda at: self.elements[at].centre[::-1])
        tops = [self.elements[at].centre[1] for at in found]
        if any(b - a < 12 for a, b in pairwise(tops)):
            return None
        nth = self.rng.randrange(len(found))
        name = self.elements[found[nth]].label
        named = f"the {_ORDINALS[nth]} {name}" + " button" * (self.rng.random() < 0.4)
        before = found[nth - 1] if nth else None
        return self._on(found[nth], named, "relation", before, "on")

    def _in_row(self) -> Order | None:
        found = [at for again in self._again.values() for at in again]
        self.rng.shuffle(found)
        for at in found:
            one = self.elements[at]
            heads = [
                head
                for head in self.by_kind.get("text", [])
                if self.elements[head].row == one.row != -1
            ]
            same = [
                twin
                for twin in self._again[one.label.lower()]
                if self.elements[twin].row == one.row
            ]
            if heads and len(same) == 1:
                head = self.elements[heads[0]].label
                where = self.rng.choice((f"in the row {head}", f"of {head}"))
                named = f"{one.label} {where}"
                return self._on(at, named, "relation", heads[0], "along")
        return None

    def _missing(self) -> Order | None:
        """Something that is not there."""
        rng, draw, why = self.rng, self.rng.random(), "missing"
        if draw < 0.3:
            shown = {one.label for one in self.elements if one.kind in ("shape", "icon")}
            pairs = {f"{colour} {shape}" for colour in COLOURS for shape in SHAPES} - shown
            icons = set(ICONS) - shown
            if not pairs and not icons:
                return None
            if icons and (not pairs or rng.random() < 0.2):
                named = f"the {rng.choice(sorted(icons))} icon"
            else:
                named = f"the {rng.choice(sorted(pairs))}"
        else:
            absent, why = self._absent()
            if draw < 0.82:
                kind = rng.choice([kind for kind in _CALLED if kind not in ("field", "text")])
                named = self._called(absent, kind)
            elif draw < 0.92:
                named = self._called(absent, "field")
                return self._lacks(self._typed(named, "", ()).asked, named, why)
            elif draw < 0.96 and self.worded:
                anchor = self.elements[rng.choice(self.worded)].label
                named = f'"{absent}" {rng.choice(_DIRECTIONS)} "{anchor}"'
            else:
                what = rng.choice(("button", "field", "shape"))
                named = f"the {what} {rng.choice(_DIRECTIONS)} {absent}"
        return self._lacks(self._on(0, named, why).asked if self.elements else "", named, why)

    def _lacks(self, asked: str, named: str, kind: str) -> Order | None:
        told = f"Report that {named} is missing."
        code = 'computer.terminate(status="failure", answer="It is not on the screen.")'
        return Order(asked, told, _LACKS, code, kind) if asked else None

    def key(self) -> Order:
        rng = self.rng
        draw = rng.random()
        if draw < 0.35:
            name = rng.choice(tuple(_KEYS))
            told, code = f"Press the key {name}.", f'pyautogui.press("{_KEYS[name]}")'
        elif draw < 0.65:
            held = [rng.choice(_MODIFIERS)]
            if rng.random() < 0.2:
                held = ["ctrl", "shift"]
            key = rng.choice("abcdefghijklmnopqrstuvwxyz")
            shown = "+".join((*(one.capitalize() for one in held), key.upper()))
            keys = ", ".join(f'"{one}"' for one in (*held, key))
            told, code = f"Press the keys {shown}.", f"pyautogui.hotkey({keys})"
        elif draw < 0.88:
            down = rng.random() < 0.6
            told = f"Scroll {'down' if down else 'up'}."
            code = f"pyautogui.scroll({-5 if down else 5}, x=0.5, y=0.5)"
        else:
            told, code = "Wait a moment.", "computer.wait(seconds=1)"
        return Order(self._begun(told[:-1]), told, "I do that.", code, "key")


def _lies(box: Box, way: str, anchor: Box) -> bool:
    """Whether a box lies on that side of another one, at least half in its row or column."""
    axis = 1 if way in ("below", "above") else 0
    first, second = (anchor, box) if way in ("below", "right of") else (box, anchor)
    gap = second[axis] - first[axis + 2]
    other = 1 - axis
    shared = min(box[other + 2], anchor[other + 2]) - max(box[other], anchor[other])
    smaller = min(box[other + 2] - box[other], anchor[other + 2] - anchor[other])
    return -2 <= gap <= _FARTHEST and shared >= smaller / 2
