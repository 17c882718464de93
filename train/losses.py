"""What training asks of the model: the reply, where to look, and what every visual token covers.

Without the last two nothing was learned in the first minute; with them the model answers in it.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor

from train.batches import ALPHABET, CELL, COLOUR_COUNT, FORMS, NEAR, WHOLE, Batch
from train.model import Read, SmallKimi
from train.screens import KINDS

_SPLIT = [len(KINDS) + 1, COLOUR_COUNT, FORMS, 2, 40, NEAR * ALPHABET, WHOLE * ALPHABET]
HEADS = sum(_SPLIT)
_POINTING, _COVERING = 0.3, 0.5
_HARDLY = 160.0  # pixels of a cell: less is no cover, unless it is much of a small thing


@dataclass(frozen=True, slots=True)
class Losses:
    """The sum that is minimised, and its parts for the log."""

    total: Tensor
    words: Tensor
    pointing: Tensor
    covering: dict[str, Tensor]


def covered(batch: Batch, rows: int, columns: int) -> Tensor:
    """The element that covers most of each cell, -1 for none: (n, rows * columns)."""
    box, kind = batch["box"], batch["kind"]
    x = torch.arange(columns, device=box.device) * float(CELL)
    y = torch.arange(rows, device=box.device) * float(CELL)
    wide = torch.minimum(box[..., 2:3], x + CELL) - torch.maximum(box[..., 0:1], x)
    high = torch.minimum(box[..., 3:4], y + CELL) - torch.maximum(box[..., 1:2], y)
    area = high.clamp_min(0)[..., :, None] * wide.clamp_min(0)[..., None, :]
    full = ((box[..., 2] - box[..., 0]) * (box[..., 3] - box[..., 1]))[..., None, None]
    counts = (area > _HARDLY) | (area > 0.4 * full)
    # of two things in one cell the smaller one has it: it has no other
    share = torch.where(counts & (kind >= 0)[..., None, None], area + area / full.clamp_min(1), 0)
    best, index = share.flatten(2).max(1)
    return torch.where(best > 0, index, -1)


def losses(model: SmallKimi, features: Tensor, read: Read, batch: Batch) -> Losses:
    """All that a batch teaches."""
    weights = batch["weights"][:, :, 1:]
    chosen = weights > 0
    logits = model.head(read.hidden[:, :, :-1][chosen]).float()
    each = F.cross_entropy(logits, batch["ids"][:, :, 1:][chosen], reduction="none")
    words = (each * weights[chosen]).sum() / weights.sum()

    height, width = batch["pixels"].shape[1:3]
    owner = covered(batch, height // CELL, width // CELL)
    pointing = _pointing(read, batch, owner)
    parts = _covering(model, features, batch, owner)
    covering = (
        parts["kind"]
        + 0.5 * parts["colour"]
        + 0.5 * parts["form"]
        + 2 * parts["centre"]
        + parts["digits"]
        + parts["near"]
        + parts["whole"]
    )
    total = words + _POINTING * pointing + _COVERING * covering
    return Losses(total, words.detach(), pointing.detach(), parts)


def _pointing(read: Read, batch: Batch, owner: Tensor) -> Tensor:
    """How little of one head's look falls on the thing where its place is to be told."""
    place, aim = batch["place"], batch["aim"]
    at = (place - 1).clamp_min(0)
    query = read.query.gather(2, at[..., None].expand(-1, -1, -1, read.query.shape[-1]))
    count, questions, _, size = query.shape
    scores = query.flatten(1, 2) @ read.key.transpose(1, 2)  # (n, Q * places, length)
    scores = scores.float() * size**-0.5
    length = batch["ids"].shape[2]
    rows = (torch.arange(questions, device=at.device)[:, None] * length + at).flatten(1)
    mask = read.mask.expand(count, -1, -1)
    mask = mask.gather(1, rows[..., None].expand(-1, -1, mask.shape[-1]))
    scores = scores.masked_fill(~mask, -1e9)
    hit = owner[:, None] == aim.flatten(1)[..., None]  # (n, Q * places, visual tokens)
    there = (aim.flatten(1) >= 0) & hit.any(-1)
    on = scores[..., read.seen].masked_fill(~hit, -1e9).logsumexp(-1)
    return ((scores.logsumexp(-1) - on) * there).sum() / there.sum().clamp_min(1)


def _covering(model: SmallKimi, features: Tensor, batch: Batch, owner: Tensor) -> dict[str, Tensor]:
    kind, colour, form, centre, digits, near, whole = model.aux(features).float().split(_SPLIT, -1)
    on, of = owner >= 0, owner.clamp_min(0)

    def taken(name: str) -> Tensor:
        return torch.where(on, batch[name].gather(1, of), -100)

    def entropy(logits: Tensor, target: Tensor) -> Tensor:
        # a sum over a count that is never 0: a batch may hold no shape at all
        loss = F.cross_entropy(logits.flatten(0, -2), target.flatten(), reduction="sum")
        return loss / (target != -100).sum().clamp_min(1)

    box = batch["box"]
    middle = torch.stack([box[..., 0] + box[..., 2], box[..., 1] + box[..., 3]], -1) / 2
    middle = middle / batch["size"][:, None]
    middle = middle.gather(1, of[..., None].expand(-1, -1, 2))
    told = (middle * 1000).round().long().clamp(0, 999)
    first = torch.stack([told // 100, told // 10 % 10], -1).flatten(2)  # x's two, y's two
    first = torch.where(on[..., None], first, -100)
    letters = batch["whole"].long().gather(1, of[..., None].expand(-1, -1, WHOLE))
    labelled = on & (letters[..., 0] > 0)
    written = batch["near"][..., 0] > 0
    far = (centre - (middle * 4 - 2)).abs().mean(-1) * on
    return {
        "kind": entropy(kind, torch.where(on, batch["kind"].gather(1, of) + 1, 0)),
        "colour": entropy(colour, taken("colour")),
        "form": entropy(form, taken("form")),
        "centre": far.sum() / on.sum().clamp_min(1),
        "digits": entropy(digits.unflatten(-1, (4, 10)), first),
        "near": entropy(
            near[written].unflatten(-1, (NEAR, ALPHABET)), batch["near"][written].long()
        ),
        "whole": entropy(whole[labelled].unflatten(-1, (WHOLE, ALPHABET)), letters[labelled]),
    }
