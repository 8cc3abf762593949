"""A small form for JupyterLab that builds a profile and shows its list."""

from collections.abc import Callable

import ipywidgets as widgets
import pandas as pd
from IPython.core.display import Javascript
from IPython.display import display

from careerlib.catalog import EDUCATION, INTERESTS, SKILLS, WORK_VALUES
from careerlib.errors import CareerlibError
from careerlib.profile import HIGHEST_WAGE, Profile, major_groups, write_profile
from careerlib.project import ROOT
from careerlib.recommend import METHODS, recommend

BLOCKS = {"interests": (INTERESTS, 7), "work_values": (WORK_VALUES, 7), "skills": (SKILLS, 5)}
FILE = "my_profile.yml"
SHOWN = ["rank", "title", "score", "confidence", "median_wage", "note"]
WHOLE = {"style": {"description_width": "initial"}, "layout": {"width": "max-content"}}
# As wide as the longest name, so that none is cut and all begin at the same place.
SLIDER = {"style": {"description_width": "240px"}, "layout": {"width": "460px"}}
GRID = {"grid_template_columns": "repeat(auto-fill, 470px)"}
# A slider's handle, which is what a screen reader reads, does not take over its description.
NAME_THE_SLIDERS = """
const name = () => document.querySelectorAll(".widget-slider").forEach((slider) => {
  const label = slider.querySelector("label"), handle = slider.querySelector(".noUi-handle");
  if (label && handle) handle.setAttribute("aria-label", label.textContent);
});
new MutationObserver(name).observe(document.body, {childList: true, subtree: true});
name();
"""


class ProfileForm:
    """Sliders for all ratings, the limits, a choice of method, and the list that follows.

    A rating of zero means "not stated". `profile` is the Profile as it stands now.
    """

    def __init__(self, top: int = 10):
        self.top = top
        self.sliders = {
            block: {name: widgets.IntSlider(max=most, description=name, **SLIDER) for name in names}
            for block, (names, most) in BLOCKS.items()
        }
        self.min_wage = widgets.BoundedIntText(
            max=HIGHEST_WAGE, step=1000, description="lowest wage, USD a year", **WHOLE
        )
        self.education = widgets.Dropdown(
            options=[("any", None), *zip(EDUCATION, EDUCATION, strict=True)],
            description="highest education", **WHOLE,
        )  # fmt: skip
        self.fields = widgets.SelectMultiple(
            options=[(title, code) for code, title in major_groups().items()],
            description="fields (none means all)", rows=6, **WHOLE,
        )  # fmt: skip
        self.method = widgets.Dropdown(
            options=list(METHODS), value="matched", description="method", **WHOLE
        )
        self.output = widgets.Output()
        show = widgets.Button(description="Show the list", button_style="primary")
        save = widgets.Button(description="Save")
        show.on_click(lambda _: self._answer(self.listed))
        save.on_click(lambda _: self._answer(self.save))
        self.ratings = widgets.Accordion(
            [widgets.GridBox(list(part.values()), layout=GRID) for part in self.sliders.values()],
            titles=[block.replace("_", " ") for block in BLOCKS],
            selected_index=0,
        )
        limits = [widgets.HBox([self.min_wage, self.education]), self.fields]
        buttons = widgets.HBox([self.method, show, save])
        self.widget = widgets.VBox([self.ratings, *limits, buttons, self.output])

    @property
    def profile(self) -> Profile:
        stated = {
            block: {name: slider.value for name, slider in sliders.items() if slider.value > 0}
            for block, sliders in self.sliders.items()
        }
        return Profile(
            **stated, min_wage=self.min_wage.value or None, max_education=self.education.value,
            fields=self.fields.value,
        )  # fmt: skip

    def listed(self) -> pd.DataFrame:
        """The list for the profile, and, printed, what its limits removed."""
        rows = recommend(self.profile, method=self.method.value, top=self.top)
        print(rows.attrs["limits"])
        rows["median_wage"] = rows["median_wage"].astype("Int64")
        return rows[SHOWN].round({"score": 2}).set_index("rank").rename_axis(None)

    def save(self) -> None:
        """Write the profile to the project's root and print the command that uses it."""
        write_profile(self.profile, ROOT / FILE)
        print(f"Saved as {FILE} in the project's folder; there, type:\ncareerlib recommend {FILE}")

    def _answer(self, action: Callable[[], pd.DataFrame | None]) -> None:
        """Show what the action gives, or the sentence of its error."""
        self.output.clear_output(wait=True)
        with self.output, pd.option_context("display.max_colwidth", None):
            try:
                if (answer := action()) is not None:
                    display(answer)
            except CareerlibError as error:
                print(error)


def profile_form(top: int = 10) -> ProfileForm:
    """Show a ProfileForm; needs JupyterLab or Jupyter Notebook."""
    form = ProfileForm(top)
    display(form.widget, Javascript(NAME_THE_SLIDERS))
    return form
