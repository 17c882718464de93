"""The small Kimi-VL behind LitServe's OpenAI-compatible server.

`python litserve_small.py PORT` serves it.
"""

from __future__ import annotations

import base64
import codecs
import io
import sys
from collections.abc import Iterator
from typing import Any

import litserve
from PIL import Image

from agent_app.geometry import FrameTransform, ScreenPoint, Size
from agent_app.model_runtime import (
    GenerationRequest,
    ImagePart,
    ModelOptions,
    Sampling,
    Turn,
    no_progress,
)
from agent_app.runtimes.kimi_vl import open_kimi_vl


class Small(litserve.LitAPI):
    """Answers as the checkpoint in this repository does, greedily."""

    def setup(self, device: str) -> None:  # noqa: ARG002 - the server says it
        options = ModelOptions(device="cpu", precision="fp32")
        self.runtime = open_kimi_vl("small", environment={}, options=options, progress=no_progress)

    def predict(self, request: Any) -> Iterator[str]:
        asked = request.model_dump()
        turns = tuple(map(_turn, asked["messages"]))
        sampling = Sampling(temperature=0, max_tokens=asked["max_tokens"] or 200)
        decoder = codecs.getincrementaldecoder("utf-8")("replace")
        for token in self.runtime.generate(GenerationRequest(turns, "", sampling=sampling)):
            if text := decoder.decode(token.data):
                yield text


def _turn(message: dict[str, Any]) -> Turn:
    content = message["content"]
    parts = [{"type": "text", "text": content}] if isinstance(content, str) else content
    return Turn(message["role"], tuple(map(_part, parts)))


def _part(part: dict[str, Any]) -> str | ImagePart:
    if part["type"] == "text":
        return part["text"]
    data = base64.b64decode(part["image_url"]["url"].split(",")[1])
    image = Image.open(io.BytesIO(data)).convert("RGB")
    transform = FrameTransform(ScreenPoint(0, 0), 1.0, Size(*image.size))
    return ImagePart(image, str(hash(data)), transform)


if __name__ == "__main__":
    server = litserve.LitServer(Small(spec=litserve.OpenAISpec()), accelerator="cpu")
    server.run(port=int(sys.argv[1]), host="127.0.0.1", generate_client_file=False)
