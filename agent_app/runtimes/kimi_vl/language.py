"""The language model: multi-head latent attention over a compressed cache, and mixed experts.

Attribute names are the checkpoint's. Weights may lie on several devices, whole layers each.
"""

from __future__ import annotations

import threading
from typing import cast

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn

from agent_app.runtimes.kimi_vl.attention import attend
from agent_app.runtimes.kimi_vl.cache import LatentCache
from agent_app.runtimes.kimi_vl.config import TextConfig
from agent_app.runtimes.kimi_vl.experts import Experts
from agent_app.runtimes.kimi_vl.stopping import check
from agent_app.runtimes.kimi_vl.vision import rotate_pairs

_LATENT_NORM_EPS = 1e-6  # the latent's own norm does not take the config's rms_norm_eps
_ABSORBED = 16  # up to so many new tokens, expanding the whole context costs more than it saves


class RMSNorm(nn.Module):
    def __init__(self, width: int, eps: float) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(width))
        self.eps = eps

    def forward(self, x: Tensor) -> Tensor:
        return F.rms_norm(x, self.weight.shape, self.weight, self.eps)


class MLP(nn.Module):
    """down(silu(gate(x)) * up(x))."""

    def __init__(self, width: int, inner: int) -> None:
        super().__init__()
        self.gate_proj = nn.Linear(width, inner, bias=False)
        self.up_proj = nn.Linear(width, inner, bias=False)
        self.down_proj = nn.Linear(inner, width, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        return self.down_proj(F.silu(self.gate_proj(x)) * self.up_proj(x))


class Router(nn.Module):
    """Chooses experts by their corrected sigmoid scores; weighs them by the scores alone."""

    def __init__(self, config: TextConfig) -> None:
        super().__init__()
        self.chosen = config.experts_per_token
        self.normalise = config.normalise_weights
        self.scale = config.routed_scaling_factor
        self.weight = nn.Parameter(torch.empty(config.routed_experts, config.hidden_size))
        self.e_score_correction_bias = nn.Parameter(torch.empty(config.routed_experts))

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """x (n, hidden) → the experts of each token (n, k), and their weights (n, k) in float32."""
        return self.choose(F.linear(x.float(), self.weight.float()))

    def choose(self, logits: Tensor) -> tuple[Tensor, Tensor]:
        """The same from the router's product, logits (n, experts) in float32."""
        scores = logits.sigmoid()
        chosen = (scores + self.e_score_correction_bias.float()).topk(self.chosen, dim=-1).indices
        weights = scores.gather(-1, chosen)
        if self.normalise:
            weights = weights / (weights.sum(-1, keepdim=True) + 1e-20)
        return chosen, weights * self.scale


class MixtureOfExperts(nn.Module):
    def __init__(self, config: TextConfig) -> None:
        super().__init__()
        self.gate = Router(config)
        self.experts = Experts(config)
        self.shared_experts = MLP(
            config.hidden_size, config.shared_experts * config.expert_intermediate_size
        )

    def forward(self, x: Tensor) -> Tensor:
        chosen, weights = self.gate(x)
        return self.experts(x, chosen, weights) + self.shared_experts(x)


class LatentAttention(nn.Module):
    """Keys and values of all heads come from one short vector per token, which alone is cached."""

    def __init__(self, config: TextConfig, layer: int) -> None:
        super().__init__()
        self.layer = layer
        self.heads = config.heads
        self.rank = config.kv_lora_rank
        self.nope = config.nope_head_dim
        self.rope = config.rope_head_dim
        self.scale = config.query_head_dim**-0.5
        width = config.hidden_size
        expanded = self.nope + config.value_head_dim
        self.q_proj = nn.Linear(width, self.heads * config.query_head_dim, bias=False)
        self.kv_a_proj_with_mqa = nn.Linear(width, config.latent_size, bias=False)
        self.kv_a_layernorm = RMSNorm(self.rank, _LATENT_NORM_EPS)
        self.kv_b_proj = nn.Linear(self.rank, self.heads * expanded, bias=False)
        self.o_proj = nn.Linear(self.heads * config.value_head_dim, width, bias=False)

    def forward(
        self, x: Tensor, cos: Tensor, sin: Tensor, *, cache: LatentCache, start: int
    ) -> Tensor:
        """x (n, hidden), the tokens at `start`; cos and sin (n, rope/2)."""
        query: Tensor = self.q_proj(x).view(x.shape[0], self.heads, -1)
        query_nope = query[..., : self.nope]
        query_rope = rotate_pairs(query[..., self.nope :], cos, sin)
        both: Tensor = self.kv_a_proj_with_mqa(x)  # (n, rank + rope)
        latent = self.kv_a_layernorm(both[:, : self.rank])
        key_rope = rotate_pairs(both[:, None, self.rank :], cos, sin)[:, 0]
        row = torch.cat((latent, key_rope), dim=-1)
        rows = cache.write(self.layer, start, row)  # (start + n, rank + rope)
        if x.shape[0] <= _ABSORBED:
            seen = self._absorbed(query_nope, query_rope, rows)
        else:
            seen = self._expanded(query_nope, query_rope, rows)
        return self.o_proj(seen.flatten(1))

    def _absorbed(self, query_nope: Tensor, query_rope: Tensor, rows: Tensor) -> Tensor:
        """For few tokens: the query goes to the latents, which are read once for all heads."""
        to_key, to_value = self._expansion()
        query = torch.einsum("nhd,hdr->nhr", query_nope, to_key)
        query = torch.cat((query, query_rope), dim=-1)  # (n, heads, rank + rope)
        count, total = query.shape[0], rows.shape[0]
        scores = (query.flatten(0, 1) @ rows.T).view(count, self.heads, total).float() * self.scale
        if count > 1:
            later = torch.ones(count, total, dtype=torch.bool, device=rows.device)
            later = later.triu(total - count + 1)[:, None]
            scores = scores.masked_fill(later, float("-inf"))
        shares = scores.softmax(-1).to(rows.dtype).flatten(0, 1)  # (n * heads, total)
        seen = (shares @ rows[:, : self.rank]).view(count, self.heads, self.rank)
        return torch.einsum("nhr,hvr->nhv", seen, to_value)

    def _expanded(self, query_nope: Tensor, query_rope: Tensor, rows: Tensor) -> Tensor:
        """For many tokens: keys and values of the whole context are made from the latents."""
        latents, key_rope = rows[:, : self.rank], rows[:, None, self.rank :]
        expanded: Tensor = self.kv_b_proj(latents).view(rows.shape[0], self.heads, -1)
        key_rope = torch.broadcast_to(key_rope, (rows.shape[0], self.heads, self.rope))
        key = torch.cat((expanded[..., : self.nope], key_rope), dim=-1)
        query = torch.cat((query_nope, query_rope), dim=-1)
        return attend(query, key, expanded[..., self.nope :], causal=True)

    def _expansion(self) -> tuple[Tensor, Tensor]:
        """The two parts of kv_b_proj: (heads, nope, rank) and (heads, value, rank)."""
        weight = self.kv_b_proj.weight.view(self.heads, -1, self.rank)
        return weight[:, : self.nope], weight[:, self.nope :]


class DecoderLayer(nn.Module):
    def __init__(self, config: TextConfig, number: int) -> None:
        super().__init__()
        self.input_layernorm = RMSNorm(config.hidden_size, config.norm_eps)
        self.self_attn = LatentAttention(config, number)
        self.post_attention_layernorm = RMSNorm(config.hidden_size, config.norm_eps)
        self.mlp: nn.Module = (
            MLP(config.hidden_size, config.dense_intermediate_size)
            if number < config.dense_layers
            else MixtureOfExperts(config)
        )

    def forward(
        self, x: Tensor, cos: Tensor, sin: Tensor, *, cache: LatentCache, start: int
    ) -> Tensor:
        x = x + self.self_attn(self.input_layernorm(x), cos, sin, cache=cache, start=start)
        return x + self.mlp(self.post_attention_layernorm(x))

    @property
    def device(self) -> torch.device:
        return self.input_layernorm.weight.device


class Decoder(nn.Module):
    def __init__(self, config: TextConfig) -> None:
        super().__init__()
        self.rope = config.rope_head_dim
        self.theta = config.rope_theta
        self.embed_tokens = nn.Embedding(config.vocab_size, config.hidden_size)
        self.layers = nn.ModuleList(DecoderLayer(config, n) for n in range(config.layers))
        self.norm = RMSNorm(config.hidden_size, config.norm_eps)

    def forward(self, x: Tensor, cache: LatentCache, stop: threading.Event | None) -> Tensor:
        start = cache.length
        cos, sin = self.rotation(start, x.shape[0], x.device)
        for module in self.layers:
            check(stop)
            layer = cast("DecoderLayer", module)
            x, cos, sin = x.to(layer.device), cos.to(layer.device), sin.to(layer.device)
            x = layer(x, cos, sin, cache=cache, start=start)
        return x

    def rotation(self, start: int, count: int, device: torch.device) -> tuple[Tensor, Tensor]:
        """The cosines and sines (count, rope/2) of the positions from `start` on."""
        exponents = torch.arange(0, self.rope, 2, device=device).float() / self.rope
        positions = torch.arange(start, start + count, device=device).float()
        angles = positions[:, None] * self.theta**-exponents  # (n, rope/2)
        return angles.cos(), angles.sin()


class LanguageModel(nn.Module):
    """Kimi-VL's decoder, in the arithmetic of DeepSeek-V3 (technical report, arXiv 2412.19437)."""

    def __init__(self, config: TextConfig) -> None:
        super().__init__()
        self.config = config
        self.model = Decoder(config)
        self.lm_head = nn.Linear(config.hidden_size, config.vocab_size, bias=False)

    def embed(self, tokens: Tensor) -> Tensor:
        """tokens (n) → (n, hidden)."""
        return self.model.embed_tokens(tokens)

    def forward(
        self,
        x: Tensor,
        cache: LatentCache,
        *,
        only_last: bool = True,
        stop: threading.Event | None = None,
    ) -> Tensor:
        """Compute the logits that follow x (n, hidden), the embeddings after what `cache` holds.

        (vocab) of the last position, or (n, vocab), in float32. The caller appends to the cache's
        keys what the new rows stand for, once this has returned. Raises Interrupted when `stop` is
        set meanwhile.
        """
        x = self.model(x, cache, stop)
        if only_last:
            x = x[-1]
        x = self.model.norm(x.to(self.model.norm.weight.device))
        return self.lm_head(x).float()

    @property
    def layer_devices(self) -> list[torch.device]:
        return [cast("DecoderLayer", layer).device for layer in self.model.layers]
