"""`goldenami audit --notify`: who hears what, and that the verdict stays what it is."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from goldenami.workflows.notify import webhook
from goldenami_sandbox.faults import Fault
from goldenami_sandbox.identity import ACCOUNT_ID
from goldenami_sandbox.server import Sandbox

from .account import launch

TOPIC = f"arn:aws:sns:eu-west-1:{ACCOUNT_ID}:golden-ami"
NOTIFY: dict[str, Any] = {"sns": TOPIC, "webhook": {"env": "GOLDENAMI_WEBHOOK"}}


@pytest.fixture
def receiver(receiving: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    monkeypatch.setattr(webhook, "DELAYS_S", (0.0,))
    with receiving() as running:
        monkeypatch.setenv("GOLDENAMI_WEBHOOK", running.url)
        yield running


class Inbox:
    """A queue that is subscribed to the topic: who reads it is no part of goldenami."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sqs = sandbox.client("sqs", "eu-west-1")
        sns = sandbox.client("sns", "eu-west-1")
        assert sns.create_topic(Name="golden-ami")["TopicArn"] == TOPIC
        self._queue = self._sqs.create_queue(QueueName="inbox")["QueueUrl"]
        arn = f"arn:aws:sqs:eu-west-1:{ACCOUNT_ID}:inbox"
        sns.subscribe(TopicArn=TOPIC, Protocol="sqs", Endpoint=arn)

    def read(self) -> list[dict[str, Any]]:
        """Take what has come."""
        taken = self._sqs.receive_message(QueueUrl=self._queue, MaxNumberOfMessages=10)
        messages = taken.get("Messages", [])
        for message in messages:
            self._sqs.delete_message(QueueUrl=self._queue, ReceiptHandle=message["ReceiptHandle"])
        return [json.loads(message["Body"]) for message in messages]


def test_people_are_told_and_the_verdict_stays(
    cli: Any, write: Any, sandbox: Sandbox, public: str, receiver: Any, tmp_path: Path
) -> None:
    sandbox.pending_s = 0.0
    inbox = Inbox(sandbox)
    instance = launch(sandbox.client("ec2"), public)
    settings = {"approved": ["ami-00000000000000001"], "notify": NOTIFY}
    release = write(audit=settings, enforce=None)
    command = ("audit", release, "--region", "us-east-1", "--only", "instances", "--notify")
    earlier = tmp_path / "earlier.json"
    link = "https://reports.example/latest.html"
    first = cli(*command, "--format", "json", "--output", earlier, "--link", link)
    assert first.code == 10
    assert "cAnArY" not in first.out + first.err + earlier.read_text()
    [mail] = inbox.read()
    assert mail["Subject"] == f"goldenami audit {ACCOUNT_ID}: 1 open findings (1 high)"
    assert str(instance) in mail["Message"]
    assert mail["Message"].endswith(f"Report: {link}")
    assert mail["MessageAttributes"]["worst"]["Value"] == "high"
    [posted] = receiver.received
    assert posted.body["text"].splitlines()[0] == mail["Subject"]
    assert posted.body["goldenami"]["findings"][0]["resource"].endswith(str(instance))

    again = cli(*command, "--since", earlier)
    assert again.code == 10
    assert "nothing is new" in again.err
    assert inbox.read() == []
    assert len(receiver.received) == 1

    refusal = Fault(service="sns", operation="Publish", code="AuthorizationError", status=403)
    receiver.answers = [(404,)]
    with sandbox.fail(refusal):
        unheard = cli(*command)
    assert unheard.code == 10
    assert "not notified: publishing to arn:aws:sns:eu-west-1" in unheard.err
    assert "not notified: posting to the webhook at localhost: it answers 404" in unheard.err
    assert "cAnArY" not in unheard.out + unheard.err

    compliant = write("green.yaml", enforce=None, audit={"approved": [public], "notify": NOTIFY})
    green = ("audit", compliant, *command[2:], "--since", earlier)
    assert cli(*green).code == 0
    assert inbox.read()[0]["Subject"].endswith("0 new, 1 fixed; no findings")
    receiver.answers = [(500,)] * 2
    assert (unheard := cli(*green)).code == 1
    assert "not everybody could be notified" in unheard.err
    assert len(inbox.read()) == 1  # the webhook's failure has not kept it from the topic

    nothing = write("none.yaml", enforce=None, audit={"notify": NOTIFY})
    refused = cli("audit", nothing, *command[2:])
    assert refused.code == 4
    [mail] = inbox.read()
    assert mail["Subject"] == "goldenami audit FAILED: nothing is known"
    assert receiver.received[-1].body["goldenami"]["error"] in refused.err


@pytest.mark.parametrize(
    ("notify", "variable", "words"),
    [
        ({}, "", "--notify: there is nobody to tell"),
        ({"webhook": {"env": "GOLDENAMI_WEBHOOK"}}, "", "GOLDENAMI_WEBHOOK: it is not set"),
        (
            {"webhook": {"env": "GOLDENAMI_WEBHOOK"}},
            "http://hooks.example/cAnArY",
            "GOLDENAMI_WEBHOOK: a webhook is an `https://` URL",
        ),
        ({"webhook": "http://hooks.example/cAnArY"}, "", "audit.notify.webhook: a webhook is an"),
        ({"webhook": {"body": "text"}}, "", "audit.notify.webhook: give one of `url` and `env`"),
        ({"sns": f"{TOPIC}.fifo"}, "", "ARN of a standard topic"),
    ],
)
def test_whom_nobody_can_tell_is_told_before_anything_is_read(
    cli: Any, write: Any, monkeypatch: pytest.MonkeyPatch, notify: Any, variable: str, words: str
) -> None:
    monkeypatch.setenv("GOLDENAMI_WEBHOOK", variable)
    ran = cli("audit", write(enforce=None, audit={"notify": notify}), "--notify")
    assert ran.code == 2
    assert words in ran.err
    assert "cAnArY" not in ran.out + ran.err


def test_an_address_in_the_file_is_worth_a_word(cli: Any, write: Any) -> None:
    release = write(enforce=None, audit={"notify": {"webhook": "https://hooks.example/cAnArY"}})
    ran = cli("audit", release, "--link", "https://reports.example")
    assert ran.code == 2
    assert "--link stands in what --notify sends" in ran.err
    assert "cAnArY" not in ran.err
