"""`goldenami policy`: one file per command."""

import typer

from goldenami.cli.policy import listing, render

app = typer.Typer(
    rich_markup_mode=None,
    no_args_is_help=True,
    help="Policy profiles: what there is, and their documents.",
)
app.command("list")(listing.list_)
app.command()(render.render)
