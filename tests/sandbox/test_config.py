"""AWS Config: what an aggregator answers, as the developer guide shows it."""

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from goldenami_sandbox import catalogue
from goldenami_sandbox.identity import ACCOUNT_ID
from goldenami_sandbox.server import Sandbox

OTHER = "444455556666"
INSTANCES = "resourceType = 'AWS::EC2::Instance'"


@pytest.fixture
def config(sandbox: Sandbox) -> Any:
    client = sandbox.client("config")
    client.put_configuration_aggregator(
        ConfigurationAggregatorName="all",
        AccountAggregationSources=[
            {"AccountIds": [ACCOUNT_ID, OTHER], "AwsRegions": ["us-east-1", "eu-west-1"]}
        ],
    )
    return client


def selected(config: Any, query: str, **more: Any) -> Any:
    return config.select_aggregate_resource_config(
        ConfigurationAggregatorName="all", Expression=query, **more
    )


def test_counts_by_a_dotted_field_are_nested(config: Any, sandbox: Sandbox, source_id: str) -> None:
    sandbox.client("ec2").run_instances(ImageId=source_id, MinCount=2, MaxCount=2)
    fields = "accountId, configuration.imageId"
    told = selected(config, f"SELECT {fields}, COUNT(*) WHERE {INSTANCES} GROUP BY {fields}")
    assert [json.loads(one) for one in told["Results"]] == [
        {"accountId": ACCOUNT_ID, "configuration": {"imageId": source_id}, "COUNT(*)": 2}
    ]


def test_a_page_has_25_rows_unless_more_are_asked_for_and_100_at_most(
    config: Any, sandbox: Sandbox, source_id: str
) -> None:
    sandbox.client("ec2").run_instances(ImageId=source_id, MinCount=30, MaxCount=30)
    query = f"SELECT resourceId WHERE {INSTANCES}"
    first = selected(config, query)
    assert len(first["Results"]) == 25
    assert len(selected(config, query, NextToken=first["NextToken"])["Results"]) == 5
    assert len(selected(config, query, Limit=100)["Results"]) == 30
    with pytest.raises(ClientError, match="InvalidLimitException"):
        selected(config, query, Limit=101)


def test_each_account_and_region_has_a_status(config: Any, sandbox: Sandbox) -> None:
    sandbox.outdate(OTHER, "the role is gone")
    told = config.describe_configuration_aggregator_sources_status(
        ConfigurationAggregatorName="all"
    )["AggregatedSourceStatusList"]
    assert [(one["SourceId"], one["AwsRegion"], one["LastUpdateStatus"]) for one in told] == [
        (ACCOUNT_ID, "us-east-1", "SUCCEEDED"), (ACCOUNT_ID, "eu-west-1", "SUCCEEDED"),
        (OTHER, "us-east-1", "OUTDATED"), (OTHER, "eu-west-1", "OUTDATED"),
    ]  # fmt: skip
    failed = config.describe_configuration_aggregator_sources_status(
        ConfigurationAggregatorName="all", UpdateStatus=["OUTDATED"]
    )["AggregatedSourceStatusList"]
    assert {one["LastErrorMessage"] for one in failed} == {"the role is gone"}
    assert len(failed) == 2


def test_an_aggregator_that_is_none(config: Any) -> None:
    with pytest.raises(ClientError, match="NoSuchConfigurationAggregatorException"):
        config.select_aggregate_resource_config(
            ConfigurationAggregatorName="none", Expression=f"SELECT resourceId WHERE {INSTANCES}"
        )


def test_what_is_no_query_is_refused(config: Any) -> None:
    with pytest.raises(ClientError, match="InvalidExpressionException"):
        selected(config, "everything, please")


def test_an_account_is_asked_without_an_aggregator(sandbox: Sandbox, source_id: str) -> None:
    for region in ("us-east-1", "eu-west-1"):
        image_id = source_id if region == "us-east-1" else catalogue.IMAGES[0].id_in(region)
        sandbox.client("ec2", region).run_instances(ImageId=image_id, MinCount=1, MaxCount=1)
    config = sandbox.client("config", "us-east-1")
    found = config.select_resource_config(Expression=f"SELECT awsRegion WHERE {INSTANCES}")
    assert [json.loads(row) for row in found["Results"]] == [{"awsRegion": "us-east-1"}]
    with pytest.raises(ClientError, match="InvalidExpressionException"):
        config.select_resource_config(Expression="DROP TABLE x")
    with pytest.raises(ClientError, match="InvalidNextTokenException"):
        config.select_resource_config(Expression="SELECT resourceId", NextToken="none")
