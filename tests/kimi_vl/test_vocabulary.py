"""The vocabulary of a made checkpoint."""

from __future__ import annotations

import json

import pytest

from agent_app.runtimes.kimi_vl.made.vocabulary import SPECIAL_OFFSETS, write_vocabulary
from agent_app.runtimes.kimi_vl.tokenizer import RESERVED
from tests.kimi_vl.conversations import FULL_RANKS, TINY_RANKS

ENGLISH = "Click the Save button in the file menu, then type the name of the new file."
CODE = 'import pyautogui\npyautogui.click(x=0.5, y=0.25)\npyautogui.write("hello world")\n'
CHINESE = "点击文件菜单，保存这个文件，然后打开一个新的窗口。"


def test_a_made_vocabulary_has_every_rank_and_every_byte(full_tokenizer):
    tokens = {full_tokenizer.bytes_of(token) for token in range(FULL_RANKS)}
    assert len(tokens) == FULL_RANKS
    assert [full_tokenizer.bytes_of(value) for value in range(256)] == [
        bytes([value]) for value in range(256)
    ]


def test_every_token_can_be_said(full_tokenizer):
    characters = "".join(map(chr, range(0x4E00, 0xA000)))
    assert len(full_tokenizer.encode(characters)) == len(characters)
    for text in ("Click", " the", " coordinates", "##", ":\n", "Step", "pyautogui"):
        assert len(full_tokenizer.encode(text)) == 1


@pytest.mark.parametrize(
    ("text", "full", "tiny"), [(ENGLISH, 25, 32), (CODE, 46, 54), (CHINESE, 28, 70)]
)
def test_ordinary_text_is_short(full_tokenizer, tiny_tokenizer, text, full, tiny):
    assert len(full_tokenizer.encode(text)) <= full
    assert len(tiny_tokenizer.encode(text)) <= tiny


@pytest.mark.parametrize("ranks", [256, TINY_RANKS, 163584])
def test_equal_arguments_write_equal_files(tmp_path, ranks):
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        write_vocabulary(tmp_path / name, ranks=ranks, max_positions=64, in_token_limit=256)
    files = {path.name: path.read_bytes() for path in (tmp_path / "a").iterdir()}
    assert files == {path.name: path.read_bytes() for path in (tmp_path / "b").iterdir()}
    assert sorted(files) == [
        "chat_template.jinja",
        "generation_config.json",
        "preprocessor_config.json",
        "tiktoken.model",
        "tokenizer_config.json",
    ]
    assert json.loads(files["preprocessor_config.json"])["in_token_limit"] == 256
    assert json.loads(files["generation_config.json"])["eos_token_id"] == ranks + 1
    assert json.loads(files["tokenizer_config.json"])["model_max_length"] == 64


@pytest.mark.parametrize("ranks", [255, 10_000_000])
def test_a_count_that_cannot_be_had_is_refused_and_nothing_written(tmp_path, ranks):
    with pytest.raises(ValueError, match=f"not {ranks}"):
        write_vocabulary(tmp_path, ranks=ranks, max_positions=64)
    assert not list(tmp_path.iterdir())


def test_the_special_tokens_lie_within_the_reserved_ids():
    assert all(0 <= offset < RESERVED for offset in SPECIAL_OFFSETS.values())
    assert len(set(SPECIAL_OFFSETS.values())) == len(SPECIAL_OFFSETS)
