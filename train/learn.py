"""Train for a while, from nothing or from where the last piece ended.

    python -m train.learn OUT --seconds 500 --stage early --pack qt.zip --held held.zip
    python -m train.learn OUT2 --seconds 400 --stage all --resume OUT --decay 1 ...

Writes into OUT, every two minutes and at the end: state.npz (weights), memory.npz (the optimiser's)
and log.jsonl. Over the last `--decay` of the piece the rates fall, from `--share` of the full ones
to `--until`.
"""

from __future__ import annotations

import argparse
import json
import random
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from torch.utils.data import DataLoader

from train.batches import Batch, Batches, Format, Recipe
from train.judging import judge, told
from train.keeping import MEMORY, STATE, keep, kept
from train.losses import HEADS, losses
from train.model import Mixture, SmallKimi
from train.optimiser import Optimiser
from train.shape import SMALL
from train.turns import words
from train.write import read_state

_TINY = ((280, 280, 5), (392, 280, 6), (280, 420, 6))
_MIDDLE = ((420, 420, 8), (560, 420, 8), (420, 560, 8), (700, 504, 10), (504, 700, 10))
_LARGE = ((840, 560, 12), (812, 588, 12), (560, 840, 12), (1036, 756, 12), (1120, 700, 12))
_FULL = ((1260, 784, 12), (1316, 756, 12))
_NEVER = frozenset({(588, 1036), (1092, 616)})  # sizes that are only ever judged with


def _any_size(count: int) -> tuple[tuple[int, int, int], ...]:
    """Sizes on the grid from a small window's to a whole screen's, the same ones each time."""
    rng = random.Random(7)
    found: list[tuple[int, int, int]] = []
    while len(found) < count:
        columns, rows = rng.randint(9, 47), rng.randint(8, 36)
        area, size = columns * rows, (28 * columns, 28 * rows)
        if area <= _MOST_CELLS and 0.6 < columns / rows < 2.6 and size not in _NEVER:
            found.append((*size, min(12, 5 + area // 60)))
    return tuple(found)


_MOST_CELLS = 1280  # what the token limit allows
STAGES = {
    "first": (0.0, _TINY),
    "second": (0.16, _TINY[:1] + _MIDDLE),
    "third": (0.4, _TINY[:2] + _MIDDLE[1:4] + _LARGE),
    "all": (0.6, _TINY[:2] + _MIDDLE[1:4] + _LARGE + _FULL * 2),
    "any": (1.0, _TINY[:1] + _MIDDLE[1:3] + _LARGE[:1] + _FULL * 3 + _any_size(24)),
}
_CELLS = 100  # of the smallest screen
_KEPT_EVERY, _LOGGED_EVERY = 120.0, 10.0


def formats(sizes: tuple[tuple[int, int, int], ...], screens: int) -> tuple[Format, ...]:
    """Batches of about equal work: `screens` of the smallest size, fewer of larger ones."""
    return tuple(
        Format(w, h, max(4, int(screens * (_CELLS / (w * h / 784)) ** 1.05)), min(q, 12))
        for w, h, q in sizes
    )


def main() -> None:
    options = _options()
    torch.manual_seed(options.seed)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    torch.backends.cuda.matmul.allow_tf32 = True
    torch.backends.cuda.enable_cudnn_sdp(False)
    model = SmallKimi(SMALL, HEADS).to(device)
    optimiser = Optimiser(model, muon=options.muon, adam=options.adam)
    step = 0
    if options.resume:
        state = options.resume / STATE
        weights, step = read_state(state if state.exists() else options.resume)
        model.load_state_dict(weights, strict=False)
        if (options.resume / MEMORY).exists() and not options.forget:
            memory, _ = kept(options.resume / MEMORY)
            optimiser.load({name: one.to(device) for name, one in memory.items()}, step)
    Run(model, optimiser, options, device, step).go()


class Run:
    """One piece of training."""

    def __init__(
        self,
        model: SmallKimi,
        optimiser: Optimiser,
        options: argparse.Namespace,
        device: torch.device,
        step: int,
    ) -> None:
        self.model, self.optimiser, self.options = model, optimiser, options
        self.device, self.step, self.first = device, step, step
        self.out: Path = options.out
        self.out.mkdir(parents=True, exist_ok=True)
        self.begun = time.monotonic()
        self.known = words()
        self.bad = torch.zeros((), device=device)
        self.screens = 0
        self.waited = 0.0

    @property
    def spent(self) -> float:
        return time.monotonic() - self.begun

    def go(self) -> None:
        options = self.options
        count = sum(one.numel() for name, one in self.model.named_parameters() if "aux" not in name)
        self.log(event="begun", parameters=count, step=self.step, options=vars(options))
        logged, saved = 0.0, self.spent
        names = list(STAGES)[list(STAGES).index(options.stage) :] if options.stage else list(STAGES)
        while self.spent < options.seconds:
            reached = [n for n in names if STAGES[n][0] <= self.spent / options.seconds]
            name = (reached or names[:1])[-1]
            later = [STAGES[n][0] for n in names if STAGES[n][0] > STAGES[name][0]]
            until = options.seconds * (later[0] if later else 1.0)
            self.log(event="stage", name=name, until=until)
            for batch in self.batches(name):
                told_ = self.learn(batch)
                if self.spent > logged:
                    logged = self.spent + _LOGGED_EVERY
                    self.log(**{key: round(float(value), 3) for key, value in told_.items()})
                    if self.bad > 0:
                        raise SystemExit("a gradient is no number: go on from the last state")
                if self.spent > saved + _KEPT_EVERY:
                    saved = self.spent
                    self.keep()
                if self.spent > until:
                    break
            if self.spent < options.seconds * 0.97:
                self.judge(options.judged)
        self.keep(memory=True)
        self.judge(4 * options.judged)

    def batches(self, stage: str) -> Iterator[Batch]:
        options = self.options
        recipe = Recipe(
            formats(STAGES[stage][1], options.screens),
            seed=options.seed,
            pack=options.pack or "",
            qt_share=options.qt_share if options.pack else 0.0,
            near_share=options.near,
            tinted_share=options.tinted,
        )
        loader = DataLoader(
            Batches(recipe),
            batch_size=None,
            sampler=range(self.step, self.step + 1_000_000),
            num_workers=options.workers,
            prefetch_factor=4 if options.workers else None,
            pin_memory=self.device.type == "cuda",
        )
        waited = time.monotonic()
        for batch in loader:
            self.waited += time.monotonic() - waited
            yield {name: one.to(self.device, non_blocking=True) for name, one in batch.items()}
            waited = time.monotonic()

    def learn(self, batch: Batch) -> dict[str, Any]:
        model = self.model
        contexts = [batch[f"context{n}"] for n in range(4) if f"context{n}" in batch]
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.device.type == "cuda"):
            features = model.see(batch["pixels"])
            read = model.read(
                features,
                batch["prefix"],
                contexts,
                batch["ids"],
                pad=self.known.pad,
                roll=int(batch["roll"]),
            )
            found = losses(model, features, read, batch)
        found.total.backward()
        gradients = [one.grad for one in model.parameters() if one.grad is not None]
        norm = torch.stack(torch._foreach_norm(gradients)).norm()
        self.bad += (~torch.isfinite(norm)).float()
        share = self.share()
        self.optimiser.step(share)
        model.zero_grad(set_to_none=True)
        for module in model.modules():
            if isinstance(module, Mixture):
                module.balance()
        self.step += 1
        self.screens += len(batch["pixels"])
        return {
            "loss": found.total.detach(),
            "words": found.words,
            "pointing": found.pointing,
            **{name: one.detach() for name, one in found.covering.items()},
            "share": share,
            "norm": norm,
            "bad": self.bad,
            "screens": self.screens,
            "waited": self.waited,
            "gigabytes": torch.cuda.max_memory_allocated() / 1e9 if gradients else 0.0,
        }

    def share(self) -> float:
        """The share of the full rates: a short rise, level, a fall at the end."""
        left = 1 - self.spent / self.options.seconds
        rise = (self.step + 1 - self.first) / 60
        first, last = self.options.share, self.options.until
        fallen = last + (first - last) * min(1.0, left / max(1e-6, self.options.decay))
        return min(rise, max(0.02, fallen))

    def judge(self, count: int) -> None:
        """Held-out screens, a few of each kind; the full judgement is `train.evaluate`'s."""
        sizes = ((280, 280), (840, 560), (1316, 756))
        for width, height in sizes:
            screens = max(4, min(32, int(3e6 / (width * height))))
            form = Format(width, height, screens, 8)
            for name, pack in (("drawn", ""), ("qt", self.options.held or "")):
                if name == "qt" and not pack:
                    continue
                recipe = Recipe(
                    (form,),
                    seed=90_000_001,
                    pack=pack,
                    qt_share=float(name == "qt"),
                    held_out=name == "drawn",
                )
                begun = time.monotonic()
                loader = DataLoader(
                    Batches(recipe),
                    batch_size=None,
                    sampler=range(-(-count // (8 * screens))),
                    num_workers=min(self.options.workers, 8),
                )
                moved = (
                    {key: one.to(self.device) for key, one in batch.items()} for batch in loader
                )
                found = told(judge(self.model, moved, self.known))
                took = round(time.monotonic() - begun, 1)
                self.log(event="judged", screens=f"{name} {width}x{height}", took=took, **found)

    def keep(self, *, memory: bool = False) -> None:
        state = dict(self.model.state_dict())
        keep(self.out / STATE, state, step=self.step, seconds=self.spent)
        if memory:
            keep(self.out / MEMORY, self.optimiser.state())

    def log(self, **values: Any) -> None:
        line = json.dumps({"at": round(self.spent, 1), "step": self.step, **values}, default=str)
        print(line, flush=True)
        with (self.out / "log.jsonl").open("a") as file:
            file.write(line + "\n")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("out", type=Path)
    parser.add_argument("--seconds", type=float, required=True)
    parser.add_argument("--stage", default="", choices=("", *STAGES), help="begin here")
    parser.add_argument("--resume", type=Path, help="folder of an earlier piece or a checkpoint")
    parser.add_argument("--forget", action="store_true", help="leave the optimiser's memory out")
    parser.add_argument("--pack", help="screens of `train.qt_screens`; several joined by commas")
    parser.add_argument("--held", help="held-out ones")
    parser.add_argument("--qt-share", type=float, default=0.4)
    parser.add_argument("--near", type=float, default=0.2, help="of absent names: one letter off")
    parser.add_argument("--tinted", type=float, default=0.0, help="of Qt screens: other colours")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--screens", type=int, default=400, help="of 280x280 in a batch")
    parser.add_argument("--muon", type=float, default=0.02)
    parser.add_argument("--adam", type=float, default=2e-3)
    parser.add_argument("--decay", type=float, default=0.3)
    parser.add_argument("--share", type=float, default=1.0, help="of the rates, before they fall")
    parser.add_argument("--until", type=float, default=0.0, help="the share they fall to")
    parser.add_argument("--workers", type=int, default=14)
    parser.add_argument("--judged", type=int, default=256, help="questions at each judgement")
    return parser.parse_args()


if __name__ == "__main__":
    main()
