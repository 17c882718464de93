"""What is secret is painted over, however late applications say where it is."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

import numpy as np
import pytest

from agent_app.actions import Press, Write
from agent_app.demonstration.secrets import Secrets
from agent_app.events import WindowRef
from agent_app.geometry import FrameTransform, Region, ScreenPoint, Size
from agent_app.hiding.covering import Covering, SecretPlace
from agent_app.hiding.fields import Content, Field
from agent_app.hiding.focus import is_password
from agent_app.hiding.shots import Shot
from agent_app.screen.frame import Frame

WHOLE = FrameTransform(ScreenPoint(0, 0), 1.0, Size(200, 100))
WINDOW = WindowRef("Sign in", "login", Region(20, 10, 120, 80), active=True, popup=False)
OTHER = WindowRef("Notes", "notes", Region(150, 10, 40, 80), active=False, popup=False)
NAME, NOTE = Region(30, 20, 60, 10), Region(30, 50, 60, 10)
ELSEWHERE = Region(30, 70, 60, 10)
SECRET = "swordfish"


@dataclass
class FakeFields:
    """What applications say of the focus and of their fields, changed by the test."""

    focused: list[Field] = field(default_factory=list)
    says: dict[str, Content | None] = field(default_factory=dict)
    texts: dict[str, str] = field(default_factory=dict)
    slow: float = 0.0

    def enter(self, path: str, *, at: float, password: bool = False) -> Field:
        self.leave(at)
        self.focused.append(Field(":1.1", path, password, at))
        return self.focused[-1]

    def leave(self, at: float) -> None:
        self.focused = [
            Field(f.owner, f.path, f.password, f.began, at if f.ended is None else f.ended)
            for f in self.focused
        ]

    def during(self, began: float, ended: float) -> tuple[Field, ...]:
        return tuple(
            f for f in self.focused if f.began <= ended and (f.ended is None or f.ended >= began)
        )

    def content(self, one: Field) -> Content | None:
        return self.says.get(one.path, Content(None, None, told=False))

    def text(self, one: Field) -> str | None:
        return self.texts.get(one.path)

    def lag(self, began: float, ended: float) -> float:  # noqa: ARG002
        return self.slow


@pytest.fixture
def fields() -> FakeFields:
    """A form that answers, with a name in it and an empty note."""
    fields = FakeFields()
    fields.says = {"name": Content(NAME, 12), "note": Content(NOTE, 0)}
    fields.texts = {"name": "ada lovelace", "note": ""}
    return fields


@pytest.fixture
def secrets(fields: FakeFields) -> Secrets:
    return Secrets(fields)  # type: ignore[arg-type]


def shoot(*windows: WindowRef, before: tuple[WindowRef, ...] | None = None) -> Shot:
    windows = windows or (WINDOW, OTHER)
    frame = Frame(np.zeros((100, 200, 3), np.uint8), WHOLE, 1, time.monotonic())
    return Shot(frame, time.monotonic(), windows, windows if before is None else before)


def hides(frame: Frame, region: Region) -> bool:
    """Whether a region is painted over in a frame."""
    part = frame.pixels[
        region.top : region.top + region.height, region.left : region.left + region.width
    ]
    return bool(part.all())


def type_marked(fields: FakeFields, secrets: Secrets) -> None:
    """Type into whatever has the focus, between two presses of the secret chord."""
    began = time.monotonic()
    secrets.toggle()
    secrets.expect(fields.during(began, began))
    for path in {one.path for one in fields.during(began, began)} & {"note"}:
        fields.says[path] = Content(NOTE, len(SECRET))
        fields.texts[path] = SECRET
    hide(secrets, began)


def hide(secrets: Secrets, began: float) -> SecretPlace | None:
    """Tell of what was typed since a moment."""
    place = secrets.place(began, time.monotonic(), (WINDOW,), after=began, sure=True)
    if place is not None:
        secrets.hide(place, began, Write(SECRET))
    return place


def test_only_the_field_is_painted_over_that_says_what_it_holds(
    fields: FakeFields, secrets: Secrets
) -> None:
    fields.enter("note", at=0.0)
    type_marked(fields, secrets)
    secrets.look((WINDOW,))
    frame = secrets.covered(shoot())
    assert hides(frame, NOTE)
    assert not hides(frame, NAME)


def test_a_focus_that_moves_on_at_once_takes_no_mask_with_it(
    fields: FakeFields, secrets: Secrets
) -> None:
    fields.says["box"] = Content(Region(30, 80, 60, 10), None)
    fields.enter("note", at=0.0)
    began = time.monotonic()
    secrets.toggle()
    secrets.expect(fields.during(began, began))
    fields.says["note"], fields.texts["note"] = Content(NOTE, len(SECRET)), SECRET
    fields.enter("box", at=time.monotonic())  # by Tab, before anyone told of the typing
    hide(secrets, began)
    secrets.look((WINDOW,))
    frame = secrets.covered(shoot())
    assert hides(frame, NOTE)
    assert not hides(frame, NAME)


def test_while_no_field_says_that_it_holds_it_the_windows_are_painted_over(
    fields: FakeFields, secrets: Secrets
) -> None:
    fields.enter("name", at=0.0)  # that the note has the focus, nobody has said yet
    type_marked(fields, secrets)
    fields.says["note"], fields.texts["note"] = Content(NOTE, len(SECRET)), SECRET
    secrets.look((WINDOW,))
    frame = secrets.covered(shoot())
    assert hides(frame, WINDOW.region)
    assert not hides(frame, OTHER.region)


def test_of_an_application_that_does_not_answer_all_windows_are_painted_over(
    fields: FakeFields, secrets: Secrets
) -> None:
    fields.enter("note", at=0.0)
    fields.says, fields.texts = {}, {}
    type_marked(fields, secrets)
    fields.says = {}
    assert hides(secrets.covered(shoot()), WINDOW.region)


def test_an_application_that_stops_answering_is_painted_over_from_then_on(
    fields: FakeFields, secrets: Secrets
) -> None:
    fields.enter("note", at=0.0)
    type_marked(fields, secrets)
    secrets.look((WINDOW,))
    assert not hides(secrets.covered(shoot()), NAME)
    fields.says = {}
    assert hides(secrets.covered(shoot()), WINDOW.region)


def test_a_picture_from_while_the_field_moved_has_its_windows_painted_over(
    fields: FakeFields, secrets: Secrets
) -> None:
    fields.enter("note", at=0.0)
    type_marked(fields, secrets)
    secrets.look((WINDOW,))
    shot = shoot()
    fields.says["note"] = Content(ELSEWHERE, len(SECRET))
    assert hides(secrets.covered(shot), WINDOW.region)
    # where it stays after that, it alone is
    for _ in range(2):
        secrets.look((WINDOW,))
    frame = secrets.covered(shoot())
    assert hides(frame, ELSEWHERE)
    assert not hides(frame, NAME)


def test_a_field_that_closes_at_once_is_painted_over_where_it_was(
    fields: FakeFields, secrets: Secrets
) -> None:
    word = fields.enter("note", at=0.0, password=True)
    began = time.monotonic()
    secrets.expect((word,))
    fields.says["note"] = Content(NOTE, 5)
    secrets.look((WINDOW,))  # while it is typed
    fields.says["note"] = Content(NOTE, len(SECRET))
    shot = shoot()
    fields.says["note"] = None
    hide(secrets, began)
    frame = secrets.covered(shot)
    assert hides(frame, NOTE)
    assert not hides(frame, NAME)


def test_a_window_that_moves_is_painted_over_from_where_it_was_to_where_it_is(
    fields: FakeFields, secrets: Secrets
) -> None:
    fields.enter("name", at=0.0)
    type_marked(fields, secrets)
    there = WindowRef("Sign in", "login", Region(60, 10, 120, 80), active=True, popup=False)
    assert hides(secrets.covered(shoot(there, before=(WINDOW,))), Region(20, 10, 160, 80))
    assert hides(secrets.covered(shoot(OTHER, before=(WINDOW,))), WINDOW.region)


def test_an_emptied_field_is_painted_over_no_more(fields: FakeFields, secrets: Secrets) -> None:
    fields.enter("note", at=0.0)
    type_marked(fields, secrets)
    secrets.look((WINDOW,))
    earlier = shoot()
    fields.says["note"], fields.texts["note"] = Content(NOTE, 0), ""
    secrets.look((WINDOW,))
    assert hides(secrets.covered(shoot()), NOTE)  # it may be on the screen still
    for _ in range(2):
        secrets.look((WINDOW,))
    assert not secrets.covered(shoot()).pixels.any()
    assert hides(secrets.covered(earlier), NOTE)


def test_a_field_that_holds_it_again_is_painted_over_again(
    fields: FakeFields, secrets: Secrets
) -> None:
    fields.enter("note", at=0.0)
    type_marked(fields, secrets)
    fields.says["note"], fields.texts["note"] = Content(NOTE, 0), ""
    for _ in range(2):
        secrets.look((WINDOW,))
    assert not secrets.covered(shoot()).pixels.any()
    fields.says["note"], fields.texts["note"] = Content(NOTE, 5), "other"
    assert not secrets.covered(shoot()).pixels.any()
    assert secrets.shows_any
    fields.says["note"], fields.texts["note"] = Content(NOTE, len(SECRET)), SECRET  # by an undo
    secrets.look((WINDOW,))
    assert hides(secrets.covered(shoot()), NOTE)


def test_a_field_that_is_gone_with_its_window_is_painted_over_no_more(fields: FakeFields) -> None:
    covering = Covering(fields)  # type: ignore[arg-type]
    dialog = WindowRef("Password", "login", Region(25, 15, 90, 40), active=True, popup=False)
    word = fields.enter("note", at=0.0, password=True)
    began = time.monotonic()
    covering.expect((word,))
    fields.says["note"] = Content(NOTE, len(SECRET))
    place = SecretPlace("mail", (word,), frozenset(("login",)), (dialog,))
    covering.hide_more(place, began, Write(SECRET), "mail")
    covering.expect(())
    covering.look((dialog, WINDOW))
    fields.says["note"] = None
    for _ in range(3):
        covering.look((dialog, WINDOW))
    assert hides(covering.covered(shoot(dialog, WINDOW)), NOTE)  # its window is there still
    for _ in range(2):
        covering.look((WINDOW,))
    assert not covering.covered(shoot()).pixels.any()


def test_what_is_typed_while_an_application_lags_is_as_secret_as_the_next_field(
    fields: FakeFields, secrets: Secrets
) -> None:
    fields.enter("name", at=0.0)
    began = time.monotonic()
    fields.enter("word", at=began + 1.0, password=True)
    assert hide(secrets, began) is None
    fields.slow = 1.2
    place = hide(secrets, began)
    assert place is not None
    assert place.into == fields.focused[-1]


def test_what_nobody_knows_the_place_of_is_secret(fields: FakeFields, secrets: Secrets) -> None:
    fields.enter("name", at=0.0)
    now = time.monotonic()
    assert secrets.place(now, now, (WINDOW,), after=0.0, sure=True) is None
    assert secrets.place(now, now, (WINDOW,), after=0.0, sure=False) is not None


def test_corrections_leave_the_mask_on_the_field(fields: FakeFields, secrets: Secrets) -> None:
    word = fields.enter("note", at=0.0, password=True)
    fields.says["note"] = Content(NOTE, len(SECRET))  # all was typed before it was first seen
    secrets.expect((word,))
    place = hide(secrets, time.monotonic())
    assert place is not None
    fields.says["note"] = Content(NOTE, len(SECRET) - 2)
    secrets.look((WINDOW,))
    secrets.hide_more(place, time.monotonic(), Press(("backspace",), 2), "secret_1")
    for _ in range(2):
        secrets.look((WINDOW,))
    frame = secrets.covered(shoot())
    assert hides(frame, NOTE)
    assert not hides(frame, NAME)


class SilentBus:
    """A bus whose applications answer nothing, or refuse."""

    late = False

    def __init__(self, *, silent: bool) -> None:
        self.silent = {":1.1"} if silent else set()

    def begin(self, seconds: float) -> None:
        pass

    def ask(self, questions: list[object]) -> list[None]:
        return [None for _ in questions]


def test_a_field_that_does_not_say_what_it_is_counts_as_one_for_passwords() -> None:
    assert is_password(SilentBus(silent=True), ":1.1", "/field")  # type: ignore[arg-type]
    assert not is_password(SilentBus(silent=False), ":1.1", "/gone")  # type: ignore[arg-type]
