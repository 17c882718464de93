"""Going in circles: told first, ended after."""

from __future__ import annotations

import pytest

from agent_app.actions import AskHuman, Click, Press, Scroll, Wait
from agent_app.errors import RunEnded
from agent_app.geometry import RelativePoint
from agent_app.guard import LoopGuard


def click(x: float, y: float = 0.5) -> tuple[Click]:
    return (Click(at=RelativePoint(x, y)),)


def test_the_same_action_without_effect_is_told_then_ends_the_run():
    guard = LoopGuard()
    said = [guard.observe(click(0.5), changed=False, screen="a") for _ in range(3)]
    assert said[0] is None
    assert all("same action" in str(message) for message in said[1:])
    with pytest.raises(RunEnded) as raised:
        guard.observe(click(0.5), changed=False, screen="a")
    assert raised.value.reason == "loop"


def test_a_near_miss_counts_as_the_same_place():
    guard = LoopGuard()
    guard.observe(click(0.500), changed=False, screen="a")
    assert guard.observe(click(0.502), changed=False, screen="a")


def test_different_actions_without_effect_are_told_later():
    guard = LoopGuard()
    said = [guard.observe(click(n / 10), changed=False, screen="a") for n in range(5)]
    assert said[:2] == [None, None]
    assert "last 3 actions" in str(said[2])
    with pytest.raises(RunEnded):
        guard.observe(click(0.9), changed=False, screen="a")


def test_ping_pong_between_two_screens_is_told_then_ends_the_run():
    guard = LoopGuard()
    moves = [(click(0.1), "a"), (click(0.6), "b")] * 4
    said = [guard.observe(move, changed=True, screen=screen) for move, screen in moves[:-1]]
    assert said[:3] == [None, None, None]
    assert all("circles" in str(message) for message in said[3:])
    with pytest.raises(RunEnded):
        guard.observe(click(0.6), changed=True, screen="b")


def test_repeating_an_action_that_has_an_effect_is_no_loop():
    guard = LoopGuard()
    for n in range(30):
        assert guard.observe((Scroll(dy=-3),), changed=True, screen=str(n)) is None
        assert guard.observe((Press(("down",)),), changed=True, screen=f"p{n}") is None


def test_waiting_and_asking_are_never_a_loop():
    guard = LoopGuard()
    for _ in range(30):
        assert guard.observe((Wait(1.0),), changed=False, screen="a") is None
        assert guard.observe((AskHuman("Which?"),), changed=False, screen="a") is None


def test_an_effect_in_between_forgives():
    guard = LoopGuard()
    for n in range(30):
        effect = n % 2 == 1
        assert guard.observe(click(n % 7 / 10), changed=effect, screen=str(n)) is None
