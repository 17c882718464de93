"""The part of rapidocr that is used here; the library's own annotations leave arrays unknown."""

from collections.abc import Mapping, Sequence
from enum import Enum

import numpy as np
from numpy.typing import NDArray

class EngineType(Enum):
    ONNXRUNTIME = "onnxruntime"
    OPENVINO = "openvino"

class TextDetOutput:
    boxes: NDArray[np.int32] | None  # (found, 4 corners, x and y)

class TextRecOutput:
    txts: Sequence[str] | None
    scores: Sequence[float]

class RapidOCR:
    def __init__(self, *, params: Mapping[str, object] | None = None) -> None: ...
    def __call__(
        self, img_content: NDArray[np.uint8], *, use_det: bool, use_cls: bool, use_rec: bool
    ) -> TextDetOutput: ...
    def recognize_txt(self, img: list[NDArray[np.uint8]]) -> TextRecOutput: ...
