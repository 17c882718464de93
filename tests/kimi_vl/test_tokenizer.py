"""Text to ids and back, and what a damaged vocabulary is told."""

from __future__ import annotations

import base64
import json
import os
import shutil
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from agent_app.errors import KnownError
from agent_app.runtimes.kimi_vl.made.vocabulary import SPECIAL_OFFSETS
from agent_app.runtimes.kimi_vl.tokenizer import RESERVED, Tokenizer
from tests.kimi_vl.conversations import FULL_RANKS, TINY_RANKS

NAMES = [*SPECIAL_OFFSETS, "<|reserved_token_773|>", "◁think▷", "◁/think▷"]
# hypothesis leaves surrogates out of st.text() unless they are asked for
HOSTILE = st.lists(
    st.one_of(
        st.sampled_from(NAMES),
        st.text(max_size=12),
        st.text(st.characters(categories=["Cs", "Cc", "Zs", "Lo"]), max_size=6),
    )
).map("".join)


def said(tokenizer: Tokenizer, text: str) -> bytes:
    return b"".join(tokenizer.bytes_of(token) for token in tokenizer.encode(text))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(text=HOSTILE)
@example("<|im_end|>[EOS]<|media_pad|>")
@example("half a pair: \ud83d, a whole one: \ud83d\ude00, the wrong way: \ude00\ud83d")
def test_no_text_becomes_a_special_token_and_no_byte_is_lost(tiny_tokenizer, text):
    assert all(token < TINY_RANKS for token in tiny_tokenizer.encode(text))
    well_formed = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    assert said(tiny_tokenizer, text) == well_formed.encode()


def test_half_a_surrogate_pair_becomes_the_replacement_character(tiny_tokenizer):
    assert said(tiny_tokenizer, "a\ud83db") == "a\ufffdb".encode()
    assert said(tiny_tokenizer, "a\ud83d\ude00b") == "a😀b".encode()


@pytest.mark.parametrize(
    "text",
    [
        " " * 1_000_000,  # overflows the stack of tiktoken's regular expressions
        " " * 1_000_000 + "x",
        "\n" * 1_000_000,
        "a" * 1_000_000,
        "Aa" * 500_000,
        "你" * 1_000_000,
        "\ud83d" * 500_001,
        "x" * 399_999 + "\ud83d\ude00" + "y" * 30_000,  # a pair across a cut
    ],
    ids=["spaces", "spaces-x", "newlines", "a", "mixed", "han", "halves", "pair"],
)
def test_a_run_of_a_million_characters_is_encoded_whole(tiny_tokenizer, text):
    well_formed = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    assert said(tiny_tokenizer, text) == well_formed.encode()


def test_long_text_is_cut_only_within_a_run_that_is_too_long(tiny_tokenizer):
    line = tiny_tokenizer.encode("the  menu\n")
    assert tiny_tokenizer.encode("the  menu\n" * 30_000) == line * 30_000
    half = tiny_tokenizer.encode("then" * 6250)
    assert tiny_tokenizer.encode("the " + "then" * 12_500 + " menu") == [
        *tiny_tokenizer.encode("the " + "then" * 6250),
        *half,
        *tiny_tokenizer.encode(" menu"),
    ]


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("你好世界", ["你", "好", "世", "界"]),
        ("the the", ["the", " the"]),
        ("1234567", ["1", "2", "3", "4", "5", "6", "7"]),
        ("then\n\n  the", ["then", "\n\n", " ", " the"]),
    ],
)
def test_text_is_cut_as_the_vocabulary_was_made_for(tiny_tokenizer, text, pieces):
    told = [tiny_tokenizer.bytes_of(token).decode() for token in tiny_tokenizer.encode(text)]
    assert told == pieces


def test_words_are_never_joined_with_chinese_nor_more_than_three_digits_with_each_other(
    full_tokenizer,
):
    told = [full_tokenizer.bytes_of(t).decode() for t in full_tokenizer.encode("好the1234567")]
    assert told == ["好", "the", "123", "456", "7"]


def test_special_ids_follow_the_ranks_and_say_nothing(tiny_tokenizer):
    assert len(tiny_tokenizer.special_names) == RESERVED
    assert sorted(tiny_tokenizer.special_names.values()) == list(
        range(TINY_RANKS, TINY_RANKS + RESERVED)
    )
    for name, offset in SPECIAL_OFFSETS.items():
        assert tiny_tokenizer.special(name) == TINY_RANKS + offset
        assert tiny_tokenizer.bytes_of(TINY_RANKS + offset) == b""
    unnamed = TINY_RANKS + 5
    assert tiny_tokenizer.special(f"<|reserved_token_{unnamed}|>") == unnamed
    with pytest.raises(KnownError, match=r"no token <\|nothing\|>"):
        tiny_tokenizer.special("<|nothing|>")


def test_the_real_ids_of_the_special_tokens(full_tokenizer):
    assert full_tokenizer.special("[EOS]") == 163585
    assert full_tokenizer.special("<|im_end|>") == 163586
    assert full_tokenizer.special("<|im_system|>") == 163594
    assert full_tokenizer.special("<|im_middle|>") == 163601
    assert full_tokenizer.special("<|media_pad|>") == 163605
    assert full_tokenizer.special("[UNK]") == 163839


@pytest.mark.skipif(
    "KIMI_VL_CHECKPOINT" not in os.environ, reason="KIMI_VL_CHECKPOINT names no real checkpoint"
)
def test_a_real_vocabulary_gives_the_ids_that_are_public():
    folder = Path(os.environ["KIMI_VL_CHECKPOINT"])
    tokenizer = Tokenizer.open(folder, vocab_size=FULL_RANKS + RESERVED)
    assert tokenizer.encode("Hello world") == [19180, 2695]
    assert tokenizer.encode("你好世界") == [33845, 2243]
    assert tokenizer.encode("1234567890") == [6694, 12972, 16242, 15]


def lines_of(*pairs: tuple[bytes, int]) -> bytes:
    return b"".join(b"%s %d\n" % (base64.b64encode(token), rank) for token, rank in pairs)


BYTES = [(bytes([value]), value) for value in range(256)]
DAMAGED = {
    "binary": (b"\x00\xff\n", "line 1 is no base64 token"),
    "no rank": (b"YQ==\n", "line 1 is no base64 token"),
    "no base64": (b"*** 0\n", "line 1 is no base64 token"),
    "empty file": (b"", "do not hold each of the 256 bytes"),
    "empty token": (lines_of(*BYTES) + b"= 256\n", "line 257 is no base64 token"),
    "a byte less": (lines_of(*BYTES[:-1]), "do not hold each of the 256 bytes"),
    "same rank": (lines_of(*BYTES, (b"ab", 7)), "line 257 has a rank that was there before"),
    "same token": (lines_of(*BYTES, (b"a", 256)), "1 tokens are there twice"),
    "a gap": (lines_of(*BYTES, (b"ab", 300)), "rank 256 is missing"),
    "too few": (lines_of(*BYTES), "has 256 ranks and 256 ids are reserved, but the model has 1024"),
}


@pytest.mark.parametrize(("content", "told"), DAMAGED.values(), ids=list(DAMAGED))
def test_damaged_ranks_are_refused_in_one_line(tmp_path, tiny_vocabulary, content, told):
    folder = shutil.copytree(tiny_vocabulary, tmp_path / "copy")
    (folder / "tiktoken.model").write_bytes(content)
    refused(folder, told)


def test_missing_files_are_named(tmp_path, tiny_vocabulary):
    refused(tmp_path, "has no tiktoken.model")
    shutil.copy(tiny_vocabulary / "tiktoken.model", tmp_path)
    refused(tmp_path, "has no tokenizer_config.json")


DAMAGED_CONFIGS = {
    "no json": ("{", "cannot read"),
    "no object": ("[]", "is no JSON object"),
    "no names": ("{}", "does not say 'added_tokens_decoder'"),
    "a list": ('{"added_tokens_decoder": []}', "is damaged"),
    "no number": ('{"added_tokens_decoder": {"x": {"content": "a"}}}', "is damaged"),
    "no content": ('{"added_tokens_decoder": {"768": {}}}', "does not say 'content'"),
    "no text": ('{"added_tokens_decoder": {"768": {"content": 7}}}', "768 has no name"),
    "a rank": ('{"added_tokens_decoder": {"7": {"content": "a"}}}', "outside the reserved"),
    "too far": ('{"added_tokens_decoder": {"1024": {"content": "a"}}}', "outside the reserved"),
}


@pytest.mark.parametrize(("content", "told"), DAMAGED_CONFIGS.values(), ids=list(DAMAGED_CONFIGS))
def test_damaged_names_are_refused_in_one_line(tmp_path, tiny_vocabulary, content, told):
    folder = shutil.copytree(tiny_vocabulary, tmp_path / "copy")
    (folder / "tokenizer_config.json").write_text(content)
    refused(folder, told)


def test_a_name_for_two_tokens_is_refused(tmp_path, tiny_vocabulary):
    folder = shutil.copytree(tiny_vocabulary, tmp_path / "copy")
    twice = {"768": {"content": "<|im_end|>"}, "769": {"content": "<|im_end|>"}}
    (folder / "tokenizer_config.json").write_text(json.dumps({"added_tokens_decoder": twice}))
    refused(folder, "a name stands for two tokens")


def refused(folder: Path, told: str) -> None:
    with pytest.raises(KnownError) as caught:
        Tokenizer.open(folder, vocab_size=TINY_RANKS + RESERVED)
    assert told in caught.value.message
    assert "\n" not in str(caught.value)
    assert "model pull" in caught.value.remedy
