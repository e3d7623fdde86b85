"""Packer's problems, each on a line, from texts as Packer 1.6.6 writes them."""

import pytest

from goldenami.bake.packer_problems import BLOCKS_SINCE, problems, too_old

OLD, NEW = (1, 6, 6), (1, 15, 4)


def block(kind: str, line: int = 3) -> str:
    return (
        f"Error: Unsupported block type\n\n  on a.pkr.hcl line {line}, in packer:\n"
        f'   {line}:   {kind} {{\n\nBlocks of type "{kind}" are not expected here.'
    )


@pytest.mark.parametrize("kind", BLOCKS_SINCE)
def test_a_block_that_packer_is_too_old_for_is_told_with_what_it_needs(kind: str) -> None:
    since = BLOCKS_SINCE[kind]
    number = ".".join(map(str, since))
    before = (since[0], since[1], since[2] - 1) if since[2] else (since[0], since[1] - 1, 9)
    needs = f"a.pkr.hcl:3: a block `{kind}` needs Packer {number} or newer"
    assert problems([block(kind)], before) == (needs,)
    assert too_old([needs]) == number
    (other,) = problems([block(kind)], since)
    assert other.startswith("a.pkr.hcl:3: Unsupported block type: Blocks of type")
    assert too_old([other]) == ""


def test_the_newest_packer_that_is_needed_counts() -> None:
    text = f"{block('data')}\n\n{block('hcp_packer_registry', 7)}"
    assert too_old(problems([text], OLD)) == "1.7.7"


def test_what_packer_says_twice_is_told_once() -> None:
    text = f"{block('data')}\n\n{block('local', 9)}\n\n{block('data')}\n\n{block('local', 9)}\n"
    assert [line[:12] for line in problems([text, text], OLD)] == ["a.pkr.hcl:3:", "a.pkr.hcl:9:"]


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        pytest.param(
            "Error: Unsupported argument\n\n  on t.pkr.hcl line 16:\n  (no source code)"
            '\n\nAn argument named "bogus" is not\nknown.\n\n',
            ('t.pkr.hcl:16: Unsupported argument: An argument named "bogus" is not known.',),
            id="an argument",
        ),
        pytest.param(
            "Error: 2 error(s) occurred:\n\n* ami_name must be there\n* An ssh_username must be\n"
            '  Note: it used to be "root".\n\n  on b.pkr.hcl line 2:\n  (no source code)\n',
            (
                "b.pkr.hcl:2: ami_name must be there",
                'b.pkr.hcl:2: An ssh_username must be Note: it used to be "root".',
            ),
            id="several of one builder",
        ),
        pytest.param(
            "Error: \n\n1 error occurred:\n\t* required variable not set: x\n\n\n",
            ("required variable not set: x",),
            id="legacy",
        ),
        pytest.param(
            "Failed to parse template: 1 error occurred:\n\t* Unknown root level key: 'bogus'\n\n",
            ("Failed to parse template: Unknown root level key: 'bogus'",),
            id="legacy that cannot be read",
        ),
        pytest.param("", (), id="nothing"),
    ],
)
def test_problems_come_each_on_a_line_with_its_place(text: str, lines: tuple[str, ...]) -> None:
    assert problems([text], NEW) == lines
