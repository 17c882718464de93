"""The vision tower against two implementations that share no code with it."""

from __future__ import annotations

import threading

import numpy as np
import pytest
import torch
import torch.nn.functional as F  # noqa: N812

from agent_app.runtimes.kimi_vl.stopping import Interrupted
from tests.kimi_vl.models import SMALL, checkpoint_weights, library_tower, random_model
from tests.kimi_vl.naive_moonvit import features

# the table's own size; smaller, larger, and long in either direction
GRIDS = [(8, 8), (6, 4), (16, 12), (4, 20), (20, 14), (2, 2), (2, 40)]


def patches_of(grid: tuple[int, int]) -> torch.Tensor:
    draw = torch.Generator().manual_seed(grid[0] * 100 + grid[1])
    return torch.rand((grid[0] * grid[1], 3, 14, 14), generator=draw) * 2 - 1


@pytest.mark.parametrize("grid", GRIDS)
def test_features_equal_a_naive_float_computation_on_the_checkpoints_own_layout(
    grid: tuple[int, int],
):
    model = random_model()
    patches = patches_of(grid)

    ours = model.see(patches, grid).numpy()

    naive = features(
        checkpoint_weights(model), patches.double().numpy(), grid, heads=SMALL.vision.heads
    )
    assert ours.shape == (grid[0] * grid[1] // 4, SMALL.text.hidden_size)
    assert np.abs(naive).max() > 0.1
    np.testing.assert_allclose(ours, naive, atol=2e-5)


@pytest.mark.parametrize("grid", [*GRIDS, (64, 64)])
def test_the_tower_equals_transformers_own(grid: tuple[int, int]):
    model = random_model()
    patches = patches_of(grid)

    with torch.inference_mode():
        ours = model.vision_tower(patches, grid)
        theirs = library_tower(model)(patches, grid_thw=torch.tensor([[1, *grid]])).pooler_output

    assert theirs.abs().max() > 0.5
    torch.testing.assert_close(ours, theirs, atol=2e-5, rtol=0)


def test_the_projector_equals_transformers_own():
    from transformers import DeepseekV3Config
    from transformers.models.kimi_k25.configuration_kimi_k25 import (
        Kimi_K25Config,
        Kimi_K25VisionConfig,
    )
    from transformers.models.kimi_k25.modeling_kimi_k25 import Kimi_K25MultimodalProjection

    model = random_model()
    width = SMALL.vision.hidden_size
    library = Kimi_K25MultimodalProjection(
        Kimi_K25Config(
            text_config=DeepseekV3Config(hidden_size=SMALL.text.hidden_size),
            vision_config=Kimi_K25VisionConfig(hidden_size=width),
            projection_hidden_size=width,
        )
    )
    names = {"linear_1": "in_proj", "linear_2": "out_proj", "pre_norm": "pre_norm"}
    library.load_state_dict(
        {
            f"{names[name.split('.')[0]]}.{name.split('.')[1]}": value
            for name, value in model.multi_modal_projector.state_dict().items()
        }
    )
    merged = torch.randn(6, 4, width)

    with torch.inference_mode():
        ours, theirs = model.multi_modal_projector(merged), library(merged)[:, 0]

    torch.testing.assert_close(ours, theirs, atol=1e-5, rtol=0)


def test_the_picture_that_is_turned_by_a_quarter_is_seen_differently():
    """Rows and columns are not interchangeable."""
    model = random_model()
    square = patches_of((8, 8)).view(8, 8, 3, 14, 14)

    upright = model.see(square.flatten(0, 1), (8, 8))
    turned = model.see(square.transpose(0, 1).flatten(0, 1), (8, 8))

    back = turned.view(4, 4, -1).transpose(0, 1).flatten(0, 1)
    assert F.mse_loss(upright, back) > 1e-3


def test_looking_is_given_up_when_it_is_stopped():
    stop = threading.Event()
    stop.set()

    with pytest.raises(Interrupted):
        random_model().see(patches_of((4, 4)), (4, 4), stop=stop)
