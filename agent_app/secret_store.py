"""Where secrets are kept: the system's keyring where one runs, else an encrypted file.

`open_store` is the way in, for whatever needs a password, a token or a key of the person's.
"""

from __future__ import annotations

import getpass
import re
import sys
from collections.abc import Callable, Iterable, Mapping
from functools import cached_property
from pathlib import Path
from typing import Protocol, cast

import msgspec
import platformdirs

from agent_app.errors import KnownError
from agent_app.markers import SHORTEST_SECRET
from agent_app.secret_file import SecretFile

PASSPHRASE = "AGENT_APP_PASSPHRASE"  # noqa: S105 - the variable's name

_SERVICE = "agent-app"
_INDEX = "agent-app: the names of its secrets"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
_LONGEST = 4096  # characters
_RECOMMENDED = 1  # the priority from which the library recommends a keyring: no plain files


class Vault(Protocol):
    """One place that keeps secrets; what it does may raise KnownError."""

    def names(self) -> tuple[str, ...]: ...
    def get(self, name: str) -> str | None: ...
    def set(self, name: str, value: str) -> None: ...
    def remove(self, name: str) -> bool: ...


class KeyringBackend(Protocol):
    """What the keyring library gives, as far as it is used."""

    @property
    def priority(self) -> float: ...
    def get_password(self, service: str, username: str) -> str | None: ...
    def set_password(self, service: str, username: str, password: str) -> None: ...
    def delete_password(self, service: str, username: str) -> None: ...


class Keyring:
    """The system's keyring. It cannot list what it holds, so the names have an entry, too."""

    def __init__(self, backend: KeyringBackend) -> None:
        self._backend = backend

    def names(self) -> tuple[str, ...]:
        said = self._ask(_INDEX, "names")
        try:
            return tuple(msgspec.json.decode(said, type=list[str])) if said else ()
        except msgspec.MsgspecError:
            return ()

    def get(self, name: str) -> str | None:
        return self._ask(_SERVICE, name)

    def set(self, name: str, value: str) -> None:
        self._put(_SERVICE, name, value)
        self._tell({*self.names(), name})

    def remove(self, name: str) -> bool:
        from keyring.errors import KeyringError

        known = name in self.names()
        if known:
            self._tell({each for each in self.names() if each != name})
        if self.get(name) is None:
            return known
        try:
            self._backend.delete_password(_SERVICE, name)
        except KeyringError as error:
            raise _refused(error) from error
        return True

    def _tell(self, names: Iterable[str]) -> None:
        self._put(_INDEX, "names", msgspec.json.encode(sorted(names)).decode())

    def _ask(self, service: str, name: str) -> str | None:
        from keyring.errors import KeyringError

        try:
            return self._backend.get_password(service, name)
        except KeyringError as error:
            raise _refused(error) from error

    def _put(self, service: str, name: str, value: str) -> None:
        from keyring.errors import KeyringError

        try:
            self._backend.set_password(service, name, value)
        except KeyringError as error:
            raise _refused(error) from error


class SecretStore:
    """All secrets of this person: new ones go into the first vault, and every one is read.

    `open_vaults` gives them by what each is called, once something is asked of them.
    """

    def __init__(self, open_vaults: Callable[[], Mapping[str, Vault]]) -> None:
        self._open_vaults = open_vaults

    @cached_property
    def _vaults(self) -> Mapping[str, Vault]:
        return self._open_vaults()

    @property
    def where(self) -> str:
        """Where new ones go, in words."""
        return next(iter(self._vaults))

    def names(self) -> tuple[str, ...]:
        """What is stored, in the alphabet's order."""
        return tuple(sorted({name for vault in self._vaults.values() for name in vault.names()}))

    def get(self, name: str) -> str | None:
        """A secret's value, None when there is none of this name."""
        for vault in self._vaults.values():
            value = vault.get(name)
            if value is not None:
                return value
        return None

    def find(self, names: Iterable[str]) -> dict[str, str]:
        """The values of these secrets; raises KnownError when one of them is not stored."""
        found = {name: self.get(name) for name in dict.fromkeys(names)}
        missing = [name for name, value in found.items() if value is None]
        if missing:
            raise KnownError(
                f"there is no secret {' and no secret '.join(map(repr, missing))}",
                remedy=f"store it first: agent-app secret set {missing[0]}",
            )
        return {name: value for name, value in found.items() if value is not None}

    def check_name(self, name: str) -> None:
        """Raises KnownError for what cannot name a secret."""
        if not _NAME.fullmatch(name):
            raise KnownError(
                f"{name!r} cannot name a secret",
                remedy="use letters, digits, _, . and -, at most 64",
            )

    def set(self, name: str, value: str) -> None:
        """Keep a secret. Raises KnownError for a name or a value that can be none."""
        self.check_name(name)
        if not SHORTEST_SECRET <= len(value) <= _LONGEST or not value.isprintable():
            raise KnownError(
                "this cannot be kept as a secret",
                remedy=f"give one line of {SHORTEST_SECRET} to {_LONGEST} characters: what is "
                "shorter could not be told from other texts",
            )
        first, *others = self._vaults.values()
        first.set(name, value)
        for vault in others:
            vault.remove(name)

    def remove(self, name: str) -> None:
        """Forget a secret; raises KnownError when there is none of this name."""
        removed = [vault.remove(name) for vault in self._vaults.values()]
        if not any(removed):
            raise KnownError(
                f"there is no secret {name!r}", remedy="agent-app secret list shows them all"
            )


def open_store(environment: Mapping[str, str], *, folder: Path | None = None) -> SecretStore:
    """The person's secrets; nothing is opened or asked before it is needed.

    `folder` holds the encrypted file, by default the user's data folder. Its passphrase is that of
    the variable AGENT_APP_PASSPHRASE, else it is asked for in the terminal.
    """

    def open_vaults() -> dict[str, Vault]:
        home = folder or platformdirs.user_data_path("agent-app", appauthor=False)
        file = SecretFile(home / "secrets.json", lambda new: _passphrase(environment, new=new))
        vaults: dict[str, Vault] = {}
        backend = _system_keyring()
        if backend is not None:
            vaults["the system's keyring"] = Keyring(backend)
        vaults[f"the encrypted file {file.path}"] = file
        return vaults

    return SecretStore(open_vaults)


def _system_keyring() -> KeyringBackend | None:
    """The keyring that the library chooses; None for one it does not recommend, such as a file."""
    import keyring

    backend = cast("KeyringBackend", keyring.get_keyring())
    return backend if backend.priority >= _RECOMMENDED else None


def _passphrase(environment: Mapping[str, str], *, new: bool) -> str:
    said = environment.get(PASSPHRASE)
    if not said:
        if not (sys.stdin and sys.stdin.isatty()):
            raise KnownError(
                "the secrets are encrypted, and nobody is here to give the passphrase",
                remedy=f"start it in a terminal, or set {PASSPHRASE}",
            )
        said = getpass.getpass("Passphrase of the secrets: ")
        if new and said and getpass.getpass("Once more: ") != said:
            raise KnownError("the two passphrases differ", remedy="try again")
    if not said:
        raise KnownError("an empty passphrase protects nothing", remedy="give another one")
    return said


def _refused(error: Exception) -> KnownError:
    return KnownError(
        f"the system's keyring refused: {error or type(error).__name__}",
        remedy="unlock it and try again",
    )
