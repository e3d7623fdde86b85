"""AWS Config's query language: what it selects, and what is no query."""

from typing import Any

import pytest

from goldenami_sandbox.config_query import InvalidQueryError, Query

ROWS: list[dict[str, Any]] = [
    {
        "resourceId": f"i-{number}",
        "accountId": account,
        "tags": [{"key": "stage", "value": stage}],
        "configuration": {"imageId": image},
    }
    for number, (account, stage, image) in enumerate(
        [("1", "prod", "ami-a"), ("1", "test", "ami-b"), ("2", "prod", "ami-b")]
    )
]

TESTS = [
    ("accountId = '1'", [0, 1]),
    ("accountId != '1'", [2]),
    ("accountId IN ('2', '3')", [2]),
    ("accountId NOT IN ('2')", [0, 1]),
    ("configuration.imageId LIKE 'ami-%'", [0, 1, 2]),
    ("configuration.imageId LIKE 'ami_a'", [0]),
    ("configuration.imageId NOT LIKE '%a'", [1, 2]),
    ("tags.key = 'stage' AND tags.value = 'prod'", [0, 2]),
    ("accountId = '2' OR accountId = '1' AND tags.value = 'test'", [1, 2]),
    ("(accountId = '2' OR accountId = '1') AND tags.value = 'test'", [1]),
    ("NOT accountId = '1'", [2]),
    ("nothing.at.all = '1'", []),
]


@pytest.mark.parametrize(("test", "numbers"), TESTS)
def test_rows_are_chosen_by_conditions(test: str, numbers: list[int]) -> None:
    selected = list(Query.parse(f"select resourceId where {test}").select(ROWS))
    assert selected == [{"resourceId": f"i-{number}"} for number in numbers]


def test_everything_is_what_is_scalar_at_the_top() -> None:
    assert next(Query.parse("SELECT *").select(ROWS)) == {"resourceId": "i-0", "accountId": "1"}


def test_fields_that_a_row_lacks_are_left_out() -> None:
    selected = Query.parse("SELECT configuration.imageId, configuration.none.such").select(ROWS)
    assert next(selected) == {"configuration": {"imageId": "ami-a"}}


@pytest.mark.parametrize(
    ("query", "rows"),
    [
        ("SELECT COUNT(*)", [{"COUNT(*)": 3}]),
        ("SELECT accountId, COUNT(*) GROUP BY accountId",
         [{"accountId": "1", "COUNT(*)": 2}, {"accountId": "2", "COUNT(*)": 1}]),
        ("SELECT configuration.imageId WHERE accountId = '1' GROUP BY configuration.imageId",
         [{"configuration": {"imageId": "ami-a"}}, {"configuration": {"imageId": "ami-b"}}]),
    ],
)  # fmt: skip
def test_rows_are_counted_by_group(query: str, rows: Any) -> None:
    assert list(Query.parse(query).select(ROWS)) == rows


@pytest.mark.parametrize(
    "query",
    [
        "", "nonsense", "SELECT", "SELECT resourceId FROM rows", "SELECT resourceId WHERE",
        "SELECT resourceId WHERE accountId", "SELECT resourceId WHERE accountId = ",
        "SELECT resourceId WHERE accountId IN '1'", "SELECT resourceId WHERE accountId IN ('1'",
        "SELECT resourceId WHERE accountId = '1' accountId", "SELECT COUNT(resourceId)",
        "SELECT resourceId; DROP", "SELECT resourceId GROUP accountId", "SELECT a WHERE b = 'c",
    ],
)  # fmt: skip
def test_what_is_no_query_is_refused(query: str) -> None:
    with pytest.raises(InvalidQueryError):
        Query.parse(query)


@pytest.mark.parametrize(
    "query",
    ["SELECT resourceId ORDER BY resourceId", "SELECT SUM(a)", "SELECT a WHERE b > '1'",
     "SELECT a WHERE b BETWEEN '1' AND '2'"],
)  # fmt: skip
def test_what_is_a_query_and_not_done_is_said(query: str) -> None:
    with pytest.raises(NotImplementedError):
        Query.parse(query)
