"""The window's parts, each by itself."""

from __future__ import annotations

import itertools
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QPoint, QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import QColor, QGuiApplication
from PySide6.QtTest import QAbstractItemModelTester
from PySide6.QtWidgets import QListView
from pytestqt.qtbot import QtBot

from agent_app.actions import Click, Drag, Scroll, Write
from agent_app.errors import KnownError
from agent_app.events import ModelErred, QuestionAsked, StepStarted, Timing
from agent_app.geometry import FrameTransform, Region, RelativePoint, ScreenPoint, Size
from agent_app.ui.cards import ErrorCard, ResultCard
from agent_app.ui.marks import Mark, label_place, mark_of
from agent_app.ui.pictures import FramePictures
from agent_app.ui.placement import choose_place, overlap
from agent_app.ui.question import QuestionCard
from agent_app.ui.screenshot import ScreenshotView
from agent_app.ui.status import RateMeter
from agent_app.ui.steps import DETAIL_ROLE, STEP_ROLE, StepDelegate, StepListModel
from agent_app.ui.story import Deed, Story
from agent_app.ui.task import TaskPanel
from agent_app.ui.theme import DARK, LIGHT, MARK
from agent_app.ui.thought import ThoughtView
from agent_app.ui.time_card import TimeCard
from agent_app.ui.timing import TimingBar, percentile, seconds_text
from agent_app.ui.usage import gpu_bytes, resident_bytes
from tests.fakes.session import ScriptedSession, drawn_frame

CLICK = Click(RelativePoint(0.1, 0.1))
TRANSFORM = FrameTransform(ScreenPoint(-100, 50), 2.0, Size(800, 600))


# The list of steps


@pytest.mark.usefixtures("qapp")
def test_the_step_model_keeps_every_rule_of_models() -> None:
    session = ScriptedSession(lambda _session: iter(()))
    model = StepListModel()
    tester = QAbstractItemModelTester(model, QAbstractItemModelTester.FailureReportingMode.Fatal)
    story = Story()
    model.show_story(story)
    for number in range(1, 4):
        for event in session.play_step(number, drawn_frame(str(number)), CLICK, f"Do {number}"):
            story.apply(event)
            model.follow()
    assert [model.index(row).data() for row in range(model.rowCount())] == ["Do 1", "Do 2", "Do 3"]
    assert model.index(0).data(STEP_ROLE) is story.steps[0]
    model.show_story(Story())
    assert model.rowCount() == 0
    assert tester.model() is model


def test_a_row_is_told_anew_only_when_it_looks_otherwise() -> None:
    session = ScriptedSession(lambda _session: iter(()))
    story, model = Story(), StepListModel()
    told: list[int] = []
    model.dataChanged.connect(lambda first, _last: told.append(first.row()))
    model.show_story(story)
    for number in (1, 2):
        for event in session.play_step(number, drawn_frame(str(number)), CLICK, f"Do {number}"):
            story.apply(event)
            model.follow()
    assert 1 in told
    told.clear()
    model.follow()
    assert told == []
    story.apply(ModelErred(1, "no such key", 0.0))
    model.follow()
    assert told == [0]


def test_a_row_says_how_its_step_went() -> None:
    session = ScriptedSession(lambda _session: iter(()))
    story, model = Story(), StepListModel()
    events = [
        *session.play_step(1, drawn_frame("1"), CLICK, "Click it"),
        *session.play_step(2, drawn_frame("2"), CLICK, "Again", changed=False),
        StepStarted(3, 0.0),
        ModelErred(3, "no such key", 0.0),
    ]
    for event in events:
        story.apply(event)
    model.show_story(story)
    details = [model.index(row).data(DETAIL_ROLE).split(" · ")[0] for row in range(3)]
    assert details == ["done", "done, nothing changed", "could not be carried out"]
    assert model.index(2).data() == "No usable answer"
    spoken = model.index(0).data(Qt.ItemDataRole.AccessibleTextRole)
    assert spoken.startswith("Step 1: Click it, done")


# The thought


def test_the_thought_grows_with_its_pieces(qtbot: QtBot) -> None:
    view = ThoughtView(LIGHT)
    qtbot.addWidget(view)
    view.show_pieces([("thought", "I see")])
    view.show_pieces([("thought", "I see a button"), ("summary", "Click")])
    view.show_pieces([("thought", "I see a button"), ("summary", "Click it"), ("note", "No")])
    assert view.toPlainText() == "I see a button\nClick it\nNo"


def test_other_pieces_replace_the_thought(qtbot: QtBot) -> None:
    view = ThoughtView(LIGHT)
    qtbot.addWidget(view)
    view.show_pieces([("summary", "so it is")])
    view.show_pieces([("thought", "so it is, then"), ("summary", "Click")])
    assert view.toPlainText() == "so it is, then\nClick"
    view.show_pieces([])
    assert view.toPlainText() == ""


PIECES = st.tuples(st.sampled_from(["thought", "summary", "note"]), st.text("ab\n", max_size=9))


@pytest.mark.usefixtures("qapp")
@given(st.lists(PIECES, max_size=6))
def test_growing_piece_by_piece_shows_the_same_as_all_at_once(pieces: list) -> None:
    whole, grown = ThoughtView(LIGHT), ThoughtView(LIGHT)
    whole.show_pieces(pieces)
    for count in range(1, len(pieces) + 1):
        kind, text = pieces[count - 1]
        for cut in range(len(text) + 1):
            grown.show_pieces([*pieces[: count - 1], (kind, text[:cut])])
    assert grown.toPlainText() == whole.toPlainText()


def test_thought_and_summary_look_different(qtbot: QtBot) -> None:
    view = ThoughtView(DARK)
    qtbot.addWidget(view)
    view.show_pieces([("thought", "quiet"), ("summary", "strong")])
    first = view.document().firstBlock().begin().fragment().charFormat()
    last = view.document().lastBlock().begin().fragment().charFormat()
    assert first.foreground().color() == QColor(DARK.muted)
    assert last.foreground().color() == QColor(DARK.text)
    assert last.fontWeight() > first.fontWeight()


def test_the_end_is_followed_unless_the_person_has_scrolled_up(qtbot: QtBot) -> None:
    view = ThoughtView(LIGHT)
    qtbot.addWidget(view)
    view.resize(200, 100)
    view.show()
    text = "word " * 400
    view.show_pieces([("thought", text)])
    bar = view.verticalScrollBar()
    assert bar.value() == bar.maximum() > 0
    text += "more " * 100
    view.show_pieces([("thought", text)])
    assert bar.value() == bar.maximum()
    bar.setValue(10)
    view.show_pieces([("thought", text + "and more " * 100)])
    assert bar.value() == 10


# Marks and the screenshot


def test_a_target_is_drawn_where_the_frame_has_it() -> None:
    mark = mark_of(Deed(CLICK, "Click it", (ScreenPoint(0, 60),)), TRANSFORM)
    assert mark.points == (QPointF(201.0, 21.0),)
    assert (mark.shape, mark.label, mark.done) == ("ring", "Click it", False)


@pytest.mark.parametrize(
    ("deed", "shape", "direction"),
    [
        (
            Deed(Drag(RelativePoint(1, 1)), "", (ScreenPoint(0, 60), ScreenPoint(9, 99))),
            "arrow",
            (0, 0),
        ),
        (Deed(Drag(RelativePoint(1, 1)), "", (ScreenPoint(9, 99),)), "ring", (0, 0)),
        (Deed(Scroll(dy=-3), "", (ScreenPoint(0, 60),)), "scroll", (0, 1)),
        (Deed(Scroll(dx=2), "", (ScreenPoint(0, 60),)), "scroll", (1, 0)),
        (Deed(Write("hi"), "Type hi", ()), "none", (0, 0)),
    ],
)
def test_each_kind_of_action_has_its_mark(deed: Deed, shape: str, direction: tuple) -> None:
    mark = mark_of(deed, TRANSFORM)
    assert (mark.shape, mark.direction) == (shape, direction)


@given(st.floats(20, 420), st.floats(20, 320), st.floats(1, 384))
def test_a_label_is_in_the_picture_and_clear_of_its_target(
    x: float, y: float, width: float
) -> None:
    picture, target = QRectF(20, 20, 400, 300), QPointF(x, y)
    place = label_place(QSizeF(width, 24), target, 27.0, picture)
    assert picture.contains(place)
    assert not place.adjusted(-20, -20, 20, 20).contains(target)


def test_a_deed_that_is_done_is_marked_more_quietly(qtbot: QtBot) -> None:
    view = ScreenshotView(LIGHT)
    qtbot.addWidget(view)
    view.resize(400, 300)
    picture = np.zeros((280, 380, 3), np.uint8)

    def painted(*, done: bool) -> int:
        view.show_picture(picture, (Mark("ring", (QPointF(190, 140),), "Click it", done),))
        image = view.grab().toImage()
        black = QColor("#000000")
        inside = itertools.product(range(20, 380), range(20, 260))
        return sum(image.pixelColor(x, y) != black for x, y in inside)

    assert 0 < 3 * painted(done=True) < painted(done=False)


def test_the_screenshot_fits_and_its_marks_lie_on_the_target(qtbot: QtBot) -> None:
    view = ScreenshotView(LIGHT)
    qtbot.addWidget(view)
    view.resize(402, 402)
    frame = drawn_frame("x", size=Size(800, 600))
    picture = FramePictures(lambda _sha1: frame).get(frame.sha1)
    view.show_picture(picture, (Mark("ring", (QPointF(400, 300),), "", False),))
    shown = view.picture_rect()
    assert (shown.width(), shown.height()) == (400, 300)
    drawn = view.grab().toImage()
    assert drawn.pixelColor(shown.center().toPoint()) == QColor(MARK)


def test_a_small_frame_is_not_enlarged(qtbot: QtBot) -> None:
    view = ScreenshotView(LIGHT)
    qtbot.addWidget(view)
    view.resize(900, 900)
    frame = drawn_frame("x", size=Size(320, 200))
    view.show_picture(FramePictures(lambda _sha1: frame).get(frame.sha1), ())
    assert view.picture_rect().size().toSize().toTuple() == (320, 200)


def test_only_the_latest_pictures_are_kept() -> None:
    frames = {frame.sha1: frame for frame in (drawn_frame(str(n)) for n in range(20))}
    loads: list[str] = []

    def load(sha1: str):
        loads.append(sha1)
        return frames.get(sha1)

    pictures = FramePictures(load)
    names = list(frames)
    for name in names:
        assert pictures.get(name) is not None
    assert pictures.get(names[-1]) is not None
    assert pictures.get(names[0]) is not None
    assert loads == [*names, names[0]]
    assert pictures.get("unknown") is None


# Times


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0 ms"), (0.0123, "12 ms"), (0.9996, "1.00 s"), (1.239, "1.24 s"), (185, "3 min 05 s")],
)
def test_durations_read_well(seconds: float, text: str) -> None:
    assert seconds_text(seconds) == text


def test_the_bar_is_divided_as_the_time_was(qtbot: QtBot) -> None:
    bar = TimingBar(LIGHT)
    qtbot.addWidget(bar)
    bar.resize(400, bar.heightForWidth(400))
    bar.show_timing(Timing(capture=1.0, decode=3.0))
    image = bar.grab().toImage()
    assert image.pixelColor(50, 6) == QColor(LIGHT.stages[0])
    assert image.pixelColor(95, 6) == QColor(LIGHT.stages[0])
    assert image.pixelColor(105, 6) == QColor(LIGHT.stages[3])
    assert image.pixelColor(390, 6) == QColor(LIGHT.stages[3])
    assert "decode 3.00 s" in bar.accessibleDescription()


def test_speed_is_counted_over_the_last_seconds() -> None:
    meter = RateMeter()
    assert meter.rate(0.0) is None
    for tenth in range(31):
        meter.count(5, tenth / 10)
    assert meter.rate(3.0) == pytest.approx(50, rel=0.06)
    assert meter.rate(60.0) is None


# Cards


def test_a_choice_answers_the_question(qtbot: QtBot) -> None:
    card = QuestionCard()
    qtbot.addWidget(card)
    card.show_question(QuestionAsked(1, "Which?", ("This & that", "Other"), 0.0))
    assert not card.isHidden()
    with qtbot.waitSignal(card.answered) as answered:
        qtbot.mouseClick(card.buttons[0], Qt.MouseButton.LeftButton)
    assert answered.args == ["This & that"]
    assert card.isHidden()


def test_typed_and_skipped_answers(qtbot: QtBot) -> None:
    card = QuestionCard()
    qtbot.addWidget(card)
    card.show_question(QuestionAsked(1, "Which?", (), 0.0))
    with qtbot.assertNotEmitted(card.answered):
        qtbot.keyClick(card.field, Qt.Key.Key_Return)
    qtbot.keyClicks(card.field, "the second")
    with qtbot.waitSignal(card.answered) as answered:
        qtbot.keyClick(card.field, Qt.Key.Key_Return)
    assert answered.args == ["the second"]
    card.show_question(QuestionAsked(1, "And now?", (), 0.0))
    assert card.field.text() == ""
    with qtbot.waitSignal(card.answered) as answered:
        qtbot.mouseClick(card.skip, Qt.MouseButton.LeftButton)
    assert answered.args == [None]


def test_a_long_question_scrolls_and_markup_stays_text(qtbot: QtBot) -> None:
    card = QuestionCard()
    qtbot.addWidget(card)
    card.resize(500, 300)
    card.show_question(QuestionAsked(1, "<b>bold</b>\n" * 40, (), 0.0))
    assert card.text.toPlainText().startswith("<b>bold</b>")
    assert card.text.sizeHint().height() < 200


def test_the_result_says_outcome_answer_and_reason(qtbot: QtBot) -> None:
    card = ResultCard()
    qtbot.addWidget(card)
    session = ScriptedSession(lambda _session: iter(()))
    card.show_result(session.finished("limit", reason="50 steps were not enough", answer="42"))
    assert card.title.text() == "A limit was reached"
    assert card.text.toPlainText() == "42\n50 steps were not enough\n1 step · 12.30 s · 456 tokens"


def test_a_known_error_shows_its_remedy_and_a_bug_a_report(qtbot: QtBot) -> None:
    card = ErrorCard()
    qtbot.addWidget(card)
    card.show_known(KnownError("no weights", remedy="download them"))
    assert (card.title.text(), card.text.toPlainText()) == ("No weights", "Download them")
    assert card.copy.isHidden()
    card.show_report("Traceback\nValueError: x")
    qtbot.mouseClick(card.copy, Qt.MouseButton.LeftButton)
    assert QGuiApplication.clipboard().text() == "Traceback\nValueError: x"


# The task


def test_ctrl_enter_starts_and_enter_is_a_new_line(qtbot: QtBot) -> None:
    panel = TaskPanel()
    qtbot.addWidget(panel)
    assert not panel.start_button.isEnabled()
    qtbot.keyClicks(panel.box, "one")
    qtbot.keyClick(panel.box, Qt.Key.Key_Return)
    qtbot.keyClicks(panel.box, "two")
    with qtbot.waitSignal(panel.started) as started:
        qtbot.keyClick(panel.box, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    assert started.args == ["one\ntwo"]


def test_while_running_the_task_is_locked_and_only_stop_is_offered(qtbot: QtBot) -> None:
    panel = TaskPanel()
    qtbot.addWidget(panel)
    panel.box.setPlainText("one")
    panel.set_running(True)
    assert panel.box.isReadOnly()
    assert not panel.start_button.isEnabled()
    with qtbot.assertNotEmitted(panel.started):
        qtbot.keyClick(panel.box, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    with qtbot.waitSignal(panel.stopped):
        qtbot.mouseClick(panel.stop_button, Qt.MouseButton.LeftButton)
    assert not panel.stop_button.isEnabled()
    panel.set_running(False)
    assert panel.start_button.isEnabled()


# Placement

SCREEN = Region(0, 0, 1280, 800)
SECOND = Region(1280, 0, 1920, 1080)


def test_the_window_opens_on_the_monitor_the_agent_does_not_look_at() -> None:
    place = choose_place([SCREEN, SECOND], SCREEN, Size(1200, 760))
    assert place is not None
    assert SECOND.contains(ScreenPoint(*place))
    assert choose_place([SCREEN], SCREEN, Size(1200, 760)) is None
    assert choose_place([SCREEN], None, Size(1200, 760)) is None


PLACES, SIZES = st.integers(-500, 2000), st.integers(1, 2000)
REGIONS = st.builds(Region, PLACES, PLACES, SIZES, SIZES)


@given(REGIONS, REGIONS)
def test_a_chosen_place_is_on_the_screen_and_clear_of_what_is_watched(
    screen: Region, watched: Region
) -> None:
    size = Size(300, 200)
    place = choose_place([screen], watched, size)
    if place is not None:
        mine = Region(*place, size.width, size.height)
        assert not overlap(mine, watched)
        assert screen.left <= mine.left
        assert mine.left + mine.width <= screen.left + screen.width
        assert screen.top <= mine.top
        assert mine.top + mine.height <= screen.top + screen.height


def test_every_row_is_drawn_in_both_themes(qtbot: QtBot) -> None:
    session = ScriptedSession(lambda _session: iter(()))
    story, model, view = Story(), StepListModel(), QListView()
    qtbot.addWidget(view)
    for event in session.play_step(1, drawn_frame("1"), CLICK, "Click it"):
        story.apply(event)
    model.show_story(story)
    view.setModel(model)
    view.resize(260, 120)
    for theme in (LIGHT, DARK):
        delegate = StepDelegate(theme, view)
        view.setItemDelegate(delegate)
        drawn = view.grab().toImage()
        row = view.visualRect(model.index(0))
        ground = drawn.pixelColor(view.viewport().mapTo(view, QPoint(12, row.center().y())))
        assert ground == QColor(theme.good_soft)


def test_the_fences_around_code_are_not_shown_even_while_they_arrive(qtbot: QtBot) -> None:
    view = ThoughtView(LIGHT)
    qtbot.addWidget(view)
    reply = "## Code:\n```python\npyautogui.click(x=0.1, y=0.2)\n```"
    for end in range(len(reply) + 1):
        view.show_pieces([("summary", reply[:end])])
        assert "`" not in view.toPlainText()
    assert view.toPlainText().splitlines() == ["## Code:", "pyautogui.click(x=0.1, y=0.2)"]


# Time and memory over all steps


def test_a_percentile_is_a_value_that_was_measured() -> None:
    timings = [Timing(decode=number / 10, act=1 - number / 10) for number in range(1, 11)]
    assert percentile(timings, 0.5) == Timing(decode=0.5, act=0.4)
    assert percentile(timings, 0.95) == Timing(decode=1.0, act=0.9)
    assert percentile(timings[:1], 0.95) == timings[0]


def test_the_time_of_all_steps_is_said_with_its_95th_percentile(qtbot: QtBot) -> None:
    card = TimeCard(LIGHT)
    qtbot.addWidget(card)
    card.of_session.click()
    assert "when a step is over" in card.bar.accessibleDescription()
    for decode in (1.0, 2.0, 9.0):
        card.add(Timing(decode=decode))
    assert "decode 2.00 s / 9.00 s" in card.bar.accessibleDescription()
    assert card.total.text() == "p50 / p95 of 3 steps"
    card.of_step.click()
    assert "when the step is over" in card.bar.accessibleDescription()


def test_memory_is_that_of_this_process_and_of_a_gpu_in_use(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert (resident_bytes() or 0) > 10_000_000

    class Cuda:
        is_initialized = staticmethod(lambda: True)
        device_count = staticmethod(lambda: 2)
        mem_get_info = staticmethod(lambda device: (40 - device, 100))

    class Torch:
        cuda = Cuda

    monkeypatch.setitem(sys.modules, "torch", Torch)
    assert gpu_bytes() == (121, 200)
    monkeypatch.delitem(sys.modules, "torch")
    assert gpu_bytes() is None
