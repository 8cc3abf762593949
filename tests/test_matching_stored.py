"""The model's file: what goes in comes out, and nothing else is accepted."""

import io
import json
import zipfile
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from careerlib.evaluation import random_profiles
from careerlib.matching.learning import fit_matcher
from careerlib.matching.stored import about_model, load_matcher, save_matcher


@pytest.fixture(scope="module")
def small(catalog):
    return catalog.take(np.arange(0, len(catalog), 6), "every sixth")


@pytest.fixture(scope="module")
def fitted(small):
    return fit_matcher(small, seed=7, iterations=10)


@pytest.fixture
def path(fitted, small, tmp_path):
    save_matcher(fitted, tmp_path / "model.npz", small)
    return tmp_path / "model.npz"


def rewrite(path, change_arrays=lambda arrays: None, change_about=lambda about: None):
    with np.load(path) as archive:
        arrays = {name: archive[name] for name in archive.files if name != "about"}
        about = json.loads(str(archive["about"]))
    change_arrays(arrays)
    change_about(about)
    np.savez(path, about=np.array(json.dumps(about)), **arrays)


def test_loaded_model_scores_the_same(path, fitted, small):
    loaded = load_matcher(path, small)
    persons = random_profiles(100, 3)
    np.testing.assert_allclose(loaded.scores(persons), fitted.scores(persons), atol=1e-5)
    pd.testing.assert_frame_equal(loaded.confidence, fitted.confidence)
    assert (loaded.seed, loaded.metrics, loaded.codes) == (7, fitted.metrics, fitted.codes)


def test_file_says_what_it_is_and_holds_no_pickle(path, fitted):
    about = about_model(path)
    assert about["release"] == "30.1" and about["seed"] == 7
    assert about["metrics"] == fitted.metrics and "numpy" in about["versions"]
    with zipfile.ZipFile(path) as archive:
        for name in archive.namelist():
            assert np.lib.format.read_magic(io.BytesIO(archive.read(name)))
            np.load(io.BytesIO(archive.read(name)), allow_pickle=False)


def test_saving_twice_gives_the_same_model(path, fitted, small):
    first = load_matcher(path, small)
    save_matcher(first, path, small)
    np.testing.assert_array_equal(load_matcher(path, small).table, first.table)


def test_missing_damaged_and_foreign_files_are_refused(path, small, refusal, tmp_path):
    content = path.read_bytes()
    middle = len(content) // 2  # inside the table, by far the largest part
    assert "no model" in refusal(load_matcher, tmp_path / "none.npz", small)
    assert "cannot be read" in refusal(load_matcher, tmp_path, small)
    damaged = tmp_path / "damaged.npz"
    for bad in (
        b"", b"hello", content[: len(content) // 2], content[:-1], content[50:],
        content[:middle] + bytes([content[middle] ^ 255]) + content[middle + 1 :],
    ):
        damaged.write_bytes(bad)
        assert "damaged" in refusal(load_matcher, damaged, small)
    np.savez(damaged, other=np.zeros(3))
    assert "damaged" in refusal(load_matcher, damaged, small)
    np.save(tmp_path / "bare.npy", np.zeros(3))
    damaged.write_bytes((tmp_path / "bare.npy").read_bytes())
    assert "damaged" in refusal(load_matcher, damaged, small)


def test_pickles_are_not_opened(path, small, refusal):
    rewrite(path, lambda arrays: arrays.update(table=np.array([{"a": 1}], dtype=object)))
    assert "damaged" in refusal(load_matcher, path, small)


def test_changed_files_are_refused(path, small, refusal):
    def raise_one(arrays):
        arrays["table"][0, 0] += 1

    content = path.read_bytes()
    rewrite(path, raise_one)
    assert "changed" in refusal(load_matcher, path, small)
    for change in (
        lambda about: about.update(seed=8),
        lambda about: about["codes"].reverse(),
        lambda about: about["metrics"].update(recall_full=1.0),
        lambda about: about.pop("arrays"),
    ):
        path.write_bytes(content)
        rewrite(path, change_about=change)
        assert "changed" in refusal(load_matcher, path, small)
    path.write_bytes(content)
    rewrite(path, change_about=lambda about: about.update(format=2))
    assert "format" in refusal(load_matcher, path, small)


def test_models_of_other_data_are_refused(path, small, catalog, refusal):
    assert "30.9" in refusal(load_matcher, path, replace(small, release="30.9"))
    assert "other ratings" in refusal(load_matcher, path, catalog)
    ratings = small.interests.copy()
    ratings[0, 0] += 0.01
    assert "other ratings" in refusal(load_matcher, path, replace(small, interests=ratings))
    fewer = replace(small, related=small.related[:-40])
    assert "other ratings" in refusal(load_matcher, path, fewer)


def test_a_failed_save_keeps_the_earlier_file(path, fitted, small, refusal, monkeypatch):
    before = path.read_bytes()

    def full_disk(*args):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.replace", full_disk)
    assert "No space left" in refusal(save_matcher, fitted, path, small)
    assert path.read_bytes() == before
    assert [file.name for file in path.parent.iterdir()] == [path.name]
