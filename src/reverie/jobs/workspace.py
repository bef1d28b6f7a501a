"""Where jobs run: the networks that are loaded, how references are opened, and what is allowed."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from reverie.jobs.reference import LocalFiles, Reference, Resolver
from reverie.media.picture import MAX_PIXELS, Picture, load_picture

if TYPE_CHECKING:
    from reverie.network.network import Network


@dataclass
class Workspace:
    """What jobs share and do not decide themselves. One serves many jobs, one after the other.

    Attributes:
        max_pixels: The most pixels a picture may have.
        offline: Never download weights.
        trust: Whether what a file names (a result that is made again, the note of a run that goes on) may lie
            anywhere, and not only beside it.
        resolver: Finds the files that references name.
        networks: Networks by name, loaded when first asked for; one's own may be put in under any name.
    """

    max_pixels: int = MAX_PIXELS
    offline: bool = False
    trust: bool = False
    resolver: Resolver = field(default_factory=LocalFiles)
    networks: dict[str, Network] = field(default_factory=dict)

    def network(self, name: str) -> Network:
        """A network, loaded once; errors as of ``load_net``."""
        if name not in self.networks:
            from reverie.network.zoo import load_net

            self.networks[name] = load_net(name, offline=self.offline)
        return self.networks[name]

    def path(self, reference: Reference | None) -> str | None:
        """Where a file is; errors as of the resolver."""
        return None if reference is None else self.resolver.path(reference)

    def picture(self, reference: Reference | None) -> Picture | None:
        """A picture, read; errors as of ``load_picture``."""
        path = self.path(reference)
        return None if path is None else load_picture(path, max_pixels=self.max_pixels)
