"""`goldenami policy`."""

from goldenami.cli.application import App
from goldenami.cli.commands import POLICY

app = App(help="Policies: profiles, their documents, and the proof of what they do.")
for _name, (_where, _summary) in POLICY.items():
    app.add_lazily(_name, f"{__name__}.{_where}", _summary)
