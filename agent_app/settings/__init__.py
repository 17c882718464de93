"""What a person has set, in one TOML file that the window and the command line share.

`table` names every setting with its kind and its default, `kinds` says what a value may be, `file`
reads and changes the file. A flag of a command comes before all of it; that is the command line's.
"""

from agent_app.settings.file import SettingsFile, own_settings, settings_path
from agent_app.settings.table import SETTINGS, Setting, Settings, setting_of

__all__ = [
    "SETTINGS",
    "Setting",
    "Settings",
    "SettingsFile",
    "own_settings",
    "setting_of",
    "settings_path",
]
