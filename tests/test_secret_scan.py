"""The scan finds a secret wherever one may hide in a file or a picture, and nothing else."""

from __future__ import annotations

import base64
import io
import json
import zipfile
from pathlib import Path
from urllib.parse import quote

import pytest
from PIL import Image, ImageDraw, ImageFont

from agent_app.secret_scan import Scan

VALUE = "Tr0ub4dor&3/ä"
PICTURED = "swordfish 42"


@pytest.fixture(scope="module")
def reader() -> Scan:
    """What reads pictures takes a second to load."""
    return Scan({"mail": VALUE, "bank": PICTURED})


@pytest.fixture
def scan(reader: Scan) -> Scan:
    reader.findings, reader.unread, reader.files, reader.pictures = [], [], 0, 0
    return reader


def png(text: str) -> bytes:
    image = Image.new("RGB", (640, 200), "white")
    ImageDraw.Draw(image).text((40, 80), text, fill="black", font=ImageFont.load_default(22))
    data = io.BytesIO()
    image.save(data, "PNG")
    return data.getvalue()


@pytest.mark.parametrize(
    "text",
    [
        f"a {VALUE} b",
        json.dumps({"text": VALUE}),
        quote(VALUE),
        quote(VALUE, safe="").lower(),
        *(base64.b64encode(f"{'x' * n}{VALUE}:y".encode()).decode() for n in range(3)),
        VALUE.encode().hex().upper(),
    ],
    ids=["plain", "JSON", "URL", "URL, small", "base64", "base64+1", "base64+2", "hexadecimal"],
)
def test_every_form_of_a_secret_is_found(scan: Scan, tmp_path: Path, text: str):
    (tmp_path / "events.txt").write_text(text)
    scan.look_into(tmp_path)
    assert scan.findings
    assert all(finding.startswith("mail in") for finding in scan.findings)
    assert not any(VALUE in finding for finding in scan.findings)


def test_texts_of_two_bytes_a_letter_and_names_of_files_count(scan: Scan, tmp_path: Path):
    (tmp_path / "wide.bin").write_bytes(f"xx{VALUE}".encode("utf-16-le"))
    (tmp_path / f"{PICTURED}.txt").touch()
    scan.look_into(tmp_path)
    assert [finding.split()[0] for finding in sorted(scan.findings)] == ["bank", "mail"]


def test_archives_pages_and_pictures_are_looked_into(scan: Scan, tmp_path: Path):
    with zipfile.ZipFile(tmp_path / "trace.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("inner.json", json.dumps(VALUE))
    scan.look_into(tmp_path / "trace.zip")
    assert len(scan.findings) == 1
    assert "trace.zip, inner.json" in scan.findings[0]
    scan.findings.clear()
    page = f"<script>{base64.b64encode(png(f'it is {PICTURED}')).decode()}</script>"
    (tmp_path / "run.html").write_text(page)
    scan.look_into(tmp_path / "run.html")
    assert scan.findings == [f"bank in {tmp_path / 'run.html'}, picture 1 (to be read)"]
    (tmp_path / "screen.png").write_bytes(png(PICTURED.capitalize()))
    scan.look_into(tmp_path / "screen.png")
    assert len(scan.findings) == 2


def test_what_holds_none_is_clean_and_what_cannot_be_read_is_said(scan: Scan, tmp_path: Path):
    (tmp_path / "a.json").write_text('{"text": "{{secret:mail}} and {{secret:bank}}"}')
    (tmp_path / "b.png").write_bytes(png("{{secret:bank}} swimming 24"))
    (tmp_path / "c.png").write_bytes(b"\x89PNG, but no more")
    scan.look_into(tmp_path)
    assert scan.findings == []
    assert (scan.files, scan.pictures) == (3, 1)
    assert len(scan.unread) == 1
    assert "c.png" in scan.unread[0]
