"""A reasoning parser for vLLM: Kimi-VL-Thinking's ◁think▷ … ◁/think▷ become the field `reasoning`.

    vllm serve … --reasoning-parser-plugin kimi_vl_thinking.py --reasoning-parser kimi_vl_thinking

The marks are ordinary text of several tokens, and not special tokens, so they are found as text.
agent-app reads them by itself and needs none of this; other clients, which show a thought or count
it, are served by it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from vllm.entrypoints.generate.base.protocol import DeltaMessage
from vllm.reasoning import ReasoningParser, ReasoningParserManager

OPEN = "◁think▷"
CLOSE = "◁/think▷"
ASSISTANT = "<|im_assistant|>"
_TAIL = 32  # tokens, among which the end mark is looked for: it takes 3 to 10


@ReasoningParserManager.register_module("kimi_vl_thinking")
class KimiVLThinkingParser(ReasoningParser):
    """One request's parser.

    A thought begins with its mark, or in the prompt when that ends inside one (a reply that is gone
    on with). An end mark that was never opened ends a thought as well.
    """

    def __init__(self, tokenizer: Any, *args: Any, **kwargs: Any) -> None:
        super().__init__(tokenizer, *args, **kwargs)
        self._assistant = self.vocab.get(ASSISTANT)
        self._prompt_is_open = False
        self._told = ["", ""]  # of the thought and of the answer, what has been streamed

    @property
    def reasoning_start_str(self) -> str:
        return OPEN

    @property
    def reasoning_end_str(self) -> str:
        return CLOSE

    def set_prompt_token_ids(self, prompt_token_ids: Sequence[int]) -> None:
        self._prompt_is_open = self._leaves_open(prompt_token_ids)

    def adjust_initial_state_from_prompt(self, prompt_token_ids: Sequence[int]) -> None:
        self._prompt_is_open = self._leaves_open(prompt_token_ids)

    def is_reasoning_end(self, input_ids: Sequence[int]) -> bool:
        """Whether a thought has ended in the last turn of a prompt, or in a reply."""
        return CLOSE in self._last_turn(input_ids)

    def is_reasoning_end_streaming(
        self, input_ids: Sequence[int], delta_ids: Iterable[int]
    ) -> bool:
        count = _TAIL + len(list(delta_ids))
        return CLOSE in self.model_tokenizer.decode(list(input_ids)[-count:])

    def extract_content_ids(self, input_ids: list[int]) -> list[int]:
        """The ids behind the end mark; none while it has not come.

        Marks are not whole tokens, so the shortest beginning that holds the mark is looked for.
        """
        if CLOSE not in self.model_tokenizer.decode(input_ids):
            return []
        low, high = 1, len(input_ids)
        while low < high:
            middle = (low + high) // 2
            if CLOSE in self.model_tokenizer.decode(input_ids[:middle]):
                high = middle
            else:
                low = middle + 1
        return input_ids[low:]

    def extract_reasoning(
        self,
        model_output: str,
        request: Any,  # noqa: ARG002
    ) -> tuple[str | None, str | None]:
        thought, answer = self._split(model_output)
        return thought or None, answer or None

    def extract_reasoning_streaming(
        self,
        previous_text: str,  # noqa: ARG002
        current_text: str,
        delta_text: str,  # noqa: ARG002
        previous_token_ids: Sequence[int],  # noqa: ARG002
        current_token_ids: Sequence[int],  # noqa: ARG002
        delta_token_ids: Sequence[int],  # noqa: ARG002
    ) -> DeltaMessage | None:
        """What this delta adds; the beginning of a mark is held back until it is one or is not."""
        parts = self._split(_without_partial_mark(current_text))
        news = [part[len(told) :] for part, told in zip(parts, self._told, strict=True)]
        self._told = list(parts)
        if not any(news):
            return None
        return DeltaMessage(reasoning=news[0] or None, content=news[1] or None)

    def _split(self, text: str) -> tuple[str, str]:
        """The thought and the answer of a reply, or of its beginning."""
        before, mark, after = text.partition(CLOSE)
        if mark:
            return before.replace(OPEN, "", 1), after
        begun = before.lstrip()
        if self._prompt_is_open:
            return before, ""
        if begun.startswith(OPEN):
            return begun[len(OPEN) :], ""
        return "", before

    def _leaves_open(self, ids: Sequence[int]) -> bool:
        turn = self._last_turn(ids)
        return OPEN in turn and CLOSE not in turn

    def _last_turn(self, ids: Sequence[int]) -> str:
        """The text behind the last role token of the assistant: earlier turns have marks, too."""
        ids = list(ids)
        if self._assistant in ids:
            ids = ids[len(ids) - ids[::-1].index(self._assistant) :]
        return self.model_tokenizer.decode(ids)


def _without_partial_mark(text: str) -> str:
    """The text without what may be the beginning of a mark at its end."""
    for length in range(min(len(text), len(CLOSE) - 1), 0, -1):
        if any(mark.startswith(text[-length:]) for mark in (OPEN, CLOSE)):
            return text[:-length]
    return text
