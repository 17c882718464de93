"""Reading `policy.toml`: where it lies, what may stand in it, and what is wrong with it by line."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Any, NoReturn, cast, get_args

import platformdirs

from agent_app.errors import KnownError, ModelMistake
from agent_app.geometry import Region
from agent_app.keys import canonical_key, without_side
from agent_app.policy.rules import Confirm, Hours, Kind, RiskWords, Rule, Rules, Verdict

FILE_NAME = "policy.toml"
VERSION = 1

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_HOURS = re.compile(
    r"(?:(?P<first>[a-z]{3})(?:-(?P<last>[a-z]{3}))?\s+)?(\d{1,2}):(\d{2})-(\d{1,2}):(\d{2})"
)
_TABLE = re.compile(r"\s*(\[\[?)\s*([^\]]+?)\s*\]\]?\s*(?:#.*)?$")
_KEY = re.compile(r"\s*(?:\"([^\"]+)\"|'([^']+)'|([A-Za-z0-9_-]+))\s*=")
_LONGEST_BYTES = 1_000_000
_WAITS = (5.0, 3600.0)  # seconds that a question may wait

Fields = dict[str, Any]
Path_ = tuple[str | int, ...]


def policy_path() -> Path:
    """Where a person's own policy lies: their configuration folder."""
    return platformdirs.user_config_path("agent-app", appauthor=False) / FILE_NAME


def default_text() -> str:
    """The policy that is shipped, as a file with its explanations."""
    return (files("agent_app.policy") / "default.toml").read_text("utf-8")


@lru_cache(maxsize=1)
def default_rules() -> Rules:
    """The policy that is shipped."""
    return _Reader("the policy that is shipped", default_text()).rules({})


def own_rules(path: Path | None = None) -> Rules:
    """The policy of this file, else of the person's own, else the one that is shipped.

    Raises KnownError for a file that cannot be read, naming the key and the line.
    """
    if path is None:
        path = policy_path()
        if not path.exists():
            return default_rules()
    try:
        if path.stat().st_size > _LONGEST_BYTES:
            raise KnownError(f"{path} is too long for a policy", remedy="give another file")
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        what = error.strerror if isinstance(error, OSError) else "it is no UTF-8 text"
        raise KnownError(
            f"cannot read the policy {path}: {what}",
            remedy="give a file that is there, or write one: agent-app policy init",
        ) from error
    return rules_of(text, str(path))


def rules_of(text: str, name: str) -> Rules:
    """The policy of a text; what it leaves out is as shipped. Raises KnownError as `own_rules`."""
    return _Reader(name, text).rules(tomllib.loads(default_text()))


class _Reader:
    """Reads one file; every complaint names it, the key and its line."""

    def __init__(self, name: str, text: str) -> None:
        self._name = name
        self._source = text
        try:
            self._given: Fields = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            raise KnownError(
                f"{name} is no TOML: {error}",
                remedy="put that line right; `agent-app policy show --default` has an example",
            ) from error

    def rules(self, default: Fields) -> Rules:
        """All of it, over the default's."""
        given = self._given
        self._only(
            given,
            (),
            "version confirm answer_seconds typing reading browsers words confirming rule",
        )
        version = given.get("version", VERSION)
        if version != VERSION:
            self._wrong(("version",), f"{version!r} is no version", "write version = 1")
        typing = self._table("typing", default)
        self._only(
            given.get("typing", {}),
            ("typing",),
            "terminals private_terminals passwords unknown terminal_applications",
        )
        reading = self._table("reading", default)
        self._only(given.get("reading", {}), ("reading",), "unread")
        browsers = self._table("browsers", default)
        self._only(given.get("browsers", {}), ("browsers",), "applications")
        top = default | given
        confirm = self._choice(top["confirm"], ("confirm",), get_args(Confirm))
        return Rules(
            confirm=cast("Confirm", confirm),
            answer_seconds=self._seconds(top["answer_seconds"], ("answer_seconds",)),
            terminals=self._verdict(typing["terminals"], ("typing", "terminals")),
            private_terminals=self._verdict(
                typing["private_terminals"], ("typing", "private_terminals")
            ),
            passwords=self._verdict(typing["passwords"], ("typing", "passwords")),
            unknown=self._verdict(typing["unknown"], ("typing", "unknown")),
            terminal_applications=self._texts(
                typing["terminal_applications"], ("typing", "terminal_applications")
            ),
            unread=self._verdict(reading["unread"], ("reading", "unread")),
            browsers=self._texts(browsers["applications"], ("browsers", "applications")),
            risks=self._risks(self._table("words", default)),
            confirming=self._languages(self._table("confirming", default), ("confirming",)),
            rules=self._rules(default),
        )

    def _risks(self, words: Fields) -> tuple[RiskWords, ...]:
        risks: list[RiskWords] = []
        for name, table in words.items():
            where = ("words", name)
            if not isinstance(table, dict):
                self._wrong(where, "is no table of words", f'write [words.{name}], then en = ["…"]')
            fields = dict(cast("Fields", table))
            why = self._text(fields.pop("why", "your policy says so"), (*where, "why"))
            verdict = self._verdict(fields.pop("verdict", "ask"), (*where, "verdict"))
            risks.append(RiskWords(name, why, verdict, self._languages(fields, where)))
        return tuple(risks)

    def _languages(self, table: Fields, where: Path_) -> tuple[str, ...]:
        words = (word for name, each in table.items() for word in self._texts(each, (*where, name)))
        return tuple(dict.fromkeys(words))

    def _rules(self, default: Fields) -> tuple[Rule, ...]:
        given: Any = self._given.get("rule", [])
        if not isinstance(given, list):
            self._wrong(("rule",), "is no list of rules", "begin each rule with a line [[rule]]")
        own = [self._rule(table, ("rule", at)) for at, table in enumerate(cast("list[Any]", given))]
        names = [rule.name for rule in own]
        for at, name in enumerate(names):
            if name in names[:at]:
                self._wrong(("rule", at, "name"), f"{name!r} is there twice", "name it otherwise")
        if not default:
            return tuple(own)
        shipped = default_rules().rules
        return (*own, *(rule for rule in shipped if rule.name not in names))

    def _rule(self, table: Any, where: Path_) -> Rule:
        if not isinstance(table, dict):
            self._wrong(where, "is no rule", "begin each rule with a line [[rule]]")
        fields = cast("Fields", table)
        conditions = "applications titles hosts regions words keys actions hours"
        self._only(fields, where, f"name verdict why {conditions}")
        for needed in ("name", "verdict"):
            if needed not in fields:
                self._wrong(where, f"has no {needed}", f'add a line {needed} = "…" to this rule')
        verdict = self._verdict(fields["verdict"], (*where, "verdict"))

        def texts(key: str) -> tuple[str, ...]:
            return self._texts(fields.get(key, []), (*where, key))

        rule = Rule(
            name=self._text(fields["name"], (*where, "name")),
            verdict=verdict,
            why=self._text(fields.get("why", ""), (*where, "why")),
            applications=texts("applications"),
            titles=texts("titles"),
            hosts=texts("hosts"),
            regions=tuple(self._region(each, (*where, "regions")) for each in texts("regions")),
            words=texts("words"),
            keys=tuple(self._chord(each, (*where, "keys")) for each in texts("keys")),
            actions=tuple(
                cast("Kind", self._choice(each, (*where, "actions"), get_args(Kind)))
                for each in texts("actions")
            ),
            hours=tuple(self._hours(each, (*where, "hours")) for each in texts("hours")),
        )
        if not any(fields.get(key) for key in conditions.split()):
            self._wrong(where, "has no condition", f"say when it applies: {conditions}")
        trusted = rule.applications or rule.hosts or rule.regions or rule.keys or rule.actions
        for key in ("titles", "words"):
            if verdict == "allow" and fields.get(key):
                self._wrong(
                    (*where, key),
                    "allows by what a window says of itself, which any page can write",
                    "name applications or hosts instead, or use the verdict ask",
                )
        if verdict == "allow" and not (trusted or rule.hours):
            self._wrong(where, "allows everything", "name applications, hosts, keys or regions")
        return rule

    def _region(self, text: str, where: Path_) -> Region:
        try:
            return Region.parse(text)
        except KnownError as error:
            self._wrong(where, error.message, error.remedy)

    def _chord(self, text: str, where: Path_) -> frozenset[str]:
        try:
            parts = [part.strip() for part in re.split(r"\+(?=.)", text)]
            return frozenset(without_side(canonical_key(part)) for part in parts)
        except ModelMistake as error:
            self._wrong(where, str(error), 'write keys as in "ctrl+enter"')

    def _hours(self, text: str, where: Path_) -> Hours:
        match = _HOURS.fullmatch(text.strip().casefold())
        names = [name for name in (match and match["first"], match and match["last"]) if name]
        if match is None or any(name not in _DAYS for name in names):
            self._wrong(
                where, f"cannot read {text!r}", 'write "22:00-06:00" or "mon-fri 09:00-17:00"'
            )
        days = set(range(7))
        if names:
            first, last = _DAYS.index(names[0]), _DAYS.index(names[-1])
            days = {(first + step) % 7 for step in range((last - first) % 7 + 1)}
        clock = [int(match[at]) for at in (3, 4, 5, 6)]
        start, end = clock[0] * 60 + clock[1], clock[2] * 60 + clock[3]
        if max(start, end) > 24 * 60 or max(clock[1], clock[3]) > 59 or start == end:
            self._wrong(where, f"{text!r} is no span of a day", 'write it as in "22:00-06:00"')
        return Hours(frozenset(days), start, end)

    def _table(self, name: str, default: Fields) -> Fields:
        """A table over the default's; tables in it are laid over one another, too."""
        given = self._given.get(name, {})
        if not isinstance(given, dict):
            self._wrong((name,), "is no table", f"write [{name}] in a line of its own")
        merged: Fields = dict(default.get(name, {}))
        for key, value in cast("Fields", given).items():
            before = merged.get(key)
            if isinstance(value, dict) and isinstance(before, dict):
                merged[key] = cast("Fields", before) | cast("Fields", value)
            else:
                merged[key] = value
        return merged

    def _verdict(self, value: object, where: Path_) -> Verdict:
        return cast("Verdict", self._choice(value, where, get_args(Verdict)))

    def _choice(self, value: object, where: Path_, choices: tuple[str, ...]) -> str:
        if isinstance(value, str) and value in choices:
            return value
        listed = ", ".join(f'"{choice}"' for choice in choices)
        return self._wrong(where, f"{_said(value)} is none of its values", f"use one of {listed}")

    def _seconds(self, value: object, where: Path_) -> float:
        least, most = _WAITS
        number = isinstance(value, (int, float)) and not isinstance(value, bool)
        if not number or not least <= cast("float", value) <= most:
            self._wrong(
                where, f"{_said(value)} is no time to wait", f"use {least:g} to {most:g} seconds"
            )
        return float(cast("float", value))

    def _text(self, value: object, where: Path_) -> str:
        if not isinstance(value, str):
            self._wrong(where, f"{_said(value)} is no text", 'put it in quotes, as in "…"')
        return value

    def _texts(self, value: object, where: Path_) -> tuple[str, ...]:
        if not isinstance(value, list) or not all(
            isinstance(each, str) and each.strip() for each in cast("list[object]", value)
        ):
            self._wrong(where, "is no list of texts", 'write it as in ["one", "two"]')
        return tuple(cast("list[str]", value))

    def _only(self, table: Mapping[str, object], where: Path_, known: str) -> None:
        for key in table:
            if key not in known.split():
                self._wrong((*where, key), "is not known", f"use one of: {known}")

    def _wrong(self, where: Path_, what: str, remedy: str) -> NoReturn:
        line = _line_of(self._source, where)
        named = ".".join(str(part + 1) if isinstance(part, int) else part for part in where)
        at = f", line {line}" if line else ""
        raise KnownError(f"{self._name}{at}: {named}: {what}", remedy=remedy)


def _said(value: object) -> str:
    return repr(value) if isinstance(value, (str, int, float)) else f"a {type(value).__name__}"


def _line_of(text: str, where: Path_) -> int | None:
    """The line of a key, else of its table, counted from 1; None when it is written otherwise."""
    table: list[str] = []
    counts: dict[str, int] = {}
    best: tuple[int, int] | None = None
    wanted = [str(part) for part in where]
    for number, line in enumerate(text.splitlines(), start=1):
        if header := _TABLE.match(line):
            table = [part.strip().strip("\"'") for part in header[2].split(".")]
            if header[1] == "[[":
                name = ".".join(table)
                counts[name] = counts.get(name, -1) + 1
                table.append(str(counts[name]))
            here = table
        elif key := _KEY.match(line):
            here = [*table, key[1] or key[2] or key[3]]
        else:
            continue
        if here == wanted[: len(here)] and (best is None or len(here) > best[0]):
            best = (len(here), number)
    return best[1] if best else None
