"""The process of one measurement: ``python -m benchmarks.worker JOB``."""

from __future__ import annotations

import os
import sys
from importlib import import_module

from benchmarks.job import OURS, Job
from reverie.jobs.bench.machine import peak, resident
from reverie.jobs.bench.timing import tell

#: Where each tool is measured; reverie's engines in ``ours``.
HOMES = {
    "naive": "naive",
    "reference": "reference",
    "torch-lucent": "lucent",
    "dreamlens": "dreamlens",
    "torch-dreams": "torch_dreams",
    "horama": "horama",
    "TensorFlow": "tensorflow",
}


def start(job: Job) -> None:
    """Load the framework, which every user of the tool has in memory anyway."""
    if job.tool == "TensorFlow":
        os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
        import tensorflow as tf

        tf.config.threading.set_intra_op_parallelism_threads(job.threads)
        tf.random.uniform((8, 8)).numpy()
        return
    import torch

    torch.set_num_threads(job.threads)
    torch.manual_seed(0)
    torch.nn.functional.conv2d(torch.ones(1, 8, 8, 8), torch.ones(8, 8, 3, 3))


def main(text: str) -> None:
    job = Job.read(text)
    start(job)
    before = resident()
    home = "ours" if job.tool in OURS else HOMES[job.tool]
    found = import_module(f"benchmarks.tools.{home}").measure(job)
    most = peak() - before
    if job.device == "cuda":
        import torch

        most = torch.cuda.max_memory_allocated()
    tell(**{"memory": most, "resident": peak(), **found})


if __name__ == "__main__":
    main(sys.argv[1])
