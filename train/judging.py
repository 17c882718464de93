"""Whether replies are right: greedy ones, written freely, read from their text."""

from __future__ import annotations

import math
import re
import statistics
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import torch

from agent_app.model_runtime import THINK_CLOSE
from train.batches import ORDER_KINDS, Batch
from train.model import SmallKimi
from train.orders import REFUSED
from train.turns import Words

_PLACE = re.compile(r"x=(\d\.\d+), y=(\d\.\d+)")


@dataclass
class Tally:
    """Right and wrong answers of one kind, and how far from the middle the places were."""

    right: int = 0
    count: int = 0
    far: list[float] = field(default_factory=list)

    @property
    def share(self) -> float:
        return 100 * self.right / max(1, self.count)


@torch.no_grad()
def replies(model: SmallKimi, batch: Batch, known: Words) -> list[list[str]]:
    """What the model writes to each question of each screen."""
    training = model.training
    model.eval()
    contexts = [batch[f"context{n}"] for n in range(4) if f"context{n}" in batch]
    ids, start = batch["ids"], batch["start"]
    place = torch.arange(ids.shape[2], device=ids.device)
    asked = torch.where(place < start[..., None], ids, known.pad)
    with torch.autocast(ids.device.type, torch.bfloat16, enabled=ids.device.type == "cuda"):
        features = model.see(batch["pixels"])
        roll = int(batch["roll"])
        read = model.read(features, batch["prefix"], contexts, asked, pad=known.pad, roll=roll)
        parts = sum((one != known.pad).sum(1) for one in contexts)
        pictures = features.shape[1] * len(contexts)
        first = len(batch["prefix"]) + pictures + parts
        written = model.write(
            read,
            asked,
            start,
            first[:, None].expand_as(start),
            end=known.end,
            most=int(ids.shape[2] - start.min()),
        )
    model.train(training)
    texts: list[list[str]] = []
    for row, begins in zip(written.tolist(), start.tolist(), strict=True):
        texts.append([])
        for tokens, begin in zip(row, begins, strict=True):
            reply = tokens[begin:]
            reply = reply[: reply.index(known.end)] if known.end in reply else reply
            data = b"".join(known.tokenizer.bytes_of(one) for one in reply if one != known.pad)
            texts[-1].append(data.decode("utf-8", "replace"))
    return texts


def judge(model: SmallKimi, batches: Iterable[Batch], known: Words) -> dict[str, Tally]:
    """The tallies of each kind of order. "refused" are the wrong refusals."""
    tallies: dict[str, Tally] = defaultdict(Tally)
    for batch in batches:
        for screen, said in enumerate(replies(model, batch, known)):
            for number, text in enumerate(said):
                kind = ORDER_KINDS[int(batch["order"][screen, number])]
                start = int(batch["start"][screen, number])
                ids = batch["ids"][screen, number, start:].tolist()
                data = b"".join(
                    known.tokenizer.bytes_of(one) for one in ids[: ids.index(known.end)]
                )
                target = int(batch["target"][screen, number])
                box = batch["box"][screen, target].tolist() if target >= 0 else None
                size = batch["size"][screen].tolist()
                right, far = _is_right(text, data.decode(), box, size)
                tally = tallies[kind]
                tally.count += 1
                tally.right += right
                if far is not None:
                    tally.far.append(far)
                if kind not in REFUSED:
                    refused = tallies["refused"]
                    refused.count += 1
                    refused.right += 'status="failure"' in text
    return dict(tallies)


def _is_right(
    text: str, wanted: str, box: Sequence[float] | None, size: Sequence[float]
) -> tuple[bool, float | None]:
    """Whether a reply does what is wanted, and how far from the middle it clicks, in percent."""
    code, wanted_code = _code(text), _code(wanted)
    if not wanted_code:  # a description
        return text.split() == wanted.split(), None
    if 'status="failure"' in wanted_code:
        return 'status="failure"' in code, None
    places = _PLACE.findall(code)
    same = _PLACE.sub("", code).split() == _PLACE.sub("", wanted_code).split()
    if box is None or not same or not places:
        return same and box is None, None
    x, y = (float(share) * side for share, side in zip(places[-1], size, strict=True))
    middle = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
    far = 100 * math.hypot(x - middle[0], y - middle[1]) / math.hypot(*size)
    return box[0] <= x <= box[2] and box[1] <= y <= box[3], far


def _code(reply: str) -> str:
    return reply.rpartition(THINK_CLOSE)[2].partition("```")[2]


def told(tallies: dict[str, Tally]) -> dict[str, object]:
    """The tallies as numbers for a log."""
    rows: dict[str, object] = {
        kind: f"{tally.share:.1f}/{tally.count}" for kind, tally in sorted(tallies.items())
    }
    far = [one for tally in tallies.values() for one in tally.far]
    if far:
        rows["far"] = round(statistics.median(far), 3)
    return rows
