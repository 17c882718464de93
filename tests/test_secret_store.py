"""Secrets are kept sealed, and given back to nobody without the passphrase or the keyring."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest
from keyring.errors import PasswordDeleteError

from agent_app import secret_store
from agent_app.errors import KnownError
from agent_app.secret_file import SecretFile
from agent_app.secret_store import Keyring, open_store

VALUE = "Tr0ub4dor&3 ‘naïve’"
CHEAP = 2**4


def opened(path: Path, passphrase: str = "open sesame") -> SecretFile:
    return SecretFile(path, lambda _new: passphrase, cost=CHEAP)


def locked(path: Path) -> SecretFile:
    """The file, for someone who has no passphrase."""

    def refuse(_new: bool) -> str:
        raise AssertionError("the passphrase was asked for")

    return SecretFile(path, refuse, cost=CHEAP)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "folder" / "secrets.json"


def test_a_secret_in_the_file_is_sealed_and_for_its_owner_alone(path: Path):
    opened(path).set("mail", VALUE)
    assert opened(path).get("mail") == VALUE
    data = path.read_bytes()
    assert VALUE.encode() not in data
    assert b"Tr0ub4dor" not in data
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert not list(path.parent.glob("*.tmp"))


def test_names_are_listed_and_removed_without_the_passphrase(path: Path):
    for name in ("mail", "bank"):
        opened(path).set(name, VALUE)
    assert locked(path).names() == ("bank", "mail")
    assert locked(path).remove("mail")
    assert not locked(path).remove("mail")
    assert opened(path).get("bank") == VALUE


def test_another_passphrase_opens_nothing_and_adds_nothing(path: Path):
    opened(path).set("mail", VALUE)
    for act in (lambda f: f.get("mail"), lambda f: f.set("bank", "1234567")):
        with pytest.raises(KnownError, match="passphrase does not open"):
            act(opened(path, "guess"))
    assert opened(path).names() == ("mail",)


def test_a_sealed_value_cannot_take_the_place_of_another(path: Path):
    opened(path).set("mail", "of the mail")
    opened(path).set("bank", "of the bank")
    content = msgspec.json.decode(path.read_bytes())
    secrets = content["secrets"]
    secrets["mail"], secrets["bank"] = secrets["bank"], secrets["mail"]
    path.write_bytes(msgspec.json.encode(content))
    with pytest.raises(KnownError, match="does not open"):
        opened(path).get("mail")


def test_how_long_a_secret_is_does_not_show(path: Path):
    opened(path).set("short", "1234")
    opened(path).set("long", "x" * 50)
    secrets = msgspec.json.decode(path.read_bytes())["secrets"]
    assert len(secrets["short"]["data"]) == len(secrets["long"]["data"])


@pytest.mark.parametrize(
    "change",
    [{"n": 2**30}, {"n": 3}, {"r": 10**6}, {"salt": "AAAA"}, {"version": 2}, {"secrets": 5}],
    ids=lambda change: next(iter(change)),
)
def test_a_file_that_is_none_of_ours_is_named(path: Path, change: dict[str, object]):
    opened(path).set("mail", VALUE)
    content = msgspec.json.decode(path.read_bytes())
    path.write_bytes(msgspec.json.encode(content | change))
    with pytest.raises(KnownError, match="damaged"):
        opened(path).get("mail")


def test_a_link_in_the_file_s_place_is_not_followed(path: Path, tmp_path: Path):
    opened(tmp_path / "real.json").set("mail", VALUE)
    path.parent.mkdir()
    path.symlink_to(tmp_path / "real.json")
    with pytest.raises(KnownError, match="cannot read"):
        opened(path).names()


class MemoryKeyring:
    """What the library gives where a keyring runs."""

    def __init__(self, priority: float = 5) -> None:
        self.priority = priority
        self.held: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        return self.held.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.held[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        if (service, username) not in self.held:
            raise PasswordDeleteError("no such entry")
        del self.held[service, username]


def test_a_keyring_keeps_secrets_and_tells_their_names():
    backend = MemoryKeyring()
    keyring = Keyring(backend)
    keyring.set("mail", VALUE)
    keyring.set("bank", "another")
    assert keyring.names() == ("bank", "mail")
    assert keyring.get("mail") == VALUE
    assert keyring.remove("mail")
    assert (keyring.names(), keyring.get("mail")) == (("bank",), None)
    assert not keyring.remove("mail")


def test_a_secret_set_with_a_keyring_replaces_the_one_in_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    environment = {secret_store.PASSPHRASE: "open sesame"}
    SecretFile(tmp_path / "secrets.json", lambda _new: "open sesame", cost=CHEAP).set("a", "older")
    backend = MemoryKeyring()
    monkeypatch.setattr(secret_store, "_system_keyring", lambda: backend)
    store = open_store(environment, folder=tmp_path)
    assert store.get("a") == "older"
    store.set("a", "newer")
    assert store.where == "the system's keyring"
    assert (store.get("a"), store.names()) == ("newer", ("a",))
    monkeypatch.setattr(secret_store, "_system_keyring", lambda: None)
    assert open_store(environment, folder=tmp_path).names() == ()


def test_a_keyring_that_the_library_does_not_recommend_is_left_out(monkeypatch):
    import keyring

    monkeypatch.setattr(keyring, "get_keyring", lambda: MemoryKeyring(priority=0.5))
    assert secret_store._system_keyring() is None
    monkeypatch.setattr(keyring, "get_keyring", MemoryKeyring)
    assert secret_store._system_keyring() is not None


def test_what_is_missing_is_named_with_how_to_store_it(tmp_path: Path, monkeypatch):
    monkeypatch.setattr(secret_store, "_system_keyring", lambda: None)
    store = open_store({}, folder=tmp_path)
    with pytest.raises(KnownError, match="no secret 'mail'") as raised:
        store.find(["mail", "bank"])
    assert raised.value.remedy == "store it first: agent-app secret set mail"


@pytest.mark.parametrize(
    ("name", "value"), [("a b", VALUE), ("", VALUE), ("ok", "123"), ("ok", "two\nlines")]
)
def test_what_cannot_be_kept_apart_is_refused(tmp_path: Path, monkeypatch, name: str, value: str):
    monkeypatch.setattr(secret_store, "_system_keyring", lambda: None)
    with pytest.raises(KnownError):
        open_store({secret_store.PASSPHRASE: "x"}, folder=tmp_path).set(name, value)


def secret(home: Path, *words: str, given: str = "", **environment: str):
    return subprocess.run(
        [sys.executable, "-m", "agent_app", "secret", *words],
        input=given,
        capture_output=True,
        text=True,
        env={
            **os.environ,
            "XDG_DATA_HOME": str(home),
            "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring",
            **environment,
        },
    )


def test_a_secret_is_set_from_a_pipe_listed_used_and_removed(tmp_path: Path):
    passphrase = {"AGENT_APP_PASSPHRASE": "open sesame"}
    done = secret(tmp_path, "set", "mail", given=f"{VALUE}\n", **passphrase)
    assert done.returncode == 0, done.stderr
    assert f"the encrypted file {tmp_path / 'agent-app' / 'secrets.json'}" in done.stdout
    assert secret(tmp_path, "list").stdout == "mail\n"
    (tmp_path / "leak.txt").write_text(f"it is {VALUE}!")
    (tmp_path / "fine.txt").write_text("it is {{secret:mail}}!")
    found = secret(tmp_path, "scan", str(tmp_path / "leak.txt"), **passphrase)
    assert (found.returncode, VALUE in found.stdout) == (4, False)
    assert "mail in" in found.stdout
    assert secret(tmp_path, "scan", str(tmp_path / "fine.txt"), **passphrase).returncode == 0
    assert secret(tmp_path, "remove", "mail").returncode == 0
    again = secret(tmp_path, "remove", "mail")
    assert (again.returncode, "no secret 'mail'" in again.stderr) == (3, True)


def test_without_anyone_to_give_the_passphrase_that_is_said(tmp_path: Path):
    done = secret(tmp_path, "set", "mail", given=VALUE)
    assert done.returncode == 3
    assert "AGENT_APP_PASSPHRASE" in done.stderr
    assert "Traceback" not in done.stderr
