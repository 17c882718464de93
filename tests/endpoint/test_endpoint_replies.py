"""What a server is asked, and what its answer becomes."""

from __future__ import annotations

import base64
import io
import re
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from agent_app.asking import ask, hinted
from agent_app.errors import KnownError
from agent_app.model_runtime import GenerationRequest, Reply, ReplySplitter, Turn
from agent_app.runtimes.endpoint.reply import Delta, GrowingReply
from agent_app.runtimes.endpoint.runtime import EndpointRuntime
from tests.endpoint.conftest import OpenRuntime, picture, question, run_of, text
from tests.fakes.model_server import VLLM, Chat, ModelServer, model

ACTION = "## Action:\nClick.\n## Code:\n```python\npyautogui.click(x=0.1, y=0.2)\n```"


def split(runtime: EndpointRuntime, request: GenerationRequest) -> Reply:
    """The reply as the loop has it, the opening's words among it."""
    asked = ask(runtime, request)
    while True:
        try:
            next(asked)
        except StopIteration as end:
            return end.value.reply


def saying(*deltas: dict[str, str], finish: str = "stop") -> Callable[[Chat], None]:
    def answer(chat: Chat) -> None:
        chat.begin()
        for delta in deltas:
            chat.chunk(**delta)
        chat.chunk(finish)
        chat.end()

    return answer


@pytest.mark.parametrize(
    "deltas",
    [
        [{"content": "◁thi"}, {"content": "nk▷I see it.◁/think"}, {"content": "▷" + ACTION}],
        [{"reasoning": "I see "}, {"reasoning": "it."}, {"content": ACTION}],
        [{"reasoning_content": "I see it.", "content": ""}, {"content": ACTION}],
        [{"reasoning": "I see it.", "reasoning_content": "I see it."}, {"content": ACTION}],
        [{"reasoning": "I see it.", "content": ACTION}],
    ],
)
def test_a_thought_comes_between_marks_or_in_a_field(
    connect: OpenRuntime, server: ModelServer, deltas: list[dict[str, str]]
):
    server.usual = saying(*deltas)
    reply = split(connect(server), question())
    assert (reply.thought, reply.summary) == ("I see it.", ACTION)


def test_a_thought_in_a_field_that_never_ends_is_no_answer(
    connect: OpenRuntime, server: ModelServer
):
    """Not even when it spells out the mark that ends a thought."""
    server.usual = saying({"reasoning": "they say ◁/think"}, {"reasoning": "▷" + ACTION})
    assert split(connect(server), question()).summary is None


def test_a_reply_cut_by_length_says_so_and_is_counted(connect: OpenRuntime, server: ModelServer):
    server.usual = lambda chat: chat.say("one ", "two", finish="length")
    *_, last = connect(server).generate(question())
    assert last.finish is not None
    assert last.finish.ended_by == "length"
    assert (last.finish.prompt_tokens, last.finish.completion_tokens) == (100, 2)


def test_the_question_carries_its_sampling(connect: OpenRuntime, server: ModelServer):
    text(connect(server), question(temperature=0, top_p=0.5, seed=7, max_tokens=99))
    (body,) = server.asked
    assert (body["temperature"], body["top_p"], body["seed"], body["max_tokens"]) == (0, 0.5, 7, 99)
    assert body["model"] == "made-model"
    assert body["messages"] == [{"role": "user", "content": "What now?"}]
    assert body.keys().isdisjoint({"stop_token_ids", "continue_final_message"})


def test_kimi_vl_at_vllm_is_told_where_its_turns_end(connect: OpenRuntime, server: ModelServer):
    server.models = [model("default", "vllm", root="/models/Kimi-VL-A3B")]
    text(connect(server), question())
    server.models = [model("other", "vllm")]
    text(connect(server), question())
    assert [body.get("stop_token_ids") for body in server.asked] == [[163585, 163586], None]


def test_pictures_are_sent_as_they_were_seen(connect: OpenRuntime, server: ModelServer):
    noise = np.random.default_rng(0).integers(0, 255, (56, 84, 3), np.uint8)
    part = picture()
    part = type(part)(Image.fromarray(noise), "noise", part.transform)
    text(connect(server), question(Turn("user", (part, "one", "two", part))))
    ((before, words, after),) = [message["content"] for message in server.asked[0]["messages"]]
    assert words == {"type": "text", "text": "one\ntwo"}
    assert before == after
    kind, data = before["image_url"]["url"].split(",")
    assert kind == "data:image/png;base64"
    with Image.open(io.BytesIO(base64.b64decode(data))) as sent:
        assert np.array_equal(np.asarray(sent), noise)


def test_a_screen_is_the_same_bytes_in_every_step(connect: OpenRuntime, server: ModelServer):
    """So that servers that keep what they have read find its beginning again."""
    runtime = connect(server)
    text(runtime, question(*run_of("red", "green")))
    text(runtime, question(*run_of("red", "green", "blue")))
    first, second = (body["messages"] for body in server.asked)
    assert second[: len(first) - 1] == first[:-1]
    assert second[3]["content"][0] == first[3]["content"][0]


def sent(body: dict[str, object]) -> list[bool]:
    """Whether each picture went with its bytes."""
    return [
        "'image_url': {" in part for part in str(body["messages"]).split("'type': 'image_url'")[1:]
    ]


def test_vllm_is_sent_each_screen_once(connect: OpenRuntime, server: ModelServer):
    server.models = [VLLM]
    runtime = connect(server)
    text(runtime, question(*run_of("red", "green")))
    text(runtime, question(*run_of("red", "green", "blue")))
    assert [sent(body) for body in server.asked] == [[True, True], [False, False, True]]
    names = re.findall(r"'uuid': '([0-9a-f]{40})'", str(server.asked[1]["messages"]))
    assert len(set(names)) == 3


@pytest.mark.parametrize("status", [400, 500])
def test_a_server_that_has_lost_a_screen_gets_it_again(
    connect: OpenRuntime, server: ModelServer, status: int
):
    def forgetful(chat: Chat) -> None:
        if all(sent(chat.body)):
            chat.say("seen")
        else:
            chat.status(status, {"error": {"message": "Expected a cached item"}})

    server.models = [VLLM]
    server.usual = forgetful
    runtime = connect(server)
    for colours in (("red",), ("red", "green"), ("red", "green", "blue")):
        assert text(runtime, question(*run_of(*colours))) == "seen"
    assert len(server.asked) == 4  # it is believed once


def test_without_a_thought_the_reply_is_opened_for_the_model(
    connect: OpenRuntime, server: ModelServer
):
    server.models = [VLLM]
    server.usual = lambda chat: chat.say(ACTION)
    reply = split(connect(server), question(think=False))
    assert (reply.thought, reply.summary) == ("", ACTION)
    (body,) = server.asked
    assert body["messages"][-1] == {"role": "assistant", "content": "◁think▷\n\n◁/think▷"}
    assert body["continue_final_message"] is True
    assert body["add_generation_prompt"] is False


def test_without_a_thought_other_servers_are_asked_in_words(
    connect: OpenRuntime, server: ModelServer
):
    server.usual = lambda chat: chat.say(ACTION)
    reply = split(connect(server), question(think=False))
    assert (reply.thought, reply.summary) == ("", ACTION)
    (message,) = server.asked[0]["messages"]
    assert message["content"].startswith("What now?\nAnswer at once")


def test_a_hint_is_gone_on_from(connect: OpenRuntime, server: ModelServer):
    server.models = [VLLM]
    server.usual = lambda chat: chat.say(" So: left.◁/think▷" + ACTION)
    opening = hinted("The menu is open.", "Use the left one.")
    reply = split(connect(server), question(opening=opening))
    assert reply.thought == "The menu is open.\nUse the left one.\n So: left."
    assert reply.summary == ACTION
    assert server.asked[0]["messages"][-1]["content"] == opening


@pytest.mark.parametrize("answer", [ACTION, "◁think▷So: left.◁/think▷" + ACTION])
def test_a_hint_reaches_servers_that_cannot_go_on(
    connect: OpenRuntime, server: ModelServer, answer: str
):
    server.usual = lambda chat: chat.say(answer)
    opening = hinted("The menu is open.", "Use the left one.")
    reply = split(connect(server), question(opening=opening))
    assert reply.thought.startswith("The menu is open.\nUse the left one.")
    assert ("So: left." in reply.thought) == ("So: left." in answer)
    assert reply.summary == ACTION
    (message,) = server.asked[0]["messages"]
    assert "Use the left one." in message["content"]
    assert "◁" not in message["content"]


def test_a_reply_that_was_cut_is_gone_on_with(connect: OpenRuntime, server: ModelServer):
    def cut(chat: Chat) -> None:
        chat.begin()
        chat.chunk(content="◁think▷I see the but")
        chat.cut()

    server.models = [VLLM]
    server.answers = [cut, lambda chat: chat.say("ton.◁/think▷", ACTION)]
    reply = split(connect(server), question())
    assert (reply.thought, reply.summary) == ("I see the button.", ACTION)
    assert server.asked[1]["messages"][-1]["content"] == "◁think▷I see the but"


def test_a_thought_that_takes_too_long_is_closed(connect: OpenRuntime, server: ModelServer):
    def thinks_on(chat: Chat) -> None:
        chat.begin()
        chat.chunk(content="◁think▷")
        for word in ("a ", "b ", "c ", "d "):
            chat.chunk(content=word)
        chat.hang()

    server.models = [VLLM]
    server.answers = [thinks_on, lambda chat: chat.say(ACTION)]
    reply = split(connect(server), question(thinking_budget=3))
    assert (reply.thought, reply.summary) == ("a b c", ACTION)
    assert server.drops.get(timeout=10)


@pytest.mark.parametrize("status", [400, 422])
def test_a_server_that_knows_no_extensions_is_asked_plainly(
    connect: OpenRuntime, server: ModelServer, status: int
):
    def strict(chat: Chat) -> None:
        if extra := set(chat.body) - {
            "model",
            "messages",
            "stream",
            "temperature",
            "top_p",
            "max_tokens",
        }:
            chat.status(status, {"detail": f"Unexpected fields in the request: {extra}"})
        else:
            chat.say(ACTION)

    server.models = [VLLM]
    server.usual = strict
    runtime = connect(server)
    assert split(runtime, question(think=False)).summary == ACTION
    assert split(runtime, question(*run_of("red"), think=False)).summary == ACTION
    assert len(server.asked) == 3  # it is told off once
    assert "Answer at once" in str(server.asked[1]["messages"])


@pytest.mark.parametrize("how", ["stop", "close"])
def test_a_stop_drops_the_request_at_the_server(
    connect: OpenRuntime, server: ModelServer, how: str
):
    def slow(chat: Chat) -> None:
        chat.begin()
        chat.chunk(content="I")
        chat.hang()

    server.usual = slow
    request = question()
    tokens = connect(server).generate(request)
    assert next(tokens).data == b"I"
    if how == "close":
        tokens.close()
    else:
        request.stop.set()
        *_, last = tokens
        assert last.finish is not None
        assert last.finish.ended_by == "cancelled"
    assert server.drops.get(timeout=10) == "/v1/chat/completions"


def test_a_stop_before_the_first_word_drops_the_request(connect: OpenRuntime, server: ModelServer):
    request = question()

    def silent(chat: Chat) -> None:
        request.stop.set()
        chat.hang()

    server.usual = silent
    *_, last = connect(server).generate(request)
    assert last.finish is not None
    assert last.finish.ended_by == "cancelled"
    assert server.drops.get(timeout=10) == "/v1/chat/completions"


def test_a_stop_while_waiting_to_try_again_ends_the_wait(connect: OpenRuntime, server: ModelServer):
    request = question()

    def busy(chat: Chat) -> None:
        request.stop.set()
        chat.status(429, {"error": "busy"}, Retry_After="50")

    server.usual = busy
    *_, last = connect(server).generate(request)
    assert last.finish is not None
    assert last.finish.ended_by == "cancelled"
    assert len(server.asked) == 1


def test_the_runtime_can_be_asked_again_after_a_fault(connect: OpenRuntime, server: ModelServer):
    runtime = connect(server)
    server.answers = [lambda chat: chat.status(404)]
    with pytest.raises(KnownError):
        text(runtime, question())
    assert text(runtime, question()) == "fine"


PIECES = st.text("ab◁▷/think\n", max_size=6)


@given(st.lists(st.tuples(PIECES, PIECES), max_size=8))
def test_words_of_a_thought_never_become_an_answer(deltas: list[tuple[str, str]]):
    """Whatever is in the two fields, in whatever pieces: a thought ends with the field."""
    reply, splitter = GrowingReply(""), ReplySplitter()
    content = ""
    for reasoning, said in deltas:
        splitter.feed(reply.take(Delta(said, reasoning)).encode())
        content += said
    _, told = splitter.finish("stop")
    plain = ReplySplitter()
    plain.feed(content.encode())
    if not any(reasoning for reasoning, _ in deltas):
        assert told == plain.finish("stop")[1]
    elif told.summary is not None and "◁" not in content:
        last = max(n for n, (reasoning, _) in enumerate(deltas) if reasoning)
        kept = "".join(said for _, said in deltas[last:])
        assert told.summary.endswith(kept.strip())
        assert set(told.summary) <= set(content + "\n")
