"""A model that others serve: vLLM, SGLang, llama.cpp, or any server of OpenAI's chat interface.

`server` is one of them, `pool` all that serve the model, `runtime` asks; `faults` says what can go
wrong. Screenshots leave for the hosts that the person named, and for no other.
"""

from __future__ import annotations

import importlib.util
import logging
import os
from collections.abc import Mapping
from typing import TYPE_CHECKING

from agent_app.errors import KnownError
from agent_app.model_runtime import ModelOptions, Progress
from agent_app.runtimes.endpoint.keys import find_key
from agent_app.secret_store import open_store

if TYPE_CHECKING:
    from agent_app.runtimes.endpoint.runtime import EndpointRuntime

_log = logging.getLogger(__name__)


def open_endpoint(
    name: str,
    *,
    environment: Mapping[str, str],  # noqa: ARG001 - the desktop's; the key is the person's
    options: ModelOptions,
    progress: Progress,
) -> EndpointRuntime:
    """Ask the servers in `name`, see `read_addresses`, what they are and which model they have.

    Raises KnownError when the client is not installed, and when none of them can be asked.
    """
    if importlib.util.find_spec("openai") is None:
        raise KnownError("a served model needs openai", remedy="pip install 'agent-app[endpoint]'")
    # imported here: the client takes a second
    from agent_app.runtimes.endpoint.addresses import read_addresses
    from agent_app.runtimes.endpoint.runtime import EndpointRuntime
    from agent_app.runtimes.endpoint.server import Patience

    addresses = read_addresses(name, model=options.model_name)
    secrets = open_store(os.environ)
    keys = {
        address: find_key(address.host, environment=os.environ, secrets=secrets)
        for address in addresses
    }
    for address, key in keys.items():
        if key and not address.is_encrypted and not address.is_here:
            _log.warning("the key for %s travels unencrypted: use https://", address.host)
    return EndpointRuntime.open(
        keys,
        patience=Patience() if options.patience is None else Patience(first_token=options.patience),
        meanwhile=lambda: progress("asking for the model", 0, 0),
    )
