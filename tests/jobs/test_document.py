"""Jobs from JSON documents: what is wrong is said field by field, and what is not trusted names no path."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from reverie.errors import BadInput, UsageError
from reverie.jobs.document import KINDS, LONGEST, load_job, parse_job, read_job
from reverie.jobs.dreaming.dream import DreamJob
from reverie.recipe.recipe import Recipe

GOOD: dict[str, Any] = {
    "format": 1,
    "kind": "dream",
    "recipe": {"steps": [2]},
    "photo": {"path": "me.jpg"},
    "output": {"path": "dream.png"},
}

BAD: list[tuple[dict[str, Any], tuple[str, ...]]] = [
    ({"kind": "dram"}, ("unknown kind of job 'dram'", '"dream"')),
    ({"kind": None}, ("names no kind of job",)),
    ({"kind": ["dream"]}, ("unknown kind",)),
    ({"format": 2}, ("job format 2 is newer than 1",)),
    ({"format": "one"}, ("format: ",)),
    ({"foto": "me.jpg"}, ("foto: no such field", '"photo"')),
    ({"recipe": {"stepz": 2}}, ("recipe: stepz: no such setting", '"steps"')),
    ({"recipe": {"format": 9}}, ("recipe format 9 is newer",)),
    ({"recipe": {"strength": 7}, "output": {}}, ("strength: ", "output.path: field required")),
    ({"recipe": None}, ("recipe: the recipe is not an object",)),
    ({"photo": {"path": "a", "sha256": "0" * 64}}, ("photo: one of path, sha256 and id",)),
    ({"photo": {"sha256": "xyz"}}, ("photo.sha256: ",)),
    ({"photo": 3}, ("photo: a path, or an object", "saved first")),
    ({"output": {"path": "a.png", "dept": 8}}, ("output.dept: no such field",)),
    ({"output": {"path": ""}}, ("output.path: ",)),
]


@pytest.mark.parametrize(("changes", "says"), BAD)
def test_each_thing_that_is_wrong_is_said(changes: dict[str, Any], says: tuple[str, ...]) -> None:
    with pytest.raises(UsageError) as caught:
        read_job({**GOOD, **changes}, "job.json", trusted=True)
    assert str(caught.value).startswith("job.json: ")
    for words in says:
        assert words in str(caught.value)


PATHS: list[dict[str, Any]] = [
    {"photo": "/etc/passwd"},
    {"photo": "../me.jpg"},
    {"photo": {"path": "a/b.jpg"}},
    {"photo": {"path": "C:\\me.jpg"}},
    {"output": "/tmp/o.png"},
    {"output": {"path": "../o.png"}},
    {"recipe": {"mask": "/m.png"}},
    {"recipe": {"objective": ['guide("../g.jpg", block5a)']}},
    {"recipe": {"network": "lite0:/w.pth"}},
    {"recipe": {"film": {"pulse": "/music.wav"}}},
]


@pytest.mark.parametrize("changes", PATHS)
def test_a_document_that_is_not_trusted_names_no_path(changes: dict[str, Any]) -> None:
    with pytest.raises(UsageError, match="--trust"):
        read_job({**GOOD, **changes}, "job", trusted=False)
    read_job({**GOOD, **changes}, "job", trusted=True)
    read_job(GOOD, "job", trusted=False)


def test_every_kind_is_a_job() -> None:
    from importlib import import_module

    for kind, (module, name) in KINDS.items():
        job = getattr(import_module(f"reverie.jobs.{module}"), name)
        assert job.model_fields["kind"].default == kind


def test_a_file_is_read_and_what_is_no_json_is_said(tmp_path: Path) -> None:
    file = tmp_path / "job.json"
    file.write_text(json.dumps(GOOD))
    job = load_job(str(file))
    assert job == DreamJob(recipe=Recipe(steps=(2,)), photo="me.jpg", output="dream.png")
    assert read_job(job.document(), trusted=True) == job
    for text, says in ((b"{", "not JSON"), (b"[1]", "not an object"), (b" " * (LONGEST + 1), "too long")):
        with pytest.raises(UsageError, match=says):
            parse_job(text, "job", trusted=True)
    with pytest.raises(BadInput, match="cannot be read"):
        load_job(str(tmp_path / "missing.json"))


def test_what_is_only_in_memory_is_refused_by_name() -> None:
    with pytest.raises(ValidationError, match="saved first"):
        DreamJob(recipe=Recipe(), photo=object(), output="o.png")


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@pytest.mark.slow
@given(
    st.sampled_from(sorted(KINDS)),
    st.dictionaries(st.sampled_from(["format", "recipe", "photo", "output", "x", "settings"]), ANYTHING),
)
def test_anything_in_a_document_is_a_job_or_a_usage_error(kind: str, fields: dict[str, Any]) -> None:
    try:
        job = read_job({**fields, "kind": kind}, "job")
    except UsageError:
        return
    assert read_job(json.loads(json.dumps(job.document())), trusted=True) == job
