"""Kimi-VL in batches, for training: equal-sized screens, several questions of each at once.

The package's own modules take one conversation at a time and keep no gradients. This computes the
same (a test compares the logits), and its weights have the checkpoint's names in `named.exported`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn

from agent_app.runtimes.kimi_vl.config import KimiConfig, TextConfig, VisionConfig

_VISION_THETA = 10000.0
POINTING_LAYER = 2  # of the decoder: its first head is taught to look at what is asked for
_LOAD_STEP = 5e-4  # how fast the routers' correction follows the experts' loads


def _linear(into: int, out: int, *, bias: bool = False, zero: bool = False) -> nn.Linear:
    made = nn.Linear(into, out, bias=bias)
    nn.init.zeros_(made.weight) if zero else nn.init.normal_(made.weight, std=0.6 / into**0.5)
    if bias:
        nn.init.zeros_(made.bias)
    return made


def _turned(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """Rotate each adjacent pair of the last dimension, in float32."""
    pairs = torch.view_as_complex(x.float().unflatten(-1, (-1, 2)))
    # one complex product is a third of the kernels that four real ones are
    return torch.view_as_real(pairs * torch.complex(cos, sin)).flatten(-2).to(x.dtype)


def _stretched(table: int, side: int) -> Tensor:
    """(side, table): what bicubic interpolation does along one axis."""
    if table == side:
        return torch.eye(table)
    unit = torch.eye(table)[None, :, :, None]
    return F.interpolate(unit, size=(side, 1), mode="bicubic")[0, :, :, 0].T.contiguous()


def _first_positions(height: int, width: int, hidden: int) -> Tensor:
    """A table that tells places from the beginning: ramps and waves along both axes."""
    table = torch.randn(height, width, hidden) * 0.02
    channel = 0
    for axis, side in enumerate((width, height)):
        at = (torch.arange(side) + 0.5) / side
        waves = [2 * at - 1]
        for frequency in (0.5, 1, 2, 4, 8):
            waves += [(2 * math.pi * frequency * at).sin(), (2 * math.pi * frequency * at).cos()]
        for wave in waves:
            table[:, :, channel] = wave[:, None] if axis else wave[None, :]
            channel += 1
    return table


class VisionBlock(nn.Module):
    def __init__(self, config: VisionConfig) -> None:
        super().__init__()
        width = config.hidden_size
        self.heads = config.heads
        self.norm0, self.norm1 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.wqkv = _linear(width, 3 * width, bias=True)
        self.wo = _linear(width, width, bias=True, zero=True)
        self.fc0 = _linear(width, config.intermediate_size, bias=True)
        self.fc1 = _linear(config.intermediate_size, width, bias=True, zero=True)

    def forward(self, x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
        qkv = self.wqkv(self.norm0(x)).unflatten(-1, (3, self.heads, -1))
        query, key, value = qkv.unbind(2)
        query, key = (_turned(one, cos, sin).transpose(1, 2) for one in (query, key))
        seen = F.scaled_dot_product_attention(query, key, value.transpose(1, 2))
        x = x + self.wo(seen.transpose(1, 2).flatten(2))
        return x + self.fc1(F.gelu(self.fc0(self.norm1(x)), approximate="tanh"))


class RMSNorm(nn.Module):
    def __init__(self, width: int, eps: float) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width))
        self.eps = eps

    def forward(self, x: Tensor) -> Tensor:
        return F.rms_norm(x, (x.shape[-1],), self.weight.to(x.dtype), self.eps)


class MLP(nn.Module):
    def __init__(self, width: int, inner: int) -> None:
        super().__init__()
        self.gate_proj, self.up_proj = _linear(width, inner), _linear(width, inner)
        self.down_proj = _linear(inner, width, zero=True)

    def forward(self, x: Tensor) -> Tensor:
        return self.down_proj(F.silu(self.gate_proj(x)) * self.up_proj(x))


class Mixture(nn.Module):
    """Every expert is computed for every token, those not chosen with weight zero: exact."""

    def __init__(self, config: TextConfig) -> None:
        super().__init__()
        width, inner = config.hidden_size, config.expert_intermediate_size
        count, std = config.routed_experts, 0.6 / width**0.5
        self.count, self.inner, self.chosen = count, inner, config.experts_per_token
        self.scale = config.routed_scaling_factor
        self.gate = nn.Parameter(torch.randn(count, width) * std)
        self.w_gate = nn.Parameter(torch.randn(count, inner, width) * std)
        self.w_up = nn.Parameter(torch.randn(count, inner, width) * std)
        self.w_down = nn.Parameter(torch.zeros(count, width, inner))
        self.shared = MLP(width, inner * config.shared_experts)
        self.correction: Tensor
        self.load: Tensor
        self.register_buffer("correction", torch.zeros(count))
        self.register_buffer("load", torch.full((count,), 1 / count), persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        with torch.autocast(x.device.type, enabled=False):
            scores = F.linear(x.float(), self.gate.float()).sigmoid()
            top = (scores + self.correction).topk(self.chosen, -1).indices
            picked = torch.zeros_like(scores).scatter(-1, top, 1.0)
            weights = scores * picked
            weights = weights / (weights.sum(-1, keepdim=True) + 1e-20) * self.scale
        if self.training:
            self.load.lerp_(picked.detach().flatten(0, -2).mean(0) / self.chosen, 0.1)
        inner = F.silu(F.linear(x, self.w_gate.flatten(0, 1)))
        inner = inner * F.linear(x, self.w_up.flatten(0, 1))
        inner = inner.unflatten(-1, (self.count, self.inner)) * weights.to(inner.dtype)[..., None]
        out = F.linear(inner.flatten(-2), self.w_down.transpose(0, 1).flatten(1))
        return out + self.shared(x)

    @torch.no_grad()
    def balance(self) -> None:
        """Prefer the experts that had less to do."""
        self.correction += _LOAD_STEP * torch.sign(1 / self.count - self.load)


@dataclass
class Memory:
    """Keys and values of one layer: of what all conversations begin with, and of their own."""

    key: Tensor  # (screens, heads, length, width)
    value: Tensor


class DecoderBlock(nn.Module):
    def __init__(self, config: TextConfig, number: int) -> None:
        super().__init__()
        width, heads = config.hidden_size, config.heads
        self.config = config
        self.n1, self.n2 = (RMSNorm(width, config.norm_eps) for _ in range(2))
        self.q_proj = _linear(width, heads * config.query_head_dim)
        self.kv_a = _linear(width, config.latent_size)
        self.kv_norm = RMSNorm(config.kv_lora_rank, 1e-6)
        self.kv_b = _linear(
            config.kv_lora_rank, heads * (config.nope_head_dim + config.value_head_dim)
        )
        self.o_proj = _linear(heads * config.value_head_dim, width, zero=True)
        is_dense = number < config.dense_layers
        self.mlp = MLP(width, config.dense_intermediate_size) if is_dense else Mixture(config)

    def project(self, x: Tensor, cos: Tensor, sin: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Queries, keys and values (n, heads, length, width) of x (n, length, hidden)."""
        config = self.config
        nope, rank, heads = config.nope_head_dim, config.kv_lora_rank, config.heads
        y = self.n1(x)
        query = self.q_proj(y).unflatten(-1, (heads, -1))
        both = self.kv_a(y)
        wide = self.kv_b(self.kv_norm(both[..., :rank])).unflatten(-1, (heads, -1))
        cos, sin = cos[..., None, :], sin[..., None, :]
        query = torch.cat([query[..., :nope], _turned(query[..., nope:], cos, sin)], -1)
        turned = _turned(both[..., None, rank:], cos, sin).expand(-1, -1, heads, -1)
        key = torch.cat([wide[..., :nope], turned], -1)
        return query.transpose(1, 2), key.transpose(1, 2), wide[..., nope:].transpose(1, 2)

    def finish(self, x: Tensor, seen: Tensor) -> Tensor:
        x = x + self.o_proj(seen.transpose(1, 2).flatten(2))
        return x + self.mlp(self.n2(x))


@dataclass
class Read:
    """What reading a batch gives.

    `hidden` (screens, questions, T, width) is normalised; `query` (screens, questions, T, head) and
    `key` (screens, visual tokens, head) are those of the pointing head, `others` what else a
    question may look at, as `mask` (screens or 1, questions * T, length) says.
    """

    hidden: Tensor
    query: Tensor
    key: Tensor
    mask: Tensor
    seen: slice  # where the visual tokens lie in `key`
    memory: list[Memory]


class SmallKimi(nn.Module):
    """The trained model. `forward` is not its business: see, then read, then predict."""

    def __init__(self, config: KimiConfig, heads: int) -> None:
        super().__init__()
        vision, text = config.vision, config.text
        self.config = config
        wide = vision.hidden_size
        self.patch = nn.Linear(3 * vision.patch_size**2, wide)
        nn.init.normal_(self.patch.weight, std=self.patch.in_features**-0.5)
        nn.init.zeros_(self.patch.bias)
        self.pos = nn.Parameter(_first_positions(vision.table_height, vision.table_width, wide))
        self.vblocks = nn.ModuleList(VisionBlock(vision) for _ in range(vision.layers))
        self.vnorm, self.pre_norm = nn.LayerNorm(wide), nn.LayerNorm(wide)
        self.l1 = _linear(vision.merged_size, vision.merged_size, bias=True)
        self.l2 = _linear(vision.merged_size, text.hidden_size, bias=True)
        self.emb = nn.Embedding(text.vocab_size, text.hidden_size)
        nn.init.normal_(self.emb.weight, std=0.5)
        self.blocks = nn.ModuleList(DecoderBlock(text, n) for n in range(text.layers))
        self.norm = RMSNorm(text.hidden_size, text.norm_eps)
        self.head = _linear(text.hidden_size, text.vocab_size, zero=True)
        self.aux = nn.Linear(text.hidden_size, heads)  # in training only
        self._kept: dict[object, tuple[Tensor, ...]] = {}

    @property
    def device(self) -> torch.device:
        return self.pos.device

    def see(self, pixels: Tensor) -> Tensor:
        """pixels (n, H, W, 3) uint8, on the grid → (n, H/28 * W/28, hidden)."""
        count, height, width, _ = pixels.shape
        side = self.config.vision.patch_size
        rows, columns = height // side, width // side
        values = pixels.to(torch.float32) / 127.5 - 1
        patches = values.view(count, rows, side, columns, side, 3).permute(0, 1, 3, 5, 2, 4)
        x = self.patch(patches.reshape(count, rows * columns, -1))
        down, across, cos, sin = self._grid(rows, columns)
        with torch.autocast(x.device.type, enabled=False):
            places = torch.einsum("ya,abd,xb->yxd", down, self.pos.float(), across)
        dtype = x.dtype
        x = x.float() + places.flatten(0, 1)
        for block in self.vblocks:
            x = block(x, cos, sin)
        x = self.pre_norm(self.vnorm(x)).to(dtype)
        x = x.view(count, rows // 2, 2, columns // 2, 2, -1).transpose(2, 3)
        return self.l2(F.gelu(self.l1(x.reshape(count, rows * columns // 4, -1))))

    def _grid(self, rows: int, columns: int) -> tuple[Tensor, ...]:
        key = "grid", rows, columns
        if key not in self._kept:
            vision = self.config.vision
            frequencies = _VISION_THETA ** (
                -torch.arange(0, vision.head_dim, 4).float() / vision.head_dim
            )
            places = torch.arange(rows * columns)
            x = (places % columns).float()[:, None] * frequencies
            y = (places // columns).float()[:, None] * frequencies
            angles = torch.stack([x, y], -1).flatten(1)[:, None]
            made = (
                _stretched(vision.table_height, rows),
                _stretched(vision.table_width, columns),
                angles.cos(),
                angles.sin(),
            )
            self._kept[key] = tuple(one.to(self.device) for one in made)
        return self._kept[key]

    def _angles(self, positions: Tensor) -> tuple[Tensor, Tensor]:
        rope = self.config.text.rope_head_dim
        exponents = torch.arange(0, rope, 2, device=positions.device).float() / rope
        angles = positions.float()[..., None] * self.config.text.rope_theta**-exponents
        return angles.cos(), angles.sin()

    def read(
        self,
        features: Tensor,
        prefix: Tensor,
        contexts: Sequence[Tensor],
        ids: Tensor,
        *,
        pad: int,
        roll: int = 0,
    ) -> Read:
        """Read every question of every screen, each blind to the others.

        features (n, N, d); prefix (P), the same for all; contexts, (n, C) each, filled up from the
        left, with a past screen between two of them (the same screen's, or with `roll` another's);
        ids (n, Q, T), what follows the screen.
        """
        count, tokens, _ = features.shape
        questions, length = ids.shape[1:]
        before = len(prefix)
        past = features.roll(roll, 0).float()
        parts, real = [], []
        for number, context in enumerate(contexts):
            if number:
                parts.append(past)
                real.append(torch.ones(count, tokens, dtype=torch.bool, device=ids.device))
            parts.append(self.emb(context))
            real.append(context != pad)
        shared = sum(part.shape[1] for part in parts) + tokens
        everything = [*parts, features.float(), self.emb(ids.flatten(1))]
        total = shared + questions * length
        spare = -(before + total) % 8  # attention with a mask wants such lengths
        everything.append(features.new_zeros(count, spare, features.shape[-1]).float())
        x = torch.cat(everything, 1)
        valid = torch.cat([*real, features.new_ones(count, tokens, dtype=torch.bool)], 1)
        if len(contexts) == 1 or bool(valid.all()):
            valid = valid[:1]
        mask, positions = self._mask(valid, before, questions, length, spare)
        cos, sin = self._angles(positions)
        front = self.emb(prefix)[None]
        front_cos, front_sin = self._angles(torch.arange(before, device=ids.device)[None])
        seen = slice(before + shared - tokens, before + shared)
        asked = slice(shared, total)
        memory: list[Memory] = []
        query = key = x
        dtype = features.dtype
        for number, block in enumerate(self.blocks):
            q0, k0, v0 = block.project(front, front_cos, front_sin)
            q, k, v = block.project(x, cos, sin)
            k = torch.cat([k0.expand(count, -1, -1, -1), k], 2)
            v = torch.cat([v0.expand(count, -1, -1, -1), v], 2)
            front = block.finish(front, F.scaled_dot_product_attention(q0, k0, v0, is_causal=True))
            x = block.finish(x, F.scaled_dot_product_attention(q, k, v, attn_mask=mask[:, None]))
            memory.append(Memory(k, v))
            if number == POINTING_LAYER:
                query, key = q[:, 0, asked], k[:, 0]
        hidden = self.norm(x[:, asked]).view(count, questions, length, -1).to(dtype)
        query = query.view(count, questions, length, -1)
        return Read(hidden, query, key, mask[:, asked], seen, memory)

    def _mask(
        self, valid: Tensor, before: int, questions: int, length: int, spare: int
    ) -> tuple[Tensor, Tensor]:
        """What each token may look at (n, L, P + L), and its position (n, L)."""
        shared = valid.shape[1]
        place = torch.arange(shared + questions * length + spare, device=valid.device)
        number = torch.where(place < shared, -1, (place - shared) // length)
        ok = place[None] <= place[:, None]
        ok = ok & ((number[None] == -1) | (number[None] == number[:, None]))
        keys = F.pad(valid, (0, len(place) - shared), value=True)
        mask = ok[None] & keys[:, None]
        mask = mask | torch.eye(len(place), dtype=torch.bool, device=valid.device)
        mask = F.pad(mask, (before, 0), value=True)
        counted = valid.long().cumsum(1) - 1
        after = counted[:, -1:] + 1 + (place[shared:] - shared) % length
        return mask, before + torch.cat([counted.clamp_min(0), after], 1)

    @torch.no_grad()
    def write(
        self, read: Read, ids: Tensor, start: Tensor, first: Tensor, *, end: int, most: int
    ) -> Tensor:
        """Greedy replies: ids (n, Q, T) whose places from `start` on are written anew.

        `first` (n, Q) is how far the shared part reaches, in positions.
        """
        count, questions, length = ids.shape
        out, at = ids.clone(), start - 1
        shared = read.seen.stop
        rows = torch.arange(questions, device=ids.device)
        done = torch.zeros_like(start, dtype=torch.bool)
        hidden = read.hidden.gather(
            2, at[..., None, None].expand(-1, -1, 1, read.hidden.shape[-1])
        )[:, :, 0]
        mask = read.mask.expand(count, -1, -1)
        for _ in range(most):
            token = self.head(hidden).argmax(-1)
            at = (at + 1).clamp_max(length - 1)
            token = torch.where(done, out.gather(2, at[..., None])[..., 0], token)
            out = out.scatter(2, at[..., None], token[..., None])
            done = done | (token == end) | (at == length - 1)
            if bool(done.all()):
                break
            index = rows * length + at  # (n, Q), among the questions' tokens
            seen = mask.gather(1, index[..., None].expand(-1, -1, mask.shape[-1]))
            cos, sin = self._angles(first + at)
            x = self.emb(token)
            for block, memory in zip(self.blocks, read.memory, strict=True):
                q, k, v = block.project(x, cos, sin)
                where = (shared + index)[:, None, :, None]
                memory.key.scatter_(2, where.expand_as(k), k.to(memory.key.dtype))
                memory.value.scatter_(2, where.expand_as(v), v.to(memory.value.dtype))
                found = F.scaled_dot_product_attention(
                    q, memory.key, memory.value, attn_mask=seen[:, None]
                )
                x = block.finish(x, found)
            hidden = self.norm(x).to(read.hidden.dtype)
        return out
