"""reverie's engines.

How: "usual" is the seam that every dream calls (``picture_gradient``, scores included); "bare" the engine
alone, forward, loss and backward, as a naive loop has nothing else; "loop" a step of the real loop with
default settings (jitter, smoothing, normalise, clip); "whole" a whole default dream from the network's
weights to the last step; "large" the seam on a large picture, in tiles as a dream would cut it; "layers" a
gradient file for every layer.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor

from benchmarks.job import Job
from benchmarks.tools.networks import GRAIN, IMAGENET, network, picture
from reverie.api.dreams import dream
from reverie.ascent.session import Session
from reverie.deepdream.state import State
from reverie.engine.engine import Engine
from reverie.engine.select import make_engine
from reverie.gradient.picture_gradient import picture_gradient
from reverie.jobs.bench.timing import clock
from reverie.network.network import Network
from reverie.network.wrap import wrap_net
from reverie.network.zoo import load_net
from reverie.recipe.recipe import Recipe, make


def measure(job: Job) -> dict[str, Any]:
    return HOW[job.how](job)


def net_of(job: Job) -> Network:
    if job.network == "lite0":
        return load_net("lite0", offline=True)
    return wrap_net(network(job.network), mean=IMAGENET[0], std=IMAGENET[1], name=job.network)


def objective_of(job: Job) -> str:
    """The sum of the layers' mean squares, as an objective of a recipe."""
    return " + ".join(f'layer("{name}")' for name in job.layer.split("+"))


def recipe_of(job: Job, **changes: Any) -> Recipe:
    """The default recipe, with what the job asks for."""
    return make(
        engine=job.tool,
        device=job.device,
        precision=job.precision,
        threads=job.threads,
        objective=(objective_of(job),),
        balance="none",  # a plain sum, as the others climb it
        **changes,
    )


def words(engine: Engine) -> str:
    """What runs: engine, instruction set, number format, what fell back."""
    parts = [engine.name, getattr(engine, "isa", None), engine.precision]
    return ", ".join(filter(None, parts)) + (f" ({engine.note})" if engine.note else "")


def timed(step: Callable[[], Tensor], engine: Engine, job: Job, began: float) -> dict[str, Any]:
    """Clock a step whose first call is part of getting ready."""

    def whole() -> Tensor:
        gradient = step()
        if job.device == "cuda":
            torch.cuda.synchronize()
        return gradient

    gradient = whole()
    ready = time.perf_counter() - began
    if job.gradient:
        np.save(job.gradient, gradient.double().cpu().numpy())
    times = clock(whole, seconds=job.seconds)
    return {"times": times, "ready": ready, "ran": words(engine)}


def bare(job: Job) -> dict[str, Any]:
    began = time.perf_counter()
    engine = make_engine(
        job.tool, net_of(job), device=job.device, precision=job.precision, threads=job.threads, isa=job.isa
    )
    x = picture(*job.size).to(job.device)
    layers = job.layer.split("+")

    def step() -> Tensor:
        found = engine.forward(x, layers)
        sum(a.square().mean() for a in found.values())
        return engine.backward({name: a * (2 / a.numel()) for name, a in found.items()})

    return timed(step, engine, job, began)


def seam(job: Job) -> dict[str, Any]:
    began = time.perf_counter()
    recipe = recipe_of(job)
    session = Session(recipe, net=net_of(job), isa=job.isa, tile=0)
    x = picture(*job.size).to(job.device)
    goal = session.goal(recipe, 0)
    return timed(lambda: picture_gradient(session.engine, goal, x)[1], session.engine, job, began)


def loop(job: Job) -> dict[str, Any]:
    """Steps of one octave; the few first ones are not counted."""
    began = time.perf_counter()
    recipe = recipe_of(job, octaves=1, steps=(10_000,))
    session = Session(recipe, net=net_of(job), isa=job.isa)
    state = State.begin(recipe, picture(*job.size)[0], session)
    frames = dream(recipe, session=session, state=state)

    def step() -> None:
        next(frames)
        if job.device == "cuda":
            torch.cuda.synchronize()

    step()
    ready = time.perf_counter() - began
    times = clock(step, seconds=job.seconds)
    return {"times": times, "ready": ready, "ran": words(session.engine)}


def whole(job: Job) -> dict[str, Any]:
    """A default dream of each photograph named in ``more``, in one session; the score of its last step."""
    began = time.perf_counter()
    recipe = recipe_of(job)
    session = Session(recipe, net=net_of(job))
    times, scores, dreams = [], {}, {}
    for name in job.more["photos"]:
        state = State.begin(recipe, picture(*job.size, name)[0], session)
        for frame in dream(recipe, session=session, state=state):
            score = frame.score
        scores[name] = score
        dreams[name] = state.finished(recipe).pixels
        times.append(time.perf_counter() - began)
        began = time.perf_counter()
    if job.gradient:
        np.savez(job.gradient, **dreams)
    sizes = [octave.size for octave in state.plan(recipe)]
    steps = sum(o.steps * o.size[0] * o.size[1] for o in state.plan(recipe)) / (job.size[0] * job.size[1])
    return {"times": times, "ran": words(session.engine), "scores": scores, "octaves": sizes, "work": steps}


def large(job: Job) -> dict[str, Any]:
    began = time.perf_counter()
    recipe = recipe_of(job, halo=job.more.get("halo", Recipe.model_fields["halo"].default))
    session = Session(recipe, net=net_of(job), isa=job.isa, tile=job.more.get("tile"))
    width, height = job.size
    x = grainy(width, height)
    goal = session.goal(recipe, 0)
    tiling = session.tiling(goal, height, width)
    out = torch.empty_like(x)

    def step() -> Tensor:
        return picture_gradient(session.engine, goal, x, tiling=tiling, out=out)[1]

    found = timed(step, session.engine, job, began)
    cut = "whole" if tiling is None else f"tiles of {tiling.side} px, halo {tiling.halo}"
    return {**found, "ran": f"{found['ran']}; {cut}"}


def grainy(width: int, height: int) -> Tensor:
    """A photograph repeated over a large picture, with noise so that no two places are alike."""
    across, down = GRAIN
    source = picture(across, down)[0]
    x = torch.empty(1, 3, height, width)
    for top in range(0, height, down):
        for left in range(0, width, across):
            place = x[0, :, top : top + down, left : left + across]
            place.copy_(source[:, : place.shape[1], : place.shape[2]])
    generator = torch.Generator().manual_seed(0)
    for row in range(0, height, 256):  # in strips, so that this takes no memory that would be counted
        strip = x[:, :, row : row + 256]
        strip.add_(torch.randn(strip.shape, generator=generator), alpha=0.03).clamp_(0, 1)
    return x


def layers(job: Job) -> dict[str, Any]:
    """The gradient of every layer's mean square at every picture of a file."""
    net = net_of(job)
    engine = make_engine(
        job.tool, net, device=job.device, precision=job.precision, threads=job.threads, isa=job.isa
    )
    found = {}
    for name, pixels in np.load(job.more["pictures"]).items():
        x = torch.from_numpy(pixels)
        for layer in net.layers:
            if layer == net.class_map:
                continue
            a = engine.forward(x, [layer])[layer]
            found[f"{name}/{layer}"] = engine.backward({layer: a * (2 / a.numel())}).float().numpy()
    np.savez(job.gradient, **found)
    return {"times": [0.0], "ran": words(engine)}


HOW = {"usual": seam, "bare": bare, "loop": loop, "whole": whole, "large": large, "layers": layers}
