"""README.md says what the notebooks say."""

import re
from pathlib import Path

from careerlib import claims, readme

ROOT = Path(__file__).parent.parent
TEXT = (ROOT / "README.md").read_text("utf-8")


def test_the_computed_parts_are_in_step_with_the_notebooks():
    assert readme.in_step(TEXT) == TEXT, "run 'make notebooks' and commit README.md"
    assert readme.PICTURE.read_bytes() == readme.picture()[0]


def test_a_stale_part_is_noticed():
    stale = re.sub(r"(\| Test accuracy of the production model \| [a-z, ]+ \| 78\.00% \| )78\.00%",
                   r"\g<1>78.01%", TEXT)
    assert stale != TEXT
    assert readme.in_step(stale) == TEXT


def test_every_claim_and_the_headline_stand_in_the_readme():
    for claim in claims.CLAIMS:
        shown = claim.claim.replace("O*NET", r"O\*NET")
        assert f"| {shown} | " in TEXT, claim.id
    assert f"**Of {len(claims.CLAIMS)} claims: " in TEXT


def test_its_links_and_pictures_exist():
    for target in re.findall(r'\]\(([^)#]+)\)|src="([^"]+)"', TEXT):
        target = target[0] or target[1]
        assert target.startswith("https://") or (ROOT / target).exists(), target


def test_it_attributes_the_data_and_names_the_licences():
    flat = " ".join(TEXT.split())
    assert "USDOL/ETA), used under the [CC BY 4.0]" in flat
    assert "BLS Employment Projections" in flat
    assert "[MIT](LICENSE)" in flat
