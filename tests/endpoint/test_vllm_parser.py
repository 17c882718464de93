"""The reasoning parser for vLLM, driven as vLLM drives one: delta by delta, with token ids."""

from __future__ import annotations

import importlib.util
import sys
import types
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

PLUGIN = Path(__file__).parent.parent.parent / "deploy" / "vllm" / "kimi_vl_thinking.py"
ASSISTANT = 1  # the id of its role token; letters are their code points


class Letters:
    """A tokenizer with a token for each letter, and one for the assistant's role."""

    def get_vocab(self) -> dict[str, int]:
        return {"<|im_assistant|>": ASSISTANT}

    def decode(self, ids: list[int]) -> str:
        return "".join(map(chr, ids))


def ids(text: str) -> list[int]:
    return list(map(ord, text))


@dataclass
class Message:
    """What vLLM sends of a delta."""

    content: str | None = None
    reasoning: str | None = None


@pytest.fixture
def parser(monkeypatch: pytest.MonkeyPatch) -> Any:
    """A new parser, of vLLM's own base class where that is installed, else of one of its shape."""
    if importlib.util.find_spec("vllm") is None:
        stand_in(monkeypatch)
    spec = importlib.util.spec_from_file_location("kimi_vl_thinking", PLUGIN)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.KimiVLThinkingParser(Letters())


def stand_in(monkeypatch: pytest.MonkeyPatch) -> None:
    """As much of vLLM's interface as a parser sees of it (0.33)."""

    class ReasoningParser:
        def __init__(self, tokenizer: Letters, *_: object, **__: object) -> None:
            self.model_tokenizer = tokenizer
            self.vocab = tokenizer.get_vocab()

    class ReasoningParserManager:
        @staticmethod
        def register_module(_name: str) -> Any:
            return lambda parser: parser

    reasoning = types.ModuleType("vllm.reasoning")
    reasoning.ReasoningParser = ReasoningParser  # type: ignore[attr-defined]
    reasoning.ReasoningParserManager = ReasoningParserManager  # type: ignore[attr-defined]
    protocol = types.ModuleType("vllm.entrypoints.generate.base.protocol")
    protocol.DeltaMessage = Message  # type: ignore[attr-defined]
    for name in ("vllm", "vllm.entrypoints", "vllm.entrypoints.generate"):
        monkeypatch.setitem(sys.modules, name, types.ModuleType(name))
    monkeypatch.setitem(
        sys.modules, "vllm.entrypoints.generate.base", types.ModuleType("vllm.base")
    )
    monkeypatch.setitem(sys.modules, protocol.__name__, protocol)
    monkeypatch.setitem(sys.modules, reasoning.__name__, reasoning)


def streamed(parser: Any, text: str, size: int, *, prompt: str = "") -> tuple[str, str]:
    """Thought and answer as a client gets them: vLLM asks no more once the thought has ended."""
    parser.set_prompt_token_ids([ASSISTANT, *ids(prompt)])
    thought = answer = ""
    has_ended = parser.is_reasoning_end([ASSISTANT, *ids(prompt)])
    for end in range(size, len(text) + size, size):
        before, now = text[: end - size], text[:end]
        delta = now[len(before) :]
        if has_ended:
            answer += delta
            continue
        told = parser.extract_reasoning_streaming(
            before, now, delta, ids(before), ids(now), ids(delta)
        )
        if told is not None:
            thought += told.reasoning or ""
            answer += told.content or ""
        has_ended = parser.is_reasoning_end_streaming(ids(now), ids(delta))
    return thought, answer


@pytest.mark.parametrize("size", [1, 2, 3, 5, 100])
@pytest.mark.parametrize(
    ("text", "prompt", "expected"),
    [
        ("◁think▷I see.◁/think▷## Action:", "", ("I see.", "## Action:")),
        ("I see.◁/think▷## Action:", "◁think▷", ("I see.", "## Action:")),
        ("## Action: 1 ◁ 2", "◁think▷\n\n◁/think▷", ("", "## Action: 1 ◁ 2")),
        ("## Action: a ◁ b.", "", ("", "## Action: a ◁ b.")),
        ("◁think▷I see", "", ("I see", "")),
    ],
)
def test_the_thought_and_the_answer_come_apart(
    parser: Any, text: str, prompt: str, expected: tuple[str, str], size: int
):
    assert streamed(parser, text, size, prompt=prompt) == expected
    whole = parser.extract_reasoning(text, None)
    if not prompt.endswith("◁/think▷"):  # vLLM asks no parser then
        assert tuple(part or "" for part in whole) == expected


def test_thoughts_of_earlier_turns_have_not_ended_this_one(parser: Any):
    past = [ASSISTANT, *ids("◁think▷old◁/think▷answer"), ASSISTANT]
    assert not parser.is_reasoning_end(past)
    assert parser.is_reasoning_end([*past, *ids("◁think▷\n\n◁/think▷")])


def test_the_tokens_of_the_answer_are_those_behind_the_mark(parser: Any):
    assert parser.extract_content_ids(ids("◁think▷a◁/think▷bc")) == ids("bc")
    assert parser.extract_content_ids(ids("◁think▷a")) == []
