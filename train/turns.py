"""Turns of the conversation as token ids, as the application writes them."""

from __future__ import annotations

import random
import tempfile
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from agent_app.prompting import load_prompt
from agent_app.runtimes.kimi_vl.tokenizer import Tokenizer
from train import questions as asked
from train.orders import REFUSED
from train.shape import open_tokenizer

_FOUND, _REFUSAL = 1.5, 3.0  # what the first words of a thought weigh: refusals are rarer


class Words:
    """Turns of the conversation as token ids, as the application writes them."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        self.tokenizer = tokenizer
        special = tokenizer.special
        self.media, self.pad, self.end = (
            special(name) for name in ("<|media_pad|>", "[PAD]", "<|im_end|>")
        )
        self.digits = [tokenizer.encode(str(digit))[0] for digit in range(10)]
        opening = [special("<|media_start|>"), *tokenizer.encode("image")]
        self.image = [*opening, special("<|media_content|>")]
        self.image_end = special("<|media_end|>")
        self._prompts = [load_prompt(name) for name in ("agent", "grounding")]

    def head(self, role: str) -> list[int]:
        special = self.tokenizer.special
        name = self.tokenizer.encode(role)
        return [special(f"<|im_{role}|>"), *name, special("<|im_middle|>")]

    def system(self, rng: random.Random, *, frozen: bool) -> tuple[list[int], str]:
        """The system turn of a batch, and what its questions are put into.

        Mostly one of the application's prompts as it is; now and then with sentences left out, so
        that a changed prompt does not make the model helpless.
        """
        draw = 0.0 if frozen else rng.random()
        prompt = self._prompts[0 if draw < 0.75 else 1]
        text = prompt.system
        if draw > 0.92:
            lines = text.split("\n")
            text = "\n".join(line for line in lines if rng.random() < 0.6) or lines[0]
        ask = prompt.user.replace("$instruction", "\0").replace("$$", "$")
        return [*self.head("system"), *self.tokenizer.encode(text), self.end], ask

    def question(self, ask: str, one: asked.Question) -> tuple[list[int], int, list[float]]:
        """Ids from the picture's end on, where the reply begins, and each id's weight."""
        encode = self.tokenizer.encode
        ids = [self.image_end, *encode(ask.replace("\0", one.instruction)), self.end]
        ids += self.head("assistant")
        ids += encode(one.opening)
        start = len(ids)
        said = encode(one.reply)
        ids += [*said, self.end]
        weights = [0.0] * start + [0.15] * (len(said) + 1)
        # what the thought says: found, missing, done
        weights[start + 1] = weights[start + 2] = _REFUSAL if one.kind in REFUSED else _FOUND
        return ids, start, weights

    def places(self, ids: Sequence[int], start: int) -> list[list[int]]:
        """Where the six digits of each place stand."""
        spans: list[int] = []
        text = b""
        for number in range(start, len(ids) - 1):
            data = self.tokenizer.bytes_of(ids[number])
            text += data
            spans += [number] * len(data)
        return [
            [spans[match.start(group)] for group in range(1, 7)]
            for match in asked.PLACE.finditer(text)
        ]


@cache
def words() -> Words:
    """The words of this process."""
    with tempfile.TemporaryDirectory() as folder:
        return Words(open_tokenizer(Path(folder)))
