"""The fitted model as a file: arrays and one JSON text, nothing that could run.

A NumPy archive read with allow_pickle=False. The JSON holds the data release, a checksum of
the catalog it learned from, the seed, the metrics and the versions it was fitted with, and
the SHA-256 of the arrays, so that a changed file is refused.
"""

import hashlib
import io
import json
import platform
import zipfile
import zlib
from pathlib import Path

import numpy as np
import pandas as pd
import scipy
import sklearn

from careerlib.catalog import Catalog, load_catalog
from careerlib.errors import CareerlibError
from careerlib.matching.matcher import Matcher
from careerlib.matching.statements import Scale
from careerlib.project import DATA, replace_file

FORMAT = 1
MODEL = DATA / "matcher.npz"
ARRAYS = ("base", "table", "mean", "spread", "calibration")
REFIT = "fit it again with fit_matcher and save_matcher, or restore it with 'git checkout data'"


def save_matcher(
    matcher: Matcher, path: str | Path = MODEL, catalog: Catalog | None = None
) -> None:
    """Write the model to one file, which is replaced in one step or kept if anything fails.

    The arrays are kept in single precision: scores change by less than 0.00001. catalog: the
    one it was fitted on, by default all occupations. Raises CareerlibError where the file
    cannot be written.
    """
    path, catalog = Path(path), catalog or load_catalog()
    arrays = {
        "base": matcher.base,
        "table": matcher.table,
        "mean": matcher.scale.mean,
        "spread": matcher.scale.spread,
        "calibration": np.array(matcher.calibration),
    }
    arrays = {name: array.astype("<f4") for name, array in arrays.items()}
    about = {
        "format": FORMAT,
        "release": matcher.release,
        "catalog": catalog_checksum(catalog),
        "seed": matcher.seed,
        "metrics": dict(matcher.metrics),
        "confidence": matcher.confidence.to_dict("records"),
        "versions": {
            "python": platform.python_version(),
            "numpy": np.__version__,
            "scipy": scipy.__version__,
            "scikit-learn": sklearn.__version__,
        },
        "codes": list(matcher.codes),
    }
    about["arrays"] = _checksum(arrays, about)
    content = io.BytesIO()
    np.savez_compressed(content, about=np.array(json.dumps(about)), **arrays)
    try:
        replace_file(path, content.getvalue())
    except OSError as error:
        raise CareerlibError(
            f"The model cannot be written to '{path}' ({error.strerror}); choose another file "
            "name in a folder that exists."
        ) from None


def load_matcher(path: str | Path = MODEL, catalog: Catalog | None = None) -> Matcher:
    """The model in a file that `save_matcher` wrote, checked against the catalog.

    catalog: the whole one that it must have learned from, by default all occupations.
    Raises CareerlibError for a file that is missing, damaged, changed, of another format or
    of other data.
    """
    about, arrays = _read(Path(path))
    catalog = catalog or load_catalog()
    if about.get("release") != catalog.release:
        raise CareerlibError(
            f"The model '{path}' learned from O*NET {about.get('release')} and the data are "
            f"O*NET {catalog.release}; {REFIT}."
        )
    if about.get("catalog") != catalog_checksum(catalog):
        raise CareerlibError(
            f"The model '{path}' learned from other ratings or relatives than those in the data; "
            f"{REFIT}."
        )
    return Matcher(
        codes=tuple(about["codes"]),
        release=about["release"],
        scale=Scale(arrays["mean"], arrays["spread"]),
        base=arrays["base"],
        table=arrays["table"],
        calibration=tuple(arrays["calibration"].tolist()),
        confidence=pd.DataFrame(about["confidence"]),
        metrics=about["metrics"],
        seed=about["seed"],
    )


def about_model(path: str | Path = MODEL) -> dict:
    """Release, seed, metrics and versions of the model in a file."""
    about, _ = _read(Path(path))
    return {key: about[key] for key in ("release", "seed", "metrics", "versions")}


def catalog_checksum(catalog: Catalog) -> str:
    """SHA-256 of everything the model learns from: codes, ratings, job zones, relatives."""
    digest = hashlib.sha256("\n".join(catalog.codes).encode())
    for ratings in (
        catalog.skill_importance,
        catalog.skill_level,
        catalog.interests,
        catalog.work_values,
        catalog.table["job_zone"].to_numpy(),
        catalog.related_matrix(),
    ):
        digest.update(np.nan_to_num(ratings.astype("<f8"), nan=-1).tobytes())
    return digest.hexdigest()


def _read(path: Path) -> tuple[dict, dict[str, np.ndarray]]:
    try:
        # zipfile first: np.load would also take a bare array, which is not an archive.
        with zipfile.ZipFile(path), np.load(path, allow_pickle=False) as archive:
            about = json.loads(str(archive["about"]))
            arrays = {name: archive[name] for name in ARRAYS}
    except FileNotFoundError:
        raise CareerlibError(f"There is no model '{path}'; {REFIT}.") from None
    except OSError as error:
        raise CareerlibError(f"The model '{path}' cannot be read ({error}); {REFIT}.") from None
    except (ValueError, KeyError, EOFError, zipfile.BadZipFile, zlib.error, NotImplementedError):
        raise CareerlibError(f"The model '{path}' is damaged; {REFIT}.") from None
    if not isinstance(about, dict) or about.get("format") != FORMAT:
        raise CareerlibError(f"The model '{path}' has another format than {FORMAT}; {REFIT}.")
    if about.get("arrays") != _checksum(arrays, about):
        raise CareerlibError(f"The model '{path}' was changed after it was saved; {REFIT}.")
    return about, {name: array.astype(float) for name, array in arrays.items()}


def _checksum(arrays: dict[str, np.ndarray], about: dict) -> str:
    """SHA-256 of the arrays, their shapes, and all that is said about them."""
    said = {key: value for key, value in about.items() if key != "arrays"}
    digest = hashlib.sha256(json.dumps(said, sort_keys=True).encode())
    for name in ARRAYS:
        digest.update(f"{name} {arrays[name].dtype.str} {arrays[name].shape}".encode())
        digest.update(arrays[name].tobytes())
    return digest.hexdigest()
