"""The files that a report may be told of, as options of `report` and of `serve`, whose help has panels."""

from typing import Any

import typer


def services_option(panel: str | None = None) -> Any:
    """`--services`, under a heading of the help."""
    return typer.Option(
        "--services",
        metavar="FILE",
        help="A list of further images to show, as in images.yml.",
        rich_help_panel=panel,
    )


def data_option(panel: str | None = None) -> Any:
    """`--data`, likewise."""
    return typer.Option(
        "--data",
        metavar="DIR",
        help="A folder with NAME/durations.json for images that have no durations.",
        rich_help_panel=panel,
    )


def history_option(help_: str, panel: str | None = None) -> Any:
    """`--history`, likewise."""
    return typer.Option("--history", metavar="FILE", help=help_, rich_help_panel=panel)
