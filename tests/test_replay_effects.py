"""Effects compared on pictures, heals on disk, parameters from files."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from agent_app.errors import KnownError
from agent_app.events import WindowRef
from agent_app.geometry import (
    FrameBox,
    FramePoint,
    FrameTransform,
    Region,
    RelativePoint,
    ScreenPoint,
    Size,
)
from agent_app.model_runtime import ImagePart
from agent_app.replaying.anchor import Anchor, AnchorMaker
from agent_app.replaying.changes import Change
from agent_app.replaying.effect_texts import Read
from agent_app.replaying.effects import Effect, Recorded, difference
from agent_app.replaying.healing import Heals
from agent_app.replaying.parameters import check_params, read_params
from agent_app.replaying.windows import WindowName, is_like
from agent_app.runtimes.reader.sight import Element, Sight
from agent_app.screen.frame import Pixels
from tests.fakes.screen import frame_of, picture

SIZE = Size(320, 200)
WHOLE = FrameTransform(ScreenPoint(0, 0), 1.0, SIZE)
PLACE = RelativePoint(0.5, 0.5)


def nothing(_part: ImagePart) -> Sight:
    return Sight(())


def reading(*texts: str):
    def read(part: ImagePart) -> Sight:
        if not np.asarray(part.image).max() > 200:
            return Sight(())
        return Sight(tuple(Element(text, FrameBox(20, 14, 30, 12), "ocr") for text in texts))

    return read


def window(title: str, *, popup: bool = False, region: Region | None = None, active: bool = True):
    application = "" if popup else "Editor"
    return WindowRef(title, application, region or Region(0, 0, 300, 180), active, popup)


def change(
    before: Pixels,
    after: Pixels,
    windows: tuple[Sequence[WindowRef], Sequence[WindowRef]] = ((), ()),
    **more,
) -> Change:
    return Change(before, after, WHOLE, tuple(windows[0]), tuple(windows[1]), **more)


def recorded(which: Change, read=nothing, *, said: bool | None = True) -> Recorded:
    return Recorded(lambda: which, said=said, read=read)


BLANK = picture()
BOX = picture((100, 100, 60, 20))


def test_the_same_change_at_the_targets_new_place_is_alike_without_reading() -> None:
    def read(_part: ImagePart) -> Sight:
        raise AssertionError("nothing has to be read")

    then = change(BLANK, BOX, points=(FramePoint(110, 90),))
    now = change(BLANK, picture((160, 130, 60, 20)), points=(FramePoint(170, 120),))
    assert difference(recorded(then, read), now, read) == ""


def test_a_change_elsewhere_is_another_effect() -> None:
    then = change(BLANK, picture((100, 20, 20, 10)), points=(FramePoint(110, 15),))
    now = change(BLANK, picture((250, 170, 30, 20)), points=(FramePoint(110, 15),))
    assert "somewhere else" in difference(recorded(then), now, nothing)


def test_a_text_that_should_appear_is_read_again() -> None:
    then = recorded(change(BLANK, BOX), reading("Total 42"))
    now = change(BLANK, picture((100, 100, 61, 20)))
    assert then.effect.texts == ("Total 42",)
    assert difference(then, now, reading("Total 42")) == ""
    assert "“Total 42”" in difference(then, now, reading("Total 43"))


def test_a_text_that_the_edge_of_the_change_cuts_is_not_expected() -> None:
    def read(part: ImagePart) -> Sight:
        if not np.asarray(part.image).max() > 200:
            return Sight(())
        width = part.image.width
        return Sight(
            (
                Element("Fold", FrameBox(width - 20, 14, 19, 12), "ocr"),
                Element("Saved", FrameBox(20, 14, 30, 12), "ocr"),
            )
        )

    assert recorded(change(BLANK, BOX), read).effect.texts == ("Saved",)
    at_the_frames_own_edge = picture((SIZE.width - 60, 100, 60, 20))
    assert "Fold" in recorded(change(BLANK, at_the_frames_own_edge), read).effect.texts


LINE = FrameBox(20, 14, 30, 12)


def lines(*texts: str, across: int = 0, down: int = 20) -> Read:
    """Reads these texts, each so far from the one before, wherever something white is drawn."""
    boxes = (FrameBox(20 + across * n, 14 + down * n, 30, 12) for n in range(len(texts)))
    sight = Sight(tuple(map(Element, texts, boxes, ["ocr"] * len(texts))))
    return lambda part: sight if np.asarray(part.image).max() > 200 else Sight(())


@pytest.mark.parametrize(
    ("shown", "alike"),
    [
        ("Saved “letter 2.txt” in Documents", True),
        ("Saved “letter 2.txt” in Docu…", True),  # a field cuts it
        ("Saved “letter 2.txt", True),
        ("Saved “letter 3.txt” in Docu…", False),
        ("Saved “letter 21.txt” in Docu…", False),
        ("Deleted “letter 2.txt” in Docu…", False),
        ("Sa", False),
    ],
)
def test_a_text_may_be_cut_but_not_be_another(shown: str, alike: bool) -> None:
    then = recorded(change(BLANK, BOX), reading("Saved “letter 2.txt” in Documents"))
    message = difference(then, change(BLANK, picture((100, 100, 61, 20))), reading(shown))
    assert (message == "") is alike


def test_texts_that_are_read_in_other_pieces_are_the_same() -> None:
    then = recorded(change(BLANK, BOX), lines("12 two"))
    now = change(BLANK, picture((100, 100, 61, 20)))
    assert difference(then, now, lines("12", "two", across=40, down=0)) == ""
    assert "cannot be read" in difference(then, now, lines("1", "two", across=40, down=0))


@pytest.mark.parametrize(
    ("shown", "alike"),
    [
        (("some words", "1 match"), True),
        (("some", "words"), True),  # “1 match” is not shown, and what was typed is
        (("some wo", "1 match"), True),
        (("so", "1 match"), False),
        (("1 match",), False),
        ((), False),
    ],
)
def test_what_is_typed_must_be_there(shown: tuple[str, ...], alike: bool) -> None:
    after = picture((100, 100, 61, 60))
    before = change(BLANK, picture((100, 100, 60, 60)))
    then = recorded(before, lines("some", "words", "1 match"))
    now = change(BLANK, after)
    message = difference(then, now, lines(*shown), typed=["some words"])
    assert (message == "") is alike


def test_a_text_that_a_smaller_window_has_no_room_for_is_not_missed() -> None:
    large, small = window("Editor"), window("Editor", region=Region(0, 0, 300, 120))
    wide = window("Editor", region=Region(0, 0, 310, 180))
    both = picture((100, 40, 60, 10), (100, 140, 60, 20))
    then = recorded(change(BLANK, both, ((large,), (large,))), low_down("Saved"))
    assert then.effect.texts == ("Saved",)

    def only_above(now: WindowRef) -> str:
        above = picture((100, 40, 61, 10))
        return difference(then, change(BLANK, above, ((now,), (now,))), nothing)

    assert only_above(small) == ""
    assert "“Saved” should appear" in only_above(large)
    assert "“Saved” should appear" in only_above(wide)
    elsewhere = change(BLANK, picture((250, 5, 30, 8)), ((small,), (small,)))
    assert "somewhere else" in difference(then, elsewhere, nothing)


def low_down(text: str) -> Read:
    """Reads a text in the lower of two boxes that were drawn."""

    def read(part: ImagePart) -> Sight:
        piece = np.asarray(part.image)
        is_lower = piece.max() > 200 and 40 <= piece.shape[0] < 60
        return Sight((Element(text, LINE, "ocr"),) if is_lower else ())

    return read


def test_a_title_is_no_text_that_appears() -> None:
    before, after = window("Untitled 1 - Editor"), window("*Untitled 1 - Editor")
    then = change(BLANK, BOX, ((before,), (after,)))
    assert recorded(then, reading("*Untitled 1", "Saved")).effect.texts == ("Saved",)


def test_a_title_that_changes_alike_speaks_for_a_text_that_nobody_can_read() -> None:
    before, after = window("Untitled 1 - Editor"), window("*Untitled 1 - Editor")
    other = picture((100, 100, 61, 20))
    then = recorded(change(BLANK, BOX, ((before,), (after,))), reading("Hello there"))
    same = change(BLANK, other, ((before,), (after,)))
    typed = ["Hello there"]
    assert difference(then, same, nothing, typed=typed) == ""
    assert "“Hello there”" in difference(then, same, reading("Good night"), typed=typed)
    unchanged = change(BLANK, other, ((before,), (before,)))
    assert "“Hello there”" in difference(then, unchanged, nothing, typed=typed)
    far = change(BLANK, picture((10, 10, 20, 10)), ((before,), (after,)))
    assert "somewhere else" in difference(then, far, nothing, typed=typed)


def test_clocks_icons_and_replaced_texts_are_not_expected() -> None:
    then = change(BLANK, BOX)
    assert recorded(then, reading("Saved", "10:42 AM", "白")).effect.texts == ("Saved",)
    replaced = Recorded(
        lambda: then, said=True, read=reading("notes.txt", "Saved"), replaced=["/tmp/notes.txt"]
    )
    assert replaced.effect.texts == ("Saved",)


def test_much_change_where_there_was_none_is_another_effect() -> None:
    expected = recorded(change(BLANK, BLANK), said=False)
    assert difference(expected, change(BLANK, BOX), nothing) == ""  # small: a hover, a focus
    assert "nothing should" in difference(
        expected, change(BLANK, picture((0, 0, 200, 100))), nothing
    )


def test_windows_that_open_and_close_are_compared() -> None:
    main, dialog = window("a.txt - Editor"), window("Save As", region=Region(20, 20, 200, 150))
    opens = recorded(change(BLANK, BOX, ((main,), (dialog, main))))
    assert opens.effect.opened == (WindowName("Save As", "Editor"),)
    retitled = window("*b.txt - Editor")
    assert difference(opens, change(BLANK, BOX, ((retitled,), (dialog, retitled))), nothing) == ""
    assert "“Save As” should open" in difference(
        opens, change(BLANK, BOX, ((main,), (main,))), nothing
    )
    error = window("Error", region=Region(50, 50, 100, 60))
    types = recorded(change(BLANK, BOX, ((main,), (main,))))
    assert "“Error” opened" in difference(
        types, change(BLANK, BOX, ((main,), (error, main))), nothing
    )
    closes = recorded(change(BLANK, BOX, ((dialog, main), (main,))))
    assert "should close" in difference(
        closes, change(BLANK, BOX, ((dialog, main), (dialog, main))), nothing
    )


def test_a_tooltip_is_no_effect() -> None:
    main = window("Editor")
    tip = window("", popup=True, region=Region(100, 100, 60, 20))
    then = recorded(change(BLANK, BOX, ((main,), (tip, main))))
    assert then.effect == Effect(None, (), ())
    assert difference(then, change(BLANK, BLANK, ((main,), (main,))), nothing) == ""


def test_a_menu_is_an_effect() -> None:
    main = window("Editor")
    menu = window("", popup=True, region=Region(100, 20, 60, 150))
    then = recorded(change(BLANK, BOX, ((main,), (menu, main))))
    assert "a menu should open" in difference(then, change(BLANK, BOX, ((main,), (main,))), nothing)


@pytest.mark.parametrize(
    ("one", "other", "alike"),
    [
        ("notes.txt - Editor", "/tmp/other/place.txt - Editor", True),
        ("*Untitled 1 - Editor", "Untitled 1 - Editor", True),
        ("Save As", "Error", False),
        ("Save As", "", False),
    ],
)
def test_titles_are_alike_when_their_program_and_kind_are(
    one: str, other: str, alike: bool
) -> None:
    assert is_like(WindowName(one, "Editor"), WindowName(other, "Editor")) is alike
    assert not is_like(WindowName(one, "Editor"), WindowName(other, "Mail"))


def anchor(at: FramePoint = FramePoint(120, 110)) -> Anchor:  # noqa: B008 - a frozen value
    return AnchorMaker(nothing).make(Image.fromarray(BOX), WHOLE, at)


def propose(heals: Heals, key: str = "1.0.0") -> int:
    frame = frame_of(BOX)
    return heals.propose(
        key,
        before=anchor(),
        after=anchor(FramePoint(130, 110)),
        frame=frame,
        intent="Click Save",
        reason="it is not there",
        how="ask",
        run="today",
    ).number


def test_a_heal_is_used_once_it_is_accepted_and_replaces_the_one_before(tmp_path: Path) -> None:
    heals = Heals(tmp_path)
    assert heals.list() == ()
    first, second = propose(heals), propose(heals)
    assert (first, second) == (1, 2)
    assert heals.anchors() == {}
    heals.accept(first)
    assert heals.anchors()["1.0.0"].point == FramePoint(130, 110)
    heals.accept(second)
    assert [heal.state for heal in heals.list()] == ["replaced", "accepted"]
    heals.reject(second)
    assert heals.anchors() == {}
    with Image.open(heals.look_of(heals.list()[0])) as look:
        assert look.width > look.height > 200


def test_heals_of_a_stranger_are_read_with_care(tmp_path: Path) -> None:
    heals = Heals(tmp_path)
    number = propose(heals)
    for name in ("0", "-1", "x", "9999999"):
        (heals.folder / name).mkdir()
    (heals.folder / "5").symlink_to(tmp_path)
    (heals.folder / "6").mkdir()
    (heals.folder / "6" / "heal.json").write_text("[" * 100_000)
    assert [heal.number for heal in heals.list()] == [number]
    with pytest.raises(KnownError, match="no heal 6"):
        heals.accept(6)
    heals.accept(number)
    (heals.folder / str(number) / "anchors.json").write_text("{}")
    with pytest.raises(KnownError, match="cannot read the anchors"):
        heals.anchors()


def test_parameters_come_from_the_command_line_and_from_files(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(json.dumps({"text_1": "one"}))
    (tmp_path / "b.toml").write_text('text_2 = "two"')
    given = [str(tmp_path / "a.json"), str(tmp_path / "b.toml"), "text_3=a=b"]
    params = read_params(given)
    assert params == {"text_1": "one", "text_2": "two", "text_3": "a=b"}
    with pytest.raises(KnownError, match="no text 'text_2', 'text_3'"):
        check_params(params, {"text_1": "x"})
    labels = {"text_1": "Name", "text_2": "text_2"}
    texts = dict.fromkeys(labels, "x")
    found = check_params({"name": "Ada", "text_2": "b"}, texts, labels)
    assert found == {"text_1": "Ada", "text_2": "b"}
    assert check_params({"text_2": "b"}, {"Name": "x", "Town": "y"}) == {"Town": "b"}
    with pytest.raises(KnownError, match="given twice"):
        check_params({"Name": "Ada", "text_1": "Eve"}, texts, labels)
    with pytest.raises(KnownError, match="no text 'Nmae'") as error:
        check_params({"Nmae": "Ada"}, texts, labels)
    assert "its texts are Name, text_2" in (error.value.remedy or "")
    (tmp_path / "a.json").write_text('{"text_1": 5}')
    with pytest.raises(KnownError, match="cannot read the texts"):
        read_params(given)
