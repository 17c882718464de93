"""The small model's ranks: pairs of bytes merged where the application's own words need it.

    python -m train.vocabulary train/tiktoken.model

Run once; the file is kept, because a model and its ranks belong together. No two digits are ever
merged, so that each digit of a place is a token.
"""

from __future__ import annotations

import argparse
import base64
import random
import re
from collections import Counter
from itertools import pairwise
from pathlib import Path

from PIL import Image

from agent_app.prompting import load_prompt
from train.orders import Asker
from train.questions import ask, reply, step_told
from train.screens import Scene
from train.shape import RANKS
from train.words import KNOWN

_PIECES = re.compile(
    r"[^\r\nA-Za-z0-9]?[A-Z]*[a-z]+|[^\r\nA-Za-z0-9]?[A-Z]+[a-z]*|[0-9]"
    r"| ?[^\sA-Za-z0-9]+[\r\n]*|\s*[\r\n]+|\s+"
)


def corpus() -> Counter[bytes]:
    """Pieces of text with how often each counts."""
    counts: Counter[bytes] = Counter()

    def add(text: str, weight: int) -> None:
        for piece in _PIECES.findall(text):
            counts[piece.encode()] += weight

    for name in ("agent", "grounding"):
        prompt = load_prompt(name)
        add(prompt.system, 60)
        add(prompt.user, 200)
    for word in ("system", "user", "assistant", "image"):
        add(word, 500)
    rng = random.Random(0)
    asker = Asker(Scene(Image.new("RGB", (280, 280)), ()), rng, "known")
    for number in range(400):
        order = ask(asker)
        add(order.asked, 1)
        add(reply(order.thought, order.sentence, order.code), 3)
        add(step_told(number % 9 + 1, order, thought=True), 1)
    for asked in ("From x=0.1, y=0.2 I look below.", "pyautogui.doubleClick(", "I see it."):
        add(asked, 400)
    for asked in ("Double-click", "Right-click", "Select", "the button", "the field", "in the row"):
        add(" " + asked, 200)
    for asked in (
        "above",
        "left of",
        "right of",
        "along",
        "on",
        "first",
        "second",
        "third",
        "last",
    ):
        add(f" {asked} the", 100)
    add('pyautogui.click(x=0.5)\npyautogui.write(message="")\npyautogui.press("enter")', 400)
    for word in KNOWN:
        add(" " + word, 2)
    return counts


def merged(counts: Counter[bytes], ranks: int) -> list[bytes]:
    """The 256 bytes, then the pair that occurs most, again and again."""
    tokens = [bytes([value]) for value in range(256)]
    known = set(tokens)
    words = {piece: [bytes([value]) for value in piece] for piece in counts}
    while len(tokens) < ranks:
        pairs: Counter[tuple[bytes, bytes]] = Counter()
        for piece, parts in words.items():
            for pair in pairwise(parts):
                pairs[pair] += counts[piece]
        (left, right), _ = max(pairs.items(), key=lambda item: (item[1], item[0]))
        both = left + right
        if both not in known:
            tokens.append(both)
            known.add(both)
        for piece, parts in words.items():
            at = 0
            while at < len(parts) - 1:
                if parts[at] == left and parts[at + 1] == right:
                    parts[at : at + 2] = [both]
                at += 1
            words[piece] = parts
    return tokens


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("file", type=Path)
    options = parser.parse_args()
    tokens = merged(corpus(), RANKS)
    lines = (b"%s %d\n" % (base64.b64encode(token), rank) for rank, token in enumerate(tokens))
    options.file.write_bytes(b"".join(lines))


if __name__ == "__main__":
    main()
