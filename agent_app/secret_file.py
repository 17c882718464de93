"""Secrets in a file, each encrypted: for where no keyring of the system runs.

AES-256-GCM with a key that scrypt derives from a passphrase (RFC 7914). Names stand in the file in
clear, so that they can be listed and removed without the passphrase; values do not, nor their
lengths. The file is for its owner alone (mode 0600).
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from agent_app.errors import KnownError

if sys.platform != "win32":
    import fcntl

# OWASP's Password Storage Cheat Sheet: at least N = 2^17, r = 8, p = 1 for scrypt, which takes
# 128 MiB and some tenths of a second.
_COST, _BLOCK, _PARALLEL = 2**17, 8, 1
# What a file may ask for: 1 GiB. More is no file of ours.
_MOST_COST = 2**20
_SALT_BYTES, _NONCE_BYTES, _KEY_BYTES = 16, 12, 32
_PADDING = 64  # values are filled up to a multiple of this many bytes
_MOST_BYTES = 2**20


class _Sealed(msgspec.Struct, frozen=True):
    """One value: AES-256-GCM with the name as associated data, so that none takes another's place.

    `nonce` is 12 bytes, `data` the ciphertext with its tag.
    """

    nonce: bytes
    data: bytes


class _Content(msgspec.Struct, frozen=True):
    """The whole file: how the key is derived, and the secrets by their names."""

    version: int
    n: int
    r: int
    p: int
    salt: bytes
    secrets: dict[str, _Sealed]


class SecretFile:
    """The encrypted file at `path`, which need not be there yet.

    `passphrase` is called when a value is read or written, at most once; it is told whether the
    passphrase is a new one. `cost` is scrypt's N for a new file.
    """

    def __init__(self, path: Path, passphrase: Callable[[bool], str], *, cost: int = _COST) -> None:
        self.path = path
        self._passphrase = passphrase
        self._cost = cost
        self._keys: dict[tuple[int, int, int, bytes], bytes] = {}
        self._said: str | None = None

    def names(self) -> tuple[str, ...]:
        """The names of the secrets. Raises KnownError for a file that cannot be read."""
        return tuple(sorted(self._read().secrets))

    def get(self, name: str) -> str | None:
        """A secret's value. Raises KnownError when the passphrase does not open it."""
        content = self._read()
        sealed = content.secrets.get(name)
        return None if sealed is None else self._open(content, name, sealed)

    def set(self, name: str, value: str) -> None:
        """Keep a secret. Raises KnownError when the passphrase is not that of the others."""
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        with self._locked():
            content = self._read()
            for other, sealed in content.secrets.items():  # one passphrase opens them all
                self._open(content, other, sealed)
                break
            nonce = os.urandom(_NONCE_BYTES)
            plain = json.dumps(value).encode()
            plain += b" " * (-len(plain) % _PADDING)
            data = AESGCM(self._key(content)).encrypt(nonce, plain, _bound_to(name))
            self._write(content, {**content.secrets, name: _Sealed(nonce, data)})

    def remove(self, name: str) -> bool:
        """Forget a secret; False when there is none of this name."""
        if not self.path.exists():
            return False
        with self._locked():
            content = self._read()
            if name not in content.secrets:
                return False
            rest = {other: each for other, each in content.secrets.items() if other != name}
            self._write(content, rest)
            return True

    def _open(self, content: _Content, name: str, sealed: _Sealed) -> str:
        from cryptography.exceptions import InvalidTag
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        try:
            plain = AESGCM(self._key(content)).decrypt(sealed.nonce, sealed.data, _bound_to(name))
            return str(json.loads(plain))
        except (InvalidTag, ValueError) as error:
            self._said = None
            self._keys.clear()
            raise KnownError(
                f"the passphrase does not open the secrets in {self.path}",
                remedy="give the one they were set with; if it is lost, remove them and set anew",
            ) from error

    def _key(self, content: _Content) -> bytes:
        from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

        recipe = (content.n, content.r, content.p, content.salt)
        if recipe not in self._keys:
            if self._said is None:
                self._said = self._passphrase(not content.secrets)
            n, r, p, salt = recipe
            derived = Scrypt(salt=salt, length=_KEY_BYTES, n=n, r=r, p=p)
            self._keys[recipe] = derived.derive(self._said.encode())
        return self._keys[recipe]

    def _read(self) -> _Content:
        try:
            flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
            with os.fdopen(os.open(self.path, flags), "rb") as file:
                data = file.read(_MOST_BYTES + 1)
        except FileNotFoundError:
            salt = os.urandom(_SALT_BYTES)
            return _Content(1, self._cost, _BLOCK, _PARALLEL, salt, {})
        except OSError as error:
            raise KnownError(
                f"cannot read the secrets in {self.path}: {error.strerror}",
                remedy="check that it is a file of yours",
            ) from error
        try:
            if len(data) > _MOST_BYTES:
                raise ValueError("it is too large")
            return _checked(msgspec.json.decode(data, type=_Content))
        except (ValueError, msgspec.MsgspecError) as error:
            raise KnownError(
                f"the file of secrets {self.path} is damaged: {error}",
                remedy="move it away and set the secrets anew",
            ) from error

    def _write(self, content: _Content, secrets: dict[str, _Sealed]) -> None:
        data = msgspec.json.encode(msgspec.structs.replace(content, secrets=secrets))
        unfinished = self.path.with_name(self.path.name + ".tmp")
        try:
            unfinished.unlink(missing_ok=True)
            descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            unfinished.replace(self.path)
        except OSError as error:
            raise self._unwritable(error) from error

    @contextmanager
    def _locked(self) -> Generator[None]:
        """The only one that writes, among processes that ask."""
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise self._unwritable(error) from error
        if sys.platform == "win32":  # folders cannot be opened there
            yield
            return
        descriptor = os.open(self.path.parent, os.O_RDONLY)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)

    def _unwritable(self, error: OSError) -> KnownError:
        return KnownError(
            f"cannot write the secrets to {self.path}: {error.strerror}",
            remedy="check the folder and the disk",
        )


def _bound_to(name: str) -> bytes:
    return f"agent-app secret: {name}".encode()


def _checked(content: _Content) -> _Content:
    cost = content.n
    if content.version != 1:
        raise ValueError(f"its version {content.version} is of another agent-app")
    if not (2 <= cost <= _MOST_COST and cost & (cost - 1) == 0):
        raise ValueError("it asks for a key that costs too much")
    if not (1 <= content.r <= _BLOCK and 1 <= content.p <= 4):
        raise ValueError("it asks for a key that costs too much")
    if len(content.salt) < _SALT_BYTES:
        raise ValueError("its salt is too short")
    if any(len(sealed.nonce) != _NONCE_BYTES for sealed in content.secrets.values()):
        raise ValueError("a nonce has another length")
    return content
