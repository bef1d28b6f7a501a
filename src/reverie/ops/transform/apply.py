"""Looking at pictures through drawn views: one affine warp each, then noise, blur and tint.

All random numbers were drawn before. Each view is computed from its own picture alone, and gradients are
added up view by view, so that what an item of a batch gets does not depend on the others.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from reverie.ops.filters import gaussian_blur
from reverie.ops.transform.view import Affine, Blur, Noise, SampledView, Tint

#: A view that shrinks its picture by more than this is taken of a smaller copy; copies are so much smaller
#: than each other.
LEVEL = math.sqrt(2)
#: Views that are warped at once: parallel, and in bounded memory.
AT_ONCE = 8
#: Two places that are closer than this, in pixels, are the same.
SAME = 1e-9
#: Deviation of the noise beyond the edge.
FILL_SPREAD = 0.2
#: Where a view's blur ends, in sigmas.
TRUNCATE = 3.0
BILINEAR, ZEROS, REFLECTION = 0, 0, 2  # as torch's operators number them

Pairs = Sequence[tuple[int, Affine]]  # an item of the batch, and from its view to its picture, in pixels


def apply(drawn: Sequence[Sequence[SampledView]], picture: Tensor, out_size: tuple[int, int]) -> Tensor:
    """Look at each picture through its views, differentiably.

    A view that only moves by whole pixels is cut out; others are sampled bilinearly, of a smaller copy where
    they shrink. Beyond the edge is grey, unless a pad says otherwise.

    Args:
        drawn: For each item of the batch its views, equally many, drawn from the same transforms.
        picture: (N, C, H, W) in [0, 1], the pictures whose size the views were drawn for.
        out_size: Width and height of a view; the frame is resampled to it.

    Returns:
        (V * N, C, h, w), all items' first views first. Values may leave [0, 1] by noise and tint.

    Raises:
        ValueError: Not one list of views for each item, or not of the same transforms.
    """
    count = len(drawn[0]) if drawn else 0
    if len(drawn) != picture.shape[0] or any(len(views) != count for views in drawn):
        raise ValueError(f"{picture.shape[0]} pictures need as many lists of views of one length")
    views = [item[v] for v in range(count) for item in drawn]
    kinds = {tuple(type(touch) for touch in view.touches) for view in views}
    if len(kinds) > 1:
        raise ValueError("the views of one call have to be drawn from the same transforms")
    seen = _warped(views, picture, out_size)
    for touches in zip(*(view.touches for view in views), strict=True):
        seen = _touched(seen, touches)
    return seen


def _warped(views: Sequence[SampledView], picture: Tensor, out_size: tuple[int, int]) -> Tensor:
    """The views without their touches, (V * N, C, h, w)."""
    count = picture.shape[0]
    groups: dict[tuple[int, str], list[int]] = {}
    maps = [_from_output(view, out_size) for view in views]
    for index, affine in enumerate(maps):
        groups.setdefault((_level(affine, out_size, picture), views[index].fill), []).append(index)
    parts: list[Tensor] = []
    for level, fill in sorted(groups):
        pairs = [(index % count, maps[index]) for index in groups[level, fill]]
        if level < 0:
            parts.append(_cut(picture, pairs, out_size))
        else:
            parts.append(_sampled(picture, level, pairs, out_size, [views[i] for i in groups[level, fill]]))
    if len(parts) == 1:
        return parts[0]
    order = [index for key in sorted(groups) for index in groups[key]]
    back = torch.tensor(sorted(range(len(order)), key=order.__getitem__), device=picture.device)
    return torch.cat(parts).index_select(0, back)


def _from_output(view: SampledView, out_size: tuple[int, int]) -> Affine:
    """From a point of the output to one of the picture, both in pixels."""
    across, down = view.size[0] / out_size[0], view.size[1] / out_size[1]
    a, b, c, d, e, f = view.affine
    return (a * across, b * down, c, d * across, e * down, f)


def _level(affine: Affine, out_size: tuple[int, int], picture: Tensor) -> int:
    """-1 for a view that can be cut out; else how often the picture is to be made smaller by ``LEVEL``."""
    a, b, x, d, e, y = affine
    height, width = picture.shape[2:]
    straight = max(abs(a - 1), abs(b), abs(d), abs(e - 1)) * max(out_size) < SAME
    if straight and max(abs(x - round(x)), abs(y - round(y))) < SAME:
        inside = 0 <= round(x) <= width - out_size[0] and 0 <= round(y) <= height - out_size[1]
        if inside:
            return -1
    shrinks = math.sqrt(abs(a * e - b * d))
    smallest = math.log(max(1, min(height, width) / 4), LEVEL)
    return max(0, min(int(smallest), math.floor(math.log(max(shrinks, 1.0), LEVEL) + SAME)))


def _sampled(
    picture: Tensor, level: int, pairs: Pairs, out_size: tuple[int, int], views: Sequence[SampledView]
) -> Tensor:
    """Views of one level and fill, sampled bilinearly."""
    source, spanned = _smaller(picture, level)
    fill = views[0].fill
    grid = _grid([affine for _, affine in pairs], spanned, out_size, picture)
    items = [item for item, _ in pairs]
    if fill == "reflect":
        return _sample(source, grid, items, REFLECTION)
    # About grey, so that what is missing beyond the edge is grey.
    seen = _sample(source - 0.5, grid, items, ZEROS) + 0.5
    if fill == "noise":
        whole = torch.ones_like(source[:1, :1])
        covered = _sample(whole, grid, [0] * len(items), ZEROS)
        noise = [_random(view.seed, seen[0]) * FILL_SPREAD for view in views]
        seen = seen + (1 - covered) * torch.stack(noise)
    return seen


def _smaller(picture: Tensor, level: int) -> tuple[Tensor, tuple[int, int]]:
    """A copy that is smaller by ``LEVEL`` so many times, and the (width, height) in pixels that it spans.

    Two levels are a mean of 2 x 2 pixels; one more is bilinear, which at that ratio leaves no pixel out.
    """
    height, width = picture.shape[2:]
    cell = 2 ** (level // 2)
    if cell > 1:
        picture = F.avg_pool2d(picture, cell, ceil_mode=True)
        height, width = (cell * side for side in picture.shape[2:])
    if level % 2:
        size = [max(1, round(side / LEVEL)) for side in picture.shape[2:]]
        picture = F.interpolate(picture, size=size, mode="bilinear")
    return picture, (width, height)


def _grid(maps: Sequence[Affine], size: tuple[int, int], out_size: tuple[int, int], like: Tensor) -> Tensor:
    """Where each view looks, (M, h, w, 2), as torch's ``grid_sample`` counts: -1 to 1 from edge to edge."""
    table = torch.tensor(maps, dtype=torch.float64)  # (M, 6)
    table[:, :3] *= 2 / size[0]
    table[:, 3:] *= 2 / size[1]
    table[:, 2::3] -= 1
    table = table.to(like.device, like.dtype)
    x, y = (torch.arange(side, dtype=like.dtype, device=like.device) + 0.5 for side in out_size)
    grid = like.new_empty(len(maps), out_size[1], out_size[0], 2)
    for axis in range(2):
        across, down, start = (table[:, 3 * axis + k, None] for k in range(3))  # (M, 1)
        rows, columns = down * y + start, across * x
        torch.add(rows[:, :, None], columns[:, None, :], out=grid[..., axis])
    return grid


class _Sample(torch.autograd.Function):
    """``grid_sample`` of items of a batch, some several times, some not at all."""

    @staticmethod
    def forward(ctx: Any, source: Tensor, grid: Tensor, items: list[int], padding: int) -> Tensor:
        ctx.save_for_backward(source, grid)
        ctx.items, ctx.padding = items, padding
        parts = [
            torch.ops.aten.grid_sampler_2d(_of(source, items[part]), grid[part], BILINEAR, padding, False)
            for part in _runs(items)
        ]
        return torch.cat(parts) if len(parts) > 1 else parts[0]

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None, None, None]:
        source, grid = ctx.saved_tensors
        (slope,) = gradients
        total = torch.zeros_like(source)
        for part in _runs(ctx.items):
            found, _ = torch.ops.aten.grid_sampler_2d_backward(
                slope[part].contiguous(),
                _of(source, ctx.items[part]),
                grid[part],
                BILINEAR,
                ctx.padding,
                False,
                [True, False],
            )
            for item, own in zip(ctx.items[part], found, strict=True):
                total[item] += own
        return total, None, None, None


def _sample(source: Tensor, grid: Tensor, items: list[int], padding: int) -> Tensor:
    apply: Callable[..., Tensor] = _Sample.apply  # untyped in torch
    return apply(source, grid, items, padding)


def _runs(items: Sequence[int]) -> list[slice]:
    """Cut a list of items into pieces that are each one item again and again, or neighbours in order."""
    starts = [0]
    for k in range(1, len(items)):
        first = starts[-1]
        step = items[min(first + 1, k)] - items[first]
        if step not in (0, 1) or items[k] - items[k - 1] != step or k - first == AT_ONCE:
            starts.append(k)
    return [slice(a, b) for a, b in zip(starts, [*starts[1:], len(items)], strict=True)]


def _of(source: Tensor, run: Sequence[int]) -> Tensor:
    """The items of a run, without a copy."""
    if run[0] == run[-1]:
        return source[run[0] : run[0] + 1].expand(len(run), -1, -1, -1)
    return source[run[0] : run[-1] + 1]


class _Cut(torch.autograd.Function):
    """Rectangles of the picture as they are."""

    @staticmethod
    def forward(ctx: Any, picture: Tensor, pairs: Pairs, out_size: tuple[int, int]) -> Tensor:
        ctx.shape = picture.shape
        ctx.boxes = [
            (item, slice(round(y), round(y) + out_size[1]), slice(round(x), round(x) + out_size[0]))
            for item, (_, _, x, _, _, y) in pairs
        ]
        return torch.stack([picture[item, :, rows, columns] for item, rows, columns in ctx.boxes])

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None, None]:
        (slope,) = gradients
        total = slope.new_zeros(ctx.shape)
        for (item, rows, columns), own in zip(ctx.boxes, slope, strict=True):
            total[item, :, rows, columns] += own
        return total, None, None


def _cut(picture: Tensor, pairs: Pairs, out_size: tuple[int, int]) -> Tensor:
    apply: Callable[..., Tensor] = _Cut.apply  # untyped in torch
    return apply(picture, pairs, out_size)


class _Blurred(torch.autograd.Function):
    """A blur of each view's own sigma; its own adjoint."""

    @staticmethod
    def forward(ctx: Any, seen: Tensor, sigmas: list[float]) -> Tensor:
        ctx.sigmas = sigmas
        return _each_blurred(seen, sigmas)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None]:
        return _each_blurred(gradients[0], ctx.sigmas), None


def _each_blurred(seen: Tensor, sigmas: Sequence[float]) -> Tensor:
    pairs = zip(seen, sigmas, strict=True)
    return torch.stack([gaussian_blur(view, sigma, truncate=TRUNCATE) for view, sigma in pairs])


def _touched(seen: Tensor, touches: Sequence[Tint | Noise | Blur]) -> Tensor:
    """Do one thing to every view; ``touches`` are all of one kind."""
    noises = [touch for touch in touches if isinstance(touch, Noise)]
    if noises:
        return seen + torch.stack([_noise(noise, seen[0]) for noise in noises])
    blurs = [touch.sigma for touch in touches if isinstance(touch, Blur)]
    if blurs:
        blurred: Callable[..., Tensor] = _Blurred.apply  # untyped in torch
        return blurred(seen, blurs)
    tints = [touch for touch in touches if isinstance(touch, Tint)]

    def of_each(value: Callable[[Tint], float]) -> Tensor | None:
        values = [value(tint) for tint in tints]
        if len(set(values)) == 1 and values[0] == value(Tint()):
            return None
        return seen.new_tensor(values).view(-1, 1, 1, 1)

    saturation = of_each(lambda tint: tint.saturation)
    contrast = of_each(lambda tint: tint.contrast)
    brightness = of_each(lambda tint: tint.brightness)
    if saturation is not None:
        seen = torch.lerp(seen.mean(1, keepdim=True), seen, saturation)
    if contrast is not None:
        seen = torch.lerp(torch.full_like(seen[:1], 0.5), seen, contrast)
    return seen if brightness is None else seen + brightness


def _noise(noise: Noise, like: Tensor) -> Tensor:
    if noise.spread == 0:
        return torch.zeros_like(like)
    return _random(noise.seed, like, uniform=noise.uniform) * noise.spread


def _random(seed: int, like: Tensor, *, uniform: bool = False) -> Tensor:
    """Noise of a picture's shape, the same on every device: of deviation 1, or uniform in -1 to 1."""
    rng = torch.Generator().manual_seed(seed)
    if uniform:
        return torch.rand(like.shape, generator=rng).mul_(2).sub_(1).to(like)
    return torch.randn(like.shape, generator=rng).to(like)
