"""Pictures as the model sees them, against Pillow alone."""

from __future__ import annotations

import json
import math
import shutil

import numpy as np
import pytest
import torch
from hypothesis import example, given, settings
from hypothesis import strategies as st
from PIL import Image, ImageOps

from agent_app.errors import KnownError
from agent_app.geometry import Size
from agent_app.model_runtime import KIMI_VL_LIMITS, model_size
from agent_app.runtimes.kimi_vl.images import (
    ImageSettings,
    normalised_patches,
    prepare,
    read_image_settings,
    scaled_size,
)

SETTINGS = ImageSettings()
SMALL = ImageSettings(in_token_limit=64)  # scaling shows at sizes that are quick to compute


def noise(width: int, height: int) -> Image.Image:
    values = np.random.default_rng(width * 10_000 + height)
    return Image.fromarray(values.integers(0, 256, (height, width, 3), dtype=np.uint8))


def naive(image: Image.Image, limit: int) -> Image.Image:
    """The original's preprocessing, told again with nothing but Pillow."""
    patches = (image.width // 14) * (image.height // 14)
    if patches > limit:
        factor = math.sqrt(limit / patches)
        image = image.resize((int(image.width * factor), int(image.height * factor)), Image.BICUBIC)
    right, below = -image.width % 28, -image.height % 28
    return ImageOps.expand(image, (0, 0, right, below), fill=(0, 0, 0))


@pytest.mark.parametrize(
    ("size", "tokens"),
    [
        ((1280, 720), 1196),
        ((1920, 1080), 2691),
        ((2560, 1440), 4214),
        ((3840, 2160), 4214),
    ],
)
def test_known_sizes_take_the_known_tokens(size, tokens):
    assert prepare(Image.new("RGB", size), SETTINGS).tokens == tokens


@settings(deadline=None)
@given(width=st.integers(1, 400), height=st.integers(1, 400))
@example(112, 112)  # the limit exactly
@example(126, 112)  # one column of patches above it
@example(224, 224)  # a factor of exactly one half
@example(28, 28)
@example(1, 1)
@example(399, 27)
def test_every_pixel_is_the_originals(width, height):
    image = noise(width, height)
    prepared = prepare(image, SMALL)
    wanted = naive(image, 64)
    assert np.array_equal(prepared.pixels, np.asarray(wanted))
    assert prepared.grid == (wanted.height // 14, wanted.width // 14)
    assert prepared.tokens * 28 * 28 == wanted.width * wanted.height


@pytest.mark.parametrize("size", [(1920, 1080), (2561, 1443), (3840, 2160), (1079, 4001)])
def test_every_pixel_of_a_screenshot_is_the_originals(size):
    image = noise(*size)
    assert np.array_equal(prepare(image, SETTINGS).pixels, np.asarray(naive(image, 16384)))


@given(width=st.integers(1, 20_000), height=st.integers(1, 20_000))
@example(8192, 8192)
@example(8192, 1)
@example(1, 8192)
@example(7167, 14)
@example(7141, 28)
@example(7140, 28)
@example(20_000, 20_000)
def test_no_size_passes_what_the_tower_takes(width, height):
    scaled = scaled_size((width, height), SETTINGS)
    assert all(1 <= new <= old for new, old in zip(scaled, (width, height), strict=True))
    columns, rows = (-(-side // 28) * 2 for side in scaled)
    assert max(columns, rows) < 512
    patches = (scaled[0] // 14) * (scaled[1] // 14)
    # the original counts whole patches before scaling and may end a row and a column above
    assert patches <= 16384 + scaled[0] // 14 + scaled[1] // 14 + 1
    assert abs(scaled[0] * height - scaled[1] * width) <= max(width, height) * 1.001


@pytest.mark.parametrize("size", [(8192, 1), (1, 8192), (8000, 10), (7680, 4320), (7168, 28)])
def test_a_side_that_the_original_refuses_is_shrunk(size):
    prepared = prepare(Image.new("RGB", size, (200, 10, 10)), SETTINGS)
    height, width, _ = prepared.pixels.shape
    assert height % 28 == width % 28 == 0
    assert max(prepared.grid) < 512
    assert tuple(prepared.pixels[0, 0]) == (200, 10, 10)


@given(width=st.integers(1, 9000), height=st.integers(1, 9000))
def test_a_screenshot_within_the_models_limits_is_neither_scaled_nor_padded(width, height):
    size = model_size(Size(width, height), SETTINGS.limits)
    assert scaled_size((size.width, size.height), SETTINGS) == (size.width, size.height)
    assert size.width % 28 == size.height % 28 == 0


def test_the_real_settings_give_the_limits_that_screenshots_keep_to():
    assert SETTINGS.limits == KIMI_VL_LIMITS


def test_a_picture_on_the_grid_is_taken_as_it_is():
    image = noise(1932, 1092)
    prepared = prepare(image, SETTINGS)
    assert np.array_equal(prepared.pixels, np.asarray(image))
    assert prepared.grid == (78, 138)
    torch.from_numpy(prepared.pixels)  # which warns of what it may not write into


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGBA", "CMYK", "I", "F"])
def test_other_modes_are_seen_in_rgb(mode):
    image = noise(30, 20).convert(mode)
    pixels = prepare(image, SETTINGS).pixels
    assert np.array_equal(pixels[:20, :30], np.asarray(image.convert("RGB")))


@pytest.mark.parametrize("dtype", ["<u2", ">u2"])
def test_sixteen_bits_keep_their_shades(dtype):
    shades = np.linspace(0, 65535, 28 * 28).reshape(28, 28).astype(dtype)
    mode = "I;16" if dtype == "<u2" else "I;16B"
    image = Image.frombytes(mode, (28, 28), shades.tobytes())
    pixels = prepare(image, SETTINGS).pixels
    assert np.array_equal(pixels, np.repeat((shades // 256)[..., None], 3, axis=2))


def test_padding_is_black_which_is_minus_one_after_normalising():
    prepared = prepare(Image.new("RGB", (30, 30), (255, 255, 255)), SETTINGS)
    patches = normalised_patches(torch.from_numpy(prepared.pixels), SETTINGS, torch.float32)
    assert patches.shape == (16, 3, 14, 14)
    assert patches[0].min() == patches[0].max() == 1.0
    assert patches[15].min() == patches[15].max() == -1.0


def test_patches_go_row_by_row_with_each_channel_normalised_by_its_own():
    own = ImageSettings(mean=(0.1, 0.2, 0.3), std=(0.5, 0.25, 2.0))
    prepared = prepare(noise(56, 28), own)
    patches = normalised_patches(torch.from_numpy(prepared.pixels), own, torch.float64)
    assert patches.dtype == torch.float64
    for number in range(8):
        row, column = divmod(number, 4)
        cut = prepared.pixels[row * 14 : row * 14 + 14, column * 14 : column * 14 + 14]
        wanted = (cut.astype(np.float64) / 255 - own.mean) / own.std
        np.testing.assert_allclose(patches[number].numpy(), wanted.transpose(2, 0, 1), atol=1e-6)


def test_settings_are_the_checkpoints(tiny_vocabulary):
    assert read_image_settings(tiny_vocabulary) == SETTINGS


DAMAGED = {
    "a value less": ({"image_mean": [0.5, 0.5]}, "not enough values"),
    "no padding": ({"pad_input": False}, "only pad_input true"),
    "another merge": ({"merge_kernel_size": [1, 1]}, "only pad_input true"),
    "no patch": ({"patch_size": 0}, "no picture fits"),
    "no limit": ({"in_token_limit": 3}, "no picture fits"),
    "no deviation": ({"image_std": [0.5, 0.5, 0]}, "no picture fits"),
    "a word": ({"in_token_limit": "many"}, "invalid literal"),
    "a null": ({"image_mean": None}, "not iterable"),
}


@pytest.mark.parametrize(("change", "told"), DAMAGED.values(), ids=list(DAMAGED))
def test_damaged_settings_are_refused_in_one_line(tmp_path, tiny_vocabulary, change, told):
    path = tmp_path / "preprocessor_config.json"
    shutil.copy(tiny_vocabulary / path.name, path)
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    with pytest.raises(KnownError, match=told) as caught:
        read_image_settings(tmp_path)
    assert "model pull" in caught.value.remedy


def test_missing_settings_are_named(tmp_path):
    with pytest.raises(KnownError, match=r"has no preprocessor_config\.json"):
        read_image_settings(tmp_path)
    (tmp_path / "preprocessor_config.json").write_text('{"pad_input": true}')
    with pytest.raises(KnownError, match="does not say 'merge_kernel_size'"):
        read_image_settings(tmp_path)
