"""Which key a device is encrypted with: all that it is made of, asked for, and set by default."""

import pytest

from goldenami.domain.encryption import Backing, DeviceKey, KeyOrigin, device_key

KEY, NAMED = "arn:aws:kms:us-east-1:1:key/own", "alias/golden"
BLANK = Backing(device="/dev/sdf")
PLAIN = Backing(device="/dev/xvda", encrypted=False)
OWN = Backing(device="/dev/xvda", encrypted=True, own_key=KEY)
OTHERS = Backing(device="/dev/xvda", encrypted=True)
UNSURE = Backing(device="/dev/xvda", encrypted=None)
NONE, FILE, SNAPSHOT, DEFAULT, UNKNOWN = KeyOrigin


@pytest.mark.parametrize(
    ("backing", "encrypt", "key", "by_default", "origin"),
    [
        (BLANK, False, None, False, NONE), (BLANK, False, None, True, DEFAULT),
        (BLANK, False, None, None, UNKNOWN), (BLANK, True, None, False, DEFAULT),
        (BLANK, True, None, None, DEFAULT), (BLANK, True, NAMED, False, FILE),
        (PLAIN, False, None, False, NONE), (PLAIN, False, None, True, DEFAULT),
        (PLAIN, False, None, None, UNKNOWN), (PLAIN, True, None, False, DEFAULT),
        (PLAIN, True, NAMED, True, FILE),
        (OWN, False, None, False, SNAPSHOT), (OWN, False, None, True, SNAPSHOT),
        (OWN, False, None, None, SNAPSHOT), (OWN, True, None, False, SNAPSHOT),
        (OWN, True, NAMED, False, FILE),
        (OTHERS, False, None, False, DEFAULT), (OTHERS, False, None, None, DEFAULT),
        (OTHERS, True, None, True, DEFAULT), (OTHERS, True, NAMED, True, FILE),
        (UNSURE, False, None, False, UNKNOWN), (UNSURE, False, None, None, UNKNOWN),
        (UNSURE, False, None, True, DEFAULT), (UNSURE, True, None, False, DEFAULT),
        (UNSURE, False, NAMED, None, FILE),
    ],
)  # fmt: skip
def test_the_key_comes_from_the_file_then_the_snapshot_then_the_region(
    backing: Backing, encrypt: bool, key: str | None, by_default: bool | None, origin: KeyOrigin
) -> None:
    answer = device_key(backing, encrypt=encrypt, key=key, by_default=by_default)
    assert answer.origin is origin
    assert answer.key == {FILE: NAMED, SNAPSHOT: KEY}.get(origin, "")


@pytest.mark.parametrize(
    ("origin", "by_default", "copied"),
    [
        (NONE, False, NONE), (NONE, True, DEFAULT), (NONE, None, UNKNOWN),
        (FILE, False, DEFAULT), (SNAPSHOT, False, DEFAULT), (DEFAULT, None, DEFAULT),
        (UNKNOWN, False, UNKNOWN), (UNKNOWN, True, DEFAULT),
    ],
)  # fmt: skip
def test_no_key_goes_along_with_a_copy(
    origin: KeyOrigin, by_default: bool | None, copied: KeyOrigin
) -> None:
    source = DeviceKey(device="/dev/xvda", origin=origin, key=KEY).as_source
    assert device_key(source, by_default=by_default).origin is copied
    assert device_key(source, key=NAMED, by_default=by_default).origin is FILE
