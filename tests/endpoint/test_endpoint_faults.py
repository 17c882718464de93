"""Every way in which a server can fail: one clear line, with what to do about it."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email.utils import formatdate
from pathlib import Path

import pytest

from agent_app.errors import KnownError
from agent_app.runtimes.endpoint.server import Patience
from tests.endpoint.conftest import SHORT, OpenRuntime, question, run_of, text
from tests.fakes.model_server import VLLM, Answer, Chat, ModelServer, model, serve_model

CERTIFICATE = Path(__file__).parent / "self-signed.pem"
ONCE = Patience(connect=5, first_token=20, idle=20, attempts=1)


def error(message: str, **more: object) -> dict[str, object]:
    return {"error": {"message": message, "type": "invalid", **more}}


def refusal(runtime: object, *, request: object = None) -> KnownError:
    with pytest.raises(KnownError) as raised:
        text(runtime, request or question())  # type: ignore[arg-type]
    for line in (raised.value.message, raised.value.remedy):
        assert line
        assert "\n" not in line
        assert len(line) < 400
    return raised.value


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def test_nothing_that_listens_is_refused_at_once(connect: OpenRuntime):
    port = free_port()
    with pytest.raises(KnownError) as raised:
        connect(f"http://127.0.0.1:{port}/v1")
    assert raised.value.message == f"nothing answers at 127.0.0.1:{port}: the connection is refused"
    assert "start the server" in raised.value.remedy


def test_a_host_that_is_none_is_said_so(connect: OpenRuntime):
    with pytest.raises(KnownError, match=r"there is no host no-such-host\.invalid:8000"):
        connect("http://no-such-host.invalid:8000/v1")


def test_a_certificate_that_nobody_signed_is_not_trusted(connect: OpenRuntime):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTIFICATE)
    with serve_model(context) as server, pytest.raises(KnownError) as raised:
        connect(server)
    assert f"the certificate of {server.host} cannot be trusted: self-signed" in str(raised.value)
    assert "SSL_CERT_FILE" in raised.value.remedy
    assert server.headers == []  # not even a key was shown


def test_tls_to_a_server_that_has_none_names_http(connect: OpenRuntime, server: ModelServer):
    with pytest.raises(KnownError) as raised:
        connect(server.url.replace("http:", "https:"))
    assert "does not speak TLS" in raised.value.message
    assert "http://" in raised.value.remedy


@contextmanager
def answering(reply: bytes) -> Iterator[str]:
    """Something that listens, and answers everybody with the same bytes."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def answer() -> None:
            for _ in range(2):
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                with connection:
                    connection.recv(65536)
                    connection.sendall(reply)

        thread = threading.Thread(target=answer)
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/v1"
        listener.shutdown(socket.SHUT_RDWR)
        thread.join()


def test_what_is_no_web_server_is_said_so(connect: OpenRuntime):
    with answering(b"SSH-2.0-OpenSSH_9.2\r\n\r\n") as url, pytest.raises(KnownError) as raised:
        connect(url)
    assert "no HTTP server" in raised.value.message


def test_a_connection_that_is_closed_without_a_word_is_said_so(connect: OpenRuntime):
    with answering(b"") as url, pytest.raises(KnownError, match="cut its reply off"):
        connect(url)


def test_a_wrong_key_is_told_and_never_shown(connect: OpenRuntime, server: ModelServer):
    server.key = "right"
    with pytest.raises(KnownError) as raised:
        connect(server, key="sk-secret")
    assert f"{server.host} refuses the key" in raised.value.message
    assert "AGENT_APP_API_KEY" in raised.value.remedy
    assert "sk-secret" not in str(raised.value)
    with pytest.raises(KnownError, match="wants a key"):
        connect(server)
    assert "authorization" not in server.headers[-1]
    assert connect(server, key="right").info.name == "endpoint made-model"


@pytest.mark.parametrize(
    ("status", "body", "message", "remedy"),
    [
        (401, error("no"), "wants a key: no", "AGENT_APP_API_KEY"),
        (403, error("no"), "wants a key: no", "AGENT_APP_API_KEY"),
        (404, error("not found"), "has no model 'made-model'", "--model-name"),
        (405, error("no"), "failed (405): no", "log"),
        (
            400,
            error("made-model is not a multimodal model"),
            "sees no pictures: made-model is not",
            "agent-app model check",
        ),
        (400, error("At most 0 image(s) may be provided"), "sees no pictures", "vision"),
        (500, error("image input is not supported - mmproj"), "sees no pictures", "vision"),
        (422, {"detail": [{"loc": ["top_p"]}]}, "refuses the request (422): [{'loc'", "takes"),
        (422, {"detail": "Unexpected fields: {'top_p'}"}, "(422): Unexpected fields", "takes"),
        (500, error("out of memory"), "failed (500): out of memory", "log"),
        (502, b"<html><h1>Bad Gateway</h1>", "failed (502): Bad Gateway", "log"),
        (418, error("a\x1b[31m\nb" + "c" * 900), "failed (418): a[31m bccc", "log"),
        (200, b"<html>welcome</html>", "answered with text/html, and no stream", "/v1"),
        (200, {"choices": []}, "answered with application/json, and no stream", "/v1"),
    ],
)
def test_each_refusal_is_one_line_with_a_remedy(
    connect: OpenRuntime, server: ModelServer, status: int, body: object, message: str, remedy: str
):
    runtime = connect(server, patience=ONCE)
    server.usual = lambda chat: chat.status(status, body)
    told = refusal(runtime)
    assert message in told.message
    assert remedy in told.remedy
    assert "\x1b" not in told.message


def test_a_redirection_is_not_followed(connect: OpenRuntime, server: ModelServer):
    runtime = connect(server, patience=ONCE)
    with serve_model() as elsewhere:
        server.usual = lambda chat: chat.status(
            307, b"", Location=f"{elsewhere.url}/chat/completions"
        )
        told = refusal(runtime)
    assert elsewhere.asked == []
    assert f"sends us on to {elsewhere.url}" in told.message


def begun(then: Callable[[Chat], None]) -> Answer:
    def answer(chat: Chat) -> None:
        chat.begin()
        chat.chunk(content="## Act")
        then(chat)

    return answer


def closed_without_a_finish(chat: Chat) -> None:
    chat.begin(chunked=False)
    chat.chunk(content="## Act")
    chat.cut()


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (begun(lambda chat: chat.cut()), "cut its reply off"),
        (begun(lambda chat: chat.end()), "cut its reply off"),
        (closed_without_a_finish, "cut its reply off"),
        (begun(lambda chat: chat.raw(b'data: {"choices": [{"del\n\n')), "cannot be read"),
        (begun(lambda chat: chat.raw(b"data: \xff\xfe\n\n")), "cannot be read"),
        (begun(lambda chat: chat.event("hello")), "cannot be read"),
        (begun(lambda chat: chat.event([1])), "cannot be read"),
        (begun(lambda chat: chat.event({"choices": 7})), "cannot be read: its choices is int"),
        (begun(lambda chat: chat.event({"choices": ["x"], "id": 1})), "cut its reply off"),
        (begun(lambda chat: chat.chunk(content=["x"])), "cannot be read: its content is list"),
        (begun(lambda chat: chat.event({"error": "no memory"})), "failed in the middle"),
        (begun(lambda chat: chat.event(error("no memory"))), "in the middle of a reply: no memory"),
        (begun(lambda chat: chat.event([[[[]]]] * 3)), "cannot be read"),
        (begun(lambda chat: chat.raw(b"data: " + b"[" * 100_000 + b"\n\n")), "cannot be read"),
    ],
)
def test_a_reply_that_breaks_off_is_not_acted_on(
    connect: OpenRuntime, server: ModelServer, answer: Answer, message: str
):
    runtime = connect(server)

    def then_close(chat: Chat) -> None:
        answer(chat)
        chat.cut()

    server.answers = [then_close]
    tokens = runtime.generate(question())
    assert next(tokens).data == b"## Act"
    with pytest.raises(KnownError) as raised:
        list(tokens)
    assert message in raised.value.message
    assert len(server.asked) == 1  # words that were said are not taken back


def test_what_comes_after_the_end_of_a_reply_does_no_harm(
    connect: OpenRuntime, server: ModelServer
):
    def finished(chat: Chat) -> None:
        chat.begin()
        chat.chunk(content="done")
        chat.chunk("stop")
        chat.raw(b"data: {broken\n\n")

    server.answers = [finished]
    *_, last = connect(server).generate(question())
    assert last.finish is not None
    assert last.finish.ended_by == "stop"


def test_a_reply_that_a_filter_ended_is_none(connect: OpenRuntime, server: ModelServer):
    server.usual = lambda chat: chat.say("## Act", finish="content_filter")
    assert "withheld the rest" in refusal(connect(server)).message


def test_a_server_that_never_stops_is_stopped(connect: OpenRuntime, server: ModelServer):
    def endless(chat: Chat) -> None:
        chat.begin()
        for _ in range(100_000):
            chat.chunk(content="a ")

    server.answers = [endless]
    *tokens, last = connect(server).generate(question(max_tokens=20))
    assert len(tokens) == 21
    assert last.finish is not None
    assert last.finish.ended_by == "length"


@pytest.mark.parametrize(
    "answer",
    [
        lambda chat: chat.status(429, error("busy"), Retry_After="0"),
        lambda chat: chat.status(429, error("busy"), Retry_After=formatdate(0, usegmt=True)),
        lambda chat: chat.status(503, error("loading")),
        lambda chat: chat.status(500, error("oh")),
        lambda chat: chat.cut(),
        lambda chat: (chat.begin(), chat.cut()),
        lambda chat: (chat.begin(), chat.raw(b"data: {no\n\n")),
    ],
)
def test_what_passes_is_tried_again(
    connect: OpenRuntime, server: ModelServer, answer: Callable[[Chat], None]
):
    server.answers = [answer, answer]
    assert text(connect(server), question()) == "fine"
    assert len(server.asked) == 3


def test_tries_are_counted(connect: OpenRuntime, server: ModelServer):
    server.usual = lambda chat: chat.status(503, error("loading"))
    assert "failed (503): loading" in refusal(connect(server)).message
    assert len(server.asked) == SHORT.attempts


def test_a_wait_that_is_too_long_is_told_and_not_waited(connect: OpenRuntime, server: ModelServer):
    server.usual = lambda chat: chat.status(429, error("slow down"), Retry_After="3600")
    told = refusal(connect(server))
    assert "is asked too often for 3600 seconds: slow down" in told.message
    assert len(server.asked) == 1


@pytest.mark.parametrize(
    ("headers", "waited"),
    [
        ({"Retry-After": "0.3"}, "0.3"),
        ({"Retry-After": formatdate(0, usegmt=True)}, "0.0"),
        ({}, "0.1"),
    ],
)
def test_a_wait_that_the_server_asks_for_comes_before_our_own(
    connect: OpenRuntime,
    server: ModelServer,
    headers: dict[str, str],
    waited: str,
    caplog: pytest.LogCaptureFixture,
):
    ours = Patience(connect=5, first_token=20, idle=20, attempts=2, backoff=0.1)
    server.answers = [lambda chat: chat.status(429, error("busy"), **headers)]
    assert text(connect(server, patience=ours), question()) == "fine"
    assert f"trying again in {waited} seconds" in caplog.text


@pytest.mark.parametrize("status", [400, 413])
def test_a_conversation_that_is_too_long_is_shortened(
    connect: OpenRuntime, server: ModelServer, status: int
):
    """One past screen fits, two do not."""

    def answer(chat: Chat) -> None:
        images = str(chat.body["messages"]).count("image_url'")
        if images > 4:  # each is named twice
            chat.status(status, error("the maximum context length is 4096 tokens"))
        else:
            chat.say("## Action:\nok")

    server.usual = answer
    runtime = connect(server)
    assert text(runtime, question(*run_of("red", "green", "blue"))) == "## Action:\nok"
    messages = server.asked[-1]["messages"]
    assert [message["role"] for message in messages] == [
        *("system", "assistant", "user", "assistant", "user")
    ]
    assert "click" in messages[1]["content"]


def test_what_cannot_be_shortened_any_further_is_told(connect: OpenRuntime, server: ModelServer):
    server.usual = lambda chat: chat.status(413, b"<h1>Too Large</h1>")
    told = refusal(connect(server), request=question(*run_of("red", "blue")))
    assert "takes no request of 0.0 MB: Too Large" in told.message
    assert "--region" in told.remedy


def test_silence_before_the_first_word_ends(connect: OpenRuntime, server: ModelServer):
    patience = Patience(connect=5, first_token=0.2, idle=20, attempts=2, backoff=0.01)
    server.usual = lambda chat: (chat.begin(), chat.chunk(role="assistant"), chat.hang())
    told = refusal(connect(server, patience=patience))
    assert "said nothing for 0.2 seconds" in told.message
    assert "--patience" in told.remedy
    assert [server.drops.get(timeout=10) for _ in range(2)]  # it need not go on for us


def test_silence_in_the_middle_of_a_reply_ends(connect: OpenRuntime, server: ModelServer):
    patience = Patience(connect=5, first_token=20, idle=0.2, attempts=2, backoff=0.01)
    server.usual = begun(lambda chat: chat.hang())
    told = refusal(connect(server, patience=patience))
    assert "stopped in the middle of a reply, and said nothing for 0.2 seconds" in told.message
    assert server.drops.get(timeout=10)


def test_a_server_that_takes_no_connection_is_not_waited_for_long(connect: OpenRuntime):
    with socket.create_server(("127.0.0.1", 0), backlog=0) as full, socket.socket() as first:
        first.connect(full.getsockname())  # the queue of connections is full with it
        with socket.socket() as second:
            second.setblocking(False)
            second.connect_ex(full.getsockname())
            with pytest.raises(KnownError, match="does not answer"):
                connect(
                    f"http://127.0.0.1:{full.getsockname()[1]}/v1",
                    patience=Patience(connect=0.2),
                )


@pytest.mark.parametrize(
    ("models", "message"),
    [
        ([], "has 0 models"),
        ([model("a"), model("b")], "has 2 models: a, b"),
        ([{"id": 7}], "cannot be read"),
        ("nonsense", "cannot be read"),
        ([model("a\x1b[31m")], "without a proper name"),
    ],
)
def test_a_server_must_have_one_model_or_be_told_which(
    connect: OpenRuntime, server: ModelServer, models: list[object], message: str
):
    server.models = models  # type: ignore[assignment]
    with pytest.raises(KnownError) as raised:
        connect(server)
    assert message in raised.value.message


def test_of_several_models_kimi_vl_is_meant(connect: OpenRuntime, server: ModelServer):
    server.models = [model("a"), VLLM]
    assert connect(server).info.name == f"endpoint {VLLM['id']}"
    assert connect(server, model="a").info.name == "endpoint a"


def test_a_server_that_lists_no_models_serves_the_one_that_is_named(
    connect: OpenRuntime, server: ModelServer
):
    server.models_status = 404
    with pytest.raises(KnownError, match="does not tell its models"):
        connect(server)
    runtime = connect(f"{server.url}#mine")
    assert text(runtime, question()) == "fine"
    assert server.asked[-1]["model"] == "mine"
