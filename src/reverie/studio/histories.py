"""Presets in a few words: what each looks like, and where it comes from."""

from __future__ import annotations

from typing import Final

#: By name: how it looks, and its history.
HISTORIES: Final[dict[str, tuple[str, str]]] = {
    "reverie": ("Whole creatures on calm ground.", "Our own, the default."),
    "gentle": (
        "For somebody's portrait: faces stay as they are, all else becomes lace.",
        "Our own. Three small networks find the faces (extra faces).",
    ),
    "menagerie": (
        "Whole animals, with legs and tails; takes longer.",
        "Our own, by two networks (extra lite).",
    ),
    "cathedral": ("Fruit, beads, domes and carnival light.", "Our own, by two networks (extra lite)."),
    "etching": ("The dream in brightness alone; colours stay the photograph's.", "Our own."),
    "classic": ("Furry, an even grain of creatures everywhere.", "Our own first look."),
    "google2015": (
        "Eyes, dogs and swirls, as the world first saw them.",
        "The notebook dream.ipynb by A. Mordvintsev, C. Olah and M. Tyka, Google 2015.",
    ),
    "keras": ("Soft spirals over several layers.", "F. Chollet's example for Keras."),
    "tensorflow": ("Strong, even patterns at every size.", "The TensorFlow tutorial."),
    "smooth2020": ("Smooth, painted shapes.", "A. Gordić's pytorch-deepdream, 2020."),
    "crowsonkb": ("Many layers that share the work.", "K. Crowson's deep_dream."),
    "apparition": ("Something whole, a class, at a few places of the photograph.", "Our own."),
    "portrait": ("What a stranger recognises.", "Our own, the default of portraits."),
    "filled": ("The whole picture full of parts: for layers and channels.", "Our own first portraits."),
    "small": ("For small networks, such as one's own.", "Plain ascent from grey."),
    "sketch": ("A portrait in little time.", "Our own."),
    "naive": ("Plain gradient ascent on pixels: noise that the network believes.", "Where everybody began."),
    "inversion": ("What a deep layer remembers of a photograph.", "After Mahendran and Vedaldi, 2015."),
    "inversion-shallow": ("What a shallow layer remembers.", "After Mahendran and Vedaldi, 2015."),
    "erhan2009": ("The first portraits of units.", "D. Erhan and others, 2009."),
    "simonyan2013": ("Classes by their score, held by a penalty.", "K. Simonyan and others, 2013."),
    "deepdraw2015": ("Classes drawn in octaves with a growing blur.", "A. Øygard's deepdraw, 2015."),
    "yosinski2015-1": ("The first of four ways of holding a portrait.", "J. Yosinski and others, 2015."),
    "yosinski2015-2": ("The second of four ways of holding a portrait.", "J. Yosinski and others, 2015."),
    "yosinski2015-3": ("The third of four ways of holding a portrait.", "J. Yosinski and others, 2015."),
    "yosinski2015-4": ("The fourth of four ways of holding a portrait.", "J. Yosinski and others, 2015."),
    "lucid2017": ("Feature visualization with shifts and turns.", "C. Olah and others, lucid, 2017."),
    "maco2023": ("Amplitudes of nature, phases of the network.", "T. Fel and others, MACO, 2023."),
    "film": ("Whole creatures that move along with a film.", "Our own, the default of films."),
    "zoom": ("An endless zoom into the dream.", "Our own."),
    "classic-zoom": ("An endless zoom, furry.", "Our own first look."),
    "google2015-zoom": ("The zoom that the notebook of 2015 ends with.", "Google 2015."),
    "lsdnn2015": ("Keyframes with a dissolve between them.", "The Large Scale Deep Neural Network, 2015."),
}
