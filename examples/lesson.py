"""The lesson on one sheet: six questions to a network, with what it answers to a photograph of yours."""

import reverie
from reverie.analysis.classify import classify
from reverie.media.picture.contact_sheet import contact_sheet
from reverie.media.picture.picture import no_larger

photo = no_larger(reverie.load_picture("me.jpg"), 384)
net = reverie.load_net()


def seen(picture: reverie.Picture) -> str:
    """The class that the network finds likeliest, and how likely."""
    ((_, name, share),) = classify(net, picture, top=1)
    return f"{name} {share:.0%}"


def dreamt(**settings: object) -> reverie.Picture:
    """The photograph's dream."""
    return reverie.render(reverie.preset("reverie", **settings), photo)


dumbbell = reverie.preset("sketch", objective=['class("dumbbell")'], size=(128, 128), steps=[40])
golden = ['class("golden retriever")']
pictures = {
    "1 what is seen": photo,
    "2 a shallow layer": dreamt(objective=["block3b"]),
    "2 a deep layer": dreamt(objective=["block5c"]),
    "3 one octave": dreamt(objective=["block5c"], octaves=1),
    "4 seed 1": dreamt(seed=1),
    "4 seed 2": dreamt(seed=2),
    "5 a dumbbell": reverie.render(dumbbell),
    "6 fooled": dreamt(objective=golden, strength=0.2),
}
cells = [(question, seen(picture), picture) for question, picture in pictures.items()]
for question, answer, _ in cells:
    print(f"{question}: {answer}")
contact_sheet(cells, side=256, columns=4).save("lesson.png", overwrite=True)
