"""Which thing on the screen a label means, and when that is a question."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent_app.geometry import FrameBox
from agent_app.runtimes.reader.language.steps import LAST, Kind, Relation, Target, Where
from agent_app.runtimes.reader.matching.candidates import survey
from agent_app.runtimes.reader.matching.finding import (
    Ambiguous,
    Found,
    Match,
    Missing,
    Purpose,
    find,
)
from agent_app.runtimes.reader.matching.likeness import Tier, contains, likeness
from agent_app.runtimes.reader.sight import Element, Sight, Window
from tests.fakes.eyes import SIZE, box, read, sight, told, window


def chosen(found: Found) -> str:
    """The text and place that were chosen, in short."""
    assert isinstance(found, Match), found
    return f"{found.candidate.text}@{found.candidate.box.left:.0f},{found.candidate.box.top:.0f}"


def look(seen: Sight, target: Target | str, purpose: Purpose = "point") -> Found:
    wanted = Target(target) if isinstance(target, str) else target
    return find(seen, wanted, purpose=purpose, size=SIZE)


@pytest.mark.parametrize(
    ("wanted", "seen", "tier"),
    [
        ("Save", "Save", Tier.EXACT),
        ("Save", " Save ", Tier.EXACT),
        ("Save As…", "Save As...", Tier.SPELLING),
        ("Save As", "Save As…", Tier.SPELLING),
        ("Name", "Name:", Tier.SPELLING),
        ("File", "_File", Tier.SPELLING),
        ("文件", "文件(F)", Tier.SPELLING),
        ("Save", "Save Ctrl+S", Tier.SPELLING),
        ("Save As", "Save As… Shift+Ctrl+S", Tier.SPELLING),
        ("Word Wrap", "✓ Word Wrap", Tier.SPELLING),
        ("Recent", "Recent ▸", Tier.SPELLING),
        ("Don't", "Don’t", Tier.SPELLING),
        ("-", "−", Tier.SPELLING),
        ("File", "Ｆｉｌｅ", Tier.SPELLING),
        ("save", "Save", Tier.CASE),
        ("File", "FiIe", Tier.CONFUSED),
        ("File", "F1le", Tier.CONFUSED),
        ("O", "0", Tier.CONFUSED),
        ("1", "l", Tier.CONFUSED),
        ("×", "x", Tier.CONFUSED),
        ("Return", "Retum", Tier.CONFUSED),
        ("Save As", "SaveAs", Tier.CONFUSED),
        ("Löschen", "Loschen", Tier.CONFUSED),
        ("Exit", "E_xit", Tier.CONFUSED),
        ("Preferences", "Prefercnces", Tier.FUZZY),
        ("Preferences", "Preferencos", Tier.FUZZY),
        ("Properties", "Propertis", Tier.FUZZY),
    ],
)
def test_what_ocr_and_toolkits_change_is_forgiven(wanted: str, seen: str, tier: Tier):
    alike = likeness(wanted, seen)
    assert alike is not None
    assert alike.tier == tier


@pytest.mark.parametrize(
    ("wanted", "seen"),
    [
        ("7", "1"),
        ("1", "|"),
        ("6", "8"),
        ("+", "-"),
        ("+", "÷"),
        (".", ":"),
        ("OK", "Ok?!x"),
        ("Cut", "Out"),
        ("Undo", "Redo"),
        ("Save", "Same"),
        ("Close", "Clone"),
        ("Insert", "Invert"),
        ("Upload", "Unload"),
        ("Enable", "Unable"),
        ("Import", "Export"),
        ("Lock", "Unlock"),
        ("Select", "Deselect"),
        ("Sheet1", "Sheet2"),
        ("Sheet1", "Sheet"),
        ("Page 10", "Page 11"),
        ("Chapter 12", "Chapter 1"),
        ("Option (A)", "Option (B)"),
        ("Align Left", "Align Right"),
        ("Move Up", "Move Down"),
        ("Sort Ascending", "Sort Descending"),
        ("Insert Row Above", "Insert Row Below"),
        ("Save", "Save All"),
        ("Salt", "Salt+Pepper"),
        ("保存", "删除"),
    ],
)
def test_what_is_another_label_is_not_forgiven(wanted: str, seen: str):
    assert likeness(wanted, seen) is None
    assert likeness(seen, wanted) is None


@given(st.text(max_size=30))
def test_every_label_is_like_itself(text: str):
    alike = likeness(text, text)
    assert alike is not None
    assert alike.tier == Tier.EXACT


@given(st.text(max_size=12), st.text(max_size=12))
def test_likeness_is_the_same_both_ways_up_to_confusions(one: str, other: str):
    there, back = likeness(one, other), likeness(other, one)
    sure = [alike.tier for alike in (there, back) if alike and alike.tier <= Tier.CONFUSED]
    assert len(sure) in (0, 2)
    assert len(set(sure)) <= 1


@given(st.text("0123456789", min_size=1, max_size=8), st.text("0123456789", min_size=1, max_size=8))
def test_numbers_are_alike_only_when_equal(one: str, other: str):
    assert (likeness(one, other) is not None) == (one == other)


@given(st.text("abcdeghkmnpqstuyz2345679", min_size=1, max_size=3), st.text(max_size=6))
def test_short_labels_are_never_fuzzy(short: str, other: str):
    alike = likeness(short, other)
    assert alike is None or alike.tier <= Tier.CONFUSED


def test_the_best_tier_wins():
    seen = sight(read("save", 10, 10), read("Save…", 10, 50), read("Save", 10, 90))
    assert chosen(look(seen, "Save")) == "Save@10,90"
    assert chosen(look(seen, "save")) == "save@10,10"
    assert chosen(look(seen, "Save…")) == "Save…@10,50"


def test_case_is_ignored_only_while_that_stays_unambiguous():
    assert chosen(look(sight(read("SAVE", 10, 10)), "save")) == "SAVE@10,10"
    two = look(sight(read("SAVE", 10, 10), read("Save", 10, 50)), "save")
    assert isinstance(two, Ambiguous)


def test_two_equal_labels_are_ambiguous_and_listed_in_reading_order():
    seen = sight(read("OK", 700, 500), read("OK", 300, 503), read("OK", 900, 100))
    found = look(seen, "OK")
    assert isinstance(found, Ambiguous)
    assert [c.box.left for c in found.candidates] == [900, 300, 700]


def test_the_same_thing_seen_twice_is_one_and_its_small_box_is_clicked():
    seen = sight(told("push button", "Save", 100, 100), read("Save", 120, 103, 40))
    found = look(seen, "Save")
    assert isinstance(found, Match)
    assert found.candidate.box == box(120, 103, 40)
    assert found.candidate.role == "push button"
    assert found.candidate.source == "accessibility+ocr"


def test_nearly_alike_labels_are_ambiguous_among_themselves():
    seen = sight(read("Preferencez", 10, 10), read("Preferencos", 10, 50))
    assert isinstance(look(seen, "Preferences"), Ambiguous)


def test_missing_names_what_comes_nearest():
    seen = sight(read("Save As…", 10, 10), read("Help", 10, 50), read("Saves", 10, 90))
    found = look(seen, "Save")
    assert isinstance(found, Missing)
    assert "“Save”" in found.reason
    assert [c.text for c in found.nearest] == ["Saves", "Save As…"]


def test_a_longer_label_that_holds_the_words_comes_near():
    found = look(sight(read("Cope", 10, 10), read("Copy Display Value", 10, 50)), "Copy")
    assert isinstance(found, Missing)
    assert "Copy Display Value" in [c.text for c in found.nearest]


def test_what_lies_outside_the_frame_is_not_there():
    assert isinstance(look(sight(read("Save", 1300, 10)), "Save"), Missing)


def test_what_reaches_over_the_edge_is_clicked_where_it_shows():
    found = look(sight(told("push button", "Save", 1240, 10, width=80)), "Save")
    assert isinstance(found, Match)
    assert found.candidate.box.right == SIZE.width


def test_containers_are_no_targets():
    seen = sight(told("dialog", "Save", 100, 100, width=400, height=300), read("Save", 450, 370))
    assert chosen(look(seen, "Save")) == "Save@450,370"


# --- qualifiers ----------------------------------------------------------------------------------

FORM = sight(
    read("Name", 100, 100),
    read("Browse", 300, 100),
    read("Browse", 500, 100),
    read("Folder", 100, 200),
    read("Browse", 300, 200),
)


@pytest.mark.parametrize(
    ("relations", "place"),
    [
        ([("right of", "Name")], "Browse@300,100"),
        ([("right of", "Folder")], "Browse@300,200"),
        ([("next to", "Folder")], "Browse@300,200"),
    ],
)
def test_a_relation_means_the_nearest_in_that_direction(
    relations: list[tuple[Where, str]], place: str
):
    target = Target("Browse", relations=tuple(Relation(*relation) for relation in relations))
    assert chosen(look(FORM, target)) == place


@pytest.mark.parametrize(
    ("where", "place"), [("above", "A@105,50"), ("below", "A@95,150"), ("left of", "A@50,100")]
)
def test_directions(where: Where, place: str):
    seen = sight(read("B", 100, 100), read("A", 105, 50), read("A", 95, 150), read("A", 50, 100))
    assert chosen(look(seen, Target("A", relations=(Relation(where, "B"),)))) == place


def test_a_row_is_also_one_whose_texts_stand_higher_and_lower():
    """As in a header bar with a title of two lines, where nothing else is in the title's row."""
    bar = [read("Open", 100, 110), read("note", 400, 100), read("Save", 700, 115)]
    for wanted, where, other in (("Save", "right of", "note"), ("note", "left of", "Save")):
        target = Target(wanted, relations=(Relation(where, other),))
        assert isinstance(look(sight(*bar), target), Match)
    level = Target("Save", relations=(Relation("right of", "note"),))
    assert chosen(look(sight(*bar, read("Save", 900, 102)), level)) == "Save@900,102"
    assert isinstance(look(sight(read("note", 400, 100), read("Save", 700, 120)), level), Missing)


def test_equally_near_ones_stay_ambiguous():
    seen = sight(read("B", 100, 100, 20), read("A", 60, 100, 20), read("A", 140, 100, 20))
    target = Target("A", relations=(Relation("next to", "B"),))
    assert isinstance(look(seen, target), Ambiguous)


def test_a_relation_to_nothing_says_so():
    found = look(FORM, Target("Browse", relations=(Relation("right of", "Size"),)))
    assert isinstance(found, Missing)
    assert "“Size”" in found.reason
    found = look(FORM, Target("Browse", relations=(Relation("left of", "Name"),)))
    assert isinstance(found, Missing)
    assert "left of “Name”" in found.reason


@pytest.mark.parametrize(
    ("ordinal", "place"), [(1, "Browse@300,100"), (2, "Browse@500,100"), (LAST, "Browse@300,200")]
)
def test_an_ordinal_counts_in_reading_order(ordinal: int, place: str):
    assert chosen(look(FORM, Target("Browse", ordinal=ordinal))) == place


def test_an_ordinal_beyond_the_last_is_missing():
    found = look(FORM, Target("Browse", ordinal=4))
    assert isinstance(found, Missing)
    assert "only 3" in found.reason


@pytest.mark.parametrize(
    ("kind", "place"),
    [("button", "Save@10,10"), ("tab", "Save@10,60"), ("menu item", "Save@10,90")],
)
def test_a_kind_decides_between_controls(kind: Kind, place: str):
    seen = sight(
        told("push button", "Save", 10, 10),
        told("page tab", "Save", 10, 60),
        told("check menu item", "Save", 10, 90),
    )
    assert isinstance(look(seen, "Save"), Ambiguous)
    assert chosen(look(seen, Target("Save", kind=kind))) == place


def test_a_kind_that_nothing_tells_of_is_no_condition():
    assert chosen(look(sight(read("Save", 10, 10)), Target("Save", kind="button"))) == "Save@10,10"


def test_a_control_comes_before_plain_text_of_its_window():
    seen = sight(read("7", 200, 50), told("push button", "7", 50, 200))
    assert chosen(look(seen, "7")) == "7@50,200"
    assert isinstance(look(seen, Target("7", kind="label")), Ambiguous)


def test_a_control_comes_before_a_tooltip_of_its_application():
    tip = window("", 60, 60, 100, 40, application="editor")
    seen = sight(told("push button", "Undo", 20, 20), read("Undo", 80, 70), windows=(tip, EDITOR))
    assert chosen(look(seen, "Undo")) == "Undo@20,20"
    other = window("", 60, 60, 100, 40, application="other")
    seen = sight(*seen.elements, windows=(other, EDITOR))
    assert isinstance(look(seen, "Undo"), Ambiguous)


def test_a_label_comes_before_the_same_words_in_a_field():
    seen = sight(
        told("text", "", 100, 100, width=600, height=400),
        read("Save", 200, 200),
        read("save", 10, 10),
    )
    assert chosen(look(seen, "Save")) == "save@10,10"
    assert chosen(look(sight(*seen.elements[:2]), "Save")) == "Save@200,200"


# --- windows -------------------------------------------------------------------------------------

EDITOR = window("notes.txt - Editor", 0, 0, 600, 800, application="editor", active=True)
CALCULATOR = window("Calculator", 700, 0, 500, 400, application="calc")
BEHIND = window("Old notes", 300, 100, 700, 700)


def test_a_window_is_named_by_title_application_or_part_of_the_title():
    seen = sight(read("Edit", 50, 20), read("Edit", 750, 20), windows=(EDITOR, CALCULATOR))
    for name, place in (
        ("Calculator", "Edit@750,20"),
        ("calc", "Edit@750,20"),
        ("editor", "Edit@50,20"),
        ("notes.txt", "Edit@50,20"),
    ):
        assert chosen(look(seen, Target("Edit", window=name))) == place


def test_a_window_that_is_not_open_is_missing_with_those_that_are():
    found = look(sight(read("Edit", 50, 20), windows=(EDITOR,)), Target("Edit", window="Paint"))
    assert isinstance(found, Missing)
    assert "“Paint”" in found.reason
    assert "“notes.txt - Editor”" in found.reason


def test_windows_side_by_side_are_equally_in_front():
    seen = sight(read("Edit", 50, 20), read("Edit", 750, 20), windows=(EDITOR, CALCULATOR))
    assert isinstance(look(seen, "Edit"), Ambiguous)


def test_the_active_window_comes_before_one_that_it_overlaps():
    seen = sight(read("Edit", 50, 20), read("Edit", 800, 300), windows=(EDITOR, BEHIND))
    assert chosen(look(seen, "Edit")) == "Edit@50,20"


def test_an_active_window_that_is_not_in_front_does_not_decide():
    seen = sight(read("Edit", 50, 20), read("Edit", 800, 300), windows=(BEHIND, EDITOR))
    assert isinstance(look(seen, "Edit"), Ambiguous)


def test_what_another_window_covers_is_not_there():
    covered = told("push button", "Save", 400, 300, window="Old notes")
    assert isinstance(look(sight(covered, windows=(EDITOR, BEHIND)), "Save"), Missing)
    assert isinstance(look(sight(covered, windows=(BEHIND, EDITOR)), "Save"), Match)


def test_what_an_open_menu_covers_is_not_there():
    seen = sight(told("push button", "Open", 20, 40), told("menu item", "New", 10, 35, width=200))
    assert isinstance(look(seen, "Open"), Missing)


# --- menus, fields, texts ------------------------------------------------------------------------


def item(seen: Sight, text: str, parent: str, purpose: Purpose = "item") -> Found:
    return find(seen, Target(text), purpose=purpose, size=SIZE, parent=parent)


def test_a_menu_item_is_looked_for_in_the_popup():
    seen = sight(
        told("push button", "Save", 300, 40),
        told("menu", "File", 10, 10),
        told("menu item", "Save", 10, 60, width=200),
    )
    assert chosen(item(seen, "Save", "File")) == "Save@10,60"


def test_what_is_read_in_a_menu_lies_in_it_and_not_in_the_window_below():
    popup = Window("", "App", box(100, 100, 200, 90), False, popup=True)
    below = Window("Editor", "App", box(0, 0, 600, 400), True)
    seen = Sight((replace(read("Express", 110, 120), window="Editor"),), (popup, below))
    assert [depth for _, depth in survey(seen, SIZE).elements] == [0]


def test_words_apart_by_one_cell_of_a_terminal_are_one_text():
    first = Element("answer", FrameBox(161, 199, 70, 11), "ocr", confidence=0.9)
    second = Element("42", FrameBox(245, 196, 21, 14), "ocr", confidence=0.9)
    assert chosen(look(sight(first, second), "answer 42")) == "answer 42@161,196"


def test_a_button_is_no_menu_item():
    seen = sight(told("push button", "Save", 300, 40), told("menu", "File", 10, 10))
    assert isinstance(item(seen, "Save", "File"), Missing)


def test_without_an_accessibility_tree_a_menu_item_hangs_under_its_menu():
    seen = sight(read("File", 10, 10), read("Save", 35, 90), read("Save", 600, 400))
    assert chosen(item(seen, "Save", "File")) == "Save@35,90"


def test_without_an_accessibility_tree_a_submenu_item_stands_beside_its_parent():
    seen = sight(read("Export", 35, 90), read("PDF", 260, 95), read("Help", 300, 10))
    assert chosen(item(seen, "PDF", "Export", "subitem")) == "PDF@260,95"


def test_a_menu_of_the_bar_is_no_item_of_another():
    bar = (told("menu", "Insert", 10, 10), told("menu", "Sheet", 100, 10))
    seen = sight(*bar, told("menu item", "Chart…", 10, 40, width=200))
    assert isinstance(item(seen, "Sheet…", "Insert"), Missing)
    nested = sight(*bar, told("menu", "Sheet", 20, 60))
    assert chosen(item(nested, "Sheet", "Insert")) == "Sheet@20,60"


def test_text_that_hangs_in_no_menu_is_no_item():
    seen = sight(read("File", 600, 300), read("Save", 610, 10))
    assert isinstance(item(seen, "Save", "File"), Missing)


def test_an_item_of_its_menus_name_is_not_the_menu():
    seen = sight(told("menu", "View", 10, 10), told("menu item", "View", 10, 60, width=200))
    assert chosen(item(seen, "View", "View")) == "View@10,60"


def test_a_field_is_found_by_its_name_before_its_label():
    seen = sight(read("Name:", 10, 100), told("text", "Name", 100, 98, width=300))
    assert chosen(look(seen, "Name", "field")) == "Name@100,98"
    assert chosen(look(seen, Target("Name", kind="field"))) == "Name@100,98"


@pytest.mark.parametrize(("left", "top"), [(100, 98), (10, 125)])
def test_a_nameless_field_is_found_right_of_or_below_its_label(left: float, top: float):
    seen = sight(
        read("Name:", 10, 100),
        told("text", "", left, top, width=300),
        told("text", "", 500, 400, width=300),
    )
    assert chosen(look(seen, "Name", "field")) == f"Name:@{left:.0f},{top:.0f}"


def test_a_label_without_a_field_is_missing_and_says_what_to_do():
    found = look(sight(read("Name:", 10, 100)), "Name", "field")
    assert isinstance(found, Missing)
    assert "press tab" in found.reason


def test_two_fields_of_one_label_are_ambiguous():
    seen = sight(
        *(read("Name:", 10, top) for top in (100, 200)),
        *(told("text", "", 100, top, width=300) for top in (98, 198)),
    )
    assert isinstance(look(seen, "Name", "field"), Ambiguous)
    assert chosen(look(seen, Target("Name", ordinal=2), "field")) == "Name:@100,198"


def test_words_inside_a_field_lead_into_it():
    seen = sight(told("text", "", 100, 98, width=300), read("Search", 110, 100))
    assert chosen(look(seen, "Search", "field")) == "Search@110,100"


def test_a_windows_title_names_its_only_field():
    seen = sight(
        told("text", "", 10, 60, width=500, height=600, window="notes.txt - Editor"),
        windows=(EDITOR,),
    )
    assert chosen(look(seen, "notes.txt", "field")) == "notes.txt@10,60"


@pytest.mark.parametrize(
    ("wanted", "visible"),
    [
        ("Saved", True),
        ("saved", True),
        ("42", True),
        ("4", False),
        ("Hello world", True),
        ("Sav", False),
    ],
)
def test_a_text_is_visible_when_a_longer_one_holds_its_words(wanted: str, visible: bool):
    seen = sight(
        read("Saved to disk.", 10, 10), read("= 42", 10, 50), read("say Helloworld", 10, 90)
    )
    assert isinstance(look(seen, wanted, "read"), Match) == visible


def test_a_text_that_is_there_twice_is_visible():
    assert isinstance(look(sight(read("42", 10, 10), read("42", 10, 50)), "42", "read"), Match)


def test_a_stretch_of_a_divided_line_is_clicked_where_it_stands():
    found = look(sight(read("Untitled 1 - Editor", 10, 10, 190)), "Editor")
    assert isinstance(found, Match)
    assert found.candidate.text == "Editor"
    assert found.candidate.box.left == pytest.approx(140)
    assert found.candidate.box.right == pytest.approx(200)


@pytest.mark.parametrize("line", ["Save your work first", "Save As…", "Save All", "Auto Save"])
def test_a_word_of_a_longer_label_is_no_label(line: str):
    assert isinstance(look(sight(read(line, 10, 10)), "Save"), Missing)


def test_a_label_read_in_pieces_is_joined():
    seen = sight(read("Save", 10, 10, 36), read("As...", 50, 10, 40), read("As...", 400, 300))
    found = look(seen, "Save As…")
    assert isinstance(found, Match)
    assert found.candidate.box == box(10, 10, 80)


@pytest.mark.parametrize(
    ("wanted", "lines", "whole"),
    [
        ("invoice.txt", ["invoice.t-", "xt"], "invoice.txt"),
        ("note.txt", ["note.tx-", "t"], "note.txt"),
        ("well-known", ["well-", "known"], "well- known"),
        ("Removable Media", ["Removable", "Media"], "Removable Media"),
        ("one two three", ["one", "two", "three"], "one two three"),
    ],
)
def test_a_label_on_several_lines_is_put_together(wanted, lines, whole):
    icon = [read(line, 100 - 4.5 * len(line), 50 + 22 * i) for i, line in enumerate(lines)]
    found = look(sight(*icon, read("letter", 300, 50)), wanted)
    assert isinstance(found, Match)
    assert found.candidate.text == whole
    assert all(
        found.candidate.box.contains(line.box.center) and found.candidate.tier is Tier.PART
        for line in icon
    )


@pytest.mark.parametrize(
    ("wanted", "left", "right"),
    [("letter.txt", 100, 190), ("photo.txt", 190, 280), ("Letter.txt photo.txt", 100, 280)],
)
def test_words_within_a_line_are_where_they_stand(wanted, left, right):
    found = look(sight(read("letter.txt photo.txt!", 100, 50, width=190)), wanted, "read")
    assert isinstance(found, Match)
    assert abs(found.candidate.box.left - left) < 10
    assert abs(found.candidate.box.right - right) < 12
    assert found.candidate.text == "letter.txt photo.txt!"


@pytest.mark.parametrize(
    "below",
    [
        read("Media", 100, 120),  # far below
        read("Media", 180, 72),  # neither the same middle nor the same edge
        replace(read("Media", 100, 72), box=box(100, 72, height=40)),  # other letters
        read("Media player", 100, 72),  # more than was asked for
        told("push button", "Media", 100, 72),
    ],
)
def test_lines_that_belong_to_different_things_are_not_put_together(below):
    assert isinstance(look(sight(read("Removable", 100, 50), below), "Removable Media"), Missing)


def test_a_label_is_found_whole_before_it_is_found_in_parts():
    seen = sight(read("File | Edit | View", 10, 10), read("Edit", 500, 500))
    assert chosen(look(seen, "Edit")) == "Edit@500,500"


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["Save", "save", "Save…", "OK", "Open", "Sa ve", "Cancel"]),
            st.integers(0, 1200),
            st.integers(0, 780),
        ),
        max_size=12,
    ),
    st.sampled_from(["Save", "OK", "Cancel"]),
)
def test_nothing_is_ever_chosen_among_equals(things: list[tuple[str, int, int]], wanted: str):
    seen = sight(*(read(text, left, top) for text, left, top in things))
    found = look(seen, wanted)
    if isinstance(found, Match):
        text, place = found.candidate.text, found.candidate.box
        equals = [e for e in seen.elements if e.text == text]
        assert all(
            e.box.overlap(place) >= 0.5 * min(e.box.width * 20, place.width * 20) for e in equals
        )


def test_containing_is_by_whole_words():
    assert contains("New File", "a new file.")
    assert not contains("new", "renewed")
