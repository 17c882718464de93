"""Reading a prompt and drawing tokens, without computing anything twice."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Sequence
from typing import Protocol

import torch
from torch import Tensor

from agent_app.model_runtime import Sampling
from agent_app.runtimes.kimi_vl.images import ImageSettings, normalised_patches
from agent_app.runtimes.kimi_vl.memory import CHUNK
from agent_app.runtimes.kimi_vl.model import KimiVL
from agent_app.runtimes.kimi_vl.prompt import PlacedPicture, PromptTokens
from agent_app.runtimes.kimi_vl.stopping import check
from agent_app.runtimes.kimi_vl.vision import Grid

_FEATURES_KEPT = 16  # pictures; 17 MB each at the most in bfloat16


class Engine(Protocol):
    """One model with one conversation's memory: recall, look, read, then decode.

    All methods belong to one thread at a time.
    """

    @property
    def position(self) -> int:
        """How many tokens the memory holds."""
        ...

    def recall(self, prompt: PromptTokens) -> int:
        """Keep what is in memory of this prompt and need not be computed again; how many tokens."""
        ...

    def look(self, pictures: Iterable[PlacedPicture], *, stop: threading.Event) -> None:
        """Compute the features of those pictures that are neither in memory nor known."""
        ...

    def read(self, prompt: PromptTokens, *, stop: threading.Event) -> None:
        """Compute the rest of a prompt that was recalled and looked at.

        Raises Interrupted when `stop` is set meanwhile; what is computed by then is kept.
        """
        ...

    def decode(self, sampling: Sampling) -> Iterator[int]:
        """Draw token after token behind what was read, until there is no room for more.

        A token is put into memory when the next one is asked for.
        """
        ...

    def force(self, tokens: Sequence[int]) -> None:
        """Put these tokens behind the one that `decode` gave last; it goes on after them."""
        ...

    def forget(self) -> None:
        """Drop everything that can be computed again, and give the memory back."""
        ...


class PromptReader:
    """What engines have in common: the memory, and how a prompt gets into it.

    The rows of the latent cache are kept between prompts as far as these begin alike, and the
    features of recent pictures by their content.
    """

    chunk = CHUNK  # tokens of a prompt that are computed together: bounds the memory it takes

    def __init__(self, model: KimiVL, settings: ImageSettings, *, context: int) -> None:
        self._model = model
        self._settings = settings
        self._cache = model.new_cache(context)
        self._features: OrderedDict[str, Tensor] = OrderedDict()
        self._logits = torch.empty(0)  # (vocab), after the last token of the cache
        self._forced: list[int] = []

    @property
    def position(self) -> int:
        return self._cache.length

    def recall(self, prompt: PromptTokens) -> int:
        return self._cache.reuse(prompt.keys)

    def look(self, pictures: Iterable[PlacedPicture], *, stop: threading.Event) -> None:
        for picture in pictures:
            if picture.end > self.position and picture.key not in self._features:
                self._features[picture.key] = self._see(picture, stop)
        self._synchronise()

    @torch.inference_mode()
    def _see(self, picture: PlacedPicture, stop: threading.Event) -> Tensor:
        check(stop)
        pixels = torch.from_numpy(picture.image.pixels).to(self._model.device)  # type: ignore[reportUnknownMemberType]
        patches = normalised_patches(pixels, self._settings, self._model.dtype)
        return self._features_of(patches, picture.image.grid, stop)

    def _features_of(self, patches: Tensor, grid: Grid, stop: threading.Event) -> Tensor:
        return self._model.see(patches, grid, stop=stop)

    def _logits_after(self, embedded: Tensor, stop: threading.Event | None = None) -> Tensor:
        """The logits (vocab) that follow these embeddings (n, hidden), whose rows are written."""
        return self._model.language_model(embedded, self._cache, stop=stop)

    @torch.inference_mode()
    def read(self, prompt: PromptTokens, *, stop: threading.Event) -> None:
        language, cache = self._model.language_model, self._cache
        while cache.length < len(prompt):
            check(stop)
            start, left = cache.length, len(prompt) - cache.length
            end = start + -(-left // -(-left // self.chunk))  # in equal pieces: none is short
            tokens = torch.tensor(prompt.tokens[start:end], device=self._model.device)
            embedded = language.embed(tokens)
            for picture in prompt.pictures:
                first, last = max(picture.start, start), min(picture.end, end)
                if first < last:
                    features = self._features[picture.key]
                    shown = features[first - picture.start : last - picture.start]
                    embedded[first - start : last - start] = shown
            self._logits = self._logits_after(embedded, stop)
            cache.keys += prompt.keys[start:end]
        self._forget_features(prompt)

    def force(self, tokens: Sequence[int]) -> None:
        self._forced += tokens

    @torch.inference_mode()
    def _append(self, tokens: Sequence[int]) -> None:
        """Add tokens to the conversation."""
        language = self._model.language_model
        embedded = language.embed(torch.tensor(tokens, device=self._model.device))
        self._logits = self._logits_after(embedded)
        self._cache.keys += tokens

    @property
    def _room(self) -> int:
        """How many more tokens the cache can hold."""
        return self._cache.capacity - self._cache.length

    def forget(self) -> None:
        self._cache.clear()
        self._features.clear()
        if self._model.device.type == "cuda":
            torch.cuda.empty_cache()

    def _forget_features(self, prompt: PromptTokens) -> None:
        """Keep the pictures used last."""
        for picture in prompt.pictures:
            if picture.key in self._features:
                self._features.move_to_end(picture.key)
        while len(self._features) > _FEATURES_KEPT:
            self._features.popitem(last=False)

    def _synchronise(self) -> None:
        """Wait for the device, so that the time that looking took is honest."""
        if self._model.device.type == "cuda":
            torch.cuda.synchronize(self._model.device)


class ReferenceEngine(PromptReader):
    """Decodes by the model's own forward pass, a token at a time: the plain path, on any device."""

    def decode(self, sampling: Sampling) -> Iterator[int]:
        sampler = Sampler(sampling, self._model.output_device)
        while True:
            self._forced = []
            token = sampler.draw(self._logits)
            yield token
            added = [token, *self._forced]
            if self._room <= len(added):
                return
            self._append(added)


class Sampler:
    """Draws tokens. The same seed draws the same ones from the same logits."""

    def __init__(self, sampling: Sampling, device: torch.device) -> None:
        self._temperature = sampling.temperature
        self._top_p = sampling.top_p
        self._generator = torch.Generator(device)
        if sampling.seed is None:
            self._generator.seed()
        else:
            self._generator.manual_seed(sampling.seed)

    @torch.inference_mode()
    def draw(self, logits: Tensor) -> int:
        """A token from logits (vocab); the likeliest one at temperature 0."""
        if self._temperature == 0:
            return int(logits.argmax())
        chances = (logits / self._temperature).softmax(-1)
        if self._top_p < 1:
            chances = self._nucleus(chances)
        # a race of exponential clocks: the first to ring is token i with probability chances[i]
        clocks = torch.empty_like(chances).exponential_(generator=self._generator)
        return int((chances / clocks).argmax())

    def _nucleus(self, chances: Tensor) -> Tensor:
        """The likeliest tokens that together reach top_p; the others get no chance."""
        ordered, order = chances.sort(descending=True)
        ordered[ordered.cumsum(-1) - ordered >= self._top_p] = 0
        return torch.zeros_like(chances).scatter_(0, order, ordered)
