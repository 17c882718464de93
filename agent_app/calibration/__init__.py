"""Where clicks land: measured on every monitor, and put right where they land beside the target.

`calibrate` does both, through the whole path that a model's click takes; `keep` stores what it
found, and `corrected` applies it to an input. What is measured is the machine, not the model.
"""

from agent_app.calibration.correction import CorrectedInput, Correction, Stretch
from agent_app.calibration.measuring import EXACT, Measuring, MonitorResult
from agent_app.calibration.running import calibrate
from agent_app.calibration.store import Kept, corrected, correction_path, keep, kept_at

__all__ = [
    "EXACT",
    "CorrectedInput",
    "Correction",
    "Kept",
    "Measuring",
    "MonitorResult",
    "Stretch",
    "calibrate",
    "corrected",
    "correction_path",
    "keep",
    "kept_at",
]
