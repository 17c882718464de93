"""Finding a target again on drawn screens: the right one or none, whatever has changed."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent_app.geometry import FramePoint, Size
from agent_app.replaying.anchor import Anchor, AnchorMaker
from agent_app.replaying.finding import Finder, Found, Missed
from agent_app.replaying.finding_empty import nearer
from agent_app.replaying.finding_live import Live
from agent_app.replaying.finding_support import reads_same
from agent_app.runtimes.reader.matching.likeness import Tier
from tests.fakes.drawn import DARK, HEIGHT, PEOPLE, SIZE, WIDTH, Drawn

NAMES = ["star", "arrow", "house", "remarks", *(f"Delete {person}" for person in PEOPLE)]
LEFT, TOP = 120, 90


def made(screen: Drawn, name: str, *, windows: bool = True, at: FramePoint | None = None) -> Anchor:
    point = at or screen.middle(name)
    known = screen.windows if windows else ()
    return AnchorMaker(screen.look).make(screen.image, screen.transform, point, windows=known)


def find(anchor: Anchor, screen: Drawn, *, windows: bool = True) -> Found | Missed:
    known = screen.windows if windows else ()
    return Finder(screen.look).find(anchor, screen.frame, windows=known)


def hits(result: Found | Missed, screen: Drawn, name: str) -> bool:
    return isinstance(result, Found) and screen.places[name].contains(result.point)


@pytest.fixture
def recorded() -> Drawn:
    return Drawn().window(LEFT, TOP)


@pytest.mark.parametrize("windows", [True, False])
@pytest.mark.parametrize("name", NAMES)
def test_on_an_unchanged_screen_the_very_point_is_found_without_reading(
    recorded: Drawn, name: str, windows: bool
):
    anchor = made(recorded, name, windows=windows)
    now = Drawn().window(LEFT, TOP)
    result = find(anchor, now, windows=windows)
    assert isinstance(result, Found)
    assert (result.how, result.point) == ("place", recorded.middle(name))
    assert now.looks == 0


@pytest.mark.parametrize("name", NAMES)
def test_in_a_moved_window_it_is_found_without_reading(recorded: Drawn, name: str):
    now = Drawn().window(LEFT + 131, TOP + 77)
    result = find(made(recorded, name), now)
    assert hits(result, now, name)
    assert now.looks == 0


@pytest.mark.parametrize("name", NAMES)
def test_in_a_wider_window_on_a_larger_screen_it_is_found(recorded: Drawn, name: str):
    now = Drawn(Size(1000, 700)).window(40, 30, width=560)
    assert hits(find(made(recorded, name), now), now, name)


def test_an_empty_place_that_a_narrower_window_cuts_off_is_taken_within_its_area(
    recorded: Drawn,
):
    end = FramePoint(recorded.places["remarks"].right - 14, recorded.middle("remarks").y)
    anchor = made(recorded, "remarks", at=end)

    def nearest(now: Drawn) -> FramePoint | None:
        live = Live(anchor, now.frame, now.windows, now.look)
        return nearer(anchor, live, FramePoint(end.x + 20, end.y + 10))

    narrow = Drawn().window(LEFT + 20, TOP + 10, width=WIDTH - 70)
    area = narrow.places["remarks"]
    place = nearest(narrow)
    assert place is not None
    assert area.contains(place)
    assert area.right - place.x < 30
    assert nearest(Drawn().window(LEFT - 80, TOP + 10, width=WIDTH + 70)) is None
    left, top = int(area.left), int(area.top)
    narrow.pixels[top : int(area.bottom), left : int(area.right)] = (250, 235, 240)
    assert nearest(narrow) is None  # something else


@pytest.mark.parametrize(
    ("cut", "same"),
    [
        ("/home/person/Documents/pla", True),  # a field cuts without dots, here through an n
        ("/home/person/Docum", False),  # too little of it
        ("/home/person/Pictures/plants", False),
    ],
)
def test_a_long_text_that_its_field_cuts_is_the_same(cut: str, same: bool):
    assert (reads_same("/home/person/Documents/plans", cut) < Tier.PART) is same


@pytest.mark.parametrize("name", NAMES)
def test_in_a_dark_theme_it_is_found(recorded: Drawn, name: str):
    now = Drawn().window(LEFT + 20, TOP - 30, theme=DARK)
    assert hits(find(made(recorded, name), now), now, name)


@pytest.mark.parametrize("person", PEOPLE)
def test_when_the_rows_changed_places_the_button_of_the_same_row_is_found(
    recorded: Drawn, person: str
):
    now = Drawn().window(LEFT, TOP, people=("Dan", "Carla", "Alice", "Bob"))
    assert hits(find(made(recorded, f"Delete {person}"), now), now, f"Delete {person}")


@pytest.mark.parametrize("windows", [True, False])
@pytest.mark.parametrize("left", [("Alice", "Carla", "Dan"), ("Alice",), ("Robert",), ()])
def test_the_same_button_in_another_row_is_a_miss(
    recorded: Drawn, left: tuple[str, ...], windows: bool
):
    now = Drawn().window(LEFT, TOP, people=left)
    result = find(made(recorded, "Delete Bob", windows=windows), now, windows=windows)
    assert isinstance(result, Missed)
    assert "Delete" in result.reason


def test_the_only_row_must_be_the_same_one_too():
    anchor = made(Drawn().window(LEFT, TOP, people=("Bob",)), "Delete Bob")
    result = find(anchor, Drawn().window(LEFT, TOP, people=("Robert",)))
    assert isinstance(result, Missed)
    assert "“Robert”" in result.reason
    assert "“Bob”" in result.reason


def test_of_two_like_windows_none_is_taken_and_both_are_named(recorded: Drawn):
    now = Drawn(Size(1000, 800)).window(20, 20, name="one ").window(520, 420, name="two ")
    result = find(made(recorded, "star"), now)
    assert isinstance(result, Missed)
    assert len(result.candidates) == 2


def test_two_texts_that_nothing_tells_apart_are_a_miss_that_says_so(recorded: Drawn):
    now = Drawn().window(LEFT + 40, TOP + 40, people=("Bob", "Eve", "Bob", "Eve"))
    result = find(made(recorded, "Delete Bob"), now)
    assert isinstance(result, Missed)
    assert "two “Delete”, and nothing tells them apart" in result.reason
    assert len(result.candidates) >= 2


def test_a_target_in_another_window_is_a_miss(recorded: Drawn):
    now = Drawn().window(LEFT, TOP, title="Animals")
    result = find(made(recorded, "star"), now)
    assert isinstance(result, Missed)
    assert "the window “People” is not there" in result.reason


def test_a_like_window_that_lies_where_it_was_is_not_taken_for_it(recorded: Drawn):
    now = Drawn(SIZE).window(LEFT, TOP, title="Animals", name="other ")
    now.window(LEFT + 220, TOP + 190)
    for name in ("star", "Delete Bob"):
        assert hits(find(made(recorded, name), now), now, name)


def test_a_covered_target_is_a_miss_even_when_nothing_tells_of_windows(recorded: Drawn):
    place = recorded.places["star"]
    for windows in (True, False):
        now = Drawn().window(LEFT, TOP)
        now.cover(int(place.left) - 10, int(place.top) - 6, 60, 50)
        result = find(made(recorded, "star", windows=windows), now, windows=windows)
        assert isinstance(result, Missed)


def test_a_missing_window_is_said_at_once(recorded: Drawn):
    now = Drawn()
    now.windows.append(Drawn().window(0, 0, title="Other").windows[0])
    result = find(made(recorded, "star"), now)
    assert isinstance(result, Missed)
    assert now.looks == 0


@settings(max_examples=25, deadline=None)
@given(
    st.sampled_from(NAMES),
    st.integers(0, SIZE.width - WIDTH),
    st.integers(0, SIZE.height - HEIGHT),
    st.booleans(),
)
def test_wherever_the_window_is_moved_the_target_is_found_there(
    name: str, left: int, top: int, windows: bool
):
    anchor = made(Drawn().window(LEFT, TOP), name, windows=windows)
    now = Drawn().window(left, top)
    assert hits(find(anchor, now, windows=windows), now, name)


@settings(max_examples=40, deadline=None)
@given(
    st.sampled_from(NAMES),
    st.tuples(st.integers(-40, 500), st.integers(-40, 380)),
    st.tuples(st.integers(20, 300), st.integers(20, 300)),
    st.booleans(),
    st.booleans(),
)
def test_whatever_is_covered_never_another_place_is_taken(
    name: str, corner: tuple[int, int], sides: tuple[int, int], moved: bool, windows: bool
):
    anchor = made(Drawn().window(LEFT, TOP), name, windows=windows)
    now = Drawn().window(LEFT + 37 * moved, TOP + 21 * moved)
    left, top = max(0, LEFT + corner[0]), max(0, TOP + corner[1])
    now.cover(left, top, min(sides[0], SIZE.width - left), min(sides[1], SIZE.height - top))
    result = find(anchor, now, windows=windows)
    if isinstance(result, Found):
        assert now.places[name].contains(result.point)
        region = now.windows[0].region
        covered = region.left <= result.point.x < region.left + region.width
        assert not (covered and region.top <= result.point.y < region.top + region.height)


@settings(max_examples=40, deadline=None)
@given(
    st.sampled_from(PEOPLE),
    st.lists(st.sampled_from([*PEOPLE, "Eve", "Robert", "Bo"]), max_size=4, unique=True),
    st.tuples(st.integers(-60, 60), st.integers(-60, 60)),
    st.booleans(),
    st.booleans(),
)
def test_whatever_rows_there_are_never_the_button_of_another_is_taken(
    person: str, rows: list[str], shift: tuple[int, int], dark: bool, windows: bool
):
    anchor = made(Drawn().window(LEFT, TOP), f"Delete {person}", windows=windows)
    theme = DARK if dark else Drawn.window.__kwdefaults__["theme"]
    now = Drawn().window(LEFT + shift[0], TOP + shift[1], people=rows, theme=theme)
    result = find(anchor, now, windows=windows)
    if isinstance(result, Found):
        assert person in rows
        assert now.places[f"Delete {person}"].contains(result.point)
