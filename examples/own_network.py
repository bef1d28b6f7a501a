"""Any PyTorch module dreams, with the layer names it has. This one sees grey pictures."""

import torch
from torch import nn

import reverie

torch.manual_seed(0)
mine = nn.Sequential(
    nn.Conv2d(1, 16, 5, stride=2, padding=2),
    nn.ReLU(),
    nn.Sequential(nn.Conv2d(16, 32, 3, stride=2, padding=1), nn.ReLU()),
    nn.Conv2d(32, 8, 3, padding=1),
)
net = reverie.wrap_net(mine, mean=0.5, std=0.25, channels=1)
for name, layer in net.layers.items():
    reach = layer.receptive_field
    print(f"{name}: {layer.channels} channels, a cell every {layer.stride} px sees {reach} px")

recipe = reverie.preset("reverie", objective='mean("2.0") + 0.3*channel("3", 5)', steps=10)
picture = reverie.render(recipe, reverie.load_picture("me.jpg"), net=net)
picture.save("own.png", overwrite=True)
