"""The reference is made of the code, and has all of it."""

import pytest
import reference

from goldenami.spec.kinds import KINDS

from .commands import COMMANDS
from .spec.test_descriptions import PARTS

PAGES = reference.pages()


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_command_has_a_page_with_all_its_options(name: str) -> None:
    page = PAGES[f"reference/commands/{name.replace(' ', '-')}.md"]
    assert page.startswith(f"# goldenami {name}\n")
    for parameter in COMMANDS[name].callback.parameters:
        for option in parameter.names:
            assert f"`{option}`" in page
    assert f"[`goldenami {name}`]" in PAGES["reference/commands/index.md"]


def test_every_key_of_every_file_is_there() -> None:
    text = "".join(PAGES[f"reference/{kind.name}-file.md"] for kind in KINDS)
    for part in PARTS.values():
        refused = getattr(part, "refused_keys", {})
        for key in set(part.__struct_encode_fields__) - set(refused):
            assert f"| `{key}` |" in text, f"{part.__name__}: {key}"


def test_values_are_told_for_people() -> None:
    text = PAGES["reference/release-file.md"]
    assert "| `size_gib` | 1 to 65,536 |" in text
    assert "| `reboot` | `true`, `false` | `true` |" in text
    assert "`create-image`, `packer`" in text
    assert "list: [`base.volumes`](#basevolumes)" in text
    assert "null" not in text
