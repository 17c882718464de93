"""Every setting: where it stands in the file, what it may be, and what it is by default."""

from __future__ import annotations

import dataclasses
import difflib
from dataclasses import dataclass

from agent_app.control import MOST_VETO_SECONDS, VETO_SECONDS
from agent_app.errors import KnownError
from agent_app.settings.kinds import (
    REGION,
    SIZE,
    Choice,
    Kind,
    Number,
    Several,
    Switch,
    Text,
    Value,
    Whole,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What is set; None where a command chooses by itself.

    The values are as a person writes them: sizes and regions are texts that have been checked.
    """

    model: str | None = None
    device: str | None = None
    precision: str = "auto"
    engine: str = "auto"
    context: int | None = None
    model_name: str | None = None
    patience: float | None = None
    prompt: str | None = None
    temperature: float | None = None
    top_p: float = 1.0
    seed: int | None = None
    think: bool = True
    thinking_budget: int | None = None
    max_tokens: int = 8192
    virtual: str | None = None
    monitor: int | None = None
    region: str | None = None
    mask: tuple[str, ...] = ()
    app: str | None = None
    max_steps: int = 50
    max_seconds: float = 1800.0
    take_over: bool = True
    confirm: str | None = None
    veto: float | None = None
    answer_seconds: float | None = None
    episodes: str | None = None
    theme: str = "system"
    language: str = "system"
    tray: bool = True


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting: `section` and `name` are its place in the file, `field` its name in `Settings`.

    `label` is a word or two for the window, `about` one line.
    """

    section: str
    name: str
    field: str
    kind: Kind
    label: str
    about: str

    @property
    def key(self) -> str:
        return f"{self.section}.{self.name}"

    @property
    def variable(self) -> str:
        """The environment variable that comes before the file."""
        return f"AGENT_APP_{self.section}_{self.name}".upper()

    @property
    def default(self) -> Value | None:
        """What it is when nothing is set."""
        return _DEFAULTS[self.field]


_DEFAULTS: dict[str, Value | None] = dataclasses.asdict(Settings())
_PRECISIONS = ("auto", "fp32", "bf16", "fp8", "int8", "int4")

SETTINGS: tuple[Setting, ...] = (
    Setting(
        *("model", "name", "model", Text("the name of a model, a folder, or a server's address")),
        "Model",
        "which model decides; not set: kimi-vl where its weights and a GPU are, else reader",
    ),
    Setting(
        *("model", "device", "device", Text("a device, such as cuda:0 or cpu")),
        "Device",
        "where it computes; not set: as few GPUs as hold it",
    ),
    Setting(
        *("model", "precision", "precision", Choice(_PRECISIONS)),
        "Precision",
        "of its weights; auto is the most exact that fits",
    ),
    Setting(
        *("model", "engine", "engine", Choice(("auto", "fast", "reference"))),
        "Engine",
        "our own GPU kernels, or plain torch",
    ),
    Setting(
        *("model", "context", "context", Whole()),
        "Context, tokens",
        "the most tokens a conversation may have; not set: 32768",
    ),
    Setting(
        *("model", "served_as", "model_name", Text()),
        "Name at the server",
        "what a server calls the model; not set: it is asked",
    ),
    Setting(
        *("model", "patience", "patience", Number(above=True)),
        "Patience, seconds",
        "seconds that a server may take to the first token; not set: 300",
    ),
    Setting(
        *("model", "prompt", "prompt", Text("the name of a prompt, or the path of a .md file")),
        "Prompt",
        "what it is told; not set: agent",
    ),
    Setting(
        *("model", "temperature", "temperature", Number()),
        "Temperature",
        "0 takes the likeliest word; not set: 0.8",
    ),
    Setting(
        *("model", "top_p", "top_p", Number(most=1.0, above=True)),
        "Top p",
        "words are drawn from this share",
    ),
    Setting(*("model", "seed", "seed", Whole(0)), "Seed", "the same seed draws the same words"),
    Setting(
        *("model", "think", "think", Switch()), "Think first", "whether it thinks before it answers"
    ),
    Setting(
        *("model", "thinking_budget", "thinking_budget", Whole()),
        "Thought limit, tokens",
        "the most tokens one thought may take",
    ),
    Setting(
        *("model", "max_tokens", "max_tokens", Whole()),
        "Reply limit, tokens",
        "the most tokens one reply may take",
    ),
    Setting(
        *("desktop", "virtual", "virtual", SIZE),
        "Private desktop",
        "work on a private desktop of this size; not set: on yours",
    ),
    Setting(
        *("desktop", "monitor", "monitor", Whole(0)),
        "Monitor",
        "look at this monitor alone, counted from 1; 0 is all of them",
    ),
    Setting(
        *("desktop", "region", "region", REGION), "Region", "look at this part of the screen alone"
    ),
    Setting(
        *("desktop", "masks", "mask", Several(REGION)),
        "Never look at",
        "parts of the screen that are never looked at; --mask adds to them",
    ),
    Setting(
        *("desktop", "app", "app", Text("a command")),
        "Program",
        "a program that is started there first",
    ),
    Setting(
        *("run", "max_steps", "max_steps", Whole()),
        "Step limit",
        "a run ends after so many steps",
    ),
    Setting(
        *("run", "max_seconds", "max_seconds", Number(above=True)),
        "Time limit, seconds",
        "a run ends after so many seconds",
    ),
    Setting(
        *("run", "take_over", "take_over", Switch()),
        "Pause for your hand",
        "hold still when a hand touches mouse or keyboard",
    ),
    Setting(
        *("run", "confirm", "confirm", Choice(("risky", "all", "none"))),
        "Ask before",
        "risky actions, all, or none; not set: as your policy says, none on a private desktop",
    ),
    Setting(
        *("run", "veto", "veto", Number(0.0, MOST_VETO_SECONDS)),
        "Veto time, seconds",
        f"an act is shown for so long before it is done; not set: {VETO_SECONDS:g} in the window, "
        "0 in the terminal",
    ),
    Setting(
        *("run", "answer_seconds", "answer_seconds", Number(5.0, 3600.0)),
        "Answer time, seconds",
        "without an answer in that time the action is not done; not set: as your policy says",
    ),
    Setting(
        *("episodes", "folder", "episodes", Text("the path of a folder")),
        "Folder",
        "where runs are recorded; not set: your data folder",
    ),
    Setting(
        *("window", "theme", "theme", Choice(("system", "light", "dark"))),
        "Theme",
        "light, dark, or as your system has it",
    ),
    Setting(
        *("window", "language", "language", Text("system, or a language such as en or zh_CN")),
        "Language",
        "the window's language",
    ),
    Setting(
        *("window", "tray", "tray", Switch()),
        "Tray icon",
        "an icon in the tray that shows the state, pauses and stops",
    ),
)
BY_KEY = {setting.key: setting for setting in SETTINGS}


def setting_of(key: str) -> Setting:
    """The setting of this key, such as "run.max_steps". Raises KnownError for any other."""
    found = BY_KEY.get(key)
    if found is None:
        raise KnownError(f"there is no setting {key}", remedy=advice(key))
    return found


def advice(key: str) -> str:
    """What may have been meant by a key that is none."""
    near = difflib.get_close_matches(key, BY_KEY, n=1) or [
        known for known in BY_KEY if known.partition(".")[2] == key.rpartition(".")[2]
    ]
    everything = "agent-app settings show has all of them"
    return f"perhaps {near[0]} is meant; {everything}" if near else everything
