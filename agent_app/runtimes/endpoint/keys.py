"""The key that a server is shown; the only place that looks for one."""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping

from agent_app.errors import KnownError
from agent_app.secret_store import SecretStore

NAMES = ("AGENT_APP_API_KEY", "OPENAI_API_KEY")
"""Environment variables, the first that is set counts."""

STORED = "api-key"
"""The name of the stored secret for every server; that for one is `api-key-HOST`."""

_log = logging.getLogger(__name__)


def find_key(host: str, *, environment: Mapping[str, str], secrets: SecretStore) -> str:
    """The key for a host; empty when there is none, which most servers of one's own want.

    The environment's counts first, then the stored one of this host, then the one for all. A store
    that does not open is told of, and counts as empty.
    """
    for name in NAMES:
        if key := environment.get(name, "").strip():
            return key
    try:
        for name in (stored_name(host), STORED):
            if key := secrets.get(name):
                return key
    except KnownError as error:
        _log.warning("no key for %s was looked for among the secrets: %s", host, error)
    return ""


def stored_name(host: str) -> str:
    """What the stored key for a host is called, such as `api-key-gpu1`; without its port."""
    name = host.rpartition(":")[0] if re.search(r":\d+$", host) else host
    return f"{STORED}-{re.sub(r'[^A-Za-z0-9_.-]+', '-', name).strip('-').lower()}"
