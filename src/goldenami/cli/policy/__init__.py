"""`goldenami policy`: one file per command."""

from goldenami.cli.command import App
from goldenami.cli.policy import explain, lint, listing, prove, render, show

app = App(help="Policies: profiles, their documents, and the proof of what they do.")
app.add(listing.list_, "list")
app.add(show.show)
app.add(render.render)
app.add(prove.prove)
app.add(explain.explain)
app.add(lint.lint)
