"""Weights from the net: once, with progress and a checksum, and never where ``--offline`` forbids it."""

from __future__ import annotations

import hashlib
import os
import re
from pathlib import Path
from typing import Any
from urllib.parse import urlparse

from reverie.errors import NetworkError, UsageError
from reverie.media.local_file import open_regular
from reverie.network.description import KINDS
from reverie.network.torchvision_fit import misfit


def fetch(url: str, network: str, *, offline: bool) -> tuple[Path, str | None]:
    """A file of the web in torch's cache, and its SHA-256 as the address tells it (``NAME-HEX.pth``).

    Args:
        url: Where it is.
        network: What it is for, for errors.
        offline: Refuse to download it.

    Raises:
        NetworkError: It is not here and may not be downloaded, cannot be, or has another hash.
    """
    import torch

    file = Path(urlparse(url).path).name
    path = Path(torch.hub.get_dir(), "checkpoints", file)
    named = re.search(r"-([0-9a-f]{8,64})\.", file)
    prefix = named[1] if named else ""
    if not path.is_file():
        if offline:
            raise NetworkError(forbidden(network, file))
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            torch.hub.download_url_to_file(url, str(path), hash_prefix=prefix or None)
        except (OSError, RuntimeError) as error:
            raise NetworkError(f"network {network}: {file} could not be downloaded ({error})") from error
    try:
        with open_regular(path) as opened:
            digest = hashlib.file_digest(opened, "sha256").hexdigest()
    except (OSError, ValueError) as error:
        raise NetworkError(f"weights {file}: cannot be read ({error})") from error
    if not digest.startswith(prefix):
        raise NetworkError(
            f"weights {file}: SHA-256 is {digest}, expected {prefix}…; delete it from torch's cache"
        )
    return path, digest


def fetch_from_hub(
    repository: str, files: tuple[str, ...], network: str, *, revision: str | None = None, offline: bool
) -> tuple[Path, str | None]:
    """The first of some files that a repository of the Hugging Face Hub has, in its cache, and its SHA-256.

    Large files lie in the cache under their SHA-256, which is what the hub says of them; of small ones it
    says none.

    Raises:
        NetworkError: huggingface_hub is not installed; it has none of them, cannot be reached, or may not
            be.
    """
    hub = _hub(network)
    if offline or hub.constants.HF_HUB_OFFLINE:
        for file in files:
            here = hub.try_to_load_from_cache(repository, file, revision=revision)
            if isinstance(here, str):
                return _with_digest(here)
        raise NetworkError(forbidden(network, f"{files[0]} of {repository}"))
    for file in files:
        try:
            return _with_digest(hub.hf_hub_download(repository, file, revision=revision))
        except hub.errors.RemoteEntryNotFoundError:
            continue
        except hub.errors.RepositoryNotFoundError as error:
            raise NetworkError(
                f"network {network}: the hub has no {repository}, or it is private (hf auth login)"
            ) from error
        except Exception as error:  # of connections: each library below has its own
            reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
            raise NetworkError(
                f"network {network}: {file} of {repository} could not be downloaded ({reason[:200]})"
            ) from error
    raise NetworkError(f"network {network}: {repository} has none of {', '.join(files)}")


def _with_digest(path: str) -> tuple[Path, str | None]:
    """A file of the hub's cache, and the SHA-256 under which it lies there."""
    digest = os.path.basename(os.path.realpath(path))
    return Path(path), digest if re.fullmatch(r"[0-9a-f]{64}", digest) else None


def forbidden(network: str, file: str) -> str:
    """What to say where a download is needed and may not be."""
    return f"network {network}: needs a download of {file}, which --offline forbids; run once without it"


def _hub(network: str) -> Any:
    try:
        import huggingface_hub
        import huggingface_hub.constants
        import huggingface_hub.errors
        import huggingface_hub.utils.logging
    except Exception as error:
        raise missing_extra(network, "huggingface_hub", error) from error
    # What fails is said once, by us.
    huggingface_hub.utils.logging.set_verbosity_error()  # type: ignore[no-untyped-call,unused-ignore]
    return huggingface_hub


class NeedsExtraError(UsageError, NetworkError):
    """A package of an extra is not installed, or does not fit what is (exit code 2)."""


def missing_extra(network: str, package: str, error: Exception) -> NeedsExtraError:
    """The error where a package of an extra is not here, or does not fit what is."""
    if "torchvision::" in str(error) and (why := misfit()):  # timm and onnx2torch import it too
        return NeedsExtraError(f"network {network}: {package} cannot be imported: {why}")
    reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
    install = KINDS[network.partition(":")[0]].install
    return NeedsExtraError(f"network {network}: {package} cannot be imported ({reason[:160]}); {install}")
