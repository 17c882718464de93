"""Official folders are read as they are, copies are recognised, and what is wrong is named."""

from __future__ import annotations

import itertools
import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from agent_app.errors import KnownError
from agent_app.evaluate.folder import Header, read_folder, write_folder
from agent_app.evaluate.items import (
    BoxTarget,
    Dataset,
    Item,
    PolygonTarget,
    RefusalTarget,
    chosen,
)
from agent_app.evaluate.osworld_g import read_osworld_g
from agent_app.evaluate.screenspot import read_screenspot_pro, read_screenspot_v2
from tests.evaluate.folders import (
    SIZE,
    draw,
    osworld_g,
    screenspot_pro,
    screenspot_v2,
    v2_row,
    write_json,
)


def edit(path: Path, change: Callable[[list[Any]], object]) -> None:
    rows = json.loads(path.read_text("utf-8"))
    change(rows)
    path.write_text(json.dumps(rows), "utf-8")


@pytest.mark.parametrize("images", ["screenspotv2_image", "screenspotv2_images"])
def test_screenspot_v2_is_read_whole_under_both_spellings_of_its_pictures(
    tmp_path: Path, images: str
):
    dataset = read_screenspot_v2(screenspot_v2(tmp_path, images=images))
    assert len(dataset.items) == 1272
    # split by file: the source of many rows of two files is "shop"
    assert Counter(item.labels["platform"][0] for item in dataset.items) == {
        "desktop": 334,
        "mobile": 501,
        "web": 437,
    }
    from_shops = [item for item in dataset.items if "shop" in item.labels["source"]]
    shops = {item.labels["platform"][0] for item in from_shops}
    assert shops == {"desktop", "mobile"}
    first = dataset.items[0]
    assert first.id == "desktop-0001"
    assert first.target == BoxTarget(20, 10, 60, 40)
    assert first.picture == f"{images}/desktop_0.png"
    assert dataset.notes == ()
    assert dataset.missing == ()


def as_corners(box: list[float]) -> list[float]:
    left, top, width, height = box
    return [left, top, left + width, top + height]


def as_shares(box: list[float]) -> list[float]:
    return [box[0] / SIZE[0], box[1] / SIZE[1], box[2] / SIZE[0], box[3] / SIZE[1]]


@pytest.mark.parametrize(
    ("form", "named"),
    [
        (as_corners, "[left, top, right, bottom] in pixels"),
        (as_shares, "[left, top, width, height] in shares"),
        (lambda box: as_shares(as_corners(box)), "[left, top, right, bottom] in shares"),
    ],
)
def test_a_copy_with_other_boxes_is_recognised_and_named(
    tmp_path: Path, form: Callable[[list[float]], list[float]], named: str
):
    screenspot_v2(tmp_path, {"desktop": 60, "mobile": 60, "web": 60})
    official = read_screenspot_v2(tmp_path)

    def derive(rows: list[Any]) -> None:
        for row in rows:
            row["bbox"] = form(row["bbox"])

    edit(tmp_path / "screenspot_mobile_v2.json", derive)
    derived = read_screenspot_v2(tmp_path)
    (note,) = derived.notes
    assert note.startswith("screenspot_mobile_v2.json is a derived copy")
    assert named in note
    for one, other in zip(official.items, derived.items, strict=True):
        a, b = one.target, other.target
        assert isinstance(a, BoxTarget)
        assert isinstance(b, BoxTarget)
        assert msgspec.structs.astuple(a) == pytest.approx(msgspec.structs.astuple(b))


def test_copies_of_the_other_benchmarks_are_recognised_as_well(tmp_path: Path):
    """Sizes where ScreenSpot-Pro has corners, corners where OSWorld-G has sizes."""
    screenspot_pro(tmp_path / "pro", files=2, total=40)
    annotated = tmp_path / "pro" / "annotations" / "app01_windows.json"
    edit(annotated, lambda rows: [row.update(bbox=[120, 40, 180, 90]) for row in rows])
    official = read_screenspot_pro(tmp_path / "pro")

    def sizes(rows: list[Any]) -> None:
        for row in rows:
            left, top, right, bottom = row["bbox"]
            row["bbox"] = [left, top, right - left, bottom - top]

    edit(annotated, sizes)
    derived = read_screenspot_pro(tmp_path / "pro")
    assert [item.target for item in derived.items] == [item.target for item in official.items]
    (note,) = derived.notes
    assert note.startswith("app01_windows.json is a derived copy: its boxes are [left, top, width")

    osworld_g(tmp_path / "g", boxes=20, polygons=2, refusals=2)
    official = read_osworld_g(tmp_path / "g")

    def corners(rows: list[Any]) -> None:
        for row in rows[:20]:
            left, top, width, height = row["box_coordinates"]
            row["box_coordinates"] = [left, top, left + width, top + height]
            row["image_size"] = [90, 60]  # so that they do not fit as sizes

    edit(tmp_path / "g" / "benchmark" / "OSWorld-G.json", corners)
    derived = read_osworld_g(tmp_path / "g")
    assert [item.target for item in derived.items] == [item.target for item in official.items]
    assert derived.notes[0].startswith("OSWorld-G.json is a derived copy: its boxes are [left,")


def test_the_field_names_of_copies_are_read_too(tmp_path: Path):
    screenspot_v2(tmp_path, {"web": 30})

    def rename(rows: list[Any]) -> None:
        for row in rows:
            row["ui_type"] = row.pop("data_type")
            row["platform"] = row.pop("data_source")
            row["img_size"] = list(SIZE)
            row["bbox"] = as_corners(row["bbox"])

    edit(tmp_path / "screenspot_web_v2.json", rename)
    dataset = read_screenspot_v2(tmp_path)
    assert {item.labels["kind"][0] for item in dataset.items} == {"text", "icon"}
    assert dataset.items[0].target == BoxTarget(20, 10, 60, 40)
    assert any("screenspot_desktop_v2.json is not there" in note for note in dataset.notes)


def test_screenspot_pro_is_read_whole_in_one_language_or_both(tmp_path: Path):
    screenspot_pro(tmp_path)
    english = read_screenspot_pro(tmp_path)
    assert len(english.items) == 1581
    assert english.items[0].target == BoxTarget(40, 20, 80, 40)  # two corners, as published
    assert english.items[0].instruction == "use tool 0"
    assert len(Counter(item.labels["application"] for item in english.items)) == 26
    both = read_screenspot_pro(tmp_path, language="all")
    assert Counter(item.labels["language"][0] for item in both.items) == {"en": 1581, "cn": 1581}
    assert len({item.id for item in both.items}) == 2 * 1581
    assert "使用工具 0" in {item.instruction for item in both.items}


def test_osworld_g_is_read_whole_with_its_three_kinds_of_targets(tmp_path: Path):
    dataset = read_osworld_g(osworld_g(tmp_path))
    assert Counter(type(item.target) for item in dataset.items) == {
        BoxTarget: 470,
        PolygonTarget: 40,
        RefusalTarget: 54,
    }
    assert dataset.items[0].target == BoxTarget(20.5, 10.25, 60.0, 40.5)
    assert dataset.items[0].labels["category"] == ("text_matching", "element_recognition")
    assert dataset.items[1].labels["category"] == ("unclassified",)
    assert dataset.items[-1].labels["target"] == ("refusal",)
    refined = read_osworld_g(tmp_path, refined=True)
    assert [item.id for item in refined.items] == [item.id for item in dataset.items]
    assert refined.items[0].instruction == "touch bbox 0, at length"


def test_a_file_in_the_schema_of_osworld_g_is_read_with_the_pictures_beside_it(tmp_path: Path):
    osworld_g(tmp_path, boxes=3, polygons=0, refusals=0)
    dataset = read_osworld_g(tmp_path / "benchmark" / "OSWorld-G.json")
    assert len(dataset.items) == 3
    (tmp_path / "benchmark" / "classification_result.json").unlink()
    plain = read_osworld_g(tmp_path)
    assert {item.labels["category"] for item in plain.items} == {("unclassified",)}
    assert any("classification_result.json is not there" in note for note in plain.notes)


def test_items_without_their_picture_are_listed(tmp_path: Path):
    screenspot_v2(tmp_path, {"desktop": 40})
    (tmp_path / "screenspotv2_image" / "desktop_3.png").unlink()
    dataset = read_screenspot_v2(tmp_path)
    assert dataset.missing == ("desktop-0004", "desktop-0024")
    assert len(dataset.items) == 40
    assert len(dataset.askable) == 38


def test_a_picture_of_another_size_than_annotated_is_told(tmp_path: Path):
    screenspot_pro(tmp_path, files=1, total=10)
    draw(tmp_path / "images" / "app00" / "shot_2.png", (100, 50))
    (note,) = read_screenspot_pro(tmp_path).notes
    assert "shot_2.png" in note
    assert "another size" in note


def break_nothing(_root: Path) -> None:
    pass


def empty_lists(root: Path) -> None:
    for path in root.glob("*.json"):
        path.write_text("[]", "utf-8")


def without_pictures(root: Path) -> None:
    for path in (root / "screenspotv2_image").iterdir():
        path.unlink()


def without_folder(root: Path) -> None:
    (root / "screenspotv2_image").rename(root / "elsewhere")


def with_first_row(root: Path, **changes: object) -> None:
    edit(root / "screenspot_desktop_v2.json", lambda rows: rows[0].update(changes))


@pytest.mark.parametrize(
    ("damage", "message", "remedy"),
    [
        (
            lambda root: (root / "screenspot_desktop_v2.json").write_text("[{", "utf-8"),
            "screenspot_desktop_v2.json is no list of ScreenSpot-V2",
            "as the benchmark publishes",
        ),
        (
            lambda root: (root / "screenspot_desktop_v2.json").write_text(
                "version https://git-lfs.github.com/spec/v1\n", "utf-8"
            ),
            "Git LFS",
            "as the benchmark publishes",
        ),
        (
            lambda root: with_first_row(root, instruction=7),
            r"screenspot_desktop_v2.json is no list .*\$\[0\].instruction",
            "as the benchmark publishes",
        ),
        (
            lambda root: with_first_row(root, bbox=[900, 10, 60, 40]),
            "desktop-0001.* outside the picture of 200x100",
            "derived copy",
        ),
        (
            lambda root: with_first_row(root, bbox=[20, 10, 0, 40]),
            "desktop-0001.* has no area",
            "derived copy",
        ),
        (
            lambda root: with_first_row(root, img_filename="../../etc/passwd"),
            "outside the folder: '../../etc/passwd'",
            "do not trust",
        ),
        (empty_lists, "holds no items", "downloaded whole"),
        (without_pictures, "not one picture .*/desktop_0.png", "download the pictures"),
        (without_folder, "has no folder of pictures", "screenspotv2_image or screenspotv2_images"),
        (
            lambda root: [path.unlink() for path in root.glob("*.json")],
            "holds none of screenspot_desktop_v2.json",
            "was unpacked",
        ),
    ],
)
def test_a_damaged_folder_is_refused_with_the_file_and_a_remedy(
    tmp_path: Path, damage: Callable[[Path], object], message: str, remedy: str
):
    screenspot_v2(tmp_path, {"desktop": 40})
    read_screenspot_v2(tmp_path)
    damage(tmp_path)
    with pytest.raises(KnownError, match=message) as refused:
        read_screenspot_v2(tmp_path)
    assert remedy in refused.value.remedy


def test_a_folder_that_is_not_there_is_refused(tmp_path: Path):
    for read in (read_screenspot_v2, read_screenspot_pro, read_osworld_g, read_folder):
        with pytest.raises(KnownError, match="nowhere"):
            read(tmp_path / "nowhere")


def test_a_polygon_of_half_a_point_and_an_unknown_kind_are_refused(tmp_path: Path):
    osworld_g(tmp_path, boxes=2, polygons=1, refusals=0)
    path = tmp_path / "benchmark" / "OSWorld-G.json"
    edit(path, lambda rows: rows[2].update(box_coordinates=[1, 2, 3, 4, 5]))
    with pytest.raises(KnownError, match=r"polygon-2.*three points"):
        read_osworld_g(tmp_path)
    edit(path, lambda rows: rows[2].update(box_type="circle"))
    with pytest.raises(KnownError, match="'circle' is no kind of target"):
        read_osworld_g(tmp_path)


def test_boxes_that_fit_no_form_are_refused(tmp_path: Path):
    rows = [{**v2_row(n, "web"), "bbox": [150, 90, 140, 80]} for n in range(10)]
    write_json(tmp_path / "screenspot_web_v2.json", rows)
    for row in rows:
        draw(tmp_path / "screenspotv2_image" / row["img_filename"])
    with pytest.raises(KnownError, match=r"fit their pictures neither as"):
        read_screenspot_v2(tmp_path)


def own(root: Path, *items: Item) -> Path:
    draw(root / "a.png")
    write_folder(root, Header(name="Mine"), items)
    return root


def test_a_folder_of_ones_own_is_read_back(tmp_path: Path):
    items = (
        Item(id="1", picture="a.png", instruction="x", target=BoxTarget(1, 2, 3, 4)),
        Item(id="2", picture="a.png", instruction="y", target=RefusalTarget()),
        Item(
            id="3",
            picture="a.png",
            instruction="z",
            target=PolygonTarget(((1, 1), (9, 1), (5, 9))),
            labels={"kind": ("text",)},
        ),
    )
    dataset = read_folder(own(tmp_path, *items))
    assert dataset.items == items
    assert dataset.title == "Mine"


def test_a_line_that_is_no_item_is_refused_with_its_number(tmp_path: Path):
    own(tmp_path, Item(id="1", picture="a.png", instruction="x", target=RefusalTarget()))
    path = tmp_path / "benchmark.jsonl"
    whole = path.read_text("utf-8")
    path.write_text(whole + '{"id": "2"}\n', "utf-8")
    with pytest.raises(KnownError, match=r"line 3 of .*benchmark\.jsonl is no item"):
        read_folder(tmp_path)
    path.write_text(whole + '{"id": "2', "utf-8")
    dataset = read_folder(tmp_path)
    assert len(dataset.items) == 1
    assert any("cut off" in note for note in dataset.notes)
    path.write_text(whole + whole.splitlines()[1] + "\n", "utf-8")
    with pytest.raises(KnownError, match="two items of the id '1'"):
        read_folder(tmp_path)
    path.write_text(whole.replace('"version":1', '"version":9'), "utf-8")
    with pytest.raises(KnownError, match="version 9"):
        read_folder(tmp_path)


def ids(dataset: Dataset, limit: int | None, shard: tuple[int, int]) -> list[str]:
    return [item.id for item in chosen(dataset.items, limit=limit, shard=shard)]


def test_shards_are_disjoint_and_whole_and_a_limit_sees_every_part(tmp_path: Path):
    dataset = read_screenspot_v2(screenspot_v2(tmp_path))
    whole = [item.id for item in dataset.items]
    shards = [ids(dataset, None, (number, 3)) for number in (1, 2, 3)]
    assert sorted(itertools.chain(*shards)) == sorted(whole)
    some = ids(dataset, 30, (1, 1))
    assert len(some) == 30
    assert {name.partition("-")[0] for name in some} == {"desktop", "mobile", "web"}
    quarters = [ids(dataset, 30, (number, 4)) for number in (1, 2, 3, 4)]
    assert sorted(itertools.chain(*quarters)) == sorted(some)
    assert ids(dataset, 5000, (1, 1)) == whole
