"""Fetches files from the hub into its cache: what was cut goes on, what is wrong is not kept.

The names, sizes and digests, the requests and the links in the cache are the hub library's. The
bytes are streamed here, because the library begins a file anew that did not come in one go
(huggingface_hub pull request 4228), and a shard of this model has 5 GB.
"""

from __future__ import annotations

import errno
import hashlib
import threading
from collections.abc import Generator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, cast

from huggingface_hub import HfApi, hf_hub_download, hf_hub_url
from huggingface_hub.constants import ENDPOINT
from huggingface_hub.errors import (
    GatedRepoError,
    HfHubHTTPError,
    LocalEntryNotFoundError,
    OfflineModeIsEnabled,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)
from huggingface_hub.utils import build_hf_headers, get_session, hf_raise_for_status

from agent_app.errors import KnownError
from agent_app.model_runtime import Progress

# the base of every fault of the library's HTTP client, which is httpx in 1.x and httpx2 in 2.x
_HttpError = cast(
    "type[Exception]", next(base for base in HfHubHTTPError.__mro__ if base.__name__ == "HTTPError")
)
_CHUNK = 1 << 20
_FILES_AT_ONCE = 4
_ATTEMPTS = 4  # in a row that bring no new byte
_RETRY_SECONDS = 1.0
_REPORT_SECONDS = 0.1
_TIMEOUT_SECONDS = 20.0
_PASSING = frozenset({408, 429, 500, 502, 503, 504})  # statuses that another attempt may change
_KEPT = "run `agent-app model pull` again: it goes on from what has come so far"


class Hasher(Protocol):
    """A hash under way, as hashlib makes them."""

    def update(self, data: bytes, /) -> None: ...
    def hexdigest(self) -> str: ...


@dataclass(frozen=True, slots=True)
class RemoteFile:
    """A file as the hub tells of it; it tells the SHA-256 of large files, git's SHA-1 of others."""

    name: str
    size: int
    sha256: str | None
    git_sha1: str | None

    @property
    def digest(self) -> str:
        """What its content is called in the cache; empty when the hub does not say it."""
        return self.sha256 or self.git_sha1 or ""

    def hasher(self) -> Hasher:
        """What its content is fed to, and whose hex digest is then `digest`."""
        if self.sha256:
            return hashlib.sha256()
        return hashlib.sha1(f"blob {self.size}\0".encode())  # as git names a file's content


class _Meter:
    """How many bytes of each file are there; each is counted by one thread, read by another."""

    def __init__(self, files: Sequence[RemoteFile]) -> None:
        self.total = sum(file.size for file in files)
        self._done = {file.name: 0 for file in files}

    def set(self, name: str, size: int) -> None:
        self._done[name] = size

    @property
    def done(self) -> int:
        return min(sum(self._done.values()), self.total)


class HubFiles:
    """The files of one repository, on the hub and in the cache's folder `storage`.

    Every method raises KnownError for what the network, the hub or the disk may do to it.
    """

    def __init__(self, repo: str, storage: Path, environment: Mapping[str, str]) -> None:
        self.repo = repo
        self.storage = storage
        self._endpoint = environment.get("HF_ENDPOINT", "").rstrip("/") or None
        self._token = environment.get("HF_TOKEN") or None  # else the library's own, if any

    def listing(self, revision: str | None) -> tuple[str, list[RemoteFile]]:
        """The commit that a revision is (None for the newest), and its files."""
        with self._faults(revision):
            api = HfApi(endpoint=self._endpoint, token=self._token, library_name="agent-app")
            info = api.model_info(
                self.repo, revision=revision, files_metadata=True, timeout=_TIMEOUT_SECONDS
            )
        if info.sha is None:
            raise KnownError(
                f"the hub does not say which commit of {self.repo} it has",
                remedy="check HF_ENDPOINT: it must be a Hugging Face hub",
            )
        return info.sha, [
            RemoteFile(
                sibling.rfilename,
                (sibling.lfs.size if sibling.lfs else sibling.size) or 0,
                sibling.lfs.sha256 if sibling.lfs else None,
                sibling.blob_id,
            )
            for sibling in info.siblings or []
        ]

    def missing_bytes(self, files: Sequence[RemoteFile]) -> int:
        """How much room is still needed for these."""
        return sum(max(0, file.size - self._size_here(file)) for file in files)

    def bring(self, files: Sequence[RemoteFile], commit: str, progress: Progress) -> Path:
        """Fetch what is missing or damaged, check all of it, link it in the commit's folder.

        An exception, also one of `progress`, ends the transfer; what has come is kept.
        """
        meter = _Meter(files)
        stop = threading.Event()
        with self._faults(commit):
            with ThreadPoolExecutor(_FILES_AT_ONCE, "fetch") as pool:
                try:
                    pending: set[Future[None]] = {
                        pool.submit(self._bring_one, file, commit, meter, stop)
                        for file in files
                        if file.digest
                    }
                    while pending:
                        ended, pending = wait(pending, _REPORT_SECONDS, FIRST_COMPLETED)
                        for future in ended:
                            future.result()
                        progress("fetching", meter.done, meter.total)
                finally:
                    stop.set()
            for file in files:
                hf_hub_download(  # finds the content there, and only links it
                    self.repo,
                    file.name,
                    revision=commit,
                    cache_dir=self.storage.parent,
                    endpoint=self._endpoint,
                    token=self._token,
                )
        return self.storage / "snapshots" / commit

    def _size_here(self, file: RemoteFile) -> int:
        paths = (self._blob(file), self._part(file)) if file.digest else ()
        return next((path.stat().st_size for path in paths if path.exists()), 0)

    def _blob(self, file: RemoteFile) -> Path:
        return self.storage / "blobs" / file.digest

    def _part(self, file: RemoteFile) -> Path:
        return self.storage / "blobs" / f"{file.digest}.agent-app.incomplete"

    def _bring_one(
        self, file: RemoteFile, commit: str, meter: _Meter, stop: threading.Event
    ) -> None:
        blob, part = self._blob(file), self._part(file)
        blob.parent.mkdir(parents=True, exist_ok=True)
        if blob.exists():
            hasher = _hash(file, blob, meter, stop)
            if stop.is_set() or hasher.hexdigest() == file.digest:
                return
            blob.unlink()  # it was damaged on the disk
            (self.storage / "snapshots" / commit / file.name).unlink(missing_ok=True)
        hasher = self._complete(file, commit, part, meter, stop)
        if stop.is_set():
            return
        if hasher.hexdigest() != file.digest:
            size = part.stat().st_size
            part.unlink()
            raise KnownError(
                f"{file.name} came damaged ({size:,} bytes with another digest than the hub says) "
                "and was thrown away",
                remedy="run `agent-app model pull` again; if it comes so again, check HF_ENDPOINT",
            )
        part.replace(blob)

    def _complete(
        self, file: RemoteFile, commit: str, part: Path, meter: _Meter, stop: threading.Event
    ) -> Hasher:
        """Append to what is there until it is whole; the hash of it all."""
        part.touch()
        failures = 0
        while True:
            hasher = _hash(file, part, meter, stop)
            size = part.stat().st_size
            if size >= file.size or stop.is_set():
                return hasher
            fault: Exception | None = None
            try:
                self._stream(file, commit, part, hasher, meter, stop)
            except _HttpError as error:
                if not _is_passing(error):
                    raise
                fault = error
            if part.stat().st_size == file.size or stop.is_set():
                return hasher
            failures = 0 if part.stat().st_size > size else failures + 1
            if failures == _ATTEMPTS:
                raise KnownError(f"{file.name} does not come: {_why(fault)}", remedy=_KEPT)
            stop.wait(_RETRY_SECONDS)

    def _stream(
        self,
        file: RemoteFile,
        commit: str,
        part: Path,
        hasher: Hasher,
        meter: _Meter,
        stop: threading.Event,
    ) -> None:
        """Append the bytes after those that are there; one that comes too many ends it."""
        url = hf_hub_url(self.repo, file.name, revision=commit, endpoint=self._endpoint)
        headers = build_hf_headers(token=self._token, library_name="agent-app")
        headers["Accept-Encoding"] = "identity"  # a range counts the file's own bytes
        with part.open("ab") as out:
            size = out.tell()
            if size:
                headers["Range"] = f"bytes={size}-"
            with get_session().stream(
                "GET", url, headers=headers, timeout=_TIMEOUT_SECONDS
            ) as response:
                hf_raise_for_status(response)
                if size and response.status_code != 206:  # the server knows no ranges
                    out.truncate(0)  # so the next attempt asks for all of it
                    return
                for chunk in response.iter_bytes():  # as they come: nothing is held back
                    out.write(chunk)
                    hasher.update(chunk)
                    size += len(chunk)
                    meter.set(file.name, size)
                    if stop.is_set() or size > file.size:
                        return

    @contextmanager
    def _faults(self, revision: str | None) -> Generator[None]:
        """Turn what the library and the disk raise into errors with a remedy."""
        hub = self._endpoint or ENDPOINT
        try:
            yield
        except GatedRepoError as error:
            raise KnownError(
                f"{self.repo} is open only to those who accepted its terms",
                remedy=f"accept them at {hub}/{self.repo}, then set HF_TOKEN to a token of yours",
            ) from error
        except RevisionNotFoundError as error:
            raise KnownError(
                f"{self.repo} has no revision {revision!r}",
                remedy="leave --revision out, or name a branch, a tag or a whole commit",
            ) from error
        except RepositoryNotFoundError as error:
            raise KnownError(
                f"the hub {hub} has no model {self.repo}, or does not show it to you",
                remedy="check the name; for a private model set HF_TOKEN to a token of yours",
            ) from error
        except OfflineModeIsEnabled as error:
            raise KnownError("the hub library is offline", remedy="unset HF_HUB_OFFLINE") from error
        except (LocalEntryNotFoundError, _HttpError) as error:
            raise self._http_fault(error, hub) from error
        except OSError as error:
            if error.errno in (errno.ENOSPC, errno.EDQUOT):
                raise KnownError(
                    f"the disk of {self.storage} is full",
                    remedy=f"make room, or set HF_HOME to a folder on another disk; then {_KEPT}",
                ) from error
            raise KnownError(
                f"cannot write to {self.storage}: {error.strerror or error}",
                remedy="check the folder's owner, or set HF_HOME to another one",
            ) from error

    def _http_fault(self, error: Exception, hub: str) -> KnownError:
        status = _status(error)
        if status in (401, 403):
            return KnownError(
                f"the hub {hub} refuses {self.repo} (status {status})",
                remedy="set HF_TOKEN to a token that may read it",
            )
        if status is not None:
            return KnownError(f"the hub {hub} answers with status {status}", remedy=_KEPT)
        return KnownError(
            f"the hub {hub} cannot be reached: {_why(error)}",
            remedy=f"check the network, the proxy and HF_ENDPOINT; then {_KEPT}",
        )


def _hash(file: RemoteFile, path: Path, meter: _Meter, stop: threading.Event) -> Hasher:
    """A hasher that has read this file, unless it was stopped."""
    hasher = file.hasher()
    with path.open("rb") as source:
        while not stop.is_set() and (chunk := source.read(_CHUNK)):
            hasher.update(chunk)
            meter.set(file.name, source.tell())
    return hasher


def _status(error: Exception | None) -> int | None:
    return error.response.status_code if isinstance(error, HfHubHTTPError) else None


def _is_passing(error: Exception) -> bool:
    """Whether another attempt may go better: the connection, or the hub's state of the moment."""
    status = _status(error)
    return status is None or status in _PASSING


def _why(error: BaseException | None) -> str:
    """The first line of what went wrong; the library's texts run over several."""
    if error is None:
        return "the connection closes early"
    return (str(error).strip() or type(error).__name__).splitlines()[0]
