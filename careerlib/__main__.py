"""The command line: `careerlib --help`, or `python -m careerlib --help` in a checkout.

Every command imports what it needs when it runs, so that `--help` answers at once.
"""

import contextlib
import os
import signal
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from careerlib.errors import CareerlibError
from careerlib.project import DATA, NOTEBOOKS, OUTPUTS, shown

COMPLETION = """\b
Completion with the Tab key, for bash (zsh and fish likewise):
  eval "$(_CAREERLIB_COMPLETE=bash_source careerlib)"
"""


class OneSentenceGroup(click.Group):
    """A group whose commands answer bad input, and Ctrl-C, with one sentence."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except CareerlibError as error:
            raise click.ClickException(str(error)) from error
        except ModuleNotFoundError as error:  # an extra that was not installed
            extras = "pip install 'careerlib[notebooks,batch,data,service]'"
            raise click.ClickException(f"The package {error.name} is missing: {extras}") from error
        except KeyboardInterrupt:
            click.echo("Interrupted: what had finished is kept, the rest is as it was.", err=True)
            raise click.exceptions.Exit(130) from None


@click.group(cls=OneSentenceGroup, epilog=COMPLETION)
@click.version_option(package_name="careerlib")
def cli() -> None:
    """The career recommender: its notebooks in batch, its book, its data, and itself."""


def option(*names: str, help: str, default: Any = None, **more: Any) -> Callable:
    """An option; its default is shown if it has one, of a folder as seen from here."""
    shows = shown(default) if isinstance(default, Path) else default not in (None, False)
    return click.option(*names, help=help, default=default, **{"show_default": shows, **more})


PATH = click.Path(path_type=Path)
# As text, since an empty path would be the current folder.
OUTPUT = option("--output", default=OUTPUTS, type=str, metavar="FOLDER", help="For the results.")
BATCH = [
    option("--only", multiple=True, metavar="NAME",
           help="A notebook, or the beginning of its name such as 04. Repeatable."),
    option("-p", "--parameter", "parameters", nargs=2, multiple=True, metavar="NAME VALUE",
           help="For every chosen notebook that declares it. Repeatable."),
    option("-f", "--parameters-file", metavar="FILE", type=PATH,
           help="YAML file of parameters, a line each such as seed: 7; -p wins."),
    option("--jobs", default=2, type=click.IntRange(1), help="Notebooks at the same time."),
    option("--timeout", default=300, type=click.IntRange(1, 10**6),
           help="Seconds for each notebook."),
    option("--scheduler", metavar="ADDRESS", help="Run on a Dask cluster: tcp://host:8786, or "
           "'local' for one on this machine."),
    option("--notebooks", default=NOTEBOOKS, type=PATH, metavar="FOLDER", help="The notebooks."),
    OUTPUT,
]  # fmt: skip


def batch(command: Callable) -> Callable:
    """The options of runs and sweeps; parameters of the file and typed ones come together."""
    for each in reversed(BATCH):
        command = each(command)
    return command


def _parameters(options: dict[str, Any]) -> None:
    """Add the parameters of the file to the typed ones, which win."""
    from careerlib.batch.notebooks import read_parameters

    if file := options.pop("parameters_file"):
        typed = [name for name, _ in options["parameters"]]
        more = [pair for pair in read_parameters(file) if pair[0] not in typed]
        options["parameters"] = [*more, *options["parameters"]]


@cli.command()
@batch
@option("--in-place", is_flag=True, help="For maintainers: replace each notebook that passes.")
def run(in_place: bool, **options: Any) -> None:
    """Execute the notebooks, and make a book of the results.

    Example: careerlib run --only 04 -p seed 7
    """
    from careerlib.batch import notebooks

    _parameters(options)
    if in_place and options["parameters"]:
        raise CareerlibError("--in-place executes the notebooks as they are; leave parameters out.")
    results = notebooks.run(**options, in_place=in_place)
    failed = any(result.problem for result in results)
    _finish(notebooks.summary(results), failed, None if in_place else options["output"])


@cli.command()
@batch
@option("--findings", type=PATH, metavar="FILE",
        help="Also write notebook, seed, finding and holds here, as CSV.")  # fmt: skip
def sweep(**options: Any) -> None:
    """Execute notebooks with all combinations of parameters.

    -p takes all values: 0..99, or 1000,3000. What an earlier sweep into the same folder has done
    is not done again.

    Example: careerlib sweep --only 04 -p seed 0..99 -p n_samples 1000,3000
    """
    from careerlib.batch.sweep import run_sweep, summary

    _parameters(options)
    table = run_sweep(**options)
    _finish(summary(table), (table["kind"] == "failed").any(), options["output"])


def _finish(summary: str, failed: bool, output: str | None) -> None:
    """Make the book of `output`, print the summary, exit with 1 if something failed."""
    from careerlib.batch.book import write_book

    try:  # before the summary, whose reader may have gone (`run | head`)
        page = write_book(output) if output else None
    finally:
        click.echo(summary)
    if page:
        click.echo(f"The book is {shown(page)}.")
    if failed:
        raise click.exceptions.Exit(1)


@cli.command()
@OUTPUT
def book(output: str) -> None:
    """Make the book of what a run or a sweep left behind.

    A notebook that was not run is shown as committed.

    Example: careerlib book
    """
    from careerlib.batch.book import write_book

    click.echo(f"The book is {shown(write_book(output))}.")


@cli.command()
@click.argument("profile", type=PATH)
@option("--method", default="matched", help="How to rank.")
@option("--top", type=int, default=10, help="Length of the list.")
@option("--rank-by", default="fit", help="fit, or openings: fit times yearly openings.")
@option("--max-job-zone", type=click.IntRange(1, 5), help="Most preparation: a job zone.")
@option("--json", "as_json", is_flag=True, help="Print everything that is known, as JSON.")
def recommend(profile: Path, as_json: bool, **options: Any) -> None:
    """Print the occupations that suit the person in a YAML file.

    \b
    Example: careerlib recommend my_profile.yml --top 5, with in my_profile.yml
      skills: [Writing, Speaking]
      interests: {Enterprising: 6, Investigative: 5}
      min_wage: 50000
    """
    from careerlib.profile import read_profile
    from careerlib.recommend import recommend as recommended

    found = recommended(read_profile(profile), **options)
    if as_json:
        click.echo(found.to_json(orient="records", indent=2, force_ascii=False))
        return
    if found.empty:
        raise CareerlibError(f"No occupation is left. {found.attrs['limits']}")
    columns = ["rank", "title", "score", "confidence", "median_wage", "counted_most"]
    columns = [name for name in columns if found[name].astype(bool).any()]
    widest = found["title"].str.len().max()
    forms = {"title": f"{{:{widest}}}".format, "score": "{:.2f}".format,
             "median_wage": "{:,.0f}".format}  # fmt: skip
    click.echo(found[columns].to_string(index=False, formatters=forms, na_rep="–"))
    click.echo(found.attrs["limits"])


@cli.group()
def data() -> None:
    """Build the committed tables, or fetch their sources."""


@data.command()
@option("--onet", type=PATH, required=True, help="O*NET text release: folder or zip.")
@option("--bls", type=PATH, required=True, help="BLS Employment Projections workbook.")
@option("--output", default=DATA, type=PATH, metavar="FOLDER", help="For the tables.")
def build(onet: Path, bls: Path, output: Path) -> None:
    """Build the tables of figures from the official files.

    Example: careerlib data build --onet db_30_1_text.zip --bls occupation.xlsx
    """
    from careerlib import sources

    click.echo(sources.build(onet, bls, output))


@data.command()
@option(
    "--output", default=OUTPUTS / "upstream", type=PATH, metavar="FOLDER", help="For the files."
)
def fetch(output: Path) -> None:
    """Get the official files from their publishers.

    Example: careerlib data fetch --output outputs/upstream
    """
    from careerlib import sources

    click.echo(sources.fetch(output))


@cli.command()
@option("--host", default="127.0.0.1", help="0.0.0.0: every interface.")
@option("--port", default=8000, type=click.IntRange(0, 65535), help="0: any free port.")
@option("--feedback", default=OUTPUTS / "feedback.db", type=PATH, metavar="FILE",
        help="SQLite file for thumbs.")  # fmt: skip
def serve(host: str, port: int, feedback: Path) -> None:
    """Serve lists, explanations and feedback over HTTP.

    Until Ctrl-C.

    Example: careerlib serve --port 8000
    """
    from careerlib.app import service

    service.serve(host, port, feedback, click.echo)


def main() -> None:
    """The console script."""
    # A polite end request, of a CI system or a closed terminal, is treated like Ctrl-C.
    for name in ("SIGTERM", "SIGHUP"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.default_int_handler)
    for stream in (sys.stdout, sys.stderr):  # a letter that a terminal cannot show is a "?"
        stream.reconfigure(errors="replace")  # type: ignore
    if os.environ.pop("PYTHONWARNINGS", ""):  # a warning in a library is no error of a run
        warnings.resetwarnings()
        warnings.simplefilter("ignore")
    try:
        cli(prog_name="careerlib")
    except OSError as error:  # such as a full disk behind standard output
        with contextlib.suppress(OSError):  # what is still to be written has no place either
            os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        sys.exit(f"Error: {error}.")


if __name__ == "__main__":
    main()
