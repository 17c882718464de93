"""The fast engine: prompts are read by the plain path, tokens are drawn by captured graphs."""

from __future__ import annotations

from collections.abc import Iterator

from agent_app.model_runtime import Sampling
from agent_app.runtimes.kimi_vl.fast.decoder import Decoder
from agent_app.runtimes.kimi_vl.generation import PromptReader
from agent_app.runtimes.kimi_vl.images import ImageSettings
from agent_app.runtimes.kimi_vl.model import KimiVL


class FastEngine(PromptReader):
    """Decodes some steps ahead of the reader, who may stop or force other tokens at any one."""

    def __init__(self, model: KimiVL, settings: ImageSettings, *, context: int) -> None:
        super().__init__(model, settings, context=context)
        self._decoder = Decoder(model.language_model, self._cache)

    def decode(self, sampling: Sampling) -> Iterator[int]:
        self._decoder.begin(sampling)
        while self._room:
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
