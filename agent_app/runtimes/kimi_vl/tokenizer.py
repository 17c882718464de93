"""Text to token ids and back: `tiktoken.model`, and the reserved ids that follow its ranks.

The encoder knows the ranks alone, so no text, whatever it holds, can become a special token.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final, cast

import tiktoken

from agent_app.errors import KnownError

RANKS_FILE = "tiktoken.model"
CONFIG_FILE = "tokenizer_config.json"
RESERVED: Final = 256
"""How many ids follow the ranks in this family of vocabularies, named or not."""

_PULL = "run `agent-app model pull` again; it fetches what is missing or damaged"
_UPPER = r"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}&&[^\p{Han}]]"
_LOWER = r"[\p{Ll}\p{Lm}\p{Lo}\p{M}&&[^\p{Han}]]"
_BEFORE = r"[^\r\n\p{L}\p{N}]?"
_AFTER = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)?"
# how text is cut before merging: a fact of the vocabulary, the same in the whole family
_PATTERN = "|".join(
    (
        r"[\p{Han}]+",
        f"{_BEFORE}{_UPPER}*{_LOWER}+{_AFTER}",
        f"{_BEFORE}{_UPPER}+{_LOWER}*{_AFTER}",
        r"\p{N}{1,3}",
        r" ?[^\s\p{L}\p{N}]+[\r\n]*",
        r"\s*[\r\n]+",
        r"\s+(?!\S)",
        r"\s+",
    )
)
# The original cuts here too, so the ids stay its own. A run of a million spaces overflows the
# stack of tiktoken's regular expressions, and old versions merge a long run in quadratic time.
_LONGEST_TEXT = 400_000
_LONGEST_RUN = 25_000
_RUN = re.compile(r"\s+|\S+")


class Tokenizer:
    """The vocabulary of one checkpoint: ranks first, then `RESERVED` special ids."""

    def __init__(self, tokens: list[bytes], special: Mapping[str, int]) -> None:
        self._tokens = tokens
        self._special = special
        self._encoding = tiktoken.Encoding(
            "kimi-vl",
            pat_str=_PATTERN,
            mergeable_ranks={token: rank for rank, token in enumerate(tokens)},
            special_tokens={},
        )

    @classmethod
    def open(cls, folder: Path, *, vocab_size: int) -> Tokenizer:
        """Read `tiktoken.model` and the names in `tokenizer_config.json`.

        Raises KnownError when one is missing or damaged, or when ranks and reserved ids together
        are not `vocab_size`.
        """
        tokens = _read_ranks(folder / RANKS_FILE)
        if len(tokens) + RESERVED != vocab_size:
            raise KnownError(
                f"{folder / RANKS_FILE} has {len(tokens)} ranks and {RESERVED} ids are reserved, "
                f"but the model has {vocab_size}",
                remedy=_PULL,
            )
        return cls(tokens, _read_special(folder, len(tokens)))

    @property
    def special_names(self) -> Mapping[str, int]:
        """Every special token's id by its name; the unnamed ones have systematic names."""
        return self._special

    def special(self, name: str) -> int:
        """The id of a special token; raises KnownError when the checkpoint names none so."""
        try:
            return self._special[name]
        except KeyError as error:
            raise KnownError(
                f"the checkpoint's {CONFIG_FILE} has no token {name}", remedy=_PULL
            ) from error

    def encode(self, text: str) -> list[int]:
        """The ids of ordinary text: never a special token, also where the text holds its name.

        Their bytes joined are the text in UTF-8, with U+FFFD where it has half of a surrogate
        pair, which no UTF-8 can say; two halves in a row become the character they mean.
        """
        ids: list[int] = []
        for stretch in _stretches(_well_formed(text)):
            ids += self._encoding.encode_ordinary(stretch)
        return ids

    def bytes_of(self, token: int) -> bytes:
        """The UTF-8 of one token, which may end inside a character; empty for a special one."""
        return self._tokens[token] if token < len(self._tokens) else b""


def _well_formed(text: str) -> str:
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


def _stretches(text: str) -> Iterator[str]:
    """Cut what tiktoken cannot take at once; joined again they are the text."""
    for start in range(0, len(text), _LONGEST_TEXT):
        part = text[start : start + _LONGEST_TEXT]
        if len(part) <= _LONGEST_RUN:
            yield part
            continue
        begin = 0
        for run in _RUN.finditer(part):
            for cut in range(run.start() + _LONGEST_RUN, run.end(), _LONGEST_RUN):
                yield part[begin:cut]
                begin = cut
        yield part[begin:]


def _read_ranks(path: Path) -> list[bytes]:
    """The tokens in the order of their ranks; one line each, base64 and rank."""
    try:
        ranks: dict[int, bytes] = {}
        for number, line in enumerate(path.read_bytes().splitlines(), start=1):
            if not line:
                continue
            try:
                token, rank = line.split()
                ranks[int(rank)] = base64.b64decode(token, validate=True)
            except ValueError as error:
                raise ValueError(f"line {number} is no base64 token with its rank") from error
            if len(ranks) != number:
                raise ValueError(f"line {number} has a rank that was there before")
        tokens = [ranks[rank] for rank in range(len(ranks))]
        held = set(tokens)
        if len(held) != len(tokens):
            raise ValueError(f"{len(tokens) - len(held)} tokens are there twice")
        if b"" in held or not all(bytes([value]) in held for value in range(256)):
            raise ValueError("the ranks do not hold each of the 256 bytes")
    except FileNotFoundError as error:
        raise KnownError(f"{path.parent} has no {path.name}", remedy=_PULL) from error
    except KeyError as error:
        raise KnownError(f"{path} is damaged: rank {error} is missing", remedy=_PULL) from error
    except (OSError, ValueError) as error:
        raise KnownError(f"{path} is damaged: {error}", remedy=_PULL) from error
    return tokens


def read_json(path: Path) -> Mapping[str, Any]:
    """A file of the checkpoint that holds a JSON object; raises KnownError when it does not."""
    try:
        data: Any = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise KnownError(f"{path.parent} has no {path.name}", remedy=_PULL) from error
    except (OSError, ValueError) as error:
        raise KnownError(f"cannot read {path}: {error}", remedy=_PULL) from error
    if not isinstance(data, dict):
        raise KnownError(f"{path} is damaged: it is no JSON object", remedy=_PULL)
    return cast("dict[str, Any]", data)


def _read_special(folder: Path, base: int) -> dict[str, int]:
    """The names of the reserved ids; those without one are named by their id."""
    path = folder / CONFIG_FILE
    named: dict[int, str] = {}
    try:
        for key, value in read_json(path)["added_tokens_decoder"].items():
            token, name = int(key), value["content"]
            if not base <= token < base + RESERVED:
                raise ValueError(f"{name!r} has the id {token}, outside the reserved ones")
            if not isinstance(name, str) or not name:
                raise ValueError(f"the token {token} has no name")
            named[token] = name
    except KeyError as error:
        raise KnownError(f"{path} does not say {error}", remedy=_PULL) from error
    except (TypeError, ValueError, AttributeError) as error:
        raise KnownError(f"{path} is damaged: {error}", remedy=_PULL) from error
    special = {
        named.get(token, f"<|reserved_token_{token}|>"): token
        for token in range(base, base + RESERVED)
    }
    if len(special) != RESERVED:
        raise KnownError(f"{path} is damaged: a name stands for two tokens", remedy=_PULL)
    return special
