"""`goldenami policy`."""

from goldenami.cli.command import App
from goldenami.cli.policy import explain, lint, profiles, prove, render

app = App(help="Policies: profiles, their documents, and the proof of what they do.")
app.add(profiles.list_, "list")
app.add(profiles.show)
app.add(render.render)
app.add(prove.prove)
app.add(explain.explain)
app.add(lint.lint)
