"""The command line. A command imports what it needs when it runs, so `--help` answers at once."""

import os
import signal
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any, TextIO

import click

from careerlib.errors import CareerlibError
from careerlib.project import DATA, NOTEBOOKS, OUTPUTS, shown

# What a missing package belongs to; the others are in the extra `notebooks`.
EXTRAS = {"distributed": "batch", "fastapi": "service", "uvicorn": "service", "openai": "explain",
          "openpyxl": "data", "pooch": "data"}  # fmt: skip


class OneSentenceGroup(click.Group):
    """A group whose commands answer bad input, and Ctrl-C, with one sentence."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except CareerlibError as error:
            raise click.ClickException(str(error)) from error
        except ModuleNotFoundError as error:  # an extra that was not installed
            name = str(error.name).partition(".")[0]
            how = f"pip install 'careerlib[{EXTRAS.get(name, 'notebooks')}]'"
            raise click.ClickException(f"The package {name} is missing: {how}") from error
        except KeyboardInterrupt:
            click.echo("Interrupted: what had finished is kept, the rest is as it was.", err=True)
            raise click.exceptions.Exit(130) from None


@click.group(cls=OneSentenceGroup)
@click.version_option(package_name="careerlib")
def cli() -> None:
    """The career recommender: its notebooks in batch, its book, its data, and itself."""


def option(names: str, help: str, default: Any = None, **more: Any) -> click.Option:
    """An option; its default is shown if it has one, of a path as seen from here."""
    if default is not None:  # to click a None is a default, too
        shows = not isinstance(default, Path) or shown(default)
        more |= {"default": default, "show_default": shows}
    return click.Option(names.split(), help=help, **more)


PATH = click.Path(path_type=Path)
OUTPUT = option("--output", "Folder for the results.", OUTPUTS, type=PATH)
BATCH = [
    option("--only", "A notebook, or how its name begins: 04. Repeatable.", multiple=True),
    option("-p --parameter parameters", "Where declared; in a sweep 0..99 or 1,5, too. Repeatable.",
           nargs=2, multiple=True, metavar="NAME VALUE"),
    option("-f --parameters-file file", "YAML file, a line for each: seed: 7; -p wins.", type=PATH),
    option("--jobs", "Notebooks at the same time.", 2, type=click.IntRange(1)),
    option("--timeout", "Seconds for each notebook.", 300, type=click.IntRange(1, 10**6)),
    option("--scheduler", "A Dask cluster: tcp://host:8786, or local."),
    option("--notebooks", "Their folder.", NOTEBOOKS, type=PATH),
    OUTPUT,
]  # fmt: skip


@cli.command(
    params=[*BATCH, option("--in-place", "Replace those that pass.", is_flag=True)],
    epilog="Example: careerlib run --only 04 -p seed 7",
)
def run(
    notebooks: Path, only: Any, parameters: Any, file: Path | None, in_place: bool, **options: Any
) -> None:
    """Execute the notebooks, and make a book of the results."""
    from careerlib.batch.notebooks import given, plan, run, write_book

    if in_place and (parameters or file):
        raise CareerlibError("--in-place executes the notebooks as they are; leave parameters out.")
    table = run(plan(notebooks, only, given(parameters, file)), in_place=in_place, **options)
    failed = (table["problem"] != "").sum()
    click.echo(f"{len(table) - failed} of {len(table)} notebooks passed.")
    if not in_place and (notebooks.parent / "book").is_dir():  # else it is no checkout
        click.echo(f"The book is {shown(write_book(options['output']))}.")
    sys.exit(bool(failed))


@cli.command(
    params=BATCH, epilog="Example: careerlib sweep --only 04 -p seed 0..99 -p n_samples 1000,3000"
)
def sweep(notebooks: Path, only: Any, parameters: Any, file: Path | None, **options: Any) -> None:
    """Execute notebooks with all combinations of parameters. What is done is not done again."""
    from careerlib.batch.notebooks import each, given, plan, summary, sweep

    table = sweep(plan(notebooks, only, given(parameters, file), each), **options)
    click.echo(summary(table))
    sys.exit("failed" in set(table["kind"]))


@cli.command(params=[OUTPUT], epilog="Example: careerlib book")
def book(output: str) -> None:
    """Make the book of what runs left behind."""
    from careerlib.batch.notebooks import write_book

    click.echo(f"The book is {shown(write_book(output))}.")


@cli.command(params=[
    click.Argument(["profile"], type=PATH, required=False),
    option("--from occupation", "What you do now.", metavar="TITLE"),
    option("--interests", "In order: SEC for Social, Enterprising, …", metavar="LETTERS"),
    option("--knowledge", "Areas, with commas between them.", metavar="NAMES"),
    option("--skills", "With commas between them.", metavar="NAMES"),
    option("--field fields", "Only this. Repeatable.", multiple=True, metavar="NAME"),
    option("--min-wage", "Lowest wage a year.", metavar="USD"),
    option("--max-education", "Most that may be needed.", metavar="LEVEL"),
    option("--method", "matched, correlation, interests, cosine, cosine_filled, post.", "matched"),
    option("--top", "Length of the list.", 10, type=int),
    option("--rank-by", "fit, or openings: fit times yearly openings.", "fit"),
    option("--max-job-zone", "Most preparation: a job zone.", type=click.IntRange(1, 5)),
    option("--writer", "Also explain each, in our words or in a language model's.",
           type=click.Choice(["template", "openai", "local"])),
    option("--json as_json", "Print everything that is known, as JSON.", is_flag=True),
], epilog='Example: careerlib recommend --from "Marketing Manager" --interests SEC')  # fmt: skip
def recommend(profile: Path | None, writer: str | None, as_json: bool, **options: Any) -> None:
    """Print the occupations that suit a person, best first.

    PROFILE is a YAML file, - reads it from standard input. What options say about the person
    counts instead of the same in the file, or will do without one.
    """
    from careerlib.app.llm import writing
    from careerlib.explain import explain
    from careerlib.profile import KEYS, Profile, read_profile
    from careerlib.recommend import recommend as recommended

    stated = {key: said for key in KEYS if (said := options.pop(key, None))}
    person = replace(read_profile(profile) if profile else Profile(), **stated)
    found = recommended(person, **options)
    if as_json:
        return click.echo(found.to_json(orient="records", indent=2, force_ascii=False))
    if found.empty:
        raise CareerlibError(f"No occupation is left. {found.attrs['limits']}")
    columns = ["rank", "title", "score", "confidence", "median_wage", "counted_most", "note"]
    told = found[[name for name in columns if found[name].astype(bool).any()]]
    forms = {"title": f"{{:{found['title'].str.len().max()}}}".format,
             "score": "{:#.2g}".format, "median_wage": "{:,.0f}".format}  # fmt: skip
    click.echo(told.to_string(index=False, formatters=forms, na_rep="–"))
    click.echo("\n".join(filter(None, found.attrs.values())))
    if writer:
        with writing(writer) as how:
            explained = explain(person, found, **how)
        for title, points in explained.groupby("title", sort=False):
            click.secho(f"\n{title}", bold=True)
            for point in points.itertuples():
                click.echo(f"  {point.side:8}{point.words} ({point.fact})")
        for notice in explained.attrs["notices"]:
            click.echo(notice, err=True)


@cli.command(params=[click.Argument(["file"], type=click.File("x", "utf-8"), default="-")])
def profile(file: TextIO) -> None:
    """Print a profile to fill in, or write it into a new file.

    Example: careerlib profile my_profile.yml
    """
    file.write((DATA / "profile.yml").read_text("utf-8"))


@cli.group()
def data() -> None:
    """Build the committed tables, or fetch their sources."""


@data.command(params=[
    option("--onet", "O*NET text release: folder or zip.", type=PATH, required=True),
    option("--bls", "BLS Employment Projections workbook.", type=PATH, required=True),
    option("--output", "For the tables.", DATA, type=PATH),
], epilog="Example: careerlib data build --onet db_30_1_text --bls occupation.xlsx")  # fmt: skip
def build(**options: Path) -> None:
    """Build the tables of figures from the official files."""
    from careerlib import sources

    click.echo(sources.build(**options))


@data.command(params=[option("--output", "For the files.", OUTPUTS / "upstream", type=PATH)])
def fetch(output: Path) -> None:
    """Get the official files from their publishers.

    Example: careerlib data fetch --output outputs/upstream
    """
    from careerlib import sources

    click.echo(sources.fetch(output))


@cli.command(params=[
    option("--host", "0.0.0.0: every interface.", "127.0.0.1"),
    option("--port", "0: any free port.", 8000, type=click.IntRange(0, 65535)),
    option("--allow-host", "A further name of it, without a port. Repeatable.", multiple=True),
    option("--feedback", "SQLite file for thumbs.", OUTPUTS / "feedback.db", type=PATH),
    option("--keep", "Feedback to keep: the last lists, the last days.", (100_000, 365),
           type=click.IntRange(1), nargs=2, metavar="LISTS DAYS"),
], epilog="Example: careerlib serve --port 8000")  # fmt: skip
def serve(**options: Any) -> None:
    """Serve lists, explanations and feedback over HTTP until Ctrl-C."""
    from careerlib.app import service

    service.serve(**options)


def main() -> None:
    """The console script."""
    # A polite end request, of a CI system or a closed terminal, is treated like Ctrl-C.
    for number in (signal.SIGTERM, getattr(signal, "SIGHUP", signal.SIGTERM)):
        signal.signal(number, signal.default_int_handler)
    for stream in (sys.stdout, sys.stderr):  # a letter that a terminal cannot show is a "?"
        stream.reconfigure(errors="replace")
    try:
        cli(prog_name="careerlib")
    except OSError as error:  # such as a full disk behind standard output
        click.echo(f"Error: {error}.", err=True)
        os._exit(1)  # what is still to be written has no place either


if __name__ == "__main__":
    main()
