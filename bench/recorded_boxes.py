"""A benchmark from the labelled places of recordings, for `agent-app eval folder`.

    python bench/recorded_boxes.py PATH… --output DIR

Each PATH is a recording as `agent-app import` reads it, or a .json with `steps` that have
`rel_box_xyxy` (shares of the picture), `target_title` and `image_path`. Every place of an action
that the recording has boxes for becomes an item, asked for by the step's own words; a name alone
becomes `click "name"`. An item counts under its source, and the box is the smallest of several.
"""

from __future__ import annotations

import argparse
import json
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from agent_app.episode.reader import open_episode
from agent_app.episode.truth import read_truth
from agent_app.evaluate.episodes import import_all
from agent_app.evaluate.folder import Header, write_folder
from agent_app.evaluate.items import BoxTarget, Breakdown, Item
from agent_app.model_runtime import no_progress


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("paths", nargs="+", type=Path)
    parser.add_argument("--output", type=Path, required=True)
    options = parser.parse_args()
    (options.output / "images").mkdir(parents=True)
    items = [item for path in options.paths for item in items_of(path, options.output)]
    header = Header(name="Recorded boxes", breakdowns=(Breakdown("Source", ("source",)),))
    write_folder(options.output, header, items)
    print(f"{len(items)} items in {options.output}")


def items_of(path: Path, output: Path) -> Iterator[Item]:
    if path.suffix == ".json" and "rel_box_xyxy" in path.read_text("utf-8"):
        yield from joined_items(path, output)
        return
    with tempfile.TemporaryDirectory() as folder:
        import_all(path, Path(folder, "episodes"), no_progress)
        for each in sorted(Path(folder, "episodes").iterdir()):
            yield from recorded_items(each, output, source=path.name or str(path))


def recorded_items(folder: Path, output: Path, *, source: str) -> Iterator[Item]:
    episode = open_episode(folder)
    steps = {step.number: step for step in episode.steps}
    for target in read_truth(folder):
        step = steps[target.step]
        image = episode.frame(step.frame_before.sha1) if step.frame_before else None
        intent = step.actions[target.index].intent.strip()
        if image is None or not intent or intent == "Unknown":
            continue
        box = min(target.boxes, key=lambda box: box.width * box.height)
        name = f"{folder.name}-{target.step}-{target.index}-{target.place}"
        image.save(output / "images" / f"{name}.png")
        yield item(name, f"{name}.png", intent, (box.left, box.top, box.width, box.height), source)


def joined_items(path: Path, output: Path) -> Iterator[Item]:
    folder = path.parent / "images"
    for step in json.loads(path.read_text("utf-8"))["steps"]:
        if step["rel_box_xyxy"] is None:
            continue
        width, height = step["image_size"]
        left, top, right, bottom = step["rel_box_xyxy"]
        name = f"{path.parent.name}-{step['id']}"
        shutil.copy(folder / step["image_path"], output / "images" / f"{name}.png")
        box = (left * width, top * height, (right - left) * width, (bottom - top) * height)
        yield item(name, f"{name}.png", step["target_title"], box, path.parent.name)


def item(name: str, picture: str, words: str, box: tuple[float, ...], source: str) -> Item:
    is_sentence = " " in words and words.endswith(".")
    return Item(
        id=name,
        picture=f"images/{picture}",
        instruction=words if is_sentence else f'click "{words}"',
        target=BoxTarget(*box),
        labels={"source": (source,)},
    )


if __name__ == "__main__":
    main()
