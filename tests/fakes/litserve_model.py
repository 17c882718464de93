"""A model of a few lines behind LitServe's OpenAI-compatible server: it names colours.

`python litserve_model.py PORT` serves it.
"""

from __future__ import annotations

import base64
import io
import sys
from collections.abc import Iterator
from typing import Any

import litserve
from PIL import Image

_WORDS = {(255, 0, 0): "This is red.", (0, 0, 255): "This is blue."}


class Colours(litserve.LitAPI):
    """Says what colour the last picture begins with, thinking aloud before."""

    def setup(self, device: str) -> None:
        """Nothing."""

    def predict(self, request: Any) -> Iterator[str]:
        content = request.model_dump()["messages"][-1]["content"]
        if isinstance(content, str):
            yield from ("◁think▷Words ", "alone.◁/think", "▷Nothing to see in: ", content[:200])
            return
        (url,) = (part["image_url"]["url"] for part in content if part["type"] == "image_url")
        with Image.open(io.BytesIO(base64.b64decode(url.split(",")[1]))) as image:
            colour = image.convert("RGB").getpixel((0, 0))
        yield "◁think▷Looking.◁/think▷"
        yield _WORDS.get(colour, "The words AGENT 42.")  # type: ignore[arg-type]


if __name__ == "__main__":
    server = litserve.LitServer(Colours(spec=litserve.OpenAISpec()), accelerator="cpu")
    server.run(port=int(sys.argv[1]), host="127.0.0.1", generate_client_file=False)
