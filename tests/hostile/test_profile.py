"""A profile with anything in its files loads, or is refused with the file, the place and what to do (exit 13)."""

import os
import random
import re
import shutil
from pathlib import Path

import pytest

from zjj_console.commands import profile_report
from zjj_console.domain.safe import steers
from zjj_console.town.load import ProfileError, builtin, load_town

VALUES = (
    b"-1", b"0", b"99999999999999999999999999", b"9" * 5000, b"1e308", b"nan", b"inf", b"true", b'""', b"''", b"[]", b"{}", b"[[1]]", b"1979-05-27", b"07:32:00",
    b'"\\u202e"', b'"\\u001b[2J"', b'"' + b"x" * 9000 + b'"', b"[" * 3000, b'"24:00"', b'"0m wall"', b'"-5m wall"', b'"99999999d workdays"', b"-", b"=1+1", b"@", b"\xff",
    b"\x00", b"\xef\xbb\xbf", b"z1 z1", "火星".encode(), b"2021-02-30", b"a.b.c = 1\n[a]\n", b"\r", b"\n\n", b'"', b",", b",,,,,,,", b"#", b"[x]\n", b"\xf0\x9f\x91\xa8",
)  # fmt: skip
NAMES = ("town.toml", "units.csv", "people.csv", "clocks.toml", "map.geojson", "calendar.csv")


def spoil(rng: random.Random, data: bytes) -> bytes:
    kind = rng.randrange(6)
    if kind == 0:
        return data[: rng.randrange(len(data) + 1)]
    if kind == 1:
        return rng.randbytes(rng.randrange(300))
    if kind == 2:  # a line lost or twice
        lines = data.splitlines(keepends=True)
        at = rng.randrange(len(lines))
        return b"".join(lines[:at] + lines[at + 1 :] if rng.random() < 0.5 else [*lines[: at + 1], *lines[at:]])
    values = [found.span(2 if found[1] else 0) for found in re.finditer(rb"(=\s*)([^\n#]+)|[^,\n]+", data)]
    for _ in range(rng.choice((1, 1, 3))):
        start, end = rng.choice(values)
        data = data[:start] + rng.choice(VALUES) + data[end:]
    return data


def storm(profile: str, tmp_path: Path, seed: int, count: int) -> None:
    rng = random.Random(seed)
    folder = tmp_path / "profile"
    shutil.copytree(builtin(profile), folder)
    names = sorted(path.name for path in folder.iterdir() if path.is_file())
    refused = 0
    for _ in range(count):
        path = folder / rng.choice(names)
        good = path.read_bytes()
        path.write_bytes(spoil(rng, good))
        done = profile_report.check(folder, strict=rng.random() < 0.5)
        assert done.code in (0, 13)
        refused += done.code == 13
        for error in done.data["errors"]:
            assert error["message"] and error["code"].startswith("P-"), error
        path.write_bytes(good)
    assert count / 3 < refused


@pytest.mark.parametrize("profile", ["zhujiajiao", "example_town"])
def test_a_spoiled_profile_is_refused_with_its_place(profile: str, tmp_path: Path) -> None:
    storm(profile, tmp_path, 1, 25)


@pytest.mark.slow
@pytest.mark.parametrize("profile", ["zhujiajiao", "example_town"])
def test_a_thousand_spoiled_profiles_are_refused_with_their_place(profile: str, tmp_path: Path) -> None:
    storm(profile, tmp_path, 2, 1000)


@pytest.mark.parametrize("name", NAMES)
def test_what_stands_in_place_of_a_file_is_said_and_never_waited_for(name: str, tmp_path: Path) -> None:
    folder = tmp_path / "profile"
    shutil.copytree(builtin(), folder)
    path = folder / name
    path.unlink()
    ways = (path.mkdir, lambda: os.mkfifo(path), lambda: path.symlink_to(path), lambda: path.symlink_to("/dev/zero"))
    for way in ways:
        way()
        with pytest.raises(ProfileError) as stopped:
            load_town(folder)
        assert stopped.value.file == name and not steers(str(stopped.value)), stopped.value
        path.rmdir() if path.is_dir() and not path.is_symlink() else path.unlink()
