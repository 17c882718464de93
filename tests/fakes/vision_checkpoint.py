"""A random vision-language checkpoint of an architecture that transformers ships: LLaVA, tiny.

transformers has no Kimi-VL; to it this is a model like any other, loaded from files in its format.
"""

from __future__ import annotations

from pathlib import Path

REPO = "made/tiny-llava"
_COMMIT = "a" * 40
_SIDE = 56  # pixels: 16 patches, so a picture costs next to nothing

_TEMPLATE = (
    "{% for message in messages %}{{ '<|' + message['role'] + '|>' }}"
    "{% if message['content'] is string %}{{ message['content'] }}{% else %}"
    "{% for part in message['content'] %}"
    "{% if part['type'] == 'image' %}{{ '<image>' }}{% else %}{{ part['text'] }}{% endif %}"
    "{% endfor %}{% endif %}{{ '<|end|>' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|assistant|>' }}{% endif %}"
)


def write_vision_checkpoint(home: Path, *, seed: int = 0) -> Path:
    """Put it into the hub's cache in `home`, as if it had been fetched; returns its folder."""
    import torch
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers
    from transformers import (
        CLIPImageProcessor,
        CLIPVisionConfig,
        GenerationConfig,
        LlamaConfig,
        LlavaConfig,
        LlavaForConditionalGeneration,
        LlavaProcessor,
        PreTrainedTokenizerFast,
    )

    storage = home / "hub" / ("models--" + REPO.replace("/", "--"))
    folder = storage / "snapshots" / _COMMIT
    folder.mkdir(parents=True)
    (storage / "refs").mkdir()
    (storage / "refs" / "main").write_text(_COMMIT)
    (storage / "blobs").mkdir()

    letters = {letter: n for n, letter in enumerate(sorted(pre_tokenizers.ByteLevel.alphabet()))}
    plain = Tokenizer(models.BPE(vocab=letters, merges=[]))
    plain.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    plain.decoder = decoders.ByteLevel()
    roles = ["<|system|>", "<|user|>", "<|assistant|>"]
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=plain,
        eos_token="<|end|>",
        pad_token="<|pad|>",
        extra_special_tokens={"image_token": "<image>"},
    )
    tokenizer.add_special_tokens(
        {"additional_special_tokens": roles}, replace_extra_special_tokens=False
    )
    processor = LlavaProcessor(
        image_processor=CLIPImageProcessor(
            size={"height": _SIDE, "width": _SIDE}, do_center_crop=False
        ),
        tokenizer=tokenizer,
        patch_size=14,
        vision_feature_select_strategy="default",
        num_additional_image_tokens=1,
        chat_template=_TEMPLATE,
    )
    torch.manual_seed(seed)
    config = LlavaConfig(
        vision_config=CLIPVisionConfig(
            hidden_size=32,
            intermediate_size=64,
            num_hidden_layers=3,
            num_attention_heads=4,
            image_size=_SIDE,
            patch_size=14,
            projection_dim=32,
        ),
        text_config=LlamaConfig(
            vocab_size=len(tokenizer),
            hidden_size=64,
            intermediate_size=128,
            num_hidden_layers=2,
            num_attention_heads=4,
            num_key_value_heads=4,
            max_position_embeddings=16384,
        ),
        image_token_index=tokenizer.convert_tokens_to_ids("<image>"),
        image_seq_length=(_SIDE // 14) ** 2,
        initializer_range=0.4,  # so that what it sees tells in what it says
    )
    network = LlavaForConditionalGeneration(config)
    with torch.no_grad():  # its replies never end by themselves
        network.lm_head.weight[tokenizer.eos_token_id] = 0
    network.generation_config = GenerationConfig(
        eos_token_id=tokenizer.eos_token_id, pad_token_id=tokenizer.pad_token_id
    )
    network.save_pretrained(folder)
    processor.save_pretrained(folder)
    return folder
