"""``reverie stimuli`` refuses what cannot be."""

from support.slow import mostly_slow


@mostly_slow(
    ("words", "code", "said"),
    [
        (("-o", "s.png"), 2, "--unit"),
        (("--unit", "block5c:9999", "-o", "s.png"), 2, "0 to 111"),
        (("--unit", "block5z:1", "-o", "s.png"), 2, "did you mean"),
        (("--unit", "block5c", "-o", "s.png"), 2, "a colon and a number"),
        (("--unit", "golden retreiver", "-o", "s.png"), 2, "golden retriever"),
        (("--unit", "crane", "-o", "s.png"), 2, "several"),
        (("--unit", "stem:1", "-o", "s.png", "--count", "0"), 2, "--count"),
        (("--unit", "stem:1", "-o", "s.txt"), 2, ".png"),
        (("--unit", "stem:1", "-o", "s.png", "--preset", "keras"), 2, "keras"),
    ],
    quick=4,
)
def test_bad_requests_of_stimuli(inside, here, words, code, said):
    inside("stimuli", ".", *words).refused(code, said)
    assert not (here / "s.png").exists()


def test_a_folder_without_photographs(inside, here):
    (here / "empty").mkdir()
    inside("stimuli", "empty", "--unit", "stem:1", "-o", "s.png").refused(3, "no pictures")
    inside("stimuli", "nowhere", "--unit", "stem:1", "-o", "s.png").refused(3, "nowhere")
