"""A small form for JupyterLab that builds a profile and shows its list."""

from collections.abc import Callable

import ipywidgets as widgets
import pandas as pd
from IPython.display import Javascript, display

from careerlib.catalog import EDUCATION
from careerlib.errors import CareerlibError
from careerlib.profile import HIGHEST_WAGE, SCALES, Profile, major_groups, write_profile
from careerlib.project import ROOT
from careerlib.recommend import METHODS, recommend

FILE = "my_profile.yml"
SHOWN = ["rank", "title", "score", "confidence", "median_wage", "note"]
WHOLE = {"style": {"description_width": "initial"}, "layout": {"width": "max-content"}}
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
    """Sliders for all ratings (0 is "not stated"), limits, a choice of method, and the list."""

    def __init__(self) -> None:
        self.sliders = {
            block: {name: widgets.IntSlider(max=most, description=name, **SLIDER) for name in names}
            for block, (names, most) in SCALES.items()
        }
        wage = WHOLE | {"max": HIGHEST_WAGE, "step": 1000}
        levels = [("any", None), *zip(EDUCATION, EDUCATION, strict=True)]
        groups = [*major_groups().values()]
        choice = widgets.Dropdown
        self.min_wage = widgets.BoundedIntText(description="lowest wage, USD a year", **wage)
        self.education = choice(options=levels, description="highest education", **WHOLE)
        self.fields = widgets.SelectMultiple(
            options=groups, description="fields (none means all)", rows=6, **WHOLE
        )
        self.method = choice(options=[*METHODS], value="matched", description="method", **WHOLE)
        self.output = widgets.Output()
        show = widgets.Button(description="Show the list", button_style="primary")
        save = widgets.Button(description="Save")
        show.on_click(lambda _: self._answer(self.listed))
        save.on_click(lambda _: self._answer(self.save))
        parts = [widgets.GridBox([*part.values()], layout=GRID) for part in self.sliders.values()]
        titles = [block.replace("_", " ") for block in SCALES]
        self.ratings = widgets.Accordion(parts, titles=titles, selected_index=0)
        limits = widgets.HBox([self.min_wage, self.education])
        buttons = widgets.HBox([self.method, show, save])
        self.widget = widgets.VBox([self.ratings, limits, self.fields, buttons, self.output])

    @property
    def profile(self) -> Profile:
        stated = {
            block: {name: slider.value for name, slider in sliders.items() if slider.value > 0}
            for block, sliders in self.sliders.items()
        }
        limits = {"max_education": self.education.value, "fields": self.fields.value}
        return Profile(**stated, **limits, min_wage=self.min_wage.value or None)

    def listed(self) -> pd.DataFrame:
        """The list for the profile, and, printed, what its limits removed."""
        rows = recommend(self.profile, method=self.method.value)
        print(rows.attrs["limits"])
        rows = rows[SHOWN].round({"score": 2}).astype({"median_wage": "Int64"})
        return rows.set_index("rank").rename_axis(None)

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


def profile_form() -> ProfileForm:
    """Show a ProfileForm; needs JupyterLab or Jupyter Notebook."""
    form = ProfileForm()
    display(form.widget, Javascript(NAME_THE_SLIDERS))
    return form
