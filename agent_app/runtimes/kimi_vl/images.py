"""Pictures as the model was trained to see them: scaled, padded, normalised, cut into patches."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from agent_app.errors import KnownError
from agent_app.model_runtime import ImageLimits
from agent_app.runtimes.kimi_vl.tokenizer import read_json

if TYPE_CHECKING:
    import torch

SETTINGS_FILE = "preprocessor_config.json"
_PULL = "run `agent-app model pull` again; it fetches what is missing or damaged"
_MOST_PATCHES: Final = 511
"""Along one side. The original refuses 512, where the tower's table of positions ends."""

_Triple = tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class ImageSettings:
    """What `preprocessor_config.json` says; the defaults are Kimi-VL-A3B-Thinking-2506's.

    `in_token_limit` counts whole patches before merging; `mean` and `std` are of values in 0..1.
    """

    patch_size: int = 14
    merge: int = 2
    in_token_limit: int = 16384
    mean: _Triple = (0.5, 0.5, 0.5)
    std: _Triple = (0.5, 0.5, 0.5)

    @property
    def cell(self) -> int:
        """The side in pixels of what becomes one token."""
        return self.patch_size * self.merge

    @property
    def longest_side(self) -> int:
        """The longest side, in pixels, that is on the grid and that the tower takes."""
        return _MOST_PATCHES // self.merge * self.cell

    @property
    def limits(self) -> ImageLimits:
        """What a screenshot should keep to, so that nothing here has to scale or pad it."""
        return ImageLimits(
            grid=self.cell,
            max_pixels=self.in_token_limit * self.patch_size**2,
            max_side=(_MOST_PATCHES + 1) * self.patch_size - 1,
        )


@dataclass(frozen=True, slots=True)
class PreparedImage:
    """Pixels (height, width, 3), uint8 RGB; `grid` is rows and columns of patches."""

    pixels: NDArray[np.uint8]
    grid: tuple[int, int]

    @property
    def tokens(self) -> int:
        """How many media_pad tokens the picture takes: one for each 2x2 patches."""
        return self.grid[0] * self.grid[1] // 4


def read_image_settings(folder: Path) -> ImageSettings:
    """Read `preprocessor_config.json`.

    Raises KnownError when it is missing or damaged, or asks for what is not computed here.
    """
    path = folder / SETTINGS_FILE
    data = read_json(path)
    try:
        if not data["pad_input"] or list(data["merge_kernel_size"]) != [2, 2]:
            raise ValueError("only pad_input true and merge_kernel_size [2, 2] are computed")
        settings = ImageSettings(
            patch_size=int(data["patch_size"]),
            in_token_limit=int(data["in_token_limit"]),
            mean=_triple(data, "image_mean"),
            std=_triple(data, "image_std"),
        )
        if settings.patch_size < 1 or settings.in_token_limit < 4 or 0.0 in settings.std:
            raise ValueError(f"no picture fits {settings}")
    except KeyError as error:
        raise KnownError(f"{path} does not say {error}", remedy=_PULL) from error
    except (TypeError, ValueError) as error:
        raise KnownError(f"{path}: {error}", remedy=_PULL) from error
    return settings


def _triple(data: Mapping[str, Any], key: str) -> _Triple:
    red, green, blue = (float(value) for value in data[key])
    return red, green, blue


def prepare(image: Image.Image, settings: ImageSettings) -> PreparedImage:
    """Scale a picture down if it passes the limit, and pad it right and bottom with black.

    A picture in RGB within the limits and on the grid is taken as it is. Where the original
    refuses a side (7168 pixels and more), the picture is shrunk to the longest side there is. Other
    modes become RGB before they are scaled, transparency is left out; the original scales first,
    which tells only where a picture is transparent or has a palette.
    """
    rgb = _in_rgb(image)
    size = scaled_size(rgb.size, settings)
    if size != rgb.size:
        rgb = rgb.resize(size, Image.Resampling.BICUBIC)
    width, height = (math.ceil(side / settings.cell) * settings.cell for side in size)
    if (width, height) == size:
        pixels = np.array(rgb)
    else:
        pixels = np.zeros((height, width, 3), np.uint8)
        pixels[: size[1], : size[0]] = np.asarray(rgb)
    return PreparedImage(pixels, (height // settings.patch_size, width // settings.patch_size))


def scaled_size(size: tuple[int, int], settings: ImageSettings) -> tuple[int, int]:
    """Width and height before padding.

    The original's own arithmetic, whole patches counted and the product cut off to whole pixels,
    because another order of it is a pixel off at some sizes.
    """
    width, height = size
    patches = (width // settings.patch_size) * (height // settings.patch_size)
    if patches > settings.in_token_limit:
        scale = math.sqrt(settings.in_token_limit / patches)
        width, height = max(1, int(width * scale)), max(1, int(height * scale))
    if max(width, height) > settings.longest_side:
        scale = settings.longest_side / max(size)
        width, height = (max(1, round(side * scale)) for side in size)
    return width, height


def _in_rgb(image: Image.Image) -> Image.Image:
    if image.mode == "RGB":
        return image
    if image.mode.startswith("I;16"):  # its own conversion cuts everything above 255 off
        image = Image.fromarray((np.asarray(image) >> 8).astype(np.uint8))
    return image.convert("RGB")


def normalised_patches(
    pixels: torch.Tensor, settings: ImageSettings, dtype: torch.dtype
) -> torch.Tensor:
    """Patches (rows x columns, 3, patch, patch), row by row, from pixels (height, width, 3) uint8.

    Runs where the pixels are. Computed in float32 like the original, and only then cast.
    """
    side = settings.patch_size
    rows, columns = pixels.shape[0] // side, pixels.shape[1] // side
    values = pixels.float() / 255
    values = (values - values.new_tensor(settings.mean)) / values.new_tensor(settings.std)
    patches = values.reshape(rows, side, columns, side, 3).permute(0, 2, 4, 1, 3)
    return patches.reshape(rows * columns, 3, side, side).to(dtype)
