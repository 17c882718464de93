"""Conversations whose token ids are kept; run as a program, it writes the kept ids anew.

`python -m tests.kimi_vl.conversations`, after a change of a prompt or of the format that is meant.
"""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

from PIL import Image

from agent_app.geometry import FrameTransform, ScreenPoint, Size
from agent_app.model_runtime import THINK_CLOSE, THINK_OPEN, ImagePart, Turn
from agent_app.prompting import History, load_prompt
from agent_app.runtimes.kimi_vl.chat import Chat
from agent_app.runtimes.kimi_vl.made.vocabulary import write_vocabulary
from agent_app.runtimes.kimi_vl.tokenizer import RESERVED, Tokenizer

KEPT = Path(__file__).with_name("rendered.json")
TINY_RANKS = 768
FULL_RANKS = 163584
RANKS = {"tiny": TINY_RANKS, "full": FULL_RANKS}
NO_THINK = f"{THINK_OPEN}\n\n{THINK_CLOSE}"


def image(name: str) -> ImagePart:
    transform = FrameTransform(ScreenPoint(0, 0), 1.0, Size(28, 28))
    return ImagePart(Image.new("RGB", (28, 28)), name, transform)


def conversations() -> dict[str, tuple[tuple[Turn, ...], str]]:
    """Turns and opening of each, by its name."""
    grounding = History(load_prompt("grounding"), "Open the 文件 menu")
    agent = History(load_prompt("agent"), "Save the text as notes.txt", images=2)
    for number, action in enumerate(("Click File.", "Click Save As…", "Type the name."), start=1):
        agent.add(number, image=image(f"step {number}"), thought=f"It is {number}.", action=action)
    agent.remark("Nothing changed.")
    two = Turn("user", (image("before"), image("after"), "What changed?"))
    return {
        "grounding": (grounding.turns(image("now")), ""),
        "agent without thinking, with history": (agent.turns(image("now")), NO_THINK),
        "two images, without a system turn": ((two,), ""),
    }


def render(chat: Chat) -> dict[str, list[list[int] | str]]:
    """The ids of each conversation; a picture is told by its name."""
    return {
        name: [
            f"image: {stretch.sha1}" if isinstance(stretch, ImagePart) else stretch
            for stretch in chat.render(turns, opening=opening)
        ]
        for name, (turns, opening) in conversations().items()
    }


def open_chat(folder: Path, ranks: int) -> Chat:
    return Chat.open(folder, Tokenizer.open(folder, vocab_size=ranks + RESERVED))


def main() -> None:
    rendered: dict[str, dict[str, list[list[int] | str]]] = {}
    for name, ranks in RANKS.items():
        with tempfile.TemporaryDirectory() as folder:
            write_vocabulary(Path(folder), ranks=ranks, max_positions=4096)
            rendered[name] = render(open_chat(Path(folder), ranks))
    lines = [
        f"{json.dumps(size)}: {{\n"
        + ",\n".join(f"  {json.dumps(name)}: {json.dumps(ids)}" for name, ids in of.items())
        + "\n}"
        for size, of in rendered.items()
    ]
    KEPT.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
