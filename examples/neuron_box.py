"""The pixels that one neuron sees: a channel of a layer, at one cell of its map."""

import torch

import reverie
from reverie import objective as ob
from reverie.engine.engine import AutogradEngine
from reverie.scoring.bind import bind

net = reverie.load_net()
goal = bind(ob.neuron("block3b", 17, cell=(12, 7)), net)  # column and row, from 0
photo = torch.rand(1, 3, 192, 256)

_, gradient = reverie.picture_gradient(AutogradEngine(net), goal, photo)
rows, columns = gradient[0].abs().sum(0).nonzero().unbind(1)
box = int(columns.min()), int(rows.min()), int(columns.max()) + 1, int(rows.max()) + 1
print("left, top, right, bottom:", box)
