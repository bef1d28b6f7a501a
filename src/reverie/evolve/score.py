"""A network as the judge of evolution: confidences of a batch, and for comparison their gradient."""

from __future__ import annotations

import torch
from torch import Tensor

from reverie.engine.check import check_shown
from reverie.engine.native import NativeEngine
from reverie.engine.not_finite import complaint
from reverie.engine.select import make_engine
from reverie.errors import UsageError
from reverie.native.runtime import Runtime, computes
from reverie.network.network import Network
from reverie.ops.finite import is_finite


class NetScore:
    """The softmax of a network's logits.

    Args:
        net: A network with classes.
        engine: As ``make_engine`` takes it.
        precision: "fp32", or "bf16" where the engine has it: half as fast again, with confidences off by up
            to 0.02, so that elites have to be judged again in fp32.
        device: As ``make_engine`` takes it.
        threads: Of the processor, wherever it is called from; 0 takes torch's number here and now.

    Raises:
        UsageError: The network has no classes; or of ``make_engine``.
    """

    def __init__(
        self,
        net: Network,
        *,
        engine: str = "auto",
        precision: str = "fp32",
        device: str = "cpu",
        threads: int = 0,
    ) -> None:
        if "logits" not in net.layers:
            raise UsageError(f"network {net.name}: has no classes; choose another with --network")
        self.runtime = Runtime.of(threads)
        with self.runtime.use():
            self.engine = make_engine(
                engine, net, device=device, precision=precision, threads=self.runtime.threads
            )
        self.net = self.engine.net

    @property
    def classes(self) -> int:
        """How many there are."""
        return self.net.channels_of("logits")

    @computes
    def __call__(self, pictures: Tensor) -> Tensor:
        """Confidences (N, classes) of pictures (N, C, H, W) in [0, 1].

        Raises:
            UsageError: Pictures that the network cannot take.
            BadInput: Pixels that are not finite.
            NetworkError: Weights or logits that are not finite; the message names the tensor or layer.
        """
        check_shown(pictures, self.net)
        if isinstance(self.engine, NativeEngine):
            logits = self.engine.forward(pictures, ["logits"], keep=False)["logits"]
        else:
            with torch.no_grad():
                logits = self.net.forward(pictures.to(self.net.device), ["logits"])["logits"]
        if not is_finite(logits):
            raise complaint(self.engine, pictures, ["logits"])
        return logits.float().softmax(1).cpu()

    @computes
    def gradient(self, pictures: Tensor, classes: Tensor) -> Tensor:
        """d(log confidence of each picture's class)/d(picture), (N, C, H, W), in fp32.

        Args:
            pictures: (N, C, H, W) in [0, 1].
            classes: (N,).

        Raises as a call does; UsageError for classes that are not one for each picture, or do not exist.
        """
        if classes.shape != pictures.shape[:1] or classes.is_floating_point():
            raise UsageError(f"classes: {tuple(classes.shape)} for {len(pictures)} pictures; give one each")
        if len(classes) and not 0 <= int(classes.min()) <= int(classes.max()) < self.classes:
            raise UsageError(f"classes: network {self.net.name} has 0 to {self.classes - 1}")
        logits = self.engine.forward(pictures, ["logits"])["logits"]
        seed = -logits.float().softmax(1)
        seed[torch.arange(len(seed)), classes] += 1
        found = self.engine.backward({"logits": seed.to(logits)}).float().cpu()
        if not (is_finite(logits) and is_finite(found)):
            raise complaint(self.engine, pictures, ["logits"])
        return found
