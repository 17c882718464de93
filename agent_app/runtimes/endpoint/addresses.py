"""Where the servers are, as the person wrote it."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

from agent_app.errors import KnownError
from agent_app.runtimes.endpoint.keys import stored_name

_EXAMPLE = "write it as http://HOST:PORT/v1; several are separated by commas"


@dataclass(frozen=True, slots=True)
class Address:
    """One server. `url` is where its API begins; `model` is empty when it is to be asked."""

    url: str
    model: str = ""

    @property
    def host(self) -> str:
        """The host with its port, as the person wrote them."""
        return urlsplit(self.url).netloc

    @property
    def root(self) -> str:
        """Where the server itself begins, such as http://gpu1:8000."""
        parts = urlsplit(self.url)
        return f"{parts.scheme}://{parts.netloc}"

    @property
    def is_here(self) -> bool:
        """Whether it is this computer, or what is tunnelled to it."""
        name = urlsplit(self.url).hostname or ""
        if name == "localhost" or name.endswith(".localhost"):
            return True
        try:
            return ipaddress.ip_address(name).is_loopback
        except ValueError:
            return False

    @property
    def is_encrypted(self) -> bool:
        return self.url.startswith("https://")


def read_addresses(written: str, *, model: str | None) -> tuple[Address, ...]:
    """The addresses in what was given as the model: URLs separated by commas, each once.

    `#NAME` behind one is the model it is asked for, `model` that of all others. Without a path,
    `/v1` is meant. Raises KnownError when one is no address.
    """
    found: dict[str, Address] = {}
    for url in filter(None, (part.strip() for part in written.split(","))):
        parts = _split(url)
        path = parts.path.rstrip("/") or "/v1"
        address = Address(f"{parts.scheme}://{parts.netloc}{path}", parts.fragment or model or "")
        found.setdefault(address.url, address)
    return tuple(found.values())


def _split(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        is_sound = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError as error:
        raise KnownError(f"{url!r} is no address: {error}", remedy=_EXAMPLE) from error
    if not is_sound or parts.query or any(letter.isspace() for letter in url):
        raise KnownError(f"{url!r} is no address of a model server", remedy=_EXAMPLE)
    if "@" in parts.netloc:
        raise KnownError(
            f"the address of {parts.hostname} has a name or a password in it, and addresses are"
            " recorded",
            remedy="leave it out, and store the key: "
            f"agent-app secret set {stored_name(parts.hostname or '')}",
        )
    return parts
