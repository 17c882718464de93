# The few names that the video export uses: PyAV's own types are partly unknown to pyright.
from fractions import Fraction
from types import TracebackType
from typing import Literal, Self

from PIL.Image import Image

class Packet: ...

class VideoFrame:
    pts: int | None
    time_base: Fraction
    @staticmethod
    def from_image(img: Image) -> VideoFrame: ...

class VideoCodecContext:
    time_base: Fraction

class VideoStream:
    width: int
    height: int
    pix_fmt: str
    codec_context: VideoCodecContext
    def encode(self, frame: VideoFrame | None = None) -> list[Packet]: ...

class OutputContainer:
    def __enter__(self) -> Self: ...
    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc_val: BaseException | None,
        exc_tb: TracebackType | None,
    ) -> None: ...
    def add_stream(
        self, codec_name: Literal["libx264"], rate: int, options: dict[str, str]
    ) -> VideoStream: ...
    def mux(self, packets: list[Packet]) -> None: ...

def open(  # noqa: A001
    file: str, mode: Literal["w"], format: str, options: dict[str, str]
) -> OutputContainer: ...
