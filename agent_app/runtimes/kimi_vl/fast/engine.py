"""The fast engine: fused kernels for prompts and pictures, captured graphs for tokens."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import torch
from torch import Tensor

from agent_app.model_runtime import Sampling
from agent_app.runtimes.kimi_vl.fast.decoder import Decoder
from agent_app.runtimes.kimi_vl.fast.prompt import PromptPass
from agent_app.runtimes.kimi_vl.fast.sight import Sight
from agent_app.runtimes.kimi_vl.fast.widening import widened
from agent_app.runtimes.kimi_vl.generation import PromptReader
from agent_app.runtimes.kimi_vl.images import ImageSettings
from agent_app.runtimes.kimi_vl.model import KimiVL
from agent_app.runtimes.kimi_vl.prompt import PromptTokens
from agent_app.runtimes.kimi_vl.vision import Grid

CHUNK = 16384  # tokens of a prompt that are computed together: the beginning is read fastest
_FREE = 4 * 10**9  # bytes that have to be free for it; half of them are taken
_LONG = 1024  # tokens of a piece whose rows do not depend on where it was cut; see docs/engine.md


class FastEngine(PromptReader):
    """Decodes some steps ahead of the reader, who may stop or force other tokens at any one.

    What was known of a prompt before changes no bit of what follows: libraries multiply few rows by
    other kernels than many, so only rows of long pieces are kept, and the rest is a long piece.
    """

    def __init__(self, model: KimiVL, settings: ImageSettings, *, context: int) -> None:
        super().__init__(model, settings, context=context)
        if torch.cuda.is_available() and torch.cuda.mem_get_info(model.device)[0] > _FREE:
            self.chunk = CHUNK
        self._lasting = 0  # rows of the cache that any way of reading the prompt would give
        self._sight = Sight(model)
        language = widened(model.language_model)
        self._pass = PromptPass(language)
        self._decoder = Decoder(language, self._cache)
        if model.device.type == "cuda":
            self._warm_up()

    def recall(self, prompt: PromptTokens) -> int:
        self._lasting = self._cache.reuse(prompt.keys, most=min(self._lasting, len(prompt) - _LONG))
        return self._lasting

    def read(self, prompt: PromptTokens, *, stop: threading.Event) -> None:
        """As `Engine.read`; in smaller pieces from now on where memory is short."""
        try:
            super().read(prompt, stop=stop)
            return
        except torch.OutOfMemoryError:
            if self.chunk == PromptReader.chunk:
                raise
        # outside of the handler, whose traceback holds on to what the pass had allocated
        torch.cuda.empty_cache()
        self.chunk = PromptReader.chunk
        super().read(prompt, stop=stop)

    def decode(self, sampling: Sampling) -> Iterator[int]:
        self._decoder.begin(sampling)
        while True:
            for token in self._decoder.tokens(self._logits, position=self.position):
                self._forced = []
                yield token
                added = [token, *self._forced]
                if self._room <= len(added):
                    return
                if self._forced:
                    self._append(added)
                    break
                self._cache.keys.append(token)

    def forget(self) -> None:
        self._lasting = 0
        self._sight.forget()
        super().forget()

    @torch.inference_mode()
    def _warm_up(self) -> None:
        """Compile and load now what the first prompt and the first picture would wait for."""
        model = self._model
        self._sight(torch.zeros(16, 3, 14, 14, device=model.device), (4, 4))
        tokens = torch.zeros(64, dtype=torch.int64, device=model.device)
        self._pass(model.language_model.embed(tokens), self._cache)
        self._synchronise()

    def _features_of(self, patches: Tensor, grid: Grid, stop: threading.Event) -> Tensor:
        return self._sight(patches, grid, stop=stop)

    def _logits_after(self, embedded: Tensor, stop: threading.Event | None = None) -> Tensor:
        logits = self._pass(embedded, self._cache, stop=stop)
        if len(embedded) >= _LONG and self.position == self._lasting:
            self._lasting += len(embedded)
        return logits
