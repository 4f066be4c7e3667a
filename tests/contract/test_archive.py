"""The sealed package: its bytes, its verification by the stand-alone file, every way of tampering with it (U2, U4)."""

from __future__ import annotations

import hashlib
import io
import json
import os
import subprocess
import sys
import time
import zipfile
from collections import Counter
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

import pytest

from meritdesk.archive import verifier
from meritdesk.archive.seal import canonical, manifest_of, pack, seal
from meritdesk.errors import MeritdeskError
from meritdesk.rules import exact
from meritdesk.rules.groups import ForcedShares
from meritdesk.rules.nodes import AllOf, AnyOf, Band, Bands, Const, Input, MulDiv, Part, WeightedMean
from meritdesk.rules.numbers import parse_bounds
from meritdesk.rules.program import Program

Members = dict[str, bytes]

RUN: Mapping[str, object] = {
    "scheme_hash": "0f" * 32,
    "input_hash": "1e" * 32,
    "period": ["2024-01-01", "2024-01-31"],
    "engine": "exact",
    "code_version": "0.1.0",
    "batches": [{"name": "通话.csv", "sha256": "2d" * 32, "rows": 1234}],
    "signatures": [{"person": "E001", "signed_at": "2024-02-05T10:00:00+08:00"}],
}
SCHEME = "title: 客服考核\n"


def scheme(indicators: int) -> Program:
    """A scheme as they are: indicators scored by bands, a weighted total, a grade, forced shares, pay."""
    steps = tuple(
        Band(parse_bounds(bounds), Decimal(points))
        for bounds, points in (("[90, )", "100"), ("[80, 90)", "85.5"), ("[60, 80)", "70"), ("[0, 60)", "33.3333"))
    )
    scores = [
        Bands(scale=4, x=Input(name=f"i{number:02}", scale=2, low=0, high=10_000), bands=steps)
        for number in range(indicators)
    ]
    total = WeightedMean(
        scale=2, parts=tuple(Part(number + 1, score) for number, score in enumerate(scores)), missing="redistribute"
    )
    read = Input(name="total", scale=2, low=0, high=10_000)
    cuts = (("[90, )", "0"), ("[80, 90)", "1"), ("[70, 80)", "2"), ("(, 70)", "3"))
    grade = ForcedShares(
        scale=0,
        grade=Bands(scale=0, x=read, bands=tuple(Band(parse_bounds(bounds), Decimal(g)) for bounds, g in cuts)),
        total=read,
        vetoed=AnyOf(flags=()),
        counted=AllOf(flags=()),
        order=(),
        group="team",
        shares=(1000, 3000, 5000, 1000),
        mode="cap",
        smallest=10,
    )
    factor = Bands(scale=4, x=grade, bands=tuple(Band(parse_bounds(f"[{g}, {g}]"), Decimal(3 - g)) for g in range(4)))
    pay = MulDiv(scale=2, a=Const(value=Decimal("1500.05"), scale=2), b=factor)
    return Program(segments={"total": total}, appraisals={"grade": grade, "pay": pay})


def staff(count: int, indicators: int) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Rows of both stages for `count` people in teams of about 30, the same every time."""
    random = Random(20240131)
    people = [(f"E{number:05}", f"T{number // 30}") for number in range(count)]
    segments = [
        {
            "appraisal": key,
            "person": key,
            "team": team,
            "last": 1,
            **{f"i{number:02}": random.choice([None, 5999, 6000, 7777, 8999, 9000]) for number in range(indicators)},
        }
        for key, team in people
    ]
    return segments, [{"appraisal": key, "person": key, "team": team} for key, team in people]


def seal_month(path: Path, *, count: int = 12, indicators: int = 3, **changed: Any) -> str:
    """Seal a month of `count` people as the exact reader computes it."""
    program, (segments, appraisals) = scheme(indicators), staff(count, indicators)
    right = exact.run(program, segments, appraisals)
    usual: dict[str, Any] = {
        "program": program,
        "segments": segments,
        "appraisals": appraisals,
        "outcome_segments": right.segments,
        "outcome_appraisals": right.appraisals,
        "scheme_text": SCHEME,
        "run": RUN,
    }
    return seal(path, **{**usual, **changed})


@pytest.fixture(scope="module")
def month(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A sealed month and its root hash."""
    path = tmp_path_factory.mktemp("archive") / "2024-01.zip"
    return path, seal_month(path)


def unpack(path: Path) -> Members:
    with zipfile.ZipFile(path) as package:
        return {name: package.read(name) for name in package.namelist()}


def run_verifier(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONIOENCODING": "utf-8"}
    command = [sys.executable, "-I", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, encoding="utf-8", env=environment, check=False)


# ------------------------------------------------------------------------------------------------ a sound package


def test_a_package_is_verified_by_the_file_it_contains(month: tuple[Path, str], tmp_path: Path) -> None:
    path, root = month
    alone = tmp_path / "verifier.py"
    alone.write_bytes(unpack(path)["verifier.py"])
    for arguments in ([path], [path, "--root", root], [alone, path, "--root", root]):
        done = run_verifier(*arguments)
        assert (done.returncode, done.stderr) == (0, "")
        assert "重算相同 re-evaluated and equal: 36; 不同 differ: 0" in done.stdout


def test_the_bytes_depend_on_the_content_alone(month: tuple[Path, str], tmp_path: Path) -> None:
    path, root = month
    again = tmp_path / "again.zip"
    assert seal_month(again, run={key: RUN[key] for key in reversed(list(RUN))}) == root
    assert again.read_bytes() == path.read_bytes()
    assert again.read_bytes() == verifier.container(unpack(path))


def test_the_root_hash_is_what_sha256sum_prints(month: tuple[Path, str]) -> None:
    path, root = month
    members = unpack(path)
    del members["manifest.json"]
    lines = [f"{hashlib.sha256(members[name]).hexdigest()}  {name}\n" for name in sorted(members)]
    assert hashlib.sha256("".join(lines).encode()).hexdigest() == root


def test_a_package_holds_what_it_promises_and_no_names_of_people(tmp_path: Path) -> None:
    program, (segments, appraisals) = scheme(3), staff(12, 3)
    named = [{**row, "name": "王小明", "salary": 123456} for row in segments]
    seal_month(tmp_path / "named.zip", program=program, segments=named, appraisals=appraisals)
    members = unpack(tmp_path / "named.zip")
    assert sorted(members) == [
        *("__main__.py", "inputs.json", "manifest.json", "program.json"),
        *("results.json", "run.json", "scheme.yaml", "verifier.py"),
    ]
    assert not any("王小明".encode() in data or b"123456" in data for data in members.values())
    assert members["scheme.yaml"].decode() == SCHEME
    assert json.loads(members["program.json"]) == json.loads(program.to_json())
    record = json.loads(members["run.json"])
    assert {key: record[key] for key in RUN} == RUN
    assert record["sealed"]["inputs.json"] == hashlib.sha256(members["inputs.json"]).hexdigest()
    assert b'"E00000"' in members["inputs.json"]


@pytest.mark.parametrize(
    ("changed", "place"),
    [
        ({"outcome_appraisals": {"grade": [0] * 12}}, "appraisals.pay"),
        ({"outcome_segments": {"total": [0] * 11}}, "segments.total"),
        ({"outcome_segments": {"total": [0.5] * 12}}, "segments[0].total"),
        ({"outcome_segments": {"total": [True] * 12}}, "segments[0].total"),
        ({"segments": [{"appraisal": "E1", "last": 1}]}, "segments[0].i00"),
        ({"run": {"rate": {"of": [1.5]}}}, ".rate.of[0]"),
        ({"run": {"total": Decimal(1)}}, ".total"),
        ({"run": {"sealed": {}}}, "run"),
    ],
)
def test_what_cannot_be_sealed_is_refused_with_its_place(tmp_path: Path, changed: Any, place: str) -> None:
    with pytest.raises(MeritdeskError) as refused:
        seal_month(tmp_path / "no.zip", **changed)
    (problem,) = refused.value.problems
    assert (problem.code, problem.place) == ("cannot-seal", place)
    assert problem.fix
    assert list(tmp_path.iterdir()) == []


def test_a_failed_write_leaves_the_old_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "2024-01.zip"
    seal_month(path)
    before = path.read_bytes()

    def no_space(_handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", no_space)
    with pytest.raises(OSError, match="No space"):
        seal_month(path, scheme_text="title: other\n")
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_ten_thousand_people_by_fourteen_indicators_in_ten_seconds(tmp_path: Path) -> None:
    path = tmp_path / "large.zip"
    seal_month(path, count=10_000, indicators=14)
    started = time.process_time()
    assert verifier.verify(path) == []
    seconds = time.process_time() - started
    sys.stdout.write(f"10,000 people × 14 indicators verified in {seconds:.1f} s\n")
    assert seconds < 10


# ----------------------------------------------------------------------------------------------- tampering: bytes


def edit(random: Random, raw: bytes) -> bytes:
    at = random.randrange(len(raw))
    return raw[:at] + bytes([(raw[at] + random.randrange(1, 256)) % 256]) + raw[at + 1 :]


def delete(random: Random, raw: bytes) -> bytes:
    at = random.randrange(len(raw))
    return raw[:at] + raw[at + random.randrange(1, 40) :]


def insert(random: Random, raw: bytes) -> bytes:
    at = random.randrange(len(raw) + 1)
    return raw[:at] + random.randbytes(random.randrange(1, 40)) + raw[at:]


def reorder(random: Random, raw: bytes) -> bytes:
    a, b, c = sorted(random.sample(range(len(raw)), 3))
    return raw[:a] + raw[b:c] + raw[a:b] + raw[c:]


def truncate(random: Random, raw: bytes) -> bytes:
    return raw[: random.randrange(len(raw))]


def append_member(random: Random, raw: bytes) -> bytes:
    """A second member of the same name: the last one wins in most programs, the first in some."""
    buffer = io.BytesIO(raw)
    with pytest.warns(UserWarning, match="Duplicate name"), zipfile.ZipFile(buffer, "a") as package:
        package.writestr(random.choice(package.namelist()), b"{}")
    return buffer.getvalue()


def compress(_random: Random, raw: bytes) -> bytes:
    """The same members in another container."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(raw)) as old, zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(name, old.read(name))
    return buffer.getvalue()


BYTES = [edit, delete, insert, reorder, truncate, append_member, compress]


# --------------------------------------------------------------------------------------------- tampering: members


def digit(random: Random, data: bytes) -> bytes:
    """Another digit in the place of one, so that the JSON stays what it is: no leading zero, no other length."""
    places = [at for at, byte in enumerate(data) if 49 <= byte <= 57]
    at = random.choice(places)
    return data[:at] + bytes([random.choice([b for b in b"123456789" if b != data[at]])]) + data[at + 1 :]


def rows_moved(random: Random, data: bytes) -> bytes:
    """The JSON tables with a row moved, dropped, doubled, or with two cells exchanged."""
    tables = json.loads(data)
    rows = tables[random.choice(sorted(tables))]["rows"]
    act, at = random.randrange(4), random.randrange(len(rows))
    if act == 0:
        rows.insert((at + random.randrange(1, len(rows))) % len(rows), rows.pop(at))
    elif act == 1:
        del rows[at]
    elif act == 2:
        rows.insert(at, rows[at])
    else:
        other = (at + 1) % len(rows)
        rows[at][0], rows[other][0] = rows[other][0], rows[at][0]
    return canonical(tables)


def rewrite(members: Members, *, record: bool) -> Members:
    """Compute the hashes anew: those of the manifest, and with `record` those in the record of the run."""
    members = {name: data for name, data in members.items() if name != "manifest.json"}
    if record:
        run = json.loads(members["run.json"])
        run["sealed"] = {name: hashlib.sha256(members[name]).hexdigest() for name in run["sealed"] if name in members}
        members["run.json"] = canonical(run)
    return {**members, "manifest.json": canonical(manifest_of(members))}


def member_edited(random: Random, members: Members) -> tuple[str, Members]:
    name = random.choice(sorted(set(members) - {"manifest.json"}))
    return name, {**members, name: edit(random, members[name])}


def member_dropped(random: Random, members: Members) -> tuple[str, Members]:
    name = random.choice(sorted(members))
    return name, {other: data for other, data in members.items() if other != name}


def member_added(random: Random, members: Members) -> tuple[str, Members]:
    name = f"notes-{random.randrange(100)}.txt"
    return name, {**members, name: b"hello"}


def rows_edited(random: Random, members: Members) -> tuple[str, Members]:
    name = random.choice(["inputs.json", "results.json"])
    return name, {**members, name: rows_moved(random, members[name])}


def one_digit(random: Random, members: Members) -> tuple[str, Members]:
    name = random.choice(["inputs.json", "results.json", "program.json"])
    return name, {**members, name: digit(random, members[name])}


def one_digit_with_manifest(random: Random, members: Members) -> tuple[str, Members]:
    name, members = one_digit(random, members)
    return name, rewrite(members, record=False)


def result_with_all_hashes(random: Random, members: Members) -> tuple[str, Members]:
    """One digit of a result, every hash made to fit: only the re-evaluation can tell."""
    act = random.choice([digit, rows_moved])
    changed = act(random, members["results.json"])
    return "", rewrite({**members, "results.json": changed}, record=True)


MEMBERS = [
    *(member_edited, member_dropped, member_added, rows_edited),
    *(one_digit, one_digit_with_manifest, result_with_all_hashes),
]


def tamperings(count: int, raw: bytes, members: Members) -> list[tuple[str, str, bytes]]:
    """Return `count` tampered packages with the kind of tampering and the member that must be named ("" for none)."""
    random, found = Random(1), list[tuple[str, str, bytes]]()
    while len(found) < count:
        if random.random() < 0.5:
            on_bytes = random.choice(BYTES)
            kind, name, tampered = on_bytes.__name__, "", on_bytes(random, raw)
        else:
            on_members = random.choice(MEMBERS)
            name, changed = on_members(random, members)
            kind, tampered = on_members.__name__, pack(changed)
        if tampered != raw:
            found.append((kind, name, tampered))
    return found


def test_a_thousand_tamperings_are_found(month: tuple[Path, str], tmp_path: Path) -> None:
    path, _root = month
    victim, met, missed = tmp_path / "tampered.zip", Counter[str](), []
    for number, (kind, name, tampered) in enumerate(tamperings(1000, path.read_bytes(), unpack(path))):
        victim.write_bytes(tampered)
        differences = verifier.verify(victim)
        met[kind] += 1
        if not differences or not any(name in difference for difference in differences):
            missed.append((number, kind, name, differences))
    sys.stdout.write(f"{sum(met.values())} tamperings: {dict(sorted(met.items()))}\n")
    assert missed == []
    assert set(met) == {act.__name__ for act in BYTES} | {act.__name__ for act in MEMBERS}


def test_a_changed_result_is_named_with_both_values(month: tuple[Path, str], tmp_path: Path) -> None:
    path, _root = month
    members = unpack(path)
    tables = json.loads(members["results.json"])
    column = tables["appraisals"]["columns"].index("pay")
    right = tables["appraisals"]["rows"][4][column]
    tables["appraisals"]["rows"][4][column] = right + 1
    victim = tmp_path / "tampered.zip"
    victim.write_bytes(pack(rewrite({**members, "results.json": canonical(tables)}, record=True)))
    expected = f"appraisals · E00004 · pay: 封存 sealed {right + 1}, 重算 recomputed {right}"
    assert verifier.verify(victim) == [expected]
    done = run_verifier(victim)
    assert done.returncode == 1
    assert expected in done.stdout


@pytest.mark.parametrize("number", range(20))
def test_a_complete_rewrite_is_found_by_the_root_hash_noted_outside(
    month: tuple[Path, str], tmp_path: Path, number: int
) -> None:
    """Nothing inside a package can tell that everything in it was replaced: that is what the noted root is for."""
    path, root = month
    members, victim = unpack(path), tmp_path / "rewritten.zip"
    inputs = json.loads(members["inputs.json"])
    row = Random(number).choice(inputs["segments"]["rows"])
    row[inputs["segments"]["columns"].index("i00")] = number
    tables = [[dict(zip(t["columns"], r, strict=True)) for r in t["rows"]] for t in inputs.values()]
    fresh = verifier.evaluate_document(json.loads(members["program.json"]), tables[1], tables[0])
    results = json.loads(members["results.json"])
    for stage, table in results.items():
        table["rows"] = [
            [old[0], *(new[name] for name in table["columns"][1:])]
            for old, new in zip(table["rows"], fresh[stage], strict=True)
        ]
    changed = {**members, "inputs.json": canonical(inputs), "results.json": canonical(results)}
    victim.write_bytes(pack(rewrite(changed, record=True)))
    assert verifier.verify(victim) == []
    (difference,) = verifier.verify(victim, root)
    assert difference.startswith("root: ")
    assert "--root" in difference


@pytest.mark.parametrize("part", ["container", "check_hashes", "compare_numbers"])
def test_each_part_of_the_verifier_is_needed(
    month: tuple[Path, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, part: str
) -> None:
    """The negative control: with a part switched off, what it is there for goes unnoticed."""
    path, _root = month
    members = unpack(path)
    tampered = {
        "container": path.read_bytes() + b"\0",
        "check_hashes": pack({**members, "scheme.yaml": b"title: other\n"}),
        "compare_numbers": pack(result_with_all_hashes(Random(1), members)[1]),
    }[part]
    victim = tmp_path / "tampered.zip"
    victim.write_bytes(tampered)
    assert verifier.verify(victim) != []
    monkeypatch.setattr(verifier, part, lambda *_arguments: tampered if part == "container" else iter(()))
    assert verifier.verify(victim) == []


def test_what_is_no_package_is_reported(tmp_path: Path) -> None:
    absent, empty = tmp_path / "absent.zip", tmp_path / "empty.zip"
    empty.write_bytes(pack({}))
    for path in (absent, empty):
        (*_more, difference) = verifier.verify(path)
        assert difference.startswith("无法核验 cannot be verified")
