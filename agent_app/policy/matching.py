"""Whether a rule applies to an action on a screen."""

from __future__ import annotations

from collections.abc import Iterator
from fnmatch import fnmatchcase
from typing import Literal

from agent_app.policy.case import Case, texts_of
from agent_app.policy.rules import Rule, is_like
from agent_app.policy.words import first_found, word_list

Answer = Literal["yes", "no", "maybe"]


def holds(rule: Rule, case: Case) -> Answer:
    """Whether every condition of a rule holds; "maybe" when the screen does not tell.

    What is cheap to know is asked first, and the screen is read only if that leaves it open.
    """
    unsure = False
    for answer in _answers(rule, case):
        if answer == "no":
            return "no"
        unsure = unsure or answer == "maybe"
    return "maybe" if unsure else "yes"


def _answers(rule: Rule, case: Case) -> Iterator[Answer]:
    if rule.actions:
        yield _sure(case.kind in rule.actions)
    if rule.keys:
        # "delete" is the key alone; a chord holds when no other key is down with it
        yield _sure(any(chord == keys for chord in case.chords for keys in rule.keys))
    if rule.hours:
        now = case.scene.now
        yield _sure(any(hours.hold(now) for hours in rule.hours))
    if rule.regions:
        points = case.scene.points if case.pointer else ()
        yield _sure(any(region.contains(each) for region in rule.regions for each in points))
    if rule.applications:
        yield _of_windows(case, rule.applications, "application")
    if rule.titles:
        yield _of_windows(case, rule.titles, "title")
    if rule.hosts:
        yield _host(rule, case)
    if rule.words:
        yield _words(rule, case)


def _sure(true: bool) -> Answer:
    return "yes" if true else "no"


def _of_windows(case: Case, patterns: tuple[str, ...], what: str) -> Answer:
    if not case.windows:
        return "maybe"  # where nothing tells the windows, or none lies there
    return _sure(any(is_like(getattr(window, what), patterns) for window in case.windows))


def _host(rule: Rule, case: Case) -> Answer:
    hosts = case.hosts
    if hosts is None:
        return "no" if case.windows else "maybe"
    if rule.verdict == "allow":
        # what a page can paint gives it no rights
        return _sure(any(_is_host(host, rule.hosts) for host in hosts.told))
    if not hosts.told and not hosts.read:
        return "maybe"
    return _sure(any(_is_host(host, rule.hosts) for host in (*hosts.told, *hosts.read)))


def _is_host(host: str, patterns: tuple[str, ...]) -> bool:
    """Whether a host is meant: `example.com` means itself and everything below it."""
    plain = host.casefold().rstrip(".")
    return any(
        fnmatchcase(plain, pattern.casefold()) or plain.endswith(f".{pattern.casefold()}")
        for pattern in patterns
    )


def _words(rule: Rule, case: Case) -> Answer:
    if case.clicks:
        if case.nearby is None:
            return "maybe"
        texts = texts_of(case.nearby.own)
        if not texts and case.nearby.drawn:
            return "maybe"
    elif case.activates:
        texts = [case.focus.text] if case.focus is not None else []
        if case.dialog is None:
            return "maybe"
        texts += [each.text for each in case.dialog]
    else:
        return "no"
    return _sure(first_found(word_list(rule.words), texts) is not None)
