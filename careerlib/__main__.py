"""The command line: `python -m careerlib --help`.

Every command imports what it needs when it runs, so that `--help` answers at once.
"""

import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from careerlib.errors import CareerlibError

FOLDER = click.Path(path_type=Path)


class OneSentenceGroup(click.Group):
    """A group whose commands answer bad input, and Ctrl-C, with one sentence."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except CareerlibError as error:
            raise click.ClickException(str(error)) from error
        except KeyboardInterrupt:
            click.echo("Interrupted: what had finished is kept, the rest is as it was.", err=True)
            raise click.exceptions.Exit(130) from None


@click.group(cls=OneSentenceGroup)
def cli() -> None:
    """Run the career recommender notebooks and build their data."""


def notebook_options(command: Callable) -> Callable:
    """The options that `run` and `refresh` share."""
    options = [
        click.option(
            "--only",
            multiple=True,
            metavar="NAME",
            help="A notebook, or the beginning of its name such as 04. Repeatable.",
        ),
        click.option(
            "--jobs",
            type=click.IntRange(min=1),
            help="Notebooks that run at the same time.  [default: 2, or 1 on a single core]",
        ),
        click.option(
            "--timeout",
            type=click.FloatRange(min=0, min_open=True),
            default=300,
            show_default=True,
            help="Seconds for each notebook.",
        ),
        click.option("--notebooks", type=FOLDER, hidden=True),
    ]
    for option in reversed(options):
        command = option(command)
    return command


@cli.command()
@notebook_options
@click.option(
    "-p",
    "--parameter",
    "parameters",
    nargs=2,
    multiple=True,
    metavar="NAME VALUE",
    help="A parameter for every chosen notebook that declares it. Repeatable.",
)
@click.option("--output", type=FOLDER, help="Folder for the results.  [default: outputs]")
def run(**options: Any) -> None:
    """Execute the notebooks and write the results to a folder."""
    _run(options)


@cli.command()
@notebook_options
def refresh(**options: Any) -> None:
    """Execute the notebooks as they are and replace each one that passes.

    For maintainers: this is how the committed outputs are made.
    """
    _run(options, refresh=True)


@cli.command()
@click.option("--output", type=FOLDER, help="Folder of the run.  [default: outputs]")
def claims(output: Path | None) -> None:
    """Print the ledger: what the documents claim and what the last run measured."""
    from careerlib import project, report

    click.echo(report.print_ledger(output or project.OUTPUTS))


@cli.command()
@click.option("--port", type=click.IntRange(0, 65535), default=8089, show_default=True,
              help="0: any free port.")
def llm(port: int) -> None:
    """Serve the small local language model on this machine until Ctrl-C."""
    from careerlib.llm import serve

    serve(port, click.echo)


def _run(options: dict[str, Any], refresh: bool = False) -> None:
    from careerlib.runner import run_notebooks, summary

    if options["notebooks"] is None:
        del options["notebooks"]
    results = run_notebooks(**options, refresh=refresh)
    click.echo(summary(results))
    _write_what_follows(options, refresh)
    if not all(result.passed for result in results):
        raise click.exceptions.Exit(1)


def _write_what_follows(options: dict[str, Any], refresh: bool) -> None:
    """The report of a run; or, after `refresh`, the computed parts of README.md."""
    from careerlib import project

    if "notebooks" in options:
        return  # not the project's own notebooks
    if refresh:
        from careerlib import readme

        readme.update()
    else:
        from careerlib import report

        page = report.write_report(options["output"] or project.OUTPUTS)
        click.echo(f"The report is {project.shown(page)}.")


@cli.group()
def data() -> None:
    """Build the committed tables, or fetch the official files they come from."""


@data.command()
@click.option("--onet", type=FOLDER, required=True, help="O*NET text release: folder or zip.")
@click.option("--bls", type=FOLDER, required=True, help="BLS Employment Projections workbook.")
@click.option("--output", type=FOLDER, help="Folder for the tables.  [default: data]")
def build(onet: Path, bls: Path, output: Path | None) -> None:
    """Build the tables of figures from the official files."""
    from careerlib import project, sources

    click.echo(sources.build(onet, bls, output or project.DATA))


@data.command()
@click.option("--output", type=FOLDER, help="Folder for the files.  [default: outputs/upstream]")
def fetch(output: Path | None) -> None:
    """Get the official files from their publishers."""
    from careerlib import project, sources

    click.echo(sources.fetch(output or project.OUTPUTS / "upstream"))


if __name__ == "__main__":
    # A polite end request, of a CI system for example, is treated like Ctrl-C.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    cli(prog_name="python -m careerlib")
