"""From turns to a streamed reply, on a small random model through the real tokenizer and chat."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from PIL import Image
from torch import Tensor

from agent_app.errors import KnownError
from agent_app.geometry import FrameTransform, ScreenPoint, Size
from agent_app.model_runtime import (
    Finish,
    GenerationRequest,
    ImagePart,
    ReplySplitter,
    Sampling,
    Token,
    Turn,
)
from agent_app.prompting import History, load_prompt
from agent_app.runtimes.kimi_vl.chat import Chat
from agent_app.runtimes.kimi_vl.generation import Sampler
from agent_app.runtimes.kimi_vl.images import (
    ImageSettings,
    normalised_patches,
    prepare,
    read_image_settings,
)
from agent_app.runtimes.kimi_vl.made import tiny_config
from agent_app.runtimes.kimi_vl.model import KimiVL
from agent_app.runtimes.kimi_vl.runtime import KimiVLRuntime
from agent_app.runtimes.kimi_vl.tokenizer import Tokenizer
from tests.kimi_vl.models import library_language_model, random_model

CONFIG = tiny_config("F32")
GREEDY = Sampling(temperature=0, max_tokens=10)


class Bed:
    """A runtime with its parts in reach, and a count of what its model is made to compute."""

    def __init__(self, folder: Path, *, context: int = 4096) -> None:
        self.model: KimiVL = random_model(CONFIG)
        self.tokenizer = Tokenizer.open(folder, vocab_size=CONFIG.text.vocab_size)
        self.chat = Chat.open(folder, self.tokenizer)
        self.images: ImageSettings = read_image_settings(folder)
        self.runtime = KimiVLRuntime(
            self.model,
            tokenizer=self.tokenizer,
            chat=self.chat,
            images=self.images,
            context=context,
            detail="test",
        )
        self.passes: list[int] = []  # tokens of each pass of the language model
        self.looks: list[tuple[int, int]] = []  # grids of the pictures that were looked at
        self.before_pass: Callable[[], None] = lambda: None
        self.model.language_model.register_forward_pre_hook(self._on_pass)
        self.model.vision_tower.register_forward_pre_hook(self._on_look)

    def _on_pass(self, _module: object, given: tuple[Tensor, ...]) -> None:
        self.passes.append(given[0].shape[0])
        self.before_pass()

    def _on_look(self, _module: object, given: tuple[object, ...]) -> None:
        self.looks.append(given[1])  # type: ignore[arg-type]

    def reply(self, request: GenerationRequest) -> tuple[bytes, Finish]:
        tokens = list(self.runtime.generate(request))
        finish = tokens[-1].finish
        assert finish
        return b"".join(token.data for token in tokens), finish

    def words(self, *texts: str) -> list[int]:
        return [token for text in texts for token in self.tokenizer.encode(text)]


@pytest.fixture
def bed(tiny_vocabulary: Path) -> Bed:
    return Bed(tiny_vocabulary)


def screen(shade: int = 100, *, size: tuple[int, int] = (56, 84)) -> ImagePart:
    image = Image.linear_gradient("L").resize(size).point(lambda v: (v + shade) % 256)
    return ImagePart(
        image.convert("RGB"),
        f"sha1 of {shade}",
        FrameTransform(ScreenPoint(0, 0), 1.0, Size(*size)),
    )


def ask(
    *parts: str | ImagePart, sampling: Sampling = GREEDY, opening: str = ""
) -> GenerationRequest:
    turns = (Turn("system", ("You operate a computer.",)), Turn("user", parts))
    return GenerationRequest(turns, "", opening=opening, sampling=sampling)


def script(monkeypatch: pytest.MonkeyPatch, tokens: Sequence[int]) -> None:
    """Draw these tokens whatever the model says."""
    rest: Iterator[int] = iter(tokens)
    monkeypatch.setattr(Sampler, "draw", lambda _self, _logits: next(rest))


def naive_greedy(bed: Bed, request: GenerationRequest, count: int) -> bytes:
    """The reply by transformers' own model, everything computed anew for every token."""
    library = library_language_model(bed.model)
    embedded: list[Tensor] = []
    for stretch in bed.chat.render(request.turns, opening=request.opening):
        if isinstance(stretch, list):
            embedded.append(library.model.embed_tokens(torch.tensor(stretch, dtype=torch.long)))
        else:
            picture = prepare(stretch.image, bed.images)
            pixels = torch.from_numpy(picture.pixels)
            patches = normalised_patches(pixels, bed.images, torch.float32)
            embedded.append(bed.model.see(patches, picture.grid))
    x = torch.cat(embedded)
    data = b""
    for _ in range(count):
        with torch.inference_mode():
            token = int(library(inputs_embeds=x[None], use_cache=False).logits[0, -1].argmax())
        if token in bed.chat.end_tokens:
            break
        data += bed.tokenizer.bytes_of(token)
        x = torch.cat((x, library.model.embed_tokens(torch.tensor([token]))))
    return data


@pytest.mark.parametrize(
    "parts",
    [
        ("Where is the button?",),
        (screen(), "Where is the button?"),
        ("First", screen(1), "then", screen(2, size=(28, 140)), "and", screen(1), "Which?"),
    ],
)
def test_the_fast_reply_equals_the_naive_one_token_for_token(
    bed: Bed, parts: tuple[str | ImagePart, ...]
):
    data, finish = bed.reply(ask(*parts))

    assert finish.completion_tokens > 3
    assert data == naive_greedy(bed, ask(*parts), GREEDY.max_tokens)


def test_a_seed_draws_the_same_reply_again_and_another_seed_another(bed: Bed):
    def drawn(seed: int) -> bytes:
        return bed.reply(ask("Hello", sampling=Sampling(seed=seed, max_tokens=30)))[0]

    assert drawn(1) == drawn(1)
    assert drawn(1) != drawn(2)


def test_a_narrow_nucleus_leaves_the_likeliest_token_alone(bed: Bed):
    narrow = Sampling(temperature=2.0, top_p=1e-6, max_tokens=10)

    assert bed.reply(ask("Hello", sampling=narrow))[0] == bed.reply(ask("Hello"))[0]


def test_draws_follow_the_chances_within_the_nucleus():
    logits = torch.tensor([0.5, 0.3, 0.15, 0.05]).log()
    sampler = Sampler(Sampling(temperature=1.0, top_p=0.9, seed=3), torch.device("cpu"))

    drawn = torch.tensor([sampler.draw(logits) for _ in range(4000)]).bincount(minlength=4) / 4000

    # four standard deviations of a share of 4000 draws are 0.032
    expected = torch.tensor([0.5, 0.3, 0.15, 0.0]) / 0.95
    assert (drawn - expected).abs().max() < 0.032
    assert drawn[3] == 0


@pytest.mark.parametrize("name", ["[EOS]", "<|im_end|>"])
def test_both_end_tokens_end_a_reply(bed: Bed, monkeypatch: pytest.MonkeyPatch, name: str):
    script(monkeypatch, [*bed.words("Done."), bed.tokenizer.special(name), *bed.words("More")])

    data, finish = bed.reply(ask("Hello"))

    assert (data, finish.ended_by) == (b"Done.", "stop")


def test_a_reply_ends_at_its_most_tokens(bed: Bed):
    _, finish = bed.reply(ask("Hello", sampling=replace(GREEDY, max_tokens=5)))

    assert (finish.ended_by, finish.completion_tokens) == ("length", 5)


def test_stop_from_another_thread_ends_within_one_token(bed: Bed, monkeypatch: pytest.MonkeyPatch):
    script(monkeypatch, bed.words("word ") * 1000)
    request = ask("Hello", sampling=replace(GREEDY, max_tokens=2000))
    reached = threading.Event()

    def stopper() -> None:
        reached.wait()
        request.stop.set()

    thread = threading.Thread(target=stopper)
    thread.start()
    after = 0
    finish = None
    for number, token in enumerate(bed.runtime.generate(request)):
        if number == 3:
            reached.set()
            thread.join()
        elif number > 3 and token.finish is None:
            after += 1
        finish = token.finish
    assert finish
    assert finish.ended_by == "cancelled"
    assert after <= 1


def test_stop_during_the_prompt_ends_before_the_first_token(bed: Bed):
    request = ask(screen(), "Hello")
    bed.before_pass = request.stop.set

    data, finish = bed.reply(request)

    assert (data, finish.ended_by, finish.completion_tokens) == (b"", "cancelled", 0)
    bed.before_pass = lambda: None
    fresh = replace(request, stop=threading.Event())
    assert bed.reply(fresh)[0] == naive_greedy(bed, fresh, GREEDY.max_tokens)


def test_a_generation_that_is_closed_leaves_a_runtime_that_can_be_asked_again(bed: Bed):
    tokens = bed.runtime.generate(ask("Hello"))
    next(tokens)
    tokens.close()

    assert bed.reply(ask("Hello"))[0] == naive_greedy(bed, ask("Hello"), GREEDY.max_tokens)


def test_a_thought_is_closed_when_its_budget_is_spent(bed: Bed, monkeypatch: pytest.MonkeyPatch):
    thought = bed.words("◁think▷") + bed.words("hm ") * 40
    summary = [*bed.words("## Action:\nStop."), bed.tokenizer.special("<|im_end|>")]
    budget = 10
    opened = len(bed.words("◁think▷"))
    script(monkeypatch, [*thought[: opened + budget], *summary])

    data, _ = bed.reply(ask("Hello", sampling=Sampling(thinking_budget=budget)))

    splitter = ReplySplitter()
    splitter.feed(data)
    _, reply = splitter.finish("stop")
    assert reply.summary == "## Action:\nStop."
    within = b"".join(map(bed.tokenizer.bytes_of, thought[opened : opened + budget]))
    assert reply.thought == within.decode().strip()
    # what was forced went into the model, behind the token that spent the budget
    assert 1 + len(bed.words("◁/think▷")) in bed.passes


def test_an_end_mark_that_has_begun_is_completed_not_repeated(
    bed: Bed, monkeypatch: pytest.MonkeyPatch
):
    begun = bed.words("◁think▷") + bed.words("hm") + bed.words("◁/thi")
    script(monkeypatch, [*begun, *bed.words("Click."), bed.tokenizer.special("<|im_end|>")])
    inside = len(begun) - len(bed.words("◁think▷"))

    data, _ = bed.reply(ask("Hello", sampling=Sampling(thinking_budget=inside)))

    assert data.decode() == "◁think▷hm◁/think▷Click."


def test_without_thinking_the_reply_begins_after_an_empty_thought(bed: Bed):
    sampling = replace(GREEDY, think=False)
    opened = ask("Hello", opening="◁think▷\n\n◁/think▷")

    data, finish = bed.reply(ask("Hello", sampling=sampling))

    assert data == naive_greedy(bed, opened, GREEDY.max_tokens)
    assert (
        finish.prompt_tokens
        == len(bed.words("◁think▷\n\n◁/think▷")) + bed.reply(ask("Hello"))[1].prompt_tokens
    )


def test_a_thought_goes_on_from_where_it_was_with_a_hint_in_it(bed: Bed):
    hinted = ask(screen(), "Go.", opening="◁think▷The first one. Not that one, the second. So ")

    data, _ = bed.reply(hinted)

    assert data == naive_greedy(bed, hinted, GREEDY.max_tokens)
    assert data != bed.reply(ask(screen(), "Go."))[0]


def test_the_next_step_computes_only_what_is_new(bed: Bed):
    first = ask(screen(1), "Go.")
    bed.reply(first)
    system, _ = first.turns
    answer = Turn("assistant", ("# Step 1:\nClicked.",))
    following = replace(
        first,
        turns=(system, Turn("user", (screen(1),)), answer, Turn("user", (screen(2), "Go."))),
    )
    bed.passes.clear()
    bed.looks.clear()

    data, finish = bed.reply(following)

    assert len(bed.looks) == 1  # the new screen alone
    shared = len(bed.chat.render((system,))[0])
    assert bed.passes[0] < finish.prompt_tokens - shared  # the system turn and the first screen
    assert data == naive_greedy(bed, following, GREEDY.max_tokens)


def test_a_picture_that_was_seen_before_is_not_looked_at_again(bed: Bed):
    bed.reply(ask(screen(1), "Go."))
    bed.reply(ask(screen(2), "Go."))
    bed.looks.clear()

    data, _ = bed.reply(ask(screen(2), screen(1), "Which?"))

    assert bed.looks == []
    assert data == naive_greedy(bed, ask(screen(2), screen(1), "Which?"), GREEDY.max_tokens)


def test_one_capture_at_two_sizes_is_two_pictures(bed: Bed):
    small, large = screen(1), replace(screen(1, size=(84, 84)), sha1=screen(1).sha1)

    bed.reply(ask(small, "Go."))
    data, _ = bed.reply(ask(large, "Go."))

    assert data == naive_greedy(bed, ask(large, "Go."), GREEDY.max_tokens)


def past_steps(count: int, *, images: int = 3) -> History:
    history = History(load_prompt(), "Save the file.", images=images)
    for number in range(1, count + 1):
        history.add(number, image=screen(number), thought="Hm. " * 40, action="Click it.")
    return history


def test_a_conversation_that_does_not_fit_is_shortened_in_its_own_form(tiny_vocabulary: Path):
    whole = Bed(tiny_vocabulary)
    history = past_steps(3)
    request = GenerationRequest(history.turns(screen(9)), "", sampling=GREEDY)
    _, finish = whole.reply(request)
    tight = Bed(tiny_vocabulary, context=finish.prompt_tokens + GREEDY.max_tokens - 1)
    told = past_steps(3, images=2)

    data, shorter = tight.reply(request)

    expected = replace(request, turns=told.turns(screen(9)))
    assert shorter.prompt_tokens < finish.prompt_tokens
    assert data == naive_greedy(tight, expected, GREEDY.max_tokens)


def test_a_task_that_cannot_fit_is_refused_with_its_size(tiny_vocabulary: Path):
    bed = Bed(tiny_vocabulary, context=200)

    with pytest.raises(KnownError, match=r"take [\d,]+ tokens, and a context of 200") as caught:
        bed.reply(ask("word " * 400))
    assert "--context" in caught.value.remedy
    assert bed.passes == []


def test_a_reply_ends_where_the_context_does(
    tiny_vocabulary: Path, monkeypatch: pytest.MonkeyPatch
):
    prompt = Bed(tiny_vocabulary).reply(ask("Hello"))[1].prompt_tokens
    # room for a reply is kept, but no more of it than a thousand tokens
    bed = Bed(tiny_vocabulary, context=prompt + 1024)
    script(monkeypatch, bed.words("a") * 2000)

    _, finish = bed.reply(ask("Hello", sampling=Sampling(max_tokens=5000)))

    assert (finish.ended_by, finish.completion_tokens) == ("length", 1024)


def test_running_out_of_memory_shortens_the_past_and_goes_on(bed: Bed):
    request = GenerationRequest(past_steps(2).turns(screen(9)), "", sampling=GREEDY)
    shortages = [torch.OutOfMemoryError("no room")]

    def fail_once() -> None:
        if shortages:
            raise shortages.pop()

    bed.before_pass = fail_once
    data, _ = bed.reply(request)

    bed.before_pass = lambda: None
    told = past_steps(2, images=1)
    assert data == naive_greedy(bed, replace(request, turns=told.turns(screen(9))), len(data))


def test_memory_that_stays_short_is_a_known_error_and_the_runtime_lives_on(bed: Bed):
    def fail() -> None:
        raise torch.OutOfMemoryError("tried to allocate 3 GiB\nand more")

    bed.before_pass = fail
    with pytest.raises(KnownError, match=r"ran out of memory .*3 GiB") as caught:
        bed.reply(ask(screen(), "Hello"))
    assert "--precision" in caught.value.remedy

    bed.before_pass = lambda: None
    assert bed.reply(ask("Hello"))[0] == naive_greedy(bed, ask("Hello"), GREEDY.max_tokens)


def test_characters_that_are_spread_over_tokens_arrive_whole(
    bed: Bed, monkeypatch: pytest.MonkeyPatch
):
    text = "Größe 保存 👩‍💻 done"
    in_bytes = [
        next(t for t in range(256) if bed.tokenizer.bytes_of(t) == bytes([value]))
        for value in text.encode()
    ]
    script(monkeypatch, [*in_bytes, bed.tokenizer.special("<|im_end|>")])

    tokens: list[Token] = list(bed.runtime.generate(ask("Hello", sampling=Sampling())))
    splitter = ReplySplitter()
    streamed = [piece.text for token in tokens for piece in splitter.feed(token.data)]

    assert "".join(streamed) == text
    assert "\ufffd" not in "".join(streamed)
    assert len(tokens) == len(text.encode()) + 1


def test_a_closed_runtime_lets_go_of_its_model(tiny_vocabulary: Path):
    import gc
    import weakref

    bed = Bed(tiny_vocabulary)
    model = weakref.ref(bed.model)
    runtime = bed.runtime
    bed.reply(ask("Hello"))
    runtime.close()
    del bed
    gc.collect()

    assert model() is None
