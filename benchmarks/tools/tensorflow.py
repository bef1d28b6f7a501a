"""The step of TensorFlow's DeepDream tutorial: InceptionV3, mixed3 and mixed5, in a ``tf.function``."""

from __future__ import annotations

import time

import tensorflow as tf

from benchmarks.job import Job

LAYERS = ("mixed3", "mixed5")
AT_ONCE = 3  # steps of one call, as a loop of the graph


def measure(job: Job) -> dict[str, object]:
    began = time.perf_counter()
    base = tf.keras.applications.InceptionV3(include_top=False, weights=None)
    dream = tf.keras.Model(inputs=base.input, outputs=[base.get_layer(name).output for name in LAYERS])
    image = tf.random.uniform((job.size[1], job.size[0], 3), -1, 1)
    steps = tutorial(dream)
    many, size = tf.constant(AT_ONCE), tf.constant(0.01)
    steps(image, many, size)[1].numpy()
    ready = time.perf_counter() - began
    times: list[float] = []
    end = time.perf_counter() + job.seconds
    while len(times) < 3 or time.perf_counter() < end:
        began = time.perf_counter()
        steps(image, many, size)[1].numpy()
        times.append((time.perf_counter() - began) / AT_ONCE)
    return {"times": times, "ready": ready, "ran": f"fp32, TensorFlow {tf.__version__}"}


def tutorial(dream: tf.keras.Model):
    """Gradient ascent on the sum of the layers' means, as the tutorial writes it."""

    @tf.function(
        input_signature=(
            tf.TensorSpec([None, None, 3], tf.float32),
            tf.TensorSpec([], tf.int32),
            tf.TensorSpec([], tf.float32),
        )
    )
    def ascend(image, steps, step_size):
        loss = tf.constant(0.0)
        for _ in tf.range(steps):
            with tf.GradientTape() as tape:
                tape.watch(image)
                loss = tf.reduce_sum([tf.math.reduce_mean(a) for a in dream(tf.expand_dims(image, 0))])
            gradient = tape.gradient(loss, image)
            gradient /= tf.math.reduce_std(gradient) + 1e-8
            image = tf.clip_by_value(image + gradient * step_size, -1, 1)
        return loss, image

    return ascend
