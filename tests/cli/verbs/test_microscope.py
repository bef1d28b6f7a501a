"""``reverie microscope`` refuses what cannot be."""

from support.slow import mostly_slow


@mostly_slow(
    ("words", "code", "said"),
    [
        (("lite0",), 2, "-o"),
        (("lite9", "-o", "site"), 2, "lite9"),
        (("-o", "site", "--layers", "block5z"), 2, "did you mean"),
        (("-o", "site", "--layers", "block5c", "--channels", "9999"), 2, "0 to 111"),
        (("-o", "site", "--classes", "golden retreiver"), 2, "golden retriever"),
        (("-o", "chelsea.png"), 2, "is a file"),
        (("-o", "."), 2, "holds no microscope"),
        (("-o", "site", "--photos", "nowhere"), 3, "nowhere"),
        (("-o", "/proc/site", "--layers", "stem"), 6, "/proc/site"),
        (("-o", "site", "--steps", "0"), 2, "--steps"),
        (("-o", "site", "--preset", "google2015"), 2, "google2015"),
        (("-o", "site", "--recipe", "chelsea.png"), 3, "holds no recipe"),
    ],
    quick=4,
)
def test_bad_requests_leave_nothing(inside, here, words, code, said):
    inside("microscope", *words).refused(code, said)
    assert not (here / "site").exists()
