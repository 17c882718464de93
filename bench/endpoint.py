"""PNG or JPEG: how large a screenshot is on its way to a server, and how long packing it takes.

    python bench/endpoint.py [PICTURE…]

Without pictures: those of windows in docs, scaled to what the model sees of a 1280x800 and of a
1920x1080 screen. The last line is one JSON document.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from agent_app.episode.pictures import encode_png
from agent_app.geometry import Size
from agent_app.model_runtime import KIMI_VL_LIMITS, model_size

ROOT = Path(__file__).parent.parent
SCREENS = (Size(1280, 800), Size(1920, 1080))
ROUNDS = 5

Pixels = NDArray[np.uint8]


def jpeg(quality: int) -> Callable[[Pixels], bytes]:
    def encode(pixels: Pixels) -> bytes:
        bgr = cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR)
        _, data = cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, quality])
        return data.tobytes()

    return encode


FORMS = {"PNG": encode_png, "JPEG 95": jpeg(95), "JPEG 85": jpeg(85)}


def worst(pixels: Pixels, data: bytes) -> int:
    """How far the worst of all values is from the original, of 255."""
    bgr = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    assert bgr is not None
    rgb = cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB)
    return int(np.abs(rgb.astype(int) - pixels.astype(int)).max())


def measure(path: Path, screen: Size) -> list[dict[str, object]]:
    size = model_size(screen, KIMI_VL_LIMITS)
    with Image.open(path) as opened:
        image = opened.convert("RGB").resize((size.width, size.height), Image.Resampling.BICUBIC)
    pixels = np.asarray(image)
    rows: list[dict[str, object]] = []
    for name, encode in FORMS.items():
        times: list[float] = []
        data = b""
        for _ in range(ROUNDS):
            began = time.perf_counter()
            data = encode(pixels)
            times.append(time.perf_counter() - began)
        rows.append(
            {
                "picture": path.name[:12],
                "screen": f"{screen.width}x{screen.height}",
                "form": name,
                "kB": round(len(data) / 1000),
                "ms": round(1000 * min(times), 1),
                "worst": worst(pixels, data),
            }
        )
    return rows


def main() -> None:
    named = [Path(name) for name in sys.argv[1:]]
    pictures = named or sorted((ROOT / "docs").glob("*.png"))
    rows = [row for path in pictures for screen in SCREENS for row in measure(path, screen)]
    for row in rows:
        print("{picture:14}{screen:11}{form:9}{kB:>6} kB {ms:>7} ms  worst {worst}".format(**row))
    print(json.dumps({"bench": "endpoint", "rows": rows}))


if __name__ == "__main__":
    main()
