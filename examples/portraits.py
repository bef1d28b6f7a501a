"""Portraits of a network of your own: several units at once, each the same as if it were made alone."""

import torch

import reverie
from reverie.media.picture.contact_sheet import contact_sheet
from reverie.portrait.batch import portraits

torch.manual_seed(0)
module = torch.nn.Sequential(
    torch.nn.Conv2d(3, 16, 5, stride=2),
    torch.nn.BatchNorm2d(16),
    torch.nn.ReLU(),
    torch.nn.Conv2d(16, 32, 5, stride=2),
)
net = reverie.wrap_net(module, mean=0.5, std=0.5)

units = [f'channel("3", {index})' for index in range(4)]
recipes = [reverie.preset("sketch", objective=[unit], size=(64, 64), steps=[8]) for unit in units]
pictures = portraits(recipes, reverie.Session(recipes[0], net=net))
cells = [(unit, "", picture) for unit, picture in zip(units, pictures, strict=True)]
contact_sheet(cells, side=96).save("portraits.png", overwrite=True)
