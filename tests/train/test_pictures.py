"""Folders of pictures as tensors: kinds, squares, what is held out, and what is wrong with them."""

import shutil

import numpy as np
import pytest
import torch
from PIL import Image

from reverie.errors import BadInput
from reverie.process.notices import collect_warnings
from reverie.train import pictures
from reverie.train.pictures import find_pictures, read_data
from reverie.train.settings import make_settings
from support.training import KINDS, folder_of_kinds

SMALL = make_settings(size=16)


def test_each_folder_is_a_kind_and_a_share_of_each_is_held_out(tmp_path):
    found = find_pictures(folder_of_kinds(tmp_path / "p", 20))
    (tmp_path / "p" / "bar" / "notes.txt").write_text("no picture")
    data = read_data(found, None, SMALL)
    assert data.kinds == KINDS
    assert data.held_out.counts(3) == [3, 3, 3]
    assert data.learnt.counts(3) == [17, 17, 17]
    assert data.learnt.pictures.shape == (51, 4, 16, 16)
    assert data.learnt.pictures.dtype == torch.uint8


def test_what_is_held_out_follows_from_the_seed(tmp_path):
    found = find_pictures(folder_of_kinds(tmp_path / "p", 20))
    same = [read_data(found, None, SMALL).sha256 for _ in range(2)]
    other = read_data(found, None, make_settings(size=16, seed=1)).sha256
    assert same[0] == same[1] != other


def test_equal_pictures_are_on_one_side(tmp_path):
    folder = folder_of_kinds(tmp_path / "p", 8)
    for path in list((folder / "disc").iterdir()):
        shutil.copy(path, path.with_name(f"copy-{path.name}"))
    for seed in range(5):
        data = read_data(find_pictures(folder), None, make_settings(size=16, seed=seed))
        learnt, held_out = (
            {p.numpy().tobytes() for p in part.pictures} for part in (data.learnt, data.held_out)
        )
        assert not learnt & held_out
        assert data.held_out.counts(3)[1] == 2  # one, and its copy


def test_another_folder_is_held_out_and_what_is_in_both_is_not_learnt(tmp_path):
    learnt, judged = folder_of_kinds(tmp_path / "a", 8), folder_of_kinds(tmp_path / "b", 5, seed=9)
    shutil.copy(judged / "bar" / "00.png", learnt / "bar" / "twin.png")
    said = []
    with collect_warnings(said.append):
        data = read_data(find_pictures(learnt), find_pictures(judged), SMALL)
    assert data.learnt.counts(3) == [8, 8, 8]
    assert data.held_out.counts(3) == [5, 5, 5]
    assert said == ["1 pictures are in both folders; they are held out"]


def test_a_broken_picture_is_named_and_left_out(tmp_path):
    folder = folder_of_kinds(tmp_path / "p", 8)
    (folder / "disc" / "bad.png").write_bytes(b"\x89PNG\r\n\x1a\nnothing")
    said = []
    with collect_warnings(said.append):
        data = read_data(find_pictures(folder), None, SMALL)
    assert len(data.learnt) + len(data.held_out) == 24
    assert len(data.failed) == 1
    assert "bad.png" in data.failed[0]
    assert said == [f"{data.failed[0]}; left out"]


def test_the_middle_of_a_photograph_and_all_of_a_drawing(tmp_path):
    photo = np.zeros((20, 40, 3), np.uint8)
    photo[:, 10:30] = 255
    drawing = np.zeros((20, 40, 4), np.uint8)
    drawing[..., 0] = drawing[..., 3] = 255
    drawing[0, 0, 3] = 0
    for kind, made in (("photo", photo), ("drawing", drawing)):
        (tmp_path / kind).mkdir()
        for index in range(4):
            Image.fromarray(made).resize((80, 40 + index)).save(tmp_path / kind / f"{index}.png")
    data = read_data(find_pictures(tmp_path), None, SMALL)
    photos = data.learnt.pictures[data.learnt.labels == 1][0]
    drawings = data.learnt.pictures[data.learnt.labels == 0][0]
    assert photos[:3, :, 1:-1].float().mean() > 250
    assert (photos[3] == 255).all()
    assert (drawings[3, :3] == 0).all()
    assert (drawings[3, 7:9] == 255).all()


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda p: None, "no pictures in this folder"),
        (lambda p: shutil.rmtree(p), "give a folder of folders"),
        (lambda p: folder_of_kinds(p / "x", 8, ("disc",)), "no pictures"),
        (lambda p: folder_of_kinds(p, 8, ("disc",)), "one kind of pictures.*--unsupervised"),
        (lambda p: folder_of_kinds(p, 3), '"bar": 3 pictures that can be read are too few; 4 of a kind'),
    ],
)
def test_too_little_says_so(tmp_path, make, words):
    folder = tmp_path / "p"
    folder.mkdir()
    make(folder)
    with pytest.raises(BadInput, match=words):
        read_data(find_pictures(folder), None, SMALL)


def test_other_kinds_in_the_second_folder_are_named(tmp_path):
    learnt, judged = folder_of_kinds(tmp_path / "a", 4), folder_of_kinds(tmp_path / "b", 4, ("bar", "disc"))
    with pytest.raises(BadInput, match=r'has other kinds .*"frame"'):
        read_data(find_pictures(learnt), find_pictures(judged), SMALL)


def test_more_than_memory_holds_is_refused_before_anything_is_read(tmp_path, monkeypatch):
    monkeypatch.setattr(pictures, "MOST_BYTES", 36 * 4 * 16 * 16 - 1)
    monkeypatch.setattr(pictures, "_read", None)
    with pytest.raises(BadInput, match="36 pictures of 16 px"):
        read_data(find_pictures(folder_of_kinds(tmp_path / "p", 12)), None, SMALL)
