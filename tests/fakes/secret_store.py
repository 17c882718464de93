"""Secrets that are kept in memory."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from agent_app.secret_store import SecretStore


@dataclass
class MemoryVault:
    """A place for secrets that forgets them with the test."""

    values: dict[str, str] = field(default_factory=dict)

    def names(self) -> tuple[str, ...]:
        return tuple(self.values)

    def get(self, name: str) -> str | None:
        return self.values.get(name)

    def set(self, name: str, value: str) -> None:
        self.values[name] = value

    def remove(self, name: str) -> bool:
        return self.values.pop(name, None) is not None


def store_of(values: Mapping[str, str]) -> SecretStore:
    """A store that has these."""
    vault = MemoryVault(dict(values))
    return SecretStore(lambda: {"memory": vault})
