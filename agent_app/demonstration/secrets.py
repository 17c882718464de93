"""What a person types in secret: nothing of it is kept, and no picture shows it.

A secret is what goes into a password field, into a window that was named beforehand, or is typed
between two presses of the secret chord. Of its characters there is a name, `{{secret:secret_1}}`,
and pictures are painted over as `hiding` says.
"""

from __future__ import annotations

from collections.abc import Sequence

from agent_app.actions import Hold, Hotkey, InputAction, Press, Write
from agent_app.events import WindowRef
from agent_app.hiding.covering import Covering, SecretPlace
from agent_app.hiding.fields import Fields

# After the click or the key that moved the focus, an application may take a while to say so; what
# is typed so soon counts as typed into the next field, too.
_NEWS_SECONDS = 0.5
LATE_SECONDS = 0.15
_LEAVING = frozenset(("enter", "tab", "esc"))


class Secrets(Covering):
    """Knows what a person types in secret. `windows` are parts of titles or applications."""

    def __init__(self, fields: Fields, *, windows: Sequence[str] = ()) -> None:
        super().__init__(fields)
        self._windows = tuple(part.casefold() for part in windows)
        self._count = 0
        self.marked = False

    def toggle(self) -> bool:
        """The secret chord was pressed: whether typing is secret from now on."""
        self.marked = not self.marked
        return self.marked

    def place(
        self, began: float, ended: float, active: Sequence[WindowRef], *, after: float, sure: bool
    ) -> SecretPlace | None:
        """Where secret typing between two moments went; None when it was no secret.

        `active` are the windows that had the focus then; `after` is when the last gesture ended.
        What is not `sure` to have gone into another field counts as a secret.
        """
        applications = frozenset(window.application for window in active)
        late = LATE_SECONDS if ended - after < _NEWS_SECONDS else 0.0
        late = max(late, self._fields.lag(began, ended + late))
        fields = self._fields.during(began, ended + late)
        if self.marked:
            return SecretPlace("marked", fields, applications)
        password = next((found for found in fields if found.password), None)
        if password is not None:
            return SecretPlace(password, fields, applications)
        named = next(filter(self._is_named, active), None)
        if named is not None:
            return SecretPlace(named.application, (), frozenset((named.application,)))
        return None if sure else SecretPlace("unsure", fields, applications)

    def hide(self, place: SecretPlace, began: float, action: InputAction) -> str:
        """Hide what was typed into a place from then on; its name."""
        self._count += 1
        name = f"secret_{self._count}"
        self.hide_more(place, began, action, name)
        return name

    def _is_named(self, window: WindowRef) -> bool:
        names = (window.title.casefold(), window.application.casefold())
        return any(part in name for part in self._windows for name in names)


def tells_characters(action: InputAction) -> bool:
    """Whether it says anything of what was typed: characters, or keys that edit them."""
    match action:
        case Write():
            return True
        case Press(keys=keys) | Hold(keys=keys):
            return not _LEAVING.issuperset(keys)
        case Hotkey(keys=keys):
            return keys[:-1] == ("shift",) and keys[-1] not in _LEAVING
        case _:
            return False
