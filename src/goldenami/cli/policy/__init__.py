"""`goldenami policy`: one file per command."""

import typer

from goldenami.cli.policy import explain, lint, listing, prove, render, show

app = typer.Typer(
    rich_markup_mode=None,
    no_args_is_help=True,
    help="Policies: profiles, their documents, and the proof of what they do.",
)
app.command("list")(listing.list_)
app.command()(show.show)
app.command()(render.render)
app.command()(prove.prove)
app.command()(explain.explain)
app.command()(lint.lint)
