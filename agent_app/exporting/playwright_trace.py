"""An episode as a trace of Playwright, version 8, which its own viewer opens.

The desktop is told as a browser's page: each action is a call, and each screen a page that holds
nothing but its picture. Version 8 opens in the viewers of its own time and in the newest. Times are
milliseconds since the run began.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

from agent_app.actions import describe_action
from agent_app.episode.reader import Episode
from agent_app.episode.steps import EpisodeAction, EpisodeStep
from agent_app.episode.wording import task_text
from agent_app.events import FrameCaptured, FrameRef
from agent_app.exporting.moments import Moments, moments_of, starting_at, wall_clock
from agent_app.exporting.unfinished import unfinished
from agent_app.model_runtime import Progress

VERSION = 8
_PAGE = "page@desktop"
_FRAME = "frame@desktop"
_ORIGIN = "http://episode.invalid"  # a name that no network resolves; pictures come from the zip

_Record = dict[str, object]


def write_playwright_trace(episode: Episode, output: Path, progress: Progress) -> Sequence[str]:
    """Write the zip; what it cannot hold is returned, one sentence each.

    Raises KnownError when the file cannot be written.
    """
    pictures: dict[str, int] = {}  # bytes of each frame's file, by its sha1
    with unfinished(output) as path, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for count, ref in enumerate(episode.frames, 1):
            image = episode.frame(ref.sha1)
            if image is not None:
                data = io.BytesIO()
                image.save(data, "PNG")
                entry = zipfile.ZipInfo(f"resources/{_file(ref.sha1)}")
                archive.writestr(entry, data.getvalue())  # stored: it is compressed already
                pictures[ref.sha1] = data.tell()
            progress("frames", count, len(episode.frames))
        archive.writestr("trace.trace", _lines(_Trace(episode, pictures).records()))
        started = wall_clock(episode, starting_at(episode)).isoformat()
        network = (_resource(sha1, size, started) for sha1, size in pictures.items())
        archive.writestr("trace.network", _lines(network))
    lost = ["where each screen lies (monitor, origin, scale)", "the split of each step's time"]
    if len(pictures) < len(episode.frames):
        missing = len(episode.frames) - len(pictures)
        lost.append(f"frames that are missing or damaged: {missing}")
    return lost


def _lines(records: Iterator[_Record]) -> bytes:
    return b"".join(msgspec.json.encode(record) + b"\n" for record in records)


def _file(sha1: str) -> str:
    return f"{sha1}.png"


def _url(sha1: str) -> str:
    return f"{_ORIGIN}/{_file(sha1)}"


def _resource(sha1: str, size: int, started: str) -> _Record:
    """A frame as what the page is said to have loaded, in the fields of a HAR entry."""
    no_size = {"headersSize": -1, "bodySize": -1}
    return {
        "type": "resource-snapshot",
        "snapshot": {
            "_frameref": _FRAME,
            "_monotonicTime": 0,
            "startedDateTime": started,
            "time": 0,
            "request": {
                "method": "GET",
                "url": _url(sha1),
                "httpVersion": "HTTP/1.1",
                "cookies": [],
                "headers": [],
                "queryString": [],
                **no_size,
            },
            "response": {
                "status": 200,
                "statusText": "OK",
                "httpVersion": "HTTP/1.1",
                "cookies": [],
                "headers": [],
                "content": {"size": size, "mimeType": "image/png", "_sha1": _file(sha1)},
                "redirectURL": "",
                **no_size,
            },
            "cache": {},
            "timings": {"send": 0, "wait": 0, "receive": 0},
        },
    }


class _Trace:
    """The records of one trace, in the order that the viewer reads them."""

    def __init__(self, episode: Episode, pictures: dict[str, int]) -> None:
        self._episode = episode
        self._pictures = pictures
        self._moments = moments_of(episode)
        self._started = wall_clock(episode, starting_at(episode)).timestamp() * 1000

    def records(self) -> Iterator[_Record]:
        episode = self._episode
        frames = episode.frames
        size = frames[0].transform.size if frames else None
        viewport = {"width": size.width, "height": size.height} if size is not None else {}
        yield {
            "type": "context-options",
            "version": VERSION,
            "origin": "library",
            "browserName": "desktop",
            "platform": "",
            "wallTime": self._started,
            "monotonicTime": 1,  # zero would mean none
            "title": task_text(episode),
            "options": {"viewport": viewport, "deviceScaleFactor": 1} if size is not None else {},
            "sdkLanguage": "python",
            "contextId": "desktop",
        }
        yield from self._film_strip()
        for step in episode.steps:
            yield from self._step(step, self._moments[step.number])
        if episode.end is not None and episode.end.outcome != "success":
            yield {"type": "error", "message": f"{episode.end.outcome}: {episode.end.reason}"}

    def _film_strip(self) -> Iterator[_Record]:
        latest, start = 1.0, starting_at(self._episode)
        for event in self._episode.events:
            if isinstance(event, FrameCaptured) and event.frame.sha1 in self._pictures:
                latest = max(latest, 1000 * (event.at - start))
                size = event.frame.transform.size
                yield {
                    "type": "screencast-frame",
                    "pageId": _PAGE,
                    "sha1": _file(event.frame.sha1),
                    "width": size.width,
                    "height": size.height,
                    "timestamp": latest,
                    "frameSwapWallTime": self._started + latest,
                }

    def _step(self, step: EpisodeStep, moments: Moments) -> Iterator[_Record]:
        """A call for each action of a step; the first one's time holds the thought ahead of it."""
        calls: list[EpisodeAction | None] = [*step.actions] or [None]
        for index, each in enumerate(calls):
            first, last = index == 0, index == len(calls) - 1
            call = f"call@{step.number}.{index}"
            begins = 1 + 1000 * (moments.began if first else moments.acted)
            ends = 1 + 1000 * (moments.ended if last else moments.acted)
            yield self._before(step, each, call, begins)
            yield from self._snapshot(f"before@{call}", call, step.frame_before, begins)
            if first:
                for label, text in (("Thought", step.thought), ("Summary", step.summary)):
                    for line in (text or "").splitlines():
                        message, at = f"{label}: {line}", 1 + 1000 * moments.answered
                        yield {"type": "log", "callId": call, "time": at, "message": message}
            if each is not None and each.points and step.frame_before is not None:
                at = 1 + 1000 * moments.acted
                point = step.frame_before.transform.screen_to_frame(each.points[-1])
                spot = {"x": point.x, "y": point.y}
                yield from self._snapshot(f"input@{call}", call, step.frame_before, at)
                yield {
                    "type": "input",
                    "callId": call,
                    "inputSnapshot": f"input@{call}",
                    "point": spot,
                }
            seen = step.frame_after if last else step.frame_before
            yield from self._snapshot(f"after@{call}", call, seen, ends)
            yield self._after(step, each, call, ends, last=last)

    def _before(
        self, step: EpisodeStep, each: EpisodeAction | None, call: str, begins: float
    ) -> _Record:
        words = describe_action(each.action) if each is not None else "no action"
        said = each.intent.strip() if each is not None else ""
        return {
            "type": "before",
            "callId": call,
            "startTime": begins,
            "title": f"{step.number}. {said or words}",
            "class": "Desktop",
            "method": str(type(each.action).__struct_config__.tag) if each is not None else "none",
            "params": {"does": words},
            "pageId": _PAGE,
            "beforeSnapshot": f"before@{call}",
        }

    def _after(
        self,
        step: EpisodeStep,
        each: EpisodeAction | None,
        call: str,
        ends: float,
        *,
        last: bool,
    ) -> _Record:
        record: _Record = {
            "type": "after",
            "callId": call,
            "endTime": ends,
            "afterSnapshot": f"after@{call}",
        }
        if last and step.mistakes:
            record["error"] = {"name": "Mistake", "message": "\n".join(step.mistakes)}
        elif each is not None and not each.done:
            record["error"] = {"name": "Cut off", "message": "nothing says that it was carried out"}
        return record

    def _snapshot(self, name: str, call: str, ref: FrameRef | None, at: float) -> Iterator[_Record]:
        """A screen as a page with one picture; none when the frame is not there."""
        if ref is None or ref.sha1 not in self._pictures:
            return
        size = ref.transform.size
        style = f"display:block;width:{size.width}px;height:{size.height}px"
        image = ["IMG", {"src": _url(ref.sha1), "style": style}]
        yield {
            "type": "frame-snapshot",
            "snapshot": {
                "snapshotName": name,
                "callId": call,
                "pageId": _PAGE,
                "frameId": _FRAME,
                "frameUrl": f"{_ORIGIN}/",
                "timestamp": at,
                "wallTime": self._started + at,
                "collectionTime": 0,
                "doctype": "html",
                "html": ["HTML", {}, ["HEAD", {}], ["BODY", {"style": "margin:0"}, image]],
                "resourceOverrides": [],
                "viewport": {"width": size.width, "height": size.height},
                "isMainFrame": True,
            },
        }
