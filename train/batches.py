"""Batches of equal-sized screens with several questions each, made by worker processes.

Batch N of a recipe is a pure function of the recipe's seed and N, so a training that goes on at
step N sees what it would have seen.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor
from torch.utils.data import Dataset

from train import questions as asked
from train.draw import draw_scene, plain_scene
from train.orders import Asker, Order
from train.packs import open_pack
from train.screens import COLOURS, KINDS, SHAPES, Element, Scene, cropped, resized
from train.turns import Words, words

CELL = 28  # pixels: one visual token
NEAR, WHOLE = 5, 12  # letters that are told of a cell, and of the thing that covers it
PLACES = 14  # six digits each of two places, and where each place's reason stands
_LETTERS = " abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_+&#%/:…!?@"
LETTERS = {letter: number for number, letter in enumerate(_LETTERS, 1)}
ALPHABET = len(_LETTERS) + 2  # none, those, any other
FORMS = len(SHAPES) + 8

Batch = dict[str, Tensor]


@dataclass(frozen=True, slots=True)
class Format:
    """A screen's size in pixels, how many screens make a batch, and questions for each."""

    width: int
    height: int
    screens: int
    questions: int


@dataclass(frozen=True, slots=True)
class Recipe:
    """What the batches are made of.

    `qt_share` of the screens come from `pack`, cut out anew each time. `kinds` are the orders
    asked for, none for the trained mixture. `pool` and `held_out` are those of `draw_scene`.
    `past_share` of the batches have one to three steps behind them.
    """

    formats: tuple[Format, ...]
    seed: int
    pack: str = ""
    pack_pool: str = ""  # of a held-out pack: "known" or "kept" screens alone
    qt_share: float = 0.0
    pool: str = "train"
    held_out: bool = False
    kinds: tuple[str, ...] = ()
    past_share: float = 0.4
    plain_share: float = 0.03  # of the batches: pictures to be described, without our prompts
    padded_share: float = 0.05  # of the screens: not on the grid, so filled up with black
    thoughtless_share: float = 0.04  # of the questions
    near_share: float = 0.2  # of the absent names: one letter off one that is there
    tinted_share: float = 0.0  # of the Qt screens: in other colours
    exact_share: float = 0.5
    frozen_prompt: bool = False
    weights: tuple[float, ...] = field(default=())


def _scale(rng: random.Random, exact: float) -> tuple[float, float]:
    """How much larger than the model's picture a screen is before it is scaled onto the grid."""
    draw = rng.random()
    if draw < exact:
        return 1.0, 1.0
    base = 1.0 if draw < exact + (1 - exact) / 2 else rng.uniform(1.05, 1.6)
    return base * rng.uniform(0.98, 1.02), base * rng.uniform(0.98, 1.02)


def _tinted(image: Image.Image, rng: random.Random) -> Image.Image:
    """Other colours, contrast and light; a quarter become negatives, as dark themes are."""
    darker = rng.random() < 0.25
    gamma, table = rng.uniform(0.7, 1.4), []
    for _ in range(3):
        low, high = rng.randrange(0, 46), rng.randrange(195, 256)
        ramp = (low + (high - low) * (value / 255) ** gamma for value in range(256))
        table += [round(255 - value if darker else value) for value in ramp]
    return image.point(table)


def scenes(recipe: Recipe, form: Format, rng: random.Random) -> list[tuple[Scene, str]]:
    """The screens of a batch, each with the pool that absent words come from."""
    made: list[tuple[Scene, str]] = []
    cut: tuple[Scene, str] | None = None
    uses = 0
    while len(made) < form.screens:
        sx, sy = _scale(rng, recipe.exact_share)
        size = form.width, form.height
        if rng.random() < recipe.padded_share:
            sx = sy = 1.0
            size = size[0] - rng.randrange(CELL), size[1] - rng.randrange(CELL)
        full = round(size[0] * sx), round(size[1] * sy)
        if recipe.pack and rng.random() < recipe.qt_share:
            if cut is None or uses >= 3:  # decoding takes longer than cutting
                number = rng.randrange(1 << 30)
                if recipe.pack_pool:  # they take turns in such a pack
                    number = 2 * number + (recipe.pack_pool == "kept")
                cut, uses = open_pack(recipe.pack).scene(number), 0
            uses += 1
            whole, pool = cut
            part = min(full[0], whole.image.width), min(full[1], whole.image.height)
            left = rng.randrange(whole.image.width - part[0] + 1)
            top = rng.randrange(whole.image.height - part[1] + 1)
            scene = cropped(whole, (left, top, left + part[0], top + part[1]))
            if len(scene.elements) < 3:
                uses = 9
                continue
            if rng.random() < recipe.tinted_share:
                scene = replace(scene, image=_tinted(scene.image, rng))
            made.append((resized(scene, size), pool))
        else:
            scene = draw_scene(rng, full, pool=recipe.pool, held_out=recipe.held_out)
            made.append((resized(scene, size), recipe.pool))
    return made


class Batches(Dataset[Batch]):
    """The batches of a recipe by their number."""

    def __init__(self, recipe: Recipe) -> None:
        self.recipe = recipe

    def __getitem__(self, number: int) -> Batch:
        return make_batch(self.recipe, number)


def make_batch(recipe: Recipe, number: int) -> Batch:
    """Batch `number`: tensors as `model` and `losses` take them."""
    rng = random.Random(recipe.seed * 1_000_003 + number)
    form = rng.choices(recipe.formats, recipe.weights or None)[0]
    known = words()
    if rng.random() < (0.0 if recipe.frozen_prompt else recipe.plain_share):
        return _plain_batch(form, rng, known)
    system, ask = known.system(rng, frozen=recipe.frozen_prompt)
    steps = rng.choice((1, 1, 2, 3)) if rng.random() < recipe.past_share else 0
    shown = min(rng.randint(0, steps), 1 if form.width * form.height > 500_000 else 2)
    pixels = np.zeros((form.screens, form.height, form.width, 3), np.uint8)
    sizes: list[tuple[int, int]] = []
    all_elements: list[tuple[Element, ...]] = []
    rows: list[tuple[list[int], int, list[float], asked.Question]] = []
    contexts: list[list[list[int]]] = []
    for at, (scene, pool) in enumerate(scenes(recipe, form, rng)):
        sizes.append(scene.image.size)
        pixels[at, : sizes[-1][1], : sizes[-1][0]] = np.asarray(scene.image)
        asker = Asker(scene, rng, pool, near=recipe.near_share)
        done = asked.past(asker, steps)
        contexts.append(_context(known, done, shown))
        for _ in range(form.questions):
            one = asked.question(asker, done, recipe.kinds)
            if not recipe.frozen_prompt and rng.random() < recipe.thoughtless_share:
                one = asked.without_thought(one)
            rows.append((*known.question(ask, one), one))
        all_elements.append(scene.elements)
    batch = _screens_told(form, all_elements)
    batch |= _questions_told(form, rows, known)
    batch["pixels"] = torch.from_numpy(pixels)
    batch["size"] = torch.tensor(sizes).float()
    batch["prefix"] = torch.tensor(system)
    for part in range(shown + 1):
        batch[f"context{part}"] = _padded([context[part] for context in contexts], known.pad)
    batch["roll"] = torch.tensor(rng.randrange(2))  # whether past screens were other ones
    return batch


def _plain_batch(form: Format, rng: random.Random, known: Words) -> Batch:
    """Pictures of one colour or of a few words, as `agent-app model check` shows them."""
    pixels = np.empty((form.screens, form.height, form.width, 3), np.uint8)
    rows: list[tuple[list[int], int, list[float], asked.Question]] = []
    elements: list[tuple[Element, ...]] = []
    for at in range(form.screens):
        scene, colour = plain_scene(rng, (form.width, form.height))
        pixels[at] = np.asarray(scene.image)
        elements.append(scene.elements)
        label = scene.elements[0].label if scene.elements else ""
        for _ in range(form.questions):
            one = asked.described(label, colour, rng)
            rows.append((*known.question("\0", one), one))
    batch = _screens_told(form, elements)
    batch |= _questions_told(form, rows, known)
    batch["pixels"] = torch.from_numpy(pixels)
    batch["size"] = torch.tensor([[form.width, form.height]] * form.screens).float()
    system = known.tokenizer.encode("You are a helpful assistant")
    batch["prefix"] = torch.tensor([*known.head("system"), *system, known.end])
    batch["context0"] = torch.tensor([[*known.head("user"), *known.image]] * form.screens)
    batch["roll"] = torch.tensor(0)
    return batch


def _context(known: Words, done: Sequence[Order], shown: int) -> list[list[int]]:
    """What stands between the system turn and the screen, cut where past screens go."""
    encode, parts = known.tokenizer.encode, [[]]
    older = len(done) - shown
    if older:
        told = (asked.step_told(n + 1, done[n], thought=False) for n in range(older))
        parts[-1] += [*known.head("assistant"), *encode("\n".join(told)), known.end]
    for number in range(older, len(done)):
        parts[-1] += [*known.head("user"), *known.image]
        said = asked.step_told(number + 1, done[number], thought=True)
        rest = [known.image_end, known.end, *known.head("assistant"), *encode(said), known.end]
        parts.append(rest)
    parts[-1] += [*known.head("user"), *known.image]
    return parts


def _padded(rows: Sequence[Sequence[int]], pad: int) -> Tensor:
    """Rows of ids as one table, filled up from the left."""
    longest = max(map(len, rows))
    return torch.tensor([[pad] * (longest - len(row)) + list(row) for row in rows])


def _screens_told(form: Format, screens: Sequence[Sequence[Element]]) -> Batch:
    """What is where: elements, which of them covers each cell, and the letters in it."""
    most = max(1, *map(len, screens))
    shape = len(screens), most
    box = np.zeros((*shape, 4), np.float32)
    kind = np.full(shape, -1, np.int64)
    colour, form_ = np.full(shape, -100, np.int64), np.full(shape, -100, np.int64)
    whole = np.zeros((*shape, WHOLE), np.uint8)
    rows, columns = form.height // CELL, form.width // CELL
    near = np.zeros((len(screens), rows * columns, NEAR), np.uint8)
    for at, elements in enumerate(screens):
        for number, one in enumerate(elements):
            box[at, number] = one.box
            kind[at, number] = KINDS.index(one.kind)
            if one.kind == "shape":
                colour[at, number], form_[at, number] = one.colour, one.form
            elif one.kind == "icon":
                form_[at, number] = len(SHAPES) + one.form
            else:
                for place, letter in enumerate(one.label[:WHOLE]):
                    whole[at, number, place] = LETTERS.get(letter, ALPHABET - 1)
            _letters(one, near[at], rows, columns)
    return {
        "box": torch.from_numpy(box),
        "kind": torch.from_numpy(kind),
        "colour": torch.from_numpy(colour),
        "form": torch.from_numpy(form_),
        "whole": torch.from_numpy(whole),
        "near": torch.from_numpy(near),
    }


def _letters(one: Element, near: NDArray[np.uint8], rows: int, columns: int) -> None:
    """Write the letters of an element's label into the cells they stand in, if still free."""
    if one.text is None:
        return
    row = int((one.text[1] + one.text[3]) / 2 // CELL)
    if not 0 <= row < rows:
        return
    start, mine = one.text[0], {}
    for letter, end in zip(one.label, one.ends, strict=False):
        column, start = int((start + end) / 2 // CELL), end
        if 0 <= column < columns:
            cell = row * columns + column
            place = mine.get(cell, 0)
            if place < NEAR and (place or not near[cell, 0]):
                near[cell, place] = LETTERS.get(letter, ALPHABET - 1)
                mine[cell] = place + 1


def _questions_told(
    form: Format,
    rows: Sequence[tuple[list[int], int, list[float], asked.Question]],
    known: Words,
) -> Batch:
    longest = -(-max(len(ids) for ids, *_ in rows) // 8) * 8
    ids = np.full((len(rows), longest), known.pad, np.int64)
    weights = np.zeros((len(rows), longest), np.float32)
    start = np.zeros(len(rows), np.int64)
    place = np.zeros((len(rows), PLACES), np.int64)
    aim = np.full((len(rows), PLACES), -1, np.int64)
    target = np.zeros(len(rows), np.int64)
    kind = np.zeros(len(rows), np.int64)
    for at, (row, begin, weight, one) in enumerate(rows):
        ids[at, : len(row)], start[at] = row, begin
        found = known.places(row, begin)
        assert len(found) == len(one.aims), one.reply
        for number, (digits, element) in enumerate(zip(found, one.aims, strict=True)):
            where = 7 * number
            reason = begin + 1 if number == 0 else digits[0] - 4
            place[at, where : where + 7] = [*digits, reason]
            aim[at, where : where + 7] = element
            for nth, digit in enumerate(digits):
                weight[digit] = (1.0, 1.0, 0.4)[nth % 3]
        weights[at, : len(row)] = weight
        target[at] = one.target
        kind[at] = ORDER_KINDS.index(one.kind)
    grouped = (form.screens, form.questions)

    def shaped(array: NDArray[Any]) -> Tensor:
        return torch.from_numpy(array.reshape(*grouped, *array.shape[1:]))

    return {
        "ids": shaped(ids),
        "weights": shaped(weights),
        "start": shaped(start),
        "place": shaped(place),
        "aim": shaped(aim),
        "target": shaped(target),
        "order": shaped(kind),
    }


ORDER_KINDS = ("shape", "word", "field", "typing", "relation", "missing", "key", "done", "nearly")
COLOUR_COUNT = len(COLOURS)
