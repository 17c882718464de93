"""Pulling a checkpoint with the real hub library from a hub on the loopback, and finding it."""

from __future__ import annotations

import errno
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from agent_app.errors import KnownError
from agent_app.runtimes.kimi_vl import fetching, hub, small
from agent_app.runtimes.kimi_vl.hub import DEFAULT_REPO, cache_folder, find, missing_files, pull
from tests.fakes.checkpoint import write_checkpoint
from tests.fakes.hub import COMMIT, FakeHub, folder_files, serve

SHARD = "model-00002-of-00003.safetensors"
MISSING = "there is no"


@pytest.fixture(autouse=True)
def no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetching, "_RETRY_SECONDS", 0.0)


@pytest.fixture
def files(tmp_path: Path) -> dict[str, bytes]:
    return folder_files(write_checkpoint(tmp_path / "made"))


@pytest.fixture
def fake(files: dict[str, bytes]) -> Iterator[FakeHub]:
    with serve(files) as running:
        yield running


class Place:
    """An environment with a cache of its own, and what a pull in it told of its progress."""

    def __init__(self, folder: Path, fake: FakeHub) -> None:
        self.environment = {"HF_HOME": str(folder), "HF_ENDPOINT": fake.url}
        self.storage = folder / "hub" / ("models--" + DEFAULT_REPO.replace("/", "--"))
        self.told: list[tuple[int, int]] = []

    def pull(self, repo: str = DEFAULT_REPO, **options: str) -> Path:
        return pull(repo, progress=self._watch, environment=self.environment, **options)

    def find(self, name: str = "kimi-vl") -> Path:
        return find(name, environment=self.environment)

    def bytes_kept(self) -> int:
        return sum(path.stat().st_size for path in (self.storage / "blobs").iterdir())

    def _watch(self, _what: str, done: int, total: int) -> None:
        self.told.append((done, total))


@pytest.fixture
def place(tmp_path: Path, fake: FakeHub) -> Place:
    return Place(tmp_path / "home", fake)


def test_what_the_runtime_reads_is_pulled_and_found(
    place: Place, fake: FakeHub, files: dict[str, bytes]
) -> None:
    with pytest.raises(KnownError, match=MISSING) as raised:
        place.find()
    assert "agent-app model pull" in raised.value.remedy
    folder = place.pull()
    used = {name for name in files if not name.endswith((".py", ".md"))}
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == {
        name: files[name] for name in used
    }
    assert not any(".py" in asked or ".md" in asked for asked in fake.asked)
    assert set(fake.served) == used
    assert place.find() == place.find(DEFAULT_REPO) == place.find(f"{DEFAULT_REPO}@main") == folder
    assert find(str(folder)) == folder
    total = sum(len(files[name]) for name in used)
    assert place.told[-1] == (total, total)
    assert [done for done, _ in place.told] == sorted(done for done, _ in place.told)


def test_a_second_pull_checks_and_fetches_nothing(place: Place, fake: FakeHub) -> None:
    folder = place.pull()
    fake.served.clear()
    assert place.pull() == folder
    assert fake.served.total() == 0


def test_a_revision_is_pulled_and_found_by_its_name(place: Place) -> None:
    folder = place.pull(revision="v1")
    assert place.find(f"{DEFAULT_REPO}@v1") == place.find(f"{DEFAULT_REPO}@{COMMIT}") == folder
    assert place.find() == folder  # the only one there is
    with pytest.raises(KnownError, match=MISSING) as raised:
        place.find(f"{DEFAULT_REPO}@v2")
    assert raised.value.remedy.endswith("--revision v2`")


def test_a_connection_that_is_cut_goes_on_where_it_was(
    place: Place, fake: FakeHub, files: dict[str, bytes]
) -> None:
    fake.cut_after, fake.cuts = {SHARD: 1000}, {SHARD: 2}
    folder = place.pull()
    assert (folder / SHARD).read_bytes() == files[SHARD]
    assert fake.served[SHARD] == len(files[SHARD])


def test_an_interrupted_pull_is_not_believed_and_the_next_one_goes_on(
    place: Place, fake: FakeHub, files: dict[str, bytes]
) -> None:
    fake.cut_after, fake.down_after_cuts = {SHARD: 1000}, True
    with pytest.raises(KnownError, match="does not come") as raised:
        place.pull()
    assert "goes on" in raised.value.remedy
    assert fake.served[SHARD] == 1000
    with pytest.raises(KnownError, match="not been fetched to its end"):
        place.find()
    fake.cut_after = {}
    folder = place.pull()
    assert fake.served[SHARD] == len(files[SHARD])
    assert (folder / SHARD).read_bytes() == files[SHARD]


def test_a_stop_in_the_middle_keeps_what_has_come(place: Place, fake: FakeHub) -> None:
    def stop(_what: str, done: int, _total: int) -> None:
        if done:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        pull(progress=stop, environment=place.environment)
    kept = place.bytes_kept()
    fake.served.clear()
    folder = place.pull()
    assert kept > 0
    assert fake.served.total() == sum(path.stat().st_size for path in folder.iterdir()) - kept


def test_a_server_without_ranges_sends_all_of_it_again(
    place: Place, fake: FakeHub, files: dict[str, bytes]
) -> None:
    fake.cut_after, fake.ranges = {SHARD: 1000}, False
    folder = place.pull()
    assert (folder / SHARD).read_bytes() == files[SHARD]


def test_altered_bytes_are_thrown_away(
    place: Place, fake: FakeHub, files: dict[str, bytes]
) -> None:
    fake.altered = {SHARD}
    with pytest.raises(KnownError, match=f"{SHARD} came damaged"):
        place.pull()
    with pytest.raises(KnownError, match="not been fetched to its end"):
        place.find()
    fake.altered = set()
    assert (place.pull() / SHARD).read_bytes() == files[SHARD]


@pytest.mark.parametrize("name", [SHARD, "tokenizer_config.json"])
@pytest.mark.parametrize("keep", [1, -1])
def test_what_was_damaged_on_the_disk_is_fetched_anew(
    place: Place, fake: FakeHub, files: dict[str, bytes], name: str, keep: int
) -> None:
    folder = place.pull()
    whole = files[name]
    (folder / name).resolve().write_bytes(whole[:1] if keep == 1 else whole[:-1] + b"x")
    fake.served.clear()
    assert (place.pull() / name).read_bytes() == whole
    assert fake.served == {name: len(whole)}


@pytest.mark.parametrize(
    ("change", "message", "remedy"),
    [
        ({"status": 401}, "has no model|refuses", "HF_TOKEN"),
        ({"status": 403}, "refuses .* 403", "HF_TOKEN"),
        ({"status": 403, "error_code": "GatedRepo"}, "accepted its terms", "HF_TOKEN"),
        ({"token": "right"}, "accepted its terms", "HF_TOKEN"),
        ({"status": 404, "error_code": "RepoNotFound"}, "has no model", "check the name"),
        ({"status": 500}, "answers with status 500", "goes on"),
        ({"file_status": 500}, "does not come: .*500", "goes on"),
        ({"file_status": 403}, "refuses .* 403", "HF_TOKEN"),
    ],
)
def test_what_the_hub_refuses_is_one_line_with_a_remedy(
    place: Place, fake: FakeHub, change: dict[str, object], message: str, remedy: str
) -> None:
    for name, value in change.items():
        setattr(fake, name, value)
    with pytest.raises(KnownError) as raised:
        place.pull()
    assert re.search(message, raised.value.message)
    assert remedy in raised.value.remedy
    assert "\n" not in str(raised.value)


def test_a_token_opens_a_gated_model(place: Place, fake: FakeHub) -> None:
    fake.token = "right"
    place.environment["HF_TOKEN"] = "right"
    assert place.pull() == place.find()


def test_no_network_is_named(place: Place) -> None:
    place.environment["HF_ENDPOINT"] = "http://127.0.0.1:9"  # nothing listens on this port
    with pytest.raises(KnownError, match="cannot be reached") as raised:
        place.pull()
    assert "HF_ENDPOINT" in raised.value.remedy


def test_unknown_repositories_and_revisions_are_named(place: Place) -> None:
    with pytest.raises(KnownError, match="has no model some/thing"):
        place.pull("some/thing")
    with pytest.raises(KnownError, match="no revision 'v9'"):
        place.pull(revision="v9")
    with pytest.raises(KnownError, match="no repository"):
        place.pull("../../etc")


def test_another_model_is_refused_before_its_weights_come(
    place: Place, fake: FakeHub, files: dict[str, bytes]
) -> None:
    files["config.json"] = b'{"model_type": "llama"}'
    with pytest.raises(KnownError, match="of another model: model_type 'llama'"):
        place.pull()
    assert set(fake.served) == {"config.json", "model.safetensors.index.json"}


def test_a_repository_without_weights_is_refused(place: Place, files: dict[str, bytes]) -> None:
    for name in [name for name in files if name.endswith(".safetensors")]:
        del files[name]
    with pytest.raises(KnownError, match="holds no checkpoint"):
        place.pull()


def test_shards_that_the_index_does_not_name_are_left_there(
    place: Place, fake: FakeHub, files: dict[str, bytes]
) -> None:
    files["consolidated.safetensors"] = bytes(100)
    assert not (place.pull() / "consolidated.safetensors").exists()
    assert "consolidated.safetensors" not in fake.served


def test_a_checkpoint_that_contradicts_itself_is_refused(
    place: Place, files: dict[str, bytes]
) -> None:
    del files[SHARD]
    with pytest.raises(KnownError, match=f"the shard {SHARD} is missing"):
        place.pull()
    with pytest.raises(KnownError, match="not been fetched to its end"):
        place.find()


def test_too_little_room_is_said_before_anything_large_comes(
    place: Place, fake: FakeHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hub.shutil, "disk_usage", lambda _path: SimpleNamespace(free=10))
    with pytest.raises(KnownError, match="are still to come") as raised:
        place.pull()
    assert "HF_HOME" in raised.value.remedy
    assert set(fake.served) == {"config.json", "model.safetensors.index.json"}


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may mount a small disk")
def test_a_disk_that_fills_up_is_named_and_what_came_is_kept(
    tmp_path: Path, fake: FakeHub, files: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    small = tmp_path / "small"
    small.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(small)], capture_output=True
    )
    if mounted.returncode:
        pytest.skip("mounting is forbidden here")
    try:
        files["tiktoken.model"] = bytes(200_000)
        place = Place(small, fake)
        monkeypatch.setattr(hub, "_require_room", lambda _needed, _storage: None)
        with pytest.raises(KnownError, match="is full") as raised:
            place.pull()
        assert "HF_HOME" in raised.value.remedy
        with pytest.raises(KnownError, match="not been fetched to its end"):
            place.find()
        kept = place.bytes_kept()
        fake.served.clear()
        subprocess.run(["mount", "-o", "remount,size=8m", str(small)], check=True)
        folder = place.pull()
        assert kept > 0
        assert fake.served.total() == sum(path.stat().st_size for path in folder.iterdir()) - kept
    finally:
        subprocess.run(["umount", str(small)], check=True)


def test_a_folder_that_cannot_be_written_is_named(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_path: Path, *_: object, **__: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(Path, "touch", refuse)
    with pytest.raises(KnownError, match=r"cannot write to .*: Permission denied"):
        place.pull()


def test_a_cache_that_cannot_be_made_is_named(place: Place, tmp_path: Path) -> None:
    (tmp_path / "home").write_text("a file stands in the way")
    with pytest.raises(KnownError, match="cannot write to"):
        place.pull()


def test_two_pulls_at_once_are_refused(place: Place) -> None:
    place.pull()
    with hub._alone(place.storage, DEFAULT_REPO), pytest.raises(KnownError, match="another pull"):
        place.pull()


def test_offline_takes_what_is_there_and_never_asks(place: Place, fake: FakeHub) -> None:
    offline = {**place.environment, "HF_HUB_OFFLINE": "1"}
    with pytest.raises(KnownError, match="HF_HUB_OFFLINE forbids"):
        pull(progress=lambda *_: None, environment=offline)
    folder = place.pull()
    fake.asked.clear()
    assert pull(progress=lambda *_: None, environment=offline) == folder
    assert fake.asked == []


def test_the_hub_library_finds_what_was_pulled(place: Place) -> None:
    folder = place.pull()
    code = (
        "from huggingface_hub import snapshot_download;"
        f"print(snapshot_download({DEFAULT_REPO!r}, allow_patterns=['*.safetensors']))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, **place.environment, "HF_HUB_OFFLINE": "1"},
        capture_output=True,
        text=True,
    )
    assert done.stdout.strip().splitlines()[-1:] == [str(folder)], done.stderr


@pytest.mark.parametrize(
    ("environment", "folder"),
    [
        ({"HF_HUB_CACHE": "/a"}, "/a"),
        ({"HF_HOME": "/b"}, "/b/hub"),
        ({"XDG_CACHE_HOME": "/c"}, "/c/huggingface/hub"),
        ({}, str(Path.home() / ".cache/huggingface/hub")),
    ],
)
def test_the_cache_is_the_hub_librarys_own(environment: dict[str, str], folder: str) -> None:
    assert str(cache_folder(environment)) == folder


def test_a_name_that_is_nothing_is_named(place: Place) -> None:
    with pytest.raises(KnownError, match="unknown model 'gpt'") as raised:
        place.find("gpt")
    assert "reader" in raised.value.remedy


def test_missing_files_are_listed(tmp_path: Path) -> None:
    folder = write_checkpoint(tmp_path)
    assert missing_files(folder) == []
    (folder / SHARD).unlink()
    (folder / "tiktoken.model").unlink()
    assert missing_files(folder) == ["tiktoken.model", SHARD]
    (folder / "model.safetensors.index.json").write_text("[]")
    assert missing_files(folder)[-1].startswith("model.safetensors.index.json")
    (folder / "model.safetensors.index.json").unlink()
    assert missing_files(folder)[-1] == "model.safetensors"


def test_the_small_model_says_where_it_is_when_it_is_not_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(small, "_FOLDER", tmp_path)
    with pytest.raises(KnownError, match="small model is not installed here") as raised:
        find("small")
    assert "models/small" in raised.value.remedy
