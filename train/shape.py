"""The small model's shape, and what its files say."""

from __future__ import annotations

import shutil
from pathlib import Path

from agent_app.runtimes.kimi_vl.config import KimiConfig, TextConfig, VisionConfig
from agent_app.runtimes.kimi_vl.images import ImageSettings
from agent_app.runtimes.kimi_vl.made.vocabulary import SPECIAL_OFFSETS, write_vocabulary
from agent_app.runtimes.kimi_vl.tokenizer import RANKS_FILE, Tokenizer

RANKS = 768
VOCABULARY = RANKS + 256
IN_TOKEN_LIMIT = 5120  # patches: keeps a step at 1920x1080 below two seconds on two cores
RANKS_KEPT = Path(__file__).with_name(RANKS_FILE)

SMALL = KimiConfig(
    vision=VisionConfig(
        layers=5,
        hidden_size=256,
        heads=4,
        intermediate_size=608,
        table_height=32,
        table_width=32,
    ),
    text=TextConfig(
        layers=4,
        hidden_size=256,
        heads=4,
        vocab_size=VOCABULARY,
        max_positions=16384,
        kv_lora_rank=128,
        nope_head_dim=48,
        rope_head_dim=16,
        value_head_dim=64,
        dense_intermediate_size=512,
        routed_experts=8,
        experts_per_token=2,
        expert_intermediate_size=64,
    ),
    media_token=RANKS + SPECIAL_OFFSETS["<|media_pad|>"],
)
SETTINGS = ImageSettings(in_token_limit=IN_TOKEN_LIMIT)


def write_words(folder: Path) -> None:
    """Every file of a checkpoint that words and pictures need, with the small model's ranks."""
    write_vocabulary(
        folder,
        ranks=RANKS,
        max_positions=SMALL.text.max_positions,
        in_token_limit=IN_TOKEN_LIMIT,
    )
    shutil.copyfile(RANKS_KEPT, folder / RANKS_FILE)


def open_tokenizer(folder: Path) -> Tokenizer:
    """The application's own tokenizer on the small model's files, written into `folder`."""
    write_words(folder)
    return Tokenizer.open(folder, vocab_size=VOCABULARY)
