"""How fast Kimi-VL's engine draws tokens, reads prompts and sees pictures, on one GPU.

    python bench/engine.py
    python bench/engine.py --parts
    python bench/engine.py --accuracy
    python bench/engine.py --engine reference
    python bench/engine.py --precision int8

One run measures bfloat16, then rounds the same weights to fp8 and draws tokens with those.
The model has full size and random weights, made on the GPU: they cost what real ones cost. A token
reads 2.579 of 16.4 billion parameters, 5.16 GB in bfloat16, so memory bandwidth bounds decoding.
Rates are wall clock through `KimiVLRuntime.generate`, from the first token to the last; other times
are wall clock between synchronisations; medians.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from agent_app.geometry import FrameTransform, ScreenPoint, Size
from agent_app.model_runtime import (
    KIMI_VL_LIMITS,
    EngineName,
    GenerationRequest,
    ImagePart,
    Sampling,
    Turn,
    model_size,
)
from agent_app.prompting import load_prompt
from agent_app.runtimes.kimi_vl.cache import LatentCache
from agent_app.runtimes.kimi_vl.chat import Chat
from agent_app.runtimes.kimi_vl.config import KimiConfig
from agent_app.runtimes.kimi_vl.fast.decoder import Decoder
from agent_app.runtimes.kimi_vl.fast.engine import CHUNK
from agent_app.runtimes.kimi_vl.fast.prompt import PromptPass
from agent_app.runtimes.kimi_vl.fast.sight import Sight
from agent_app.runtimes.kimi_vl.generation import ReferenceEngine
from agent_app.runtimes.kimi_vl.images import read_image_settings
from agent_app.runtimes.kimi_vl.loading import skeleton
from agent_app.runtimes.kimi_vl.made.vocabulary import write_vocabulary
from agent_app.runtimes.kimi_vl.model import KimiVL
from agent_app.runtimes.kimi_vl.quantised import Rounding, replace_weights
from agent_app.runtimes.kimi_vl.runtime import KimiVLRuntime
from agent_app.runtimes.kimi_vl.tokenizer import RESERVED, Tokenizer

_CONFIG = KimiConfig()
_CONTEXTS = (512, 4096, 12000, 65500)
_DECODED = 512
_RUNS = 3
_PROMPTS = (4096, 12000)
_SCREENSHOTS = 9
_GRIDS = {"3.2 MP": (128, 128), "1080p": (78, 138)}
_ACTIVE_BYTES = 5.16e9
_BANDWIDTH = 4.27e12  # of copies, measured on an H200
_MODES = {
    "greedy": Sampling(temperature=0, max_tokens=_DECODED),
    "0.8": Sampling(temperature=0.8, seed=1, max_tokens=_DECODED),
    "0.8, top_p 0.95": Sampling(temperature=0.8, top_p=0.95, seed=1, max_tokens=_DECODED),
}


@dataclass(frozen=True)
class Decoded:
    """Tokens a second at a context, and whether all runs gave the same tokens, the first too."""

    context: int
    mode: str
    tokens_per_second: float
    of_bandwidth: float
    repeated: bool


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--engine", choices=["fast", "reference"], default="fast")
    parser.add_argument("--parts", action="store_true", help="time by kernel")
    parser.add_argument("--accuracy", action="store_true", help="logits against float32")
    parser.add_argument("--precision", choices=["bf16", "fp8", "int8", "int4"], default="bf16")
    options = parser.parse_args()
    result: dict[str, Any] = {
        "commit": _commit(),
        "torch": torch.__version__,
        "device": torch.cuda.get_device_name(),
    }
    model = random_model("bf16")
    weights = torch.cuda.memory_allocated()
    if options.precision != "bf16":
        round_weights(model, options.precision)
        weights = torch.cuda.memory_allocated()
    if options.accuracy:
        result["accuracy"] = accuracy(model)
    elif options.parts:
        result["parts"] = parts(model)
    else:
        result |= measure(model, options.engine, weights, options.precision)
    print(json.dumps(result))


@torch.no_grad()
def random_model(precision: Any, *, seed: int = 0) -> KimiVL:
    """Full size, on the GPU; equal seeds give equal weights up to rounding."""
    model = skeleton(_CONFIG, precision)
    draw = torch.Generator("cuda").manual_seed(seed)
    for name, parameter in model.named_parameters():
        owner, _, last = name.rpartition(".")
        placed = torch.empty_like(parameter, device="cuda")
        for piece in placed.view(-1).split(1 << 26):
            noise = torch.randn(piece.shape, generator=draw, device="cuda")
            if "norm" in name and last == "weight":
                piece.copy_((1 + 0.1 * noise).bfloat16())
            else:
                piece.copy_((0.02 * noise).bfloat16())
        model.get_submodule(owner).register_parameter(
            last, torch.nn.Parameter(placed, requires_grad=False)
        )
    torch.cuda.empty_cache()
    return model


def round_weights(model: KimiVL, rounding: Rounding) -> None:
    """Round the weights in place."""
    for matrix, weights in replace_weights(model.language_model, rounding):
        for index, weight in enumerate(weights):
            matrix.store(index, 0, weight)
    torch.cuda.empty_cache()


def open_runtime(model: KimiVL, context: int, engine: EngineName = "fast") -> KimiVLRuntime:
    """A runtime with a made vocabulary."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_vocabulary(folder, ranks=_CONFIG.text.vocab_size - RESERVED, max_positions=131072)
        tokenizer = Tokenizer.open(folder, vocab_size=_CONFIG.text.vocab_size)
        return KimiVLRuntime(
            model,
            tokenizer=tokenizer,
            chat=Chat.open(folder, tokenizer),
            images=read_image_settings(folder),
            context=context,
            detail="random weights",
            engine=engine,
        )


def measure(model: KimiVL, engine: EngineName, weights: int, precision: str) -> dict[str, Any]:
    """Decoding through the runtime, then prompts, then pictures; of bfloat16, then of fp8."""
    ready: list[float] = []
    for context in (32768, max(_CONTEXTS) + 4096):
        started = time.perf_counter()
        runtime = open_runtime(model, context, engine)
        torch.cuda.synchronize()
        ready.append(time.perf_counter() - started)
        if context == 32768:
            beyond = (torch.cuda.memory_allocated() - weights) / 1e9
            runtime.close()
            del runtime
    print(f"ready in {ready[0]:.1f} s, and again in {ready[1]:.1f} s; {beyond:.2f} GB at 32K")
    decoded = [row for length in _CONTEXTS for row in decode(runtime, length)]
    shown = first_tokens(runtime)
    runtime.close()
    del runtime
    prompts = {length: prefill(model, length, engine) for length in _PROMPTS}
    pictures = {name: look(model, grid, engine) for name, grid in _GRIDS.items()}
    for what, times in (("prefill", prompts), ("look", pictures), ("first token", shown)):
        for key, milliseconds in times.items():
            print(f"{what} {key}: {milliseconds:.1f} ms")
    result = {
        "engine": engine,
        "precision": precision,
        "ready_seconds": ready,
        "beyond_weights_gb": beyond,
        "decoded": [asdict(row) for row in decoded],
        "prefill_ms": prompts,
        "look_ms": pictures,
        "first_token_ms": shown,
    }
    if precision == "bf16":
        round_weights(model, "fp8")
        runtime = open_runtime(model, 8192, engine)
        result["decoded_fp8"] = [asdict(row) for row in decode(runtime, 4096)]
        runtime.close()
    return result


def decode(runtime: KimiVLRuntime, length: int) -> list[Decoded]:
    """Draw 512 tokens behind a prompt of about so many tokens, some times over."""
    # a word of the made vocabulary is one token or two; the finish says how many it came to
    text = " ".join(["a"] * (length - 40))
    rows: list[Decoded] = []
    for mode, sampling in _MODES.items():
        rates: list[float] = []
        replies: set[bytes] = set()
        told = 0
        for run in range(_RUNS + 1):  # the first one reads the prompt, the others know it
            request = GenerationRequest((Turn("user", (text,)),), "", sampling=sampling)
            stream = runtime.generate(request)
            data = [next(stream).data]
            started = time.perf_counter()
            for token in stream:
                data.append(token.data)
                if token.finish:
                    told = token.finish.prompt_tokens
            if run:
                rates.append((len(data) - 2) / (time.perf_counter() - started))
            replies.add(b"".join(data))
        rate = statistics.median(rates)
        share = rate * _ACTIVE_BYTES / _BANDWIDTH
        row = Decoded(told, mode, rate, share, len(replies) == 1)
        rows.append(row)
        print(f"decode at {told:>6} {mode:>16}: {rate:6.1f} tok/s, {share:.0%}, {row.repeated}")
    return rows


def prefill(model: KimiVL, length: int, engine: EngineName) -> float:
    """Milliseconds for a prompt of so many tokens, in the engine's pieces."""
    chunk = CHUNK if engine == "fast" else ReferenceEngine.chunk
    language = model.language_model
    read_piece = PromptPass(language) if engine == "fast" else language
    cache = model.new_cache(length)
    tokens = torch.randint(0, _CONFIG.text.vocab_size, (length,), device="cuda")

    @torch.inference_mode()
    def read() -> None:
        cache.clear()
        for piece in tokens.split(chunk):
            embedded = language.embed(piece)
            read_piece(embedded, cache)
            cache.keys += [0] * len(piece)

    return timed(read)


def first_tokens(runtime: KimiVLRuntime) -> dict[str, float]:
    """Milliseconds from a new 1080p screenshot to the first token; what comes before it is known.

    As the first screen of a task, behind the system prompt; and as that of a later step, behind
    an earlier screen. The texts differ in length from one to the next, as they do in a run.
    """
    size = model_size(Size(1920, 1080), KIMI_VL_LIMITS)
    transform = FrameTransform(ScreenPoint(0, 0), 1.0, Size(1920, 1080))
    system = Turn("system", (load_prompt().system,))
    task = "Save the file. "
    source = np.random.default_rng(0)

    def screenshot(number: int) -> ImagePart:
        pixels = source.integers(0, 256, (size.height, size.width, 3), np.uint8)
        return ImagePart(Image.fromarray(pixels), f"{number:040x}", transform)

    def until_first_token(turns: tuple[Turn, ...]) -> float:
        sampling = Sampling(temperature=0, max_tokens=8)
        started = time.perf_counter()
        with closing(runtime.generate(GenerationRequest(turns, "", sampling=sampling))) as stream:
            next(stream)
            return (time.perf_counter() - started) * 1000

    first: list[float] = []
    later: list[float] = []
    for number in range(_SCREENSHOTS + 2):
        begun = (system, Turn("user", (screenshot(2 * number), task * (1 + 7 * number % 20))))
        first.append(until_first_token(begun))
        done = Turn("assistant", ("Clicked. " * (1 + number),))
        asked = Turn("user", (screenshot(2 * number + 1), "Go on. " * (1 + number % 3)))
        later.append(until_first_token((*begun, done, asked)))
    return {
        "1080p, first screen": statistics.median(first[2:]),
        "1080p, a later one": statistics.median(later[2:]),
    }


def look(model: KimiVL, grid: tuple[int, int], engine: EngineName) -> float:
    """Milliseconds for one picture, tower and projector."""
    patches = torch.randn(grid[0] * grid[1], 3, 14, 14, device="cuda", dtype=model.dtype)
    if engine == "fast":
        see = Sight(model)
        return timed(lambda: see(patches, grid))
    return timed(lambda: model.see(patches, grid))


def timed(work: Callable[[], object], *, runs: int = 7) -> float:
    """The median milliseconds of some work, after two runs that warm up."""
    times: list[float] = []
    for _ in range(runs + 2):
        torch.cuda.synchronize()
        started = time.perf_counter()
        work()
        torch.cuda.synchronize()
        times.append((time.perf_counter() - started) * 1000)
    return statistics.median(times[2:])


def parts(model: KimiVL, *, context: int = 4096) -> dict[str, float]:
    """Microseconds a launch of each kernel, chained alone over all layers in one graph."""
    cache = model.new_cache(context + 64)
    for layer in range(_CONFIG.text.layers):
        cache.rows(layer).normal_()
    decoder = Decoder(model.language_model, cache)
    step = decoder.step
    launches = step.token(decoder.tilings[0], nucleus=True)
    words = (torch.full((1,), 0.4).view(torch.int32).long() << 32) | torch.arange(8) * 7
    found: dict[str, float] = {}
    for name in dict.fromkeys(launch.name for launch in launches):
        own = [launch for launch in launches if launch.name == name]
        step.buffers.words.copy_(words)
        step.buffers.position.fill_(context)
        step.buffers.x.normal_()
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph):
            for launch in own:
                launch()

        def replay(graph: torch.cuda.CUDAGraph = graph) -> None:
            for _ in range(10):
                graph.replay()

        found[name] = timed(replay) * 100 / len(own)
        print(f"{name:>16} {len(own):>3} launches, {found[name]:7.2f} us each")
    return found


def accuracy(model: KimiVL, *, known: int = 512, steps: int = 64) -> dict[str, float]:
    """Each step's logits against float32, of the fast engine and of the reference.

    The same tokens are put in whatever comes out; all three start from float32's cache.
    """
    exact = random_model("fp32")
    tokens = torch.randint(
        0, _CONFIG.text.vocab_size, (known + steps,), generator=torch.Generator().manual_seed(1)
    ).cuda()
    with torch.inference_mode():
        cache = exact.new_cache(known + steps)
        language = exact.language_model
        language(language.embed(tokens[:known]), cache)
        cache.keys += [0] * known
        expected = language(language.embed(tokens[known:]), cache, only_last=False)
        own = rounded_cache(model, cache, known)
        plain: list[Tensor] = []
        for token in tokens[known:]:
            plain.append(model.language_model(model.language_model.embed(token[None]), own))
            own.keys.append(0)
    own = rounded_cache(model, cache, known)
    decoder = Decoder(model.language_model, own)
    own = rounded_cache(model, cache, known, into=own)
    decoder.begin(Sampling(temperature=0))
    fast: list[Tensor] = []
    buffers = decoder.step.buffers
    for number, token in enumerate(tokens[known:]):
        buffers.x.copy_(model.language_model.embed(token[None])[0])
        buffers.position.fill_(known + number)
        for launch in decoder.step.token(decoder.tilings[0], nucleus=False):
            launch()
        fast.append(buffers.logits.clone())
    result = {
        "fast": _error(fast, expected),
        "reference": _error(plain, expected),
        "fast agrees": _agreement(fast, expected),
        "reference agrees": _agreement(plain, expected),
    }
    print(" ".join(f"{name} {value:.3f}" for name, value in result.items()))
    return result


def rounded_cache(
    model: KimiVL, exact: LatentCache, rows: int, *, into: LatentCache | None = None
) -> LatentCache:
    """The first rows of a float32 cache in the model's own type."""
    own = into or model.new_cache(exact.capacity)
    for layer in range(_CONFIG.text.layers):
        own.rows(layer)[:rows] = exact.rows(layer)[:rows]
    own.keys[:] = [0] * rows
    return own


def _error(logits: Sequence[Tensor], exact: Tensor) -> float:
    """The median relative error of a step's logits."""
    return statistics.median(
        float((ours - theirs).norm() / theirs.norm())
        for ours, theirs in zip(logits, exact, strict=True)
    )


def _agreement(logits: Sequence[Tensor], exact: Tensor) -> float:
    """The share of steps with the same likeliest token."""
    return statistics.mean(
        float(ours.argmax() == theirs.argmax()) for ours, theirs in zip(logits, exact, strict=True)
    )


def _commit() -> str:
    done = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True)
    return os.environ.get("COMMIT") or done.stdout.strip() or "unknown"


if __name__ == "__main__":
    main()
