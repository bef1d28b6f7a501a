"""Which learner a training asks for."""

from __future__ import annotations

from reverie.train.learner import Learner, PositionalLearner
from reverie.train.lite import LiteLearner
from reverie.train.pictures import Data
from reverie.train.settings import TrainSettings
from reverie.train.unsupervised import UnsupervisedLearner


def make_learner(data: Data, settings: TrainSettings) -> Learner:
    """What learns, before it has learnt anything.

    Raises:
        NetworkError: The network that it begins with is not installed, or damaged.
    """
    if settings.method == "lite0":
        return LiteLearner(data.kinds, settings)
    if settings.method == "unsupervised":
        return UnsupervisedLearner(data.kinds, settings)
    return PositionalLearner(data.kinds, settings)
