"""Looking for secrets in what was recorded or exported, in every form they may have there.

Files are searched as bytes, the members of archives and the pictures within pages too; pictures
are read as a person would. What is found is told by the secret's name, never by its value.
"""

from __future__ import annotations

import base64
import binascii
import io
import re
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
from PIL import Image, ImageSequence
from rapidfuzz import fuzz

from agent_app.episode.files import read_regular
from agent_app.episode.format import EVENTS_FILE, FRAMES_FOLDER
from agent_app.episode.reader import open_episode
from agent_app.errors import KnownError
from agent_app.geometry import FrameTransform, ScreenPoint, Size
from agent_app.markers import read_alike, written_forms
from agent_app.model_runtime import ImagePart, Progress, no_progress
from agent_app.runtimes.reader.seeing.ocr import Ocr
from agent_app.screen.frame import content_sha1

_MOST_BYTES = 2**31
_MOST_MEMBER = 2**28
_MOST_PIXELS = 2**26
_SHORTEST_CODED = 6  # characters of base64 that do not come about by chance
_EMBEDDED = re.compile(rb"[A-Za-z0-9+/]{200,}={0,2}")
_PICTURES = (b"\x89PNG", b"RIFF", b"\xff\xd8\xff", b"GIF8")
_FILMS = (".mp4",)
# Reading a blurred picture may get some letters wrong; 100 is equal.
_LEAST_LIKENESS, _LONG = 88.0, 8


class Scan:
    """Looks for `values`, by their names; `findings` says where they are.

    `unread` names what could not be looked into; `files` and `pictures` count what was.
    """

    def __init__(self, values: Mapping[str, str]) -> None:
        self.findings: list[str] = []
        self.unread: list[str] = []
        self.files = self.pictures = 0
        self._ocr = Ocr()
        self._lines: dict[str, list[str]] = {}  # what each picture reads, by its content
        self._alike = {name: read_alike(value) for name, value in values.items()}
        self._forms = {name: _bytes_of(value) for name, value in values.items()}

    def look_into(self, path: Path, progress: Progress = no_progress) -> None:
        """Look into a file, or a folder with all that is in it; raises KnownError for neither."""
        if not path.exists():
            raise KnownError(f"there is no {path}", remedy="check the name")
        folders = [each.parent for each in path.rglob(EVENTS_FILE)] if path.is_dir() else []
        files = [each for each in sorted(path.rglob("*")) if each.is_file()] or [path]
        for number, file in enumerate(files, 1):
            progress(f"Searching {path.name}", number, len(files))
            is_frame = any(folder / FRAMES_FOLDER in file.parents for folder in folders)
            self._look_into_file(file, read=not is_frame)
        for folder in folders:
            self._look_into_frames(folder, progress)

    def _look_into_frames(self, folder: Path, progress: Progress) -> None:
        episode = open_episode(folder)
        frames = {frame.sha1: frame for frame in episode.frames}
        for number, sha1 in enumerate(frames, 1):
            progress(f"Reading the screens of {folder.name}", number, len(frames))
            image = episode.frame(sha1)
            if image is None:
                self.unread.append(f"{folder}: frame {sha1[:12]}")
            else:
                self._read(image, f"{folder}: frame {sha1[:12]}")

    def _look_into_file(self, path: Path, *, read: bool) -> None:
        self._search(path.name.encode(errors="surrogateescape"), f"{path}, its name")
        try:
            data = read_regular(path, most=_MOST_BYTES)
        except OSError as error:
            self.unread.append(f"{path}: {error.strerror}")
            return
        self.files += 1
        self._look_into_data(data, str(path), read=read)
        if path.suffix in _FILMS:
            self.unread.append(f"{path}: the pictures of a film are not read; its episode's are")

    def _look_into_data(self, data: bytes, where: str, *, read: bool = True) -> None:
        self._search(data, where)
        if data.startswith(b"PK") and zipfile.is_zipfile(io.BytesIO(data)):
            with zipfile.ZipFile(io.BytesIO(data)) as archive:
                for member in archive.infolist():
                    if member.file_size > _MOST_MEMBER:
                        self.unread.append(f"{where}, {member.filename}: too large")
                    else:
                        inner = archive.read(member)
                        self._look_into_data(inner, f"{where}, {member.filename}", read=read)
        elif data.startswith(_PICTURES):
            if read:
                self._read_picture(data, where)
        else:
            for number, picture in enumerate(_embedded(data), 1):
                self._search(picture, f"{where}, picture {number}")
                if read:
                    self._read_picture(picture, f"{where}, picture {number}")

    def _search(self, data: bytes, where: str) -> None:
        lower = data.lower()
        for name, forms in self._forms.items():
            for form, wanted in forms.items():
                anyhow = form.startswith(("URL", "hexadecimal"))  # in capitals or not
                if (wanted.lower() in lower) if anyhow else (wanted in data):
                    self.findings.append(f"{name} in {where} ({form})")
                    break  # what is there in plain is there in most forms

    def _read_picture(self, data: bytes, where: str) -> None:
        try:
            with Image.open(io.BytesIO(data)) as picture:
                if picture.width * picture.height > _MOST_PIXELS:
                    raise ValueError("it is too large")
                for image in ImageSequence.Iterator(picture):
                    self._read(image.convert("RGB"), where)
        except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
            self.unread.append(f"{where}: {error}")

    def _read(self, image: Image.Image, where: str) -> None:
        sha1 = content_sha1(np.asarray(image.convert("RGB")))
        if sha1 not in self._lines:  # exports repeat an episode's pictures
            self.pictures += 1
            self._ocr.forget()
            transform = FrameTransform(ScreenPoint(0, 0), 1.0, Size(*image.size))
            texts = self._ocr.read(ImagePart(image, sha1, transform))
            self._lines[sha1] = [read_alike(text.text) for text in texts]
        lines = self._lines[sha1]
        for name, wanted in self._alike.items():
            if any(_reads(line, wanted) for line in (*lines, "".join(lines))):
                self.findings.append(f"{name} in {where} (to be read)")


def _reads(line: str, wanted: str) -> bool:
    if wanted in line:
        return True
    likely = len(wanted) >= _LONG and len(line) >= len(wanted)
    return likely and fuzz.partial_ratio(wanted, line) >= _LEAST_LIKENESS


def _bytes_of(value: str) -> dict[str, bytes]:
    """What to look for in a file, by what to call it."""
    forms = {
        name: form.encode()
        for name, form in written_forms(value).items()
        if "base64" not in name or len(form) >= _SHORTEST_CODED
    }
    return {
        **forms,
        "UTF-16": value.encode("utf-16-le"),
        "UTF-16, turned": value.encode("utf-16-be"),
    }


def _embedded(data: bytes) -> Iterator[bytes]:
    """The pictures that stand in a text as base64."""
    for match in _EMBEDDED.finditer(data):
        try:
            found = base64.b64decode(match[0] + b"=" * (-len(match[0].rstrip(b"=")) % 4))
        except (binascii.Error, ValueError):
            continue
        if found.startswith(_PICTURES):
            yield found
