"""Canvases: how the picture that moves is stored."""

from __future__ import annotations

import copy
import math
from typing import Self

import torch
import torch.nn.functional as F
from torch import Tensor

from reverie.native import step as native
from reverie.ops.colour import softened as softer
from reverie.ops.filters import resize
from reverie.ops.opponent import shrunk
from reverie.ops.warp import warp

#: A soft detail goes no further than this many times the room there is.
SOFT_LIMIT = 2.0


def bent(change: Tensor, base: Tensor) -> Tensor:
    """A change of a picture in [0, 1] that ends softly: with h the room, d / sqrt(1 + (d / h)^2)."""
    room = torch.where(change > 0, 1 - base, base).clamp_min(1e-6)
    return change / (1 + (change / room).square()).sqrt()


class LazyPicture:
    """A canvas's picture that is never held whole: it gives the rectangle that is asked for.

    ``shown[:, :, rows, columns]`` is what a tensor (1, C, H, W) of the picture would give there, made afresh;
    of the picture turned left to right if it is ``mirrored``.
    """

    def __init__(self, canvas: DetailCanvas, *, mirrored: bool = False) -> None:
        self._canvas, self._mirrored = canvas, mirrored
        self.shape, self.dtype, self.device = canvas.base.shape, canvas.base.dtype, canvas.base.device

    def __getitem__(self, where: tuple[slice, slice, slice, slice]) -> Tensor:
        return self._piece(*where[2:])

    def draw(self, where: tuple[slice, slice, slice, slice], out: Tensor) -> None:
        """The same, into a tensor (1, C, h, w)."""
        if self._mirrored:
            out.copy_(self._piece(*where[2:]))
        else:
            self._canvas.piece(*where[2:], out=out)

    def _piece(self, rows: slice, columns: slice) -> Tensor:
        if not self._mirrored:
            return self._canvas.piece(rows, columns)
        width = self.shape[3]
        left, right, _ = columns.indices(width)
        return self._canvas.piece(rows, slice(width - right, width - left)).flip(3)

    def new_zeros(self, *size: int) -> Tensor:
        """As of a tensor."""
        return self._canvas.base.new_zeros(*size)


class DetailCanvas:
    """A picture as its source and what is added to it: ``base + bend(mask * detail)``.

    All are (1, C, H, W), the picture in [0, 1]. The mask multiplies the detail and not the steps, so black
    stays exactly black however often the picture is resized, and a soft edge stays as soft as it was drawn.
    ``soft`` bends the change towards black and white instead of letting it run into them, as film does with
    light: with h the room left from the base to black or white, d becomes d / sqrt(1 + (d / h)^2).
    """

    def __init__(
        self,
        source: Tensor,
        mask: Tensor | None = None,
        *,
        circular: bool = False,
        soft: bool = False,
        plain: bool = False,
        softened: bool = False,
    ) -> None:
        """A canvas over a source (1, C, H, W) and a mask (1, 1, H', W') of any size, white where free."""
        self.source = source
        self.mask_source = mask
        self.circular = circular
        self.soft = soft
        self.plain = plain  # resample bilinearly, as the early systems do
        self.softened = softened  # the base is the source with its lightest and darkest parts bent in
        self.base = softer(source) if softened else source
        self.mask = self.mask_at(*source.shape[2:])
        self._detail: Tensor | None = None  # nothing yet
        self._moved: float | None = None  # what ``moved`` would say, where it is known
        self._mask_share: float | None = None
        self._spare: dict[str, Tensor] = {}

    @property
    def size(self) -> tuple[int, int]:
        """(width, height) now."""
        return self.base.shape[3], self.base.shape[2]

    @property
    def detail(self) -> Tensor:
        """What has been added so far, (1, C, H, W); moved in place by the methods below."""
        if self._detail is None:
            self._detail = torch.zeros_like(self.base)
        return self._detail

    @detail.setter
    def detail(self, detail: Tensor) -> None:
        self._detail, self._moved = detail, None

    def change(self) -> Tensor:
        """What the detail adds to the picture, (1, C, H, W)."""
        return self._bent(self.detail, self.base, self.mask)

    def _bent(self, detail: Tensor, base: Tensor, mask: Tensor | None) -> Tensor:
        change = detail if mask is None else mask * detail
        return bent(change, base) if self.soft else change

    def picture(self, out: Tensor | None = None) -> Tensor:
        """(1, C, H, W), written into ``out`` (which may be the detail) if it is given."""
        return self.piece(slice(None), slice(None), out=out)

    def piece(self, rows: slice, columns: slice, *, out: Tensor | None = None) -> Tensor:
        """A rectangle of the picture, (1, C, h, w), written into ``out`` if it is given."""
        detail, base, mask = (
            None if plane is None else plane[:, :, rows, columns]
            for plane in (self.detail, self.base, self.mask)
        )
        assert detail is not None
        assert base is not None
        if native.serves(self.base, self.detail, self.mask) and (out is None or native.holds(out)):
            out = torch.empty(base.shape) if out is None else out
            top, left = rows.indices(self.base.shape[2])[0], columns.indices(self.base.shape[3])[0]
            planes = self.detail, self.base, self.mask
            native.show(*planes, soft=self.soft, top=top, left=left, out=out)
            return out
        picture = base + self._bent(detail, base, mask)
        return picture if out is None else out.copy_(picture)

    def shown(self, *, mirrored: bool = False) -> LazyPicture:
        """The picture, made where and when it is looked at."""
        return LazyPicture(self, mirrored=mirrored)

    def moved(self) -> float:
        """Root mean square distance from the source at this size."""
        if self._moved is None:
            if native.serves(self.base, self.detail, self.mask):
                moments = native.measure(self.detail, self.base, self.mask, soft=self.soft)
                self._moved = math.sqrt(moments.square)
            else:
                self._moved = float(self.change().square().mean().sqrt())
        return self._moved

    def mean_change(self) -> float:
        """By how much the picture is lighter than the source at this size, over all channels."""
        if native.serves(self.base, self.detail, self.mask):
            return native.measure(self.detail, self.base, self.mask, soft=self.soft).mean
        return float(self.change().mean())

    def move(
        self,
        plane: Tensor | None = None,
        *,
        factor: float = 1.0,
        offset: float = 0.0,
        scale: float = 1.0,
        clip: bool = False,
    ) -> None:
        """Let the detail be ``scale * detail + factor * plane + offset``, in place, and clip it if asked."""
        detail = self.detail
        if native.serves(detail, self.base, self.mask, plane):
            self._moved = native.move_(
                detail,
                self.base,
                self.mask,
                plane,
                scale=scale,
                factor=factor,
                offset=offset,
                clip=clip,
                soft=self.soft,
            )
            return
        self._moved = None
        if scale != 1:
            detail.mul_(scale)
        if plane is not None:
            detail.add_(plane, alpha=factor)
        if offset:
            detail.add_(offset)
        if clip:
            self._clip(detail)

    def _clip(self, detail: Tensor) -> None:
        """Keep the picture in [0, 1], or within easy reach of the ends of the range if it is soft."""
        if self.soft:
            detail.clamp_(-SOFT_LIMIT * self.base, SOFT_LIMIT * (1 - self.base))
        elif self.mask is None:
            detail.add_(self.base).clamp_(0, 1).sub_(self.base)
        else:
            inside = (self.base + self.mask * detail).clamp_(0, 1).sub_(self.base)
            detail.copy_(torch.where(self.mask > 1e-3, inside / self.mask.clamp_min(1e-3), detail))

    def add(self, change: Tensor) -> None:
        """Move the detail by a plane, (1, C, H, W)."""
        self.move(change)

    def clip(self) -> None:
        """Keep the picture in [0, 1], or within easy reach of the ends of the range if it is soft."""
        self.move(clip=True)

    def within(self, radius: float) -> None:
        """Scale the detail so that the picture has moved by no more than ``radius`` (RMS)."""
        moved = self.moved()
        if moved > radius:
            self.move(scale=radius / moved)

    def moved_by(self, radius: float, *, rounds: int = 8) -> None:
        """Scale the detail so that the picture has moved by ``radius``, as near as it can be."""
        for _ in range(rounds):
            moved = self.moved()
            if moved == 0 or abs(moved - radius) < 1e-3 * radius:
                break
            self.move(scale=min(1.25, radius / moved))

    def mask_share(self) -> float:
        """Root mean square of the mask: how much of the picture may move."""
        if self._mask_share is None:
            self._mask_share = 1.0 if self.mask is None else float(self.mask.square().mean().sqrt())
        return self._mask_share

    def spare(self, name: str, *size: int) -> Tensor:
        """A tensor of a size (the picture's if none is given) to work in, kept from step to step by name.

        It holds whatever was left in it.
        """
        shape = torch.Size(size) or self.base.shape
        spare = self._spare.get(name)
        if spare is None or spare.shape != shape or spare.dtype != self.base.dtype:
            spare = self._spare[name] = self.base.new_empty(shape)
        return spare

    def let_go(self) -> None:
        """Give back what is spare."""
        self._spare = {}

    def clean(self, amount: float, seen: Tensor | None) -> None:
        """Leave out what is weak in the detail: see ``ops.opponent.shrunk``."""
        self.detail = shrunk(self.detail, amount, attention=seen, circular=self.circular)

    def at(self, size: tuple[int, int], *, carry: str = "detail") -> Self:
        """A copy of this canvas at another (width, height)."""
        twin = copy.copy(self)
        twin.let_go()
        if size != self.size:
            twin.resize(size, carry=carry)
        else:
            twin.detail = self.detail.clone()
        return twin

    def rebased(self, source: Tensor, mask: Tensor | None = None) -> Self:
        """A canvas with this one's detail over another source (1, C, H, W) of the size that it has now.

        The mask (1, 1, H', W') is the new canvas's; None lets all of it move.
        """
        if source.shape != self.base.shape:
            raise ValueError(f"a source of shape {tuple(source.shape)} under {tuple(self.base.shape)}")
        twin = type(self)(
            source, mask, circular=self.circular, soft=self.soft, plain=self.plain, softened=self.softened
        )
        if self._detail is not None:
            twin.detail = self._detail.clone()
        return twin

    def warped(self, field: Tensor) -> Self:
        """A canvas whose detail is this one's as it is seen at the places of a field; all else is the same.

        ``field`` is (H, W, 2), for each pixel the (x, y) that it comes from, in pixels, as for
        ``motion.warp.warp``; the detail is mirrored at the edges, or goes round if the canvas is circular.
        """
        twin = copy.copy(self)
        twin.let_go()
        if self._detail is not None:
            twin.detail = self.seen_at(self._detail, field)
        return twin

    def seen_at(self, plane: Tensor, field: Tensor) -> Tensor:
        """A plane as it is seen at the places of a field; see ``warped``."""
        return warp(plane, field, border="wrap" if self.circular else "mirror")

    def resize(self, size: tuple[int, int], *, carry: str = "detail") -> None:
        """Go to another (width, height).

        ``carry="detail"``: the source is resampled afresh and only the detail crosses. ``carry="picture"``:
        the picture crosses whole and loses what the smaller size could not hold.
        """
        self.let_go()
        width, height = size
        base = self._base_at(size)
        if carry == "detail":
            detail = None if self._detail is None else self.resampled(self._detail, size)
        else:
            detail = self.resampled(self.picture(), size).sub_(base)
        self.base, self._detail, self._moved = base, detail, None
        self.mask, self._mask_share = self.mask_at(height, width), None

    def _base_at(self, size: tuple[int, int]) -> Tensor:
        """What the detail is added to at a size."""
        base = self.source_at(size)
        return softer(base) if self.softened else base

    def source_at(self, size: tuple[int, int]) -> Tensor:
        """The source at a (width, height), in [0, 1]; at its own size it is itself, not a copy."""
        base = self.resampled(self.source, size)
        if base is self.source:
            low, high = torch.aminmax(base)
            return base if low >= 0 and high <= 1 else base.clamp(0, 1)
        return base.clamp_(0, 1)

    def resampled(self, plane: Tensor, size: tuple[int, int]) -> Tensor:
        """Something of this canvas, (1, C, h, w), at another (width, height)."""
        return resize(plane, size[1], size[0], circular=self.circular, plain=self.plain)

    def mask_at(self, height: int, width: int) -> Tensor | None:
        """The mask at a size, (1, 1, H, W), or None where all may move."""
        if self.mask_source is None:
            return None
        mask = self.mask_source.to(self.source)
        if (height, width) == tuple(mask.shape[2:]):
            return mask
        shrinks = height < mask.shape[2] or width < mask.shape[3]
        return F.interpolate(
            mask,
            size=(height, width),
            mode="bilinear",
            antialias=shrinks,
            align_corners=False,
        ).clamp(0, 1)
