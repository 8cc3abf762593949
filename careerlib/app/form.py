"""A small form for JupyterLab that builds a profile and shows its list."""

import shlex
import sys
from pathlib import Path

import ipywidgets as widgets
import pandas as pd
from IPython.display import Javascript, display

from careerlib.catalog import EDUCATION, GROUPS, load_catalog
from careerlib.profile import SCALES, Profile, write_profile
from careerlib.project import OUTPUTS
from careerlib.recommend import METHODS, recommend

FILE = OUTPUTS.parent / "my_profile.yml"
SHOWN = ["rank", "title", "score", "confidence", "median_wage", "note"]
WHOLE = {"style": {"description_width": "initial"}, "layout": {"width": "max-content"}}
SLIDER = {"style": {"description_width": "240px"}, "layout": {"width": "460px"}}
GRID = {"grid_template_columns": "repeat(auto-fill, 470px)"}
NAME_THE_SLIDERS = Path(__file__).with_suffix(".js").read_text("utf-8")


class ProfileForm:
    """What she does now, sliders for all ratings (0 is "not stated"), limits, and the list."""

    def __init__(self) -> None:
        self.sliders = {
            block: {name: widgets.IntSlider(max=most, description=name, **SLIDER) for name in names}
            for block, (names, most) in SCALES.items()
        }
        titles, groups = [*load_catalog().titles], [*GROUPS.values()]
        levels, choice = [("any", ""), *zip(EDUCATION, EDUCATION, strict=True)], widgets.Dropdown
        self.boxes = {
            "occupation": widgets.Combobox(options=titles, description="what you do now", **WHOLE),
            # Text, since a box for numbers turns what it does not like into 0, and nobody is told.
            "min_wage": widgets.Text(description="lowest wage, USD a year", **WHOLE),
            "max_education": choice(options=levels, description="highest education", **WHOLE),
            "fields": widgets.SelectMultiple(options=groups, description="fields wanted", **WHOLE),
        }
        self.method = choice(options=[*METHODS], value="matched", description="method", **WHOLE)
        show = widgets.Button(description="Show the list", button_style="primary")
        save, output = widgets.Button(description="Save"), widgets.Output()
        answered = output.capture(clear_output=True, wait=True)  # also with an error's sentence
        show.on_click(answered(self.show))
        save.on_click(answered(self.save))
        parts = [widgets.GridBox([*part.values()], layout=GRID) for part in self.sliders.values()]
        blocks = [block.replace("_", " ") for block in SCALES]
        self.ratings = widgets.Accordion(parts, titles=blocks, selected_index=0)
        now, *limits = self.boxes.values()
        last = widgets.HBox([self.method, show, save])
        self.widget = widgets.VBox([now, self.ratings, *limits, last, output])

    @property
    def profile(self) -> Profile:
        stated = {name: box.value for name, box in self.boxes.items()}
        for block, sliders in self.sliders.items():
            stated[block] = {name: slider.value for name, slider in sliders.items() if slider.value}
        return Profile(**{name: said for name, said in stated.items() if said})

    def show(self, _: widgets.Button | None = None) -> None:
        """The list for the profile, what its limits removed and what its words mean."""
        rows = recommend(self.profile, method=self.method.value)
        print(*filter(None, rows.attrs.values()), sep="\n")
        wages = rows["median_wage"].map("{:,.0f}".format, na_action="ignore").fillna("–")
        shown = rows.assign(score=rows["score"].map("{:#.2g}".format), median_wage=wages)[SHOWN]
        with pd.option_context("display.max_colwidth", None):
            display(shown.set_index("rank").rename_axis(None))

    def save(self, _: widgets.Button | None = None) -> None:
        """Write the profile to the project's root and print the command that uses it."""
        write_profile(self.profile, FILE)
        asked = ["-m", "careerlib", "recommend", str(FILE), "--method", self.method.value]
        command = shlex.join(part.replace("\\", "/") for part in [sys.executable, *asked])
        print(f"Saved; in a terminal this prints the list:\n{command}")


def profile_form() -> None:
    """Show a ProfileForm; needs JupyterLab or Jupyter Notebook."""
    display(ProfileForm().widget, Javascript(NAME_THE_SLIDERS))
