"""The vocabulary of a made checkpoint: every file that text and pictures need, in the real format.

The ranks are our own, not the model's: common words and syllables, so that ordinary text becomes
short, then whatever fills the count.
"""

from __future__ import annotations

import base64
import json
import string
from collections.abc import Iterator, Mapping
from itertools import chain, islice, product
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

SPECIAL_OFFSETS: Final[Mapping[str, int]] = MappingProxyType(
    {
        "[BOS]": 0,
        "[EOS]": 1,
        "<|im_end|>": 2,
        "<|im_user|>": 3,
        "<|im_assistant|>": 4,
        "<|im_system|>": 10,
        "<|im_middle|>": 17,
        "<|media_start|>": 18,
        "<|media_content|>": 19,
        "<|media_end|>": 20,
        "<|media_pad|>": 21,
        "[PAD]": 254,
        "[UNK]": 255,
    }
)
"""How far behind the ranks the named special tokens of Kimi-VL lie; the other ids up to 255 have
no names."""

_WORDS = """the of and to in is that it for on with as this be are not from by at or an you have
if then one all will can click type press open save file edit view window menu button text field
screen task step action code think wait done move next page name value true false none return def
import class self print for while else import pyautogui computer terminate status success failure
answer instruction screenshot pointer keyboard coordinates write hotkey scroll drag left right top
bottom settings search help close new list item title number time first last what where"""
_SIGNS = ("##", " ##", ":\n", "\n\n", "```", '="', " =", "='", '("', '")', " (", "...", " - ")
_HEADINGS = (" Action", " Code", " Task", " Instruction", "Step", "Save", "Click", "Answer")
_HAN = "的一是不了在人有我他点击打开保存文件世界你好"
_TEMPLATE = """\
{%- if not messages or messages[0]['role'] != 'system' -%}
  {{- '<|im_system|>system<|im_middle|>You are a helpful assistant<|im_end|>' -}}
{%- endif -%}
{%- for turn in messages -%}
  {{- '<|im_' + turn['role'] + '|>' + turn['role'] + '<|im_middle|>' -}}
  {%- if turn['content'] is string -%}
    {{- turn['content'] -}}
  {%- else -%}
    {%- for part in turn['content'] -%}
      {%- if part['type'] == 'image' -%}
        {{- '<|media_start|>image<|media_content|><|media_pad|><|media_end|>' -}}
      {%- else -%}
        {{- part['text'] -}}
      {%- endif -%}
    {%- endfor -%}
  {%- endif -%}
  {{- '<|im_end|>' -}}
{%- endfor -%}
{%- if add_generation_prompt -%}
  {{- '<|im_assistant|>assistant<|im_middle|>' -}}
{%- endif -%}
"""


def write_vocabulary(
    folder: Path, *, ranks: int, max_positions: int, in_token_limit: int = 16384
) -> None:
    """Write tiktoken.model, the tokenizer, generation and preprocessor configs, and the template.

    `ranks` are at least 256, one for each byte; 163584 is the real count. Equal arguments write
    equal bytes.
    """
    tokens = list(islice(dict.fromkeys(_tokens()), ranks))
    if not 256 <= ranks == len(tokens):
        raise ValueError(f"a vocabulary has 256 to {len(tokens)} ranks, not {ranks}")
    lines = (b"%s %d\n" % (base64.b64encode(token), rank) for rank, token in enumerate(tokens))
    (folder / "tiktoken.model").write_bytes(b"".join(lines))
    (folder / "chat_template.jinja").write_text(_TEMPLATE, encoding="utf-8")
    _write_json(folder / "tokenizer_config.json", _tokenizer_config(ranks, max_positions))
    _write_json(folder / "preprocessor_config.json", _preprocessor_config(in_token_limit))
    _write_json(
        folder / "generation_config.json",
        {
            "bos_token_id": ranks + SPECIAL_OFFSETS["[BOS]"],
            "eos_token_id": ranks + SPECIAL_OFFSETS["[EOS]"],
            "pad_token_id": ranks + SPECIAL_OFFSETS["[PAD]"],
            "max_length": max_positions,
        },
    )


def _tokens() -> Iterator[bytes]:
    """Distinct or not, in the order of their ranks; a token's own beginnings come before it."""
    yield from (bytes([value]) for value in range(256))
    for piece in (*_SIGNS, *_HEADINGS, *_HAN):
        yield from _beginnings(piece)
    for word in _WORDS.split():
        yield from _beginnings(f" {word}")
        yield from _beginnings(word)
    letters = string.ascii_lowercase
    for size in (2, 3):
        yield from ("".join(some).encode() for some in product(letters, repeat=size))
    yield from (f" {a}{b}".encode() for a, b in product(letters, repeat=2))
    yield from ("".join(some).encode() for some in product(string.digits, repeat=3))
    scripts = (0x80, 0x600), (0x2010, 0x2040), (0x3000, 0x3100), (0x4E00, 0xA000), (0xFF00, 0xFFF0)
    for code in chain.from_iterable(range(*script) for script in scripts):
        yield from _beginnings(chr(code))
    yield from ("".join(some).encode() for some in product(letters, repeat=4))


def _beginnings(text: str) -> Iterator[bytes]:
    """The text and what leads up to it, byte by byte, so that merging can reach it."""
    whole = text.encode()
    yield from (whole[:end] for end in range(2, len(whole) + 1))


def _tokenizer_config(ranks: int, max_positions: int) -> dict[str, Any]:
    named = {
        str(ranks + offset): {
            "content": name,
            "lstrip": False,
            "normalized": False,
            "rstrip": False,
            "single_word": False,
            "special": True,
        }
        for name, offset in SPECIAL_OFFSETS.items()
    }
    return {
        "added_tokens_decoder": named,
        "additional_special_tokens": [name for name in SPECIAL_OFFSETS if name[0] == "<"],
        "bos_token": "[BOS]",
        "eos_token": "[EOS]",
        "pad_token": "[PAD]",
        "unk_token": "[UNK]",
        "clean_up_tokenization_spaces": False,
        "model_max_length": max_positions,
    }


def _preprocessor_config(in_token_limit: int) -> dict[str, Any]:
    return {
        "image_mean": [0.5, 0.5, 0.5],
        "image_std": [0.5, 0.5, 0.5],
        "in_token_limit": in_token_limit,
        "merge_kernel_size": [2, 2],
        "pad_input": True,
        "patch_size": 14,
    }


def _write_json(path: Path, data: Mapping[str, Any]) -> None:
    path.write_text(json.dumps(data, indent=2) + "\n", encoding="utf-8")
