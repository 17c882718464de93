"""Where checkpoints lie: found on the disk without the network, pulled from the hub with it.

The folder is the hub library's own cache, in its own layout: what either has fetched, the other
finds.
"""

from __future__ import annotations

import importlib.util
import json
import os
import re
import shutil
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from agent_app.errors import KnownError
from agent_app.model_runtime import Progress, no_progress
from agent_app.runtimes.kimi_vl.checkpoint import INDEX, open_checkpoint
from agent_app.runtimes.kimi_vl.config import read_config
from agent_app.runtimes.kimi_vl.small import SMALL, small_folder

DEFAULT_REPO = "moonshotai/Kimi-VL-A3B-Thinking-2506"
INSTALL = "pip install 'agent-app[kimi]'"
_REPO = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*", re.ASCII)
_EXTRA = ("torch", "tiktoken", "transformers", "accelerate", "huggingface_hub")
_NEWEST = "main"  # the branch whose commit a pull without --revision takes
_TOKENS = "tiktoken.model"
_USED = frozenset(
    {
        "config.json",
        "generation_config.json",
        "preprocessor_config.json",
        "tokenizer_config.json",
        "chat_template.json",
        "chat_template.jinja",
        INDEX,
        _TOKENS,
    }
)
_TRUE = frozenset({"1", "on", "yes", "true"})  # as the hub library reads its switches


def cache_folder(environment: Mapping[str, str] = os.environ) -> Path:
    """The hub library's cache, by its own variables; it need not be there.

    A private desktop has other folders for its programs: this is of the person's own environment.
    """
    home = environment.get("HF_HOME") or Path(
        environment.get("XDG_CACHE_HOME") or Path.home() / ".cache", "huggingface"
    )
    cache = environment.get("HF_HUB_CACHE") or environment.get("HUGGINGFACE_HUB_CACHE")
    return Path(cache or Path(home, "hub")).expanduser()


def find(name: str, *, environment: Mapping[str, str] = os.environ) -> Path:
    """The folder of a checkpoint: no network, and nothing but the presence of its files is checked.

    `name` is `kimi-vl`, `small`, a folder, or `ORG/NAME` or `ORG/NAME@REVISION` in the cache.
    Raises KnownError when there is no such checkpoint, or not all of it.
    """
    if name == SMALL:
        return small_folder()
    folder = Path(name).expanduser()
    if name != "kimi-vl" and folder.is_dir():
        return folder
    repo, _, revision = (DEFAULT_REPO if name == "kimi-vl" else name).partition("@")
    if not _REPO.fullmatch(repo):
        raise KnownError(
            f"unknown model {name!r}, which is no folder either",
            remedy="use reader, kimi-vl, small, the folder of a Kimi-VL checkpoint, or ORG/NAME "
            "of one that `agent-app model pull` has fetched",
        )
    storage = _storage(repo, environment)
    pull = f"agent-app model pull {repo}" + (f" --revision {revision}" if revision else "")
    found = _snapshots(storage, revision)
    for snapshot in found:
        if not missing_files(snapshot):
            return snapshot
    if found or any(storage.glob("blobs/*.incomplete")):
        raise KnownError(
            f"the checkpoint {repo} has not been fetched to its end",
            remedy=f"go on with `{pull}`",
        )
    raise KnownError(f"there is no {repo} in {storage.parent}", remedy=f"fetch it with `{pull}`")


def can_be_pulled(name: str) -> bool:
    """Whether a name is one of a hub's repository, with a revision or without."""
    return name == "kimi-vl" or _REPO.fullmatch(name.partition("@")[0]) is not None


def missing_files(folder: Path) -> list[str]:
    """Which files a checkpoint's folder lacks, as far as its index names them."""
    missing = [name for name in ("config.json", _TOKENS) if not (folder / name).exists()]
    shards = _shards(folder) or [INDEX + " (damaged)"]
    return missing + [name for name in shards if not (folder / name).exists()]


def pull(
    repo: str = DEFAULT_REPO,
    *,
    revision: str | None = None,
    progress: Progress,
    environment: Mapping[str, str] = os.environ,
) -> Path:
    """Fetch a checkpoint into the cache, check every byte of it, and return its folder.

    What is there already is checked and kept, what was cut goes on, what is damaged is fetched
    anew. A branch in the cache names the commit only once all of it is there. Honours HF_ENDPOINT,
    HF_HOME, HF_HUB_CACHE, HF_TOKEN and HF_HUB_OFFLINE. Raises KnownError for everything that the
    network, the hub or the disk may do to it.
    """
    if not _REPO.fullmatch(repo):
        raise KnownError(f"{repo!r} is no repository of a hub", remedy="give ORG/NAME")
    if _is_offline(environment):
        return _offline(repo, revision, environment)
    require_extra("huggingface_hub")
    from agent_app.runtimes.kimi_vl.fetching import HubFiles

    storage = _storage(repo, environment)
    hub = HubFiles(repo, storage, environment)
    commit, files = hub.listing(revision)
    first = [file for file in files if file.name in ("config.json", INDEX)]
    if not first or not any(file.name.endswith(".safetensors") for file in files):
        raise KnownError(
            f"{repo} holds no checkpoint: no config.json, or no safetensors",
            remedy=f"name a Kimi-VL repository, such as {DEFAULT_REPO}",
        )
    with _alone(storage, repo):
        folder = hub.bring(first, commit, no_progress)
        read_config(folder)  # says whether the other 33 GB are worth it
        named = _USED.union(_shards(folder))
        used = [file for file in files if file.name in named]
        _require_room(hub.missing_bytes(used), storage)
        folder = hub.bring(used, commit, progress)
        open_checkpoint(folder)
        if revision != commit:
            _name_commit(storage, revision or _NEWEST, commit)
    return folder


def require_extra(*modules: str) -> None:
    """Raise KnownError unless these modules are installed, by default all; none is imported."""
    modules = modules or _EXTRA
    missing = [name for name in modules if importlib.util.find_spec(name) is None]
    if missing:
        raise KnownError(f"Kimi-VL needs {', '.join(missing)}", remedy=INSTALL)


def _storage(repo: str, environment: Mapping[str, str]) -> Path:
    return cache_folder(environment) / ("models--" + repo.replace("/", "--"))


def _snapshots(storage: Path, revision: str) -> list[Path]:
    """The commits that a revision may mean, the likeliest first."""
    folder = storage / "snapshots"
    ref = storage / "refs" / (revision or _NEWEST)
    commit = ref.read_text(encoding="utf-8").strip() if ref.is_file() else revision
    if commit and (folder / commit).is_dir():
        return [folder / commit]
    if revision or not folder.is_dir():
        return []
    # pulled by a revision alone: the branch has no commit here
    return sorted(folder.iterdir(), key=lambda path: path.stat().st_mtime, reverse=True)


def _shards(folder: Path) -> list[str]:
    """The shards that the index names, or the single file without one; none when it is damaged."""
    if not (folder / INDEX).exists():
        return ["model.safetensors"]
    try:
        index: Any = json.loads((folder / INDEX).read_text(encoding="utf-8"))
        return sorted(set(index["weight_map"].values()))
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return []


def _is_offline(environment: Mapping[str, str]) -> bool:
    said = environment.get("HF_HUB_OFFLINE") or environment.get("TRANSFORMERS_OFFLINE") or ""
    return said.lower() in _TRUE


def _offline(repo: str, revision: str | None, environment: Mapping[str, str]) -> Path:
    """What the cache has; its digests are not known here, so its headers are checked alone."""
    try:
        folder = find(f"{repo}@{revision}" if revision else repo, environment=environment)
    except KnownError as error:
        raise KnownError(
            f"{error.message}, and HF_HUB_OFFLINE forbids to fetch it",
            remedy="unset HF_HUB_OFFLINE and TRANSFORMERS_OFFLINE, or copy the cache of a machine "
            f"that has it to {cache_folder(environment)}",
        ) from error
    open_checkpoint(folder)
    return folder


def _require_room(needed: int, storage: Path) -> None:
    existing = next(folder for folder in (storage, *storage.parents) if folder.is_dir())
    free = shutil.disk_usage(existing).free
    if free < needed:
        raise KnownError(
            f"{needed / 1e9:.1f} GB are still to come, and {existing} has room for "
            f"{free / 1e9:.1f} GB",
            remedy="make room, or set HF_HOME to a folder on another disk",
        )


@contextmanager
def _alone(storage: Path, repo: str) -> Generator[None]:
    """Hold the repository's lock: two that append to one file would spoil it."""
    from filelock import FileLock, Timeout  # the hub library brings it

    lock = FileLock(storage / ".agent-app.lock")
    try:
        storage.mkdir(parents=True, exist_ok=True)
        lock.acquire(timeout=0)
    except Timeout as error:
        raise KnownError(f"another pull of {repo} goes on", remedy="wait for it") from error
    except OSError as error:
        raise KnownError(
            f"cannot write to {storage}: {error.strerror}",
            remedy="check the folder's owner, or set HF_HOME to another one",
        ) from error
    try:
        yield
    finally:
        lock.release()


def _name_commit(storage: Path, revision: str, commit: str) -> None:
    """Write down which commit a branch or a tag is, so that it is found without the network."""
    ref = storage / "refs" / revision
    ref.parent.mkdir(parents=True, exist_ok=True)
    written = ref.with_name(f"{ref.name}.agent-app.tmp")
    written.write_text(commit, encoding="utf-8")
    written.replace(ref)
