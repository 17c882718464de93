"""An episode as an MP4 (H.264): a film that every player and chat shows."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

from agent_app.episode.reader import Episode
from agent_app.errors import KnownError
from agent_app.exporting.film import Film
from agent_app.exporting.unfinished import unfinished
from agent_app.model_runtime import Progress

_WIDTH = 1280
_MOVES = 12
_CLOCK = 1000  # ticks a second
# Text must stay sharp; most pictures are still, which costs next to nothing.
_OPTIONS = {"crf": "20", "preset": "veryfast", "tune": "stillimage"}


def write_mp4(episode: Episode, output: Path, progress: Progress) -> Sequence[str]:
    """Write the film; what it cannot hold is returned, one sentence each.

    OpenCV's own encoder writes no H.264, and the VP9 that it does write in an MP4 many players
    refuse; PyAV brings x264. Raises KnownError without it, and when the file cannot be written.
    """
    try:
        import av
    except ImportError as error:
        raise KnownError(
            "a video needs PyAV, which is not installed",
            remedy="pip install 'agent-app[video]', or export to gif or html",
        ) from error
    film = Film(episode, width=_WIDTH, moves=_MOVES)
    with (
        unfinished(output) as path,
        av.open(str(path), "w", format="mp4", options={"movflags": "+faststart"}) as container,
    ):
        stream = container.add_stream("libx264", rate=25, options=_OPTIONS)
        stream.width, stream.height = film.size
        stream.pix_fmt = "yuv420p"
        stream.codec_context.time_base = Fraction(1, _CLOCK)
        clock, picture = 0.0, None
        for told, shot in film.shots():
            picture = av.VideoFrame.from_image(shot.picture)
            picture.pts, picture.time_base = round(clock * _CLOCK), Fraction(1, _CLOCK)
            container.mux(stream.encode(picture))
            clock += shot.seconds
            progress("steps", told + 1, len(episode.steps) + 1)
        if picture is not None:  # a picture is seen until the next one: the last one twice
            picture.pts = round(clock * _CLOCK)
            container.mux(stream.encode(picture))
        container.mux(stream.encode(None))
    return ["the time that things took: the film is told at a pace for reading"]
