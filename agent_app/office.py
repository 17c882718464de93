"""The workplace of a window that stays open: opened when needed, and as things are set then."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Self

from agent_app.geometry import Region
from agent_app.loop import LoopSettings
from agent_app.model_runtime import ModelOptions, Progress, RuntimeInfo
from agent_app.secret_store import SecretStore
from agent_app.session import LiveSession
from agent_app.workplace import Workplace, WorkplaceOptions


class Office:
    """Has one workplace at a time, with its model.

    `choose` says what is to be worked with now, and raises KnownError for what cannot be. A
    workplace stays open from run to run until something is chosen that needs another one; a model
    stays loaded until another is chosen. `episode` is the folder that runs are recorded in, None
    for a new one in the library each time.

    Everything may be called from any thread; whoever opens something waits for whoever does so
    already.
    """

    def __init__(
        self,
        choose: Callable[[], WorkplaceOptions],
        *,
        environment: Mapping[str, str],
        secrets: SecretStore | None = None,
        episode: Path | None = None,
    ) -> None:
        self._choose = choose
        self._environment = environment
        self._secrets = secrets
        self._episode = episode
        self._place: Workplace | None = None
        self._distrusted = False
        self._lock = threading.RLock()

    @property
    def chosen(self) -> WorkplaceOptions:
        """What is to be worked with now; raises KnownError for what cannot be."""
        return self._choose()

    @property
    def own_display(self) -> bool:
        """Whether the next run works on the person's own display. Raises KnownError."""
        return self._choose().virtual is None

    @property
    def is_open(self) -> bool:
        """Whether a workplace is open."""
        return self._place is not None

    @property
    def region(self) -> Region | None:
        """What the open workplace looks at, in input units; None while none is open."""
        place = self._place
        return None if place is None else place.screen.region

    @property
    def model(self) -> RuntimeInfo | None:
        """The model that is loaded."""
        place = self._place
        return None if place is None else place.model

    def open(self) -> Workplace:
        """The workplace that is chosen now. Raises KnownError when it cannot be had."""
        chosen = self._choose()
        with self._lock:
            place = self._place
            if place is not None and _desk(place.options) != _desk(chosen):
                self.close()
                place = None
            if place is None:
                place = self._place = Workplace(
                    chosen, environment=self._environment, secrets=self._secrets
                )
            if self._distrusted or _model(place.options) != _model(chosen):
                self._distrusted = False
                place.close_model()
            place.options = chosen
            return place

    def session(self, task: str) -> LiveSession:
        """A session for one task. Raises KnownError."""
        return LiveSession(self.open(), task, episode=self._episode)

    def load(self, progress: Progress) -> RuntimeInfo:
        """Open the model that is chosen, which takes as long as its weights take to load.

        Raises KnownError when it cannot be had. What `progress` raises ends the loading.
        """
        with self._lock:
            return self.open().open_model(progress).info

    def unload(self) -> None:
        """Give the model's memory back."""
        with self._lock:
            if self._place is not None:
                self._place.close_model()

    def without_secrets(self, text: str) -> str:
        """A text with a marker in the place of every secret that is in use."""
        place = self._place
        return text if place is None else place.secrecy.without(text)

    def distrust_model(self) -> None:
        """Open the model anew before it is used again: a fault has come out of it."""
        self._distrusted = True

    def close(self) -> None:
        """Close the workplace, and its model."""
        with self._lock:
            place, self._place = self._place, None
            if place is not None:
                place.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _model(options: WorkplaceOptions) -> tuple[str | None, ModelOptions]:
    """What a model depends on."""
    return options.model, options.loading


def _desk(options: WorkplaceOptions) -> WorkplaceOptions:
    """What a workplace depends on, beside its model."""
    return replace(
        options,
        model=None,
        loading=ModelOptions(),
        settings=LoopSettings(),
        take_over=True,
        secrets=(),
    )
