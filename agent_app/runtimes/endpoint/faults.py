"""What can go wrong with a server, each in one clear line with what to do about it."""

from __future__ import annotations

import email.utils
import re
import ssl
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal, cast

import openai

from agent_app.errors import KnownError
from agent_app.runtimes.endpoint.addresses import Address
from agent_app.runtimes.endpoint.keys import NAMES, stored_name

Kind = Literal["passing", "too long", "refused field", "lasting"]

_LONGEST_EXCERPT = 200  # characters of what a server says
_OVERFLOW = re.compile(
    r"context.?(length|window|size)|max_model_len|maximum (number of )?tokens|prompt is too long"
    r"|too many tokens|exceeds? .{0,40}(tokens|context|length)"
    r"|at most [1-9]\d* image",
    re.IGNORECASE,
)
_BLIND = re.compile(
    r"at most 0 image|not a multimodal|(image|vision|multi-?modal)[^.]{0,60}(not|n't|un)[ -]?"
    r"(support|allow|enabled|available|accept)|(not|n't|un)[ -]?support[^.]{0,60}(image|vision)"
    r"|image_url is only supported|mmproj",
    re.IGNORECASE,
)
_PASSING = frozenset({408, 409, 425, 429, 500, 502, 503, 504, 507, 529})
_LOG = "look at the server's log"


class Fault(Exception):
    """A request that failed.

    `kind` "passing" may be tried again, after `wait` seconds where the server says so; "too long"
    with a shorter conversation; "refused field" with no more than the plain interface has.
    """

    def __init__(
        self, message: str, *, remedy: str, kind: Kind = "lasting", wait: float | None = None
    ) -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy
        self.kind: Kind = kind
        self.wait = wait

    def known(self) -> KnownError:
        """The same as what a person is shown."""
        return KnownError(self.message, remedy=self.remedy)


@dataclass(frozen=True, slots=True)
class Asked:
    """What a request was: for whom, with what, in how many bytes."""

    address: Address
    model: str = ""
    key: str = ""
    size: int = 0


def fault_of(error: openai.APIError, asked: Asked) -> Fault:
    """What an error of the client means."""
    if isinstance(error, openai.APIStatusError):
        return _status_fault(error, asked)
    if isinstance(error, openai.APITimeoutError):
        return Fault(
            f"{asked.address.host} does not answer: no connection in time",
            remedy="check the address, and that the server runs and no firewall is between",
            kind="passing",
        )
    if isinstance(error, openai.APIConnectionError):
        return _connection_fault(error, asked)
    said = _excerpt(error.message, asked)
    if _OVERFLOW.search(said):
        return Fault(f"{asked.address.host} says: {said}", remedy=_SHORTER, kind="too long")
    return Fault(
        f"{asked.address.host} failed in the middle of a reply: {said}",
        remedy=_LOG,
        kind="passing",
    )


_SHORTER = "give a smaller --region, or serve the model with a larger context"


def silence(asked: Asked, seconds: float, *, has_begun: bool) -> Fault:
    """The server is there and says nothing more."""
    host = asked.address.host
    if has_begun:
        said = f"{host} stopped in the middle of a reply, and said nothing for {seconds:g} seconds"
        return Fault(said, remedy=_LOG, kind="passing")
    return Fault(
        f"{host} took the request, and said nothing for {seconds:g} seconds",
        remedy="look at how busy the server is, or give a longer --patience",
        kind="passing",
    )


def cut(asked: Asked) -> Fault:
    """The stream ended before the reply did."""
    said = f"{asked.address.host} cut its reply off before the end"
    return Fault(said, remedy=_LOG, kind="passing")


def malformed(asked: Asked, why: object) -> Fault:
    """A chunk of the stream cannot be read."""
    said = _excerpt(str(why), asked)
    return Fault(
        f"{asked.address.host} sent a chunk that cannot be read: {said}",
        remedy="check that the address is that of an OpenAI-compatible server, and its version",
        kind="passing",
    )


def no_stream(asked: Asked, content_type: str) -> Fault:
    """The server answered with something else."""
    found = _excerpt(content_type, asked) or "nothing at all"
    return Fault(
        f"{asked.address.host} answered with {found}, and no stream of a chat",
        remedy="check the address: it is that of the API, such as http://HOST:PORT/v1",
    )


def _status_fault(error: openai.APIStatusError, asked: Asked) -> Fault:
    host, status = asked.address.host, error.status_code
    said = _excerpt(_said(error), asked)
    told = f": {said}" if said else ""
    if 300 <= status < 400:
        target = _excerpt(error.response.headers.get("location", ""), asked) or "somewhere else"
        return Fault(
            f"{host} sends us on to {target}, and screenshots go where you say alone",
            remedy="give that address if you trust it",
        )
    if status in (401, 403):
        message = f"{host} refuses the key" if asked.key else f"{host} wants a key"
        remedy = f"agent-app secret set {stored_name(host)}, or set {NAMES[0]}"
        return Fault(message + told, remedy=remedy)
    if status == 404:
        return Fault(
            f"{host} has no model {asked.model!r}, or no chat at {asked.address.url}{told}",
            remedy="give --model-name, and the address up to its /v1",
        )
    if status == 413:
        return Fault(
            f"{host} takes no request of {asked.size / 1e6:.1f} MB{told}",
            remedy="give a smaller --region, or raise the limit of the server or of its proxy",
            kind="too long",
        )
    if _BLIND.search(said):
        return Fault(
            f"{asked.model!r} at {host} sees no pictures{told}",
            remedy="serve a model with vision, with its vision part loaded, and check it with"
            f" `agent-app model check {asked.address.url}`",
        )
    if _OVERFLOW.search(said):
        return Fault(
            f"the conversation is too long for {host}{told}", remedy=_SHORTER, kind="too long"
        )
    if status in (400, 422):
        return Fault(
            f"{host} refuses the request ({status}){told}",
            remedy="look up in its documentation what it takes, or in its log what was wrong",
            kind="refused field",
        )
    if status == 429:
        wait = _retry_after(error.response.headers)
        later = f" for {wait:.0f} seconds" if wait is not None else ""
        return Fault(
            f"{host} is asked too often{later}{told}",
            remedy="wait, or give several addresses, separated by commas",
            kind="passing",
            wait=wait,
        )
    kind: Kind = "passing" if status in _PASSING else "lasting"
    wait = _retry_after(error.response.headers) if kind == "passing" else None
    return Fault(f"{host} failed ({status}){told}", remedy=_LOG, kind=kind, wait=wait)


def _connection_fault(error: openai.APIConnectionError, asked: Asked) -> Fault:
    host = asked.address.host
    causes = list(_causes(error))
    for cause in causes:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return Fault(
                f"the certificate of {host} cannot be trusted: {cause.verify_message}",
                remedy="if it is your own authority's, name its file in SSL_CERT_FILE",
            )
        if isinstance(cause, ssl.SSLError):
            return Fault(
                f"{host} does not speak TLS as it should: {_excerpt(cause.reason or '', asked)}",
                remedy="write http:// if it has no TLS",
            )
        if isinstance(cause, ConnectionRefusedError):
            return Fault(
                f"nothing answers at {host}: the connection is refused",
                remedy="start the server there, or correct the address",
                kind="passing",
            )
    said = " ".join(_excerpt(str(cause), asked) for cause in causes[-1:])
    if re.search(r"name or service not known|name resolution|nodename|getaddrinfo", said, re.I):
        return Fault(f"there is no host {host}", remedy="correct the address")
    if re.search(r"without sending|disconnected|reset|peer closed|incomplete", said, re.I):
        return cut(asked)
    if re.search(r"illegal|invalid|protocol|status line|malformed", said, re.I):
        return Fault(
            f"what answers at {host} is no HTTP server: {said}", remedy="correct the address"
        )
    return Fault(f"{host} cannot be reached: {said}", remedy="check the address", kind="passing")


def _causes(error: BaseException) -> Iterator[BaseException]:
    """What lies behind an error, the nearest first, and those beside one another."""
    seen: set[int] = set()
    left: list[BaseException | None] = [error.__cause__ or error.__context__]
    while left:
        cause = left.pop(0)
        if cause is None or id(cause) in seen:
            continue
        seen.add(id(cause))
        yield cause
        if isinstance(cause, BaseExceptionGroup):
            left += cast("BaseExceptionGroup[BaseException]", cause).exceptions
        left.append(cause.__cause__ or cause.__context__)


def _said(error: openai.APIStatusError) -> str:
    """What a server says of an error, in the forms that servers have for it."""
    body: Any = error.body
    for _ in range(3):
        if not isinstance(body, Mapping):
            break
        fields = cast("Mapping[str, Any]", body)
        body = next((fields[key] for key in ("error", "message", "detail") if key in fields), "")
    return body if isinstance(body, str) else str(body or "")


def _excerpt(text: str, asked: Asked) -> str:
    """The beginning of what a stranger says: one line, without control characters or the key."""
    if asked.key:
        text = text.replace(asked.key, "…")
    line = " ".join(re.sub(r"<[^>]{0,200}>", " ", text[: 20 * _LONGEST_EXCERPT]).split())
    line = "".join(letter for letter in line if letter.isprintable())
    return line if len(line) <= _LONGEST_EXCERPT else line[: _LONGEST_EXCERPT - 1] + "…"


def _retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds to wait, from a number of them or a date; None when it says neither."""
    value = headers.get("retry-after", "").strip()
    try:
        return max(0.0, float(value))
    except ValueError:
        pass
    try:
        return max(0.0, email.utils.parsedate_to_datetime(value).timestamp() - time.time())
    except (ValueError, TypeError, OverflowError):
        return None
