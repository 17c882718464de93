"""A server's URL where a person names a model."""

from __future__ import annotations

import base64
import io
import os
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from agent_app import cli
from agent_app.episode.reader import open_episode
from agent_app.errors import KnownError
from agent_app.events import ReplyReceived, RunFinished, RunStarted
from agent_app.model_runtime import ModelOptions, open_runtime
from agent_app.runtimes.endpoint.keys import find_key, stored_name
from agent_app.secret_store import SecretStore, Vault
from tests.fakes.model_server import Chat, ModelServer, serve_model
from tests.fakes.secret_store import store_of

pytest_plugins = ["pytester"]
ROOT = Path(__file__).parent.parent.parent
GOLDEN = ROOT / "tests" / "golden" / "episode-v2"
DONE = '## Action:\nDone.\n## Code:\n```python\ncomputer.terminate(status="success")\n```'


def seeing(chat: Chat) -> None:
    """A model that names what it is shown."""
    content = chat.body["messages"][-1]["content"]
    data = content[0]["image_url"]["url"].split(",")[1]
    with Image.open(io.BytesIO(base64.b64decode(data))) as image:
        colour = image.convert("RGB").getpixel((0, 0))
    words = {(255, 0, 0): "It is red.", (0, 0, 255): "It is blue."}
    chat.say(words.get(colour, "It says AGENT 42."))  # type: ignore[arg-type]


def test_model_check_tells_a_server_that_sees(
    server: ModelServer, capsys: pytest.CaptureFixture[str]
):
    server.usual = seeing
    assert cli.main(["model", "check", server.url]) == 0
    said = capsys.readouterr().out
    assert f"endpoint made-model: an OpenAI-compatible server at {server.host}" in said
    assert "plain red: It is red." in said
    assert "It names what it is shown." in said


def test_model_check_finds_a_server_that_drops_pictures(
    server: ModelServer, capsys: pytest.CaptureFixture[str]
):
    server.usual = lambda chat: chat.say("I see a picture.")
    assert cli.main(["model", "check", server.url, "--model-name", "blind"]) == 4
    assert "it answers the same to different pictures" in capsys.readouterr().out
    assert server.asked[0]["model"] == "blind"


def test_model_check_says_what_a_server_says_that_takes_no_pictures(
    server: ModelServer, capsys: pytest.CaptureFixture[str]
):
    told = {"error": {"message": "made-model is not a multimodal model"}}
    server.usual = lambda chat: chat.status(400, told)
    assert cli.main(["model", "check", server.url]) == 3
    assert "sees no pictures" in capsys.readouterr().err


def test_without_the_client_its_extra_is_named(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)
    with pytest.raises(KnownError) as raised:
        open_runtime("http://127.0.0.1:1/v1", environment={})
    assert raised.value.remedy == "pip install 'agent-app[endpoint]'"


def test_the_key_comes_from_the_environment(server: ModelServer, monkeypatch: pytest.MonkeyPatch):
    server.key = "mine"
    monkeypatch.setenv("OPENAI_API_KEY", "another")
    monkeypatch.setenv("AGENT_APP_API_KEY", "mine")
    runtime, why = open_runtime(server.url, environment={}, options=ModelOptions())
    runtime.close()
    assert why == f"{server.url}: as asked"
    assert runtime.info.sends_to == server.host
    monkeypatch.delenv("AGENT_APP_API_KEY")
    with pytest.raises(KnownError, match="refuses the key"):
        open_runtime(server.url, environment={}, options=ModelOptions())


@pytest.mark.parametrize(
    ("environment", "stored", "key"),
    [
        ({"AGENT_APP_API_KEY": "ours", "OPENAI_API_KEY": "theirs"}, {"api-key": "all"}, "ours"),
        ({"OPENAI_API_KEY": "theirs"}, {"api-key-gpu1": "one"}, "theirs"),
        ({"AGENT_APP_API_KEY": " "}, {"api-key-gpu1": "one", "api-key": "all"}, "one"),
        ({}, {"api-key-gpu2": "another", "api-key": "all"}, "all"),
        ({}, {"api-key-gpu2": "another"}, ""),
    ],
)
def test_the_environment_comes_before_the_stored_key_of_a_host_and_that_for_all(
    environment: dict[str, str], stored: dict[str, str], key: str
):
    assert find_key("gpu1:8000", environment=environment, secrets=store_of(stored)) == key


@pytest.mark.parametrize(
    ("host", "name"),
    [
        ("Models.example.org", "api-key-models.example.org"),
        ("localhost:8000", "api-key-localhost"),
        ("[fe80::1]:8000", "api-key-fe80-1"),
        ("[fe80::1]", "api-key-fe80-1"),
    ],
)
def test_a_key_is_stored_by_the_name_of_its_host(host: str, name: str):
    assert stored_name(host) == name
    store_of({}).set(name, "a key of the host")  # a name that the store takes


def test_a_stored_key_is_shown_to_its_server(server: ModelServer, monkeypatch: pytest.MonkeyPatch):
    server.key = "kept in the keyring"
    store = store_of({"api-key-127.0.0.1": server.key})
    monkeypatch.setattr("agent_app.runtimes.endpoint.open_store", lambda _environment: store)
    runtime, _ = open_runtime(server.url, environment={}, options=ModelOptions())
    runtime.close()
    assert {each["authorization"] for each in server.headers} == {f"Bearer {server.key}"}


def test_secrets_that_do_not_open_are_told_of_and_the_server_is_asked_without_a_key(
    server: ModelServer, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    def closed() -> dict[str, Vault]:
        raise KnownError("the system's keyring refused", remedy="unlock it and try again")

    monkeypatch.setattr(
        "agent_app.runtimes.endpoint.open_store", lambda _environment: SecretStore(closed)
    )
    runtime, _ = open_runtime(server.url, environment={}, options=ModelOptions())
    runtime.close()
    assert "the system's keyring refused" in caplog.text


def test_a_key_that_would_travel_in_the_clear_is_warned_about(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    monkeypatch.setenv("AGENT_APP_API_KEY", "sk-secret")
    with pytest.raises(KnownError):
        open_runtime("http://no-such-host.invalid/v1", environment={})
    assert "the key for no-such-host.invalid travels unencrypted" in caplog.text
    assert "sk-secret" not in caplog.text


def test_asking_again_asks_the_servers(
    server: ModelServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    server.usual = lambda chat: chat.say(DONE)
    with serve_model(usual=server.usual) as other:
        status = cli.main(
            [
                *("replay", str(GOLDEN), "--decide", "--limit", "2"),
                *("--model", server.url, "--model", other.url),
                *("--output", str(tmp_path / "out")),
            ]
        )
        assert status == 0, capsys.readouterr().err
        assert len(server.asked) + len(other.asked) == 2
        assert "image_url" in str(server.asked or other.asked)


@pytest.mark.desktop
def test_a_run_is_decided_by_a_server_and_recorded(server: ModelServer, tmp_path: Path):
    thought = {"reasoning": "Nothing is left to do."}

    def answer(chat: Chat) -> None:
        chat.begin()
        chat.chunk(**thought)
        chat.chunk(content=DONE)
        chat.chunk("stop")
        chat.usage(1500, 40)
        chat.end()

    server.usual = answer
    done = subprocess.run(
        [
            *(sys.executable, "-m", "agent_app", "run", "do nothing", "--model", server.url),
            *("--virtual", "800x600", "--no-window", "--episode", str(tmp_path / "episode")),
        ],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=100,
    )
    assert done.returncode == 0, done.stderr
    events = open_episode(tmp_path / "episode").events
    (started,) = [event for event in events if isinstance(event, RunStarted)]
    (reply,) = [event for event in events if isinstance(event, ReplyReceived)]
    assert started.model == "endpoint made-model"
    assert (reply.thought, reply.prompt_tokens) == ("Nothing is left to do.", 1500)
    assert isinstance(events[-1], RunFinished)
    assert events[-1].outcome == "success"
    (body,) = server.asked
    assert [message["role"] for message in body["messages"]] == ["system", "user"]
    assert body["messages"][1]["content"][0]["type"] == "image_url"


@pytest.mark.desktop
def test_a_gui_test_asks_a_server(
    server: ModelServer, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    server.usual = lambda chat: chat.say("## Reason:\nIt stands there.\n## Answer:\n", "42")
    pytester.makepyfile(
        test_asked="""
        def test_asked(desktop):
            assert desktop.ask("what is it?") == "42"
        """
    )
    result = pytester.runpytest_subprocess(
        *("-p", "agent_app.testing.plugin", "-W", "error"),
        *("--agent-model", server.url, "--agent-model-name", "small"),
    )
    result.assert_outcomes(passed=1)
    assert server.asked[0]["model"] == "small"
