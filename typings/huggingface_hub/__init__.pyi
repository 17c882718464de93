"""What agent-app uses of huggingface_hub; its own annotations leave types unknown."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path

class Response:
    status_code: int
    def iter_bytes(self) -> Iterator[bytes]: ...

class Client:
    def stream(
        self, method: str, url: str, *, headers: Mapping[str, str], timeout: float
    ) -> AbstractContextManager[Response]: ...

class BlobLfsInfo:
    sha256: str
    size: int

class RepoSibling:
    rfilename: str
    size: int | None
    blob_id: str | None
    lfs: BlobLfsInfo | None

class ModelInfo:
    sha: str | None
    siblings: Sequence[RepoSibling] | None

class HfApi:
    def __init__(
        self,
        endpoint: str | None = None,
        token: str | None = None,
        library_name: str | None = None,
    ) -> None: ...
    def model_info(
        self, repo_id: str, *, revision: str | None, timeout: float, files_metadata: bool
    ) -> ModelInfo: ...

def hf_hub_url(repo_id: str, filename: str, *, revision: str, endpoint: str | None) -> str: ...
def hf_hub_download(
    repo_id: str,
    filename: str,
    *,
    revision: str,
    cache_dir: Path,
    endpoint: str | None,
    token: str | None,
) -> str: ...
