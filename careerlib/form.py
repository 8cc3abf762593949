"""A small form for JupyterLab that builds a profile and shows its list."""

import ipywidgets as widgets
from IPython.display import Markdown, clear_output, display

from careerlib.catalog import INTERESTS, SKILLS, WORK_VALUES
from careerlib.errors import CareerlibError
from careerlib.profile import HIGHEST_RATING, HIGHEST_SKILL, Profile, write_profile
from careerlib.recommend import METHODS, recommend
from careerlib.record import markdown_table

BLOCKS = (
    ("skills", SKILLS, HIGHEST_SKILL),
    ("interests", INTERESTS, HIGHEST_RATING),
    ("work_values", WORK_VALUES, HIGHEST_RATING),
)


class ProfileForm:
    """Sliders for all ratings, a choice of method, and the list that follows.

    A rating of zero means "not stated". `profile` is the Profile as it stands now.
    """

    def __init__(self, top: int = 5):
        self.top = top
        self.sliders = {
            block: {name: _slider(name, highest) for name in names}
            for block, names, highest in BLOCKS
        }
        self.method = widgets.Dropdown(options=list(METHODS), value="interests",
                                       description="method")
        self.path = widgets.Text(value="my_profile.yml", description="file")
        self.show = widgets.Button(description="Show the list", button_style="primary")
        self.save = widgets.Button(description="Save the profile")
        self.output = widgets.Output()
        self.show.on_click(lambda _: self._answer(self._list))
        self.save.on_click(lambda _: self._answer(self._save))
        blocks = widgets.Accordion(
            [widgets.GridBox(list(sliders.values()), layout=_grid())
             for sliders in self.sliders.values()],
            titles=[block.replace("_", " ") for block in self.sliders],
        )
        buttons = widgets.HBox([self.method, self.show, self.path, self.save])
        self.widget = widgets.VBox([blocks, buttons, self.output])

    @property
    def profile(self) -> Profile:
        stated = {
            block: {name: slider.value for name, slider in sliders.items() if slider.value > 0}
            for block, sliders in self.sliders.items()
        }
        return Profile(**stated)

    def _list(self) -> str:
        rows = recommend(self.profile, method=self.method.value, top=self.top)
        return markdown_table(rows[["rank", "title", "score", "median_wage"]],
                              score=".2f", median_wage=",.0f")

    def _save(self) -> str:
        write_profile(self.profile, self.path.value)
        return f"Saved as `{self.path.value}`; use it with `-p profile {self.path.value}`."

    def _answer(self, action) -> None:
        """Show what `action` says, or the sentence of its error."""
        with self.output:
            clear_output(wait=True)
            try:
                display(Markdown(action()))
            except CareerlibError as error:
                display(Markdown(f"**{error}**"))


def profile_form(top: int = 5) -> ProfileForm:
    """Show a ProfileForm; needs JupyterLab or Jupyter Notebook."""
    form = ProfileForm(top)
    display(form.widget)
    return form


def _slider(name: str, highest: float) -> widgets.FloatSlider:
    return widgets.FloatSlider(
        value=0, min=0, max=highest, step=1, description=name, readout_format=".0f",
        style={"description_width": "170px"}, layout={"width": "360px"},
    )


def _grid() -> widgets.Layout:
    return widgets.Layout(grid_template_columns="repeat(auto-fill, 370px)")
