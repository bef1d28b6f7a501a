"""Below the loop: the score and its gradient at the picture, to build something else on."""

import torch

import reverie
from reverie import objective as ob
from reverie.engine.engine import AutogradEngine
from reverie.scoring.bind import bind

net = reverie.load_net()
goal = bind(ob.channel("block5a", 40), net)
picture = torch.rand(2, 3, 96, 96)  # a batch of two

score, gradient = reverie.picture_gradient(AutogradEngine(net), goal, picture)
assert score.shape == (2,)
assert gradient.shape == picture.shape
