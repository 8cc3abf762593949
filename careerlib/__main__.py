"""The command line: `careerlib --help`, or `python -m careerlib --help` in a checkout.

Every command imports what it needs when it runs, so that `--help` answers at once.
"""

import signal
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from careerlib.errors import CareerlibError
from careerlib.project import DATA, NOTEBOOKS, OUTPUTS, notebooks_in, shown, write

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


def option(name: str, help: str, default: Any = None, **more: Any) -> click.Option:
    """An option; of a path, the default is shown from the project's folder."""
    more = {"show_default": default is not None, **more}
    if isinstance(default, Path):
        more |= {"show_default": default.relative_to(OUTPUTS.parent).as_posix()}
    return click.Option(name.split(), help=help, default=default, **more)


PATH, PORT = click.Path(path_type=Path), click.IntRange(0, 65535)
# As text, since an empty path would be the current folder.
OUTPUT = option("--output", "Folder for the results.", OUTPUTS, type=str)
EXECUTION = [
    option("--only", "A notebook, or the beginning of its name such as 04. Repeatable.",
           multiple=True, metavar="NAME"),
    option("--jobs", "Notebooks at the same time.", 2, type=click.IntRange(1)),
    option("--timeout", "Seconds for each notebook.", 300, type=click.IntRange(1, 10**6)),
    click.Option(["--notebooks"], default=NOTEBOOKS, hidden=True, type=PATH),
]  # fmt: skip
SETTINGS = [
    option("-p --parameter parameters", "A parameter for every chosen notebook that declares it; "
           "of a sweep all its values: 0..99, or 1000,3000. Repeatable.",
           nargs=2, multiple=True, metavar="NAME VALUE"),
    option("--scheduler", "Run on a Dask cluster: tcp://host:8786, or 'local' for one on this "
           "machine.", metavar="ADDRESS"),
    OUTPUT,
]  # fmt: skip


@cli.command(params=[*SETTINGS, *EXECUTION])
def run(**options: Any) -> None:
    """Execute the notebooks, and make the book of the results.

    Example: careerlib run --only 04 -p seed 7
    """
    from careerlib.runner import run_notebooks, summary

    results = run_notebooks(**options)
    _finish(summary(results), any(result.problem for result in results), options["output"])


@cli.command(params=EXECUTION)
def refresh(**options: Any) -> None:
    """Execute the notebooks as they are and replace each one that passes, for maintainers.

    Example: careerlib refresh --only 04
    """
    from careerlib.runner import run_notebooks, summary

    results = run_notebooks(**options, refresh=True)
    click.echo(summary(results))
    if any(result.problem for result in results):
        raise click.exceptions.Exit(1)


FINDINGS = option("--findings", "Also write notebook, seed, finding and holds here.", type=PATH)


@cli.command(params=[*SETTINGS, *EXECUTION, FINDINGS])
def sweep(**options: Any) -> None:
    """Execute notebooks with every combination of parameters, into one table.

    What an earlier sweep into the same folder has done is not done again.

    Example: careerlib sweep --only 04 -p seed 0..99 -p n_samples 1000,3000
    """
    from careerlib.sweep import run_sweep, summary

    table = run_sweep(**options)
    _finish(summary(table), (table["kind"] == "failed").any(), options["output"])


def _finish(summary: str, failed: bool, output: str) -> None:
    """Make the book, print the summary, exit with 1 if something failed."""
    from careerlib.book import write_book

    try:  # before the summary, whose reader may have gone (`run | head`)
        page = write_book(output)
    finally:
        click.echo(summary)
    click.echo(f"The book is {shown(page)}.")
    if failed:
        raise click.exceptions.Exit(1)


@cli.command(params=[OUTPUT])
def book(output: str) -> None:
    """Make the book of what a run or a sweep left behind; of the committed notebooks otherwise.

    Example: careerlib book
    """
    from careerlib.book import write_book

    click.echo(f"The book is {shown(write_book(output))}.")


@cli.command(params=[OUTPUT])
def claims(output: str) -> None:
    """Print the ledger: what the documents claim and what the last run measured.

    Example: careerlib claims | less
    """
    from careerlib import ledger

    if not output:
        raise CareerlibError("--output is empty; name a folder.")
    folder = Path(output) if notebooks_in(output) else NOTEBOOKS
    rows = ledger.ledger(ledger.read_folder(folder))
    click.echo(f"{ledger.headline(rows['verdict'])} (From {shown(folder)}.)")
    for notebook, group in rows.groupby("notebook"):
        click.secho(f"\n{notebook}", bold=True)
        for row in group.itertuples():
            click.echo(f"\n  {row.claim} ({row.document})")
            click.echo(f"    stated {row.stated} · measured {row.measured or '–'}")
            click.echo(f"    {row.verdict}{f': {row.reason}' if row.reason else ''}")


@cli.command()
@click.argument("profile", type=PATH, required=False)
@click.option("--from", "occupation", metavar="TITLE", help="What you do now.")
@click.option("--interests", metavar="LETTERS", help="In order: SEC for Social, Enterprising, …")
@click.option("--knowledge", metavar="NAMES", help="Areas, with commas between them.")
@click.option("--skills", metavar="NAMES", help="With commas between them.")
@click.option("--field", "fields", multiple=True, metavar="NAME", help="Only this. Repeatable.")
@click.option("--min-wage", metavar="USD", help="Lowest wage a year.")
@click.option("--max-education", metavar="LEVEL", help="Most that may be needed.")
@click.option("--method", default="matched", show_default=True, help="matched, correlation, "
              "interests, cosine, cosine_filled or post.")  # fmt: skip
@click.option("--top", type=int, default=10, show_default=True, help="Length of the list.")
@click.option("--rank-by", default="fit", show_default=True, help="fit, or openings: fit times "
              "yearly openings.")  # fmt: skip
@click.option("--max-job-zone", type=click.IntRange(1, 5), help="Most preparation: a job zone.")
@click.option("--writer", type=click.Choice(["template", "openai", "local"]),
              help="Also explain each, in our words or in a language model's.")  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="Print everything that is known, as JSON.")
def recommend(profile: Path | None, writer: str | None, as_json: bool, **options: Any) -> None:
    """Print the occupations that suit a person, best first.

    PROFILE is a YAML file, - reads it from standard input. What options say about the person
    counts instead of the same in the file, or will do without one.

    Example: careerlib recommend --from "Marketing Manager" --interests SEC
    """
    from careerlib.profile import KEYS, Profile, read_profile
    from careerlib.recommend import recommend as recommended

    stated = {key: options.pop(key) for key in KEYS if key in options}
    stated = {key: said for key, said in stated.items() if said}
    if not profile and not stated:
        how = "give a profile (careerlib profile prints one to fill in) or an option such as --from"
        raise CareerlibError(f"Nothing is said about a person; {how}.")
    person = replace(read_profile(profile), **stated) if profile else Profile(**stated)
    found = recommended(person, **options)
    if as_json:
        click.echo(found.to_json(orient="records", indent=2, force_ascii=False))
        return
    if found.empty:
        raise CareerlibError(f"No occupation is left. {found.attrs['limits']}")
    columns = ["rank", "title", "score", "confidence", "median_wage", "counted_most", "note"]
    columns = [name for name in columns if found[name].astype(bool).any()]
    widest = found["title"].str.len().max()
    forms = {"title": f"{{:{widest}}}".format, "score": "{:#.2g}".format,
             "median_wage": "{:,.0f}".format}  # fmt: skip
    click.echo(found[columns].to_string(index=False, formatters=forms, na_rep="–"))
    click.echo("\n".join(filter(None, [found.attrs["limits"], found.attrs.get("words")])))
    if writer:
        _explain(person, found, writer)


def _explain(person: Any, found: Any, writer: str) -> None:
    """Print the explanations of a list: its words and the facts that they stand beside."""
    from careerlib.app.llm import writing
    from careerlib.explain import explain

    with writing(writer) as how:
        written = explain(person, found, **how)
    for title, points in written.table.groupby("title", sort=False):
        click.secho(f"\n{title}", bold=True)
        for point in points.itertuples():
            click.echo(f"  {point.side:8}{point.words} ({point.fact})")
    for notice in written.notices:
        click.echo(notice, err=True)


@cli.command()
@click.argument("file", type=PATH, required=False)
def profile(file: Path | None) -> None:
    """Print a profile to fill in, or write it into a new file.

    Example: careerlib profile my_profile.yml
    """
    text = (DATA / "profile.yml").read_text("utf-8")
    if file is None:
        return click.echo(text, nl=False)
    if file.exists():
        raise CareerlibError(f"{shown(file)} is there already; name another file.")
    write(file, text)
    click.echo(f"Fill in {shown(file)}; then, careerlib recommend {shown(file)} prints your list.")


@cli.group()
def data() -> None:
    """Build the committed tables, or fetch the official files they come from."""


@data.command()
@click.option("--onet", type=PATH, required=True, help="O*NET text release: folder or zip.")
@click.option("--bls", type=PATH, required=True, help="BLS Employment Projections workbook.")
@click.option("--output", type=PATH, default=DATA, show_default="data", help="For the tables.")
def build(onet: Path, bls: Path, output: Path) -> None:
    """Build the tables of figures from the official files.

    Example: careerlib data build --onet db_30_1_text.zip --bls occupation.xlsx
    """
    from careerlib import sources

    click.echo(sources.build(onet, bls, output))


@data.command(params=[option("--output", "For the files.", OUTPUTS / "upstream", type=PATH)])
def fetch(output: Path) -> None:
    """Get the official files from their publishers.

    Example: careerlib data fetch --output outputs/upstream
    """
    from careerlib import sources

    click.echo(sources.fetch(output))


@cli.command(
    params=[
        option("--host", "0.0.0.0: every interface.", "127.0.0.1"),
        option("--port", "", 8000, type=PORT),
        option("--feedback", "SQLite file for thumbs.", OUTPUTS / "feedback.db", type=PATH),
    ]
)
def serve(host: str, port: int, feedback: Path) -> None:
    """Serve recommendations, explanations and feedback over HTTP until Ctrl-C.

    Example: careerlib serve --port 8000
    """
    from careerlib.app import service

    service.serve(host, port, feedback, click.echo)


def main() -> None:
    """The console script."""
    # A polite end request, of a CI system for example, is treated like Ctrl-C.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    cli(prog_name="careerlib")


if __name__ == "__main__":
    main()
