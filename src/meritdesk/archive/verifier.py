"""封存包独立核验程序: re-evaluates a sealed package and compares every number with the one that was sealed.

    python verifier.py PACKAGE.zip [--root HASH]        or, from inside,        python PACKAGE.zip [--root HASH]

Exit code 0: every hash holds and every number comes out the same to the last digit; 1: the first differences are
shown; 2: wrong usage. HASH is the root hash noted outside: only by it a package rewritten as a whole is found out.
This file needs Python 3.11 and nothing else and shares no code with the programs that computed the results. It must
never import anything but the standard library nor grow past 300 lines: an auditor reads it in one sitting.
"""

from __future__ import annotations

import argparse
import bisect
import hashlib
import io
import json
import struct
import sys
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from fractions import Fraction
from functools import cache, partial
from pathlib import Path
from typing import Any

Row = dict[str, Any]
Cell = Fraction | None
Group = Mapping[int, Any]

# --------------------------------------------------------------------------- kinds that look at their own row only
# Each function takes the node and the cells of its arguments in one row: numbers in natural units (yuan, points), None
# where missing; a flag is 0 or 1.

number: Callable[[str], Fraction] = cache(Fraction)


def rounded(value: Fraction, scale: int) -> Fraction:
    """The value with `scale` decimals, halves away from zero."""
    size = int(abs(value) * 10**scale + Fraction(1, 2))
    return Fraction(size if value >= 0 else -size, 10**scale)


def _has(ends: Sequence[Any], x: Fraction) -> bool:
    low, low_closed, high, high_closed = ends
    above = low is None or x > number(low) or (low_closed and x == number(low))
    return above and (high is None or x < number(high) or (high_closed and x == number(high)))


def _read_input(node: Row, row: Row) -> Cell:
    cell = row[node["name"]]
    if cell is not None and (type(cell) is not int or not node["low"] <= cell <= node["high"]):
        raise ValueError(f"{row['appraisal']} · {node['name']}: {cell!r}")
    return None if cell is None else Fraction(cell, 10 ** node["scale"])


def _fold(function: Callable[[list[Fraction]], Cell], node: Row, *cells: Cell) -> Cell:
    kept = [cell for cell in cells if cell is not None]
    return None if (not kept if node["skip_missing"] else None in cells) else function(kept)


def _weighted(pairs: Sequence[tuple[Any, Fraction]], scale: int) -> Cell:
    weights = sum(weight for weight, _x in pairs)
    return rounded(sum((weight * x for weight, x in pairs), Fraction(0)) / weights, scale) if weights else None


def _weighted_mean(node: Row, *cells: Cell) -> Cell:
    pairs = [(part["part"][0], cell) for part, cell in zip(node["parts"], cells, strict=True)]
    held = node["missing"] == "hold" and any(weight > 0 and cell is None for weight, cell in pairs)
    return None if held else _weighted([(weight, cell) for weight, cell in pairs if cell is not None], node["scale"])


def _curve(node: Row, x: Fraction) -> Cell:
    points = [(number(px), number(py)) for px, py in node["points"]]
    x = min(max(x, points[0][0]), points[-1][0])
    end = max(1, bisect.bisect_left([px for px, _py in points], x))
    (x0, y0), (x1, y1) = points[end - 1 : end + 1]
    return rounded((y0 * (x1 - x0) + (y1 - y0) * (x - x0)) / (x1 - x0), node["scale"])


def _tiers(node: Row, x: Fraction) -> Cell:
    amounts: list[Fraction] = []
    for ends, rate in (tier["band"] for tier in node["tiers"]):
        if node["mode"] == "marginal":
            top = x if ends[2] is None else min(x, number(ends[2]))
            amounts.append(number(rate) * max(Fraction(0), top - number(ends[0] or "0")))
        elif not amounts and _has(ends, x):
            amounts.append(number(rate) * x)
    return rounded(sum(amounts, Fraction(0)), node["scale"]) if amounts else None


# ------------------------------------------------------------------ kinds that look at the other rows of their group
# Each takes the node, the rows of one group by number, and the columns of its arguments; it returns cells by row.


def group_figure(node: Row, rows: Group, x: Any, *weights: Any) -> Group:
    """GroupCount, GroupSum and GroupMean: one value for the whole group."""
    kept = [row for row in rows if x[row] is not None]
    figure: Cell = sum((x[row] for row in kept), Fraction(0)) if kept else None
    for weight in weights:
        figure = _weighted([(weight[row], x[row]) for row in kept if (weight[row] or 0) > 0], node["scale"])
    return dict.fromkeys(rows, figure)


def places(rows: Sequence[int], *columns: Any) -> dict[int, int]:
    """The place of each row, 1 best: higher cells first, missing ones last; equal rows share the better place."""
    keys = {row: [(column[row] is None, -(column[row] or 0)) for column in columns] for row in rows}
    ordered = sorted(keys.values())
    return {row: bisect.bisect_left(ordered, key) + 1 for row, key in keys.items()}


def _rank(node: Row, rows: Group, x: Any, counted: Any) -> Group:
    part = [row for row in rows if counted[row] and x[row] is not None]
    return places(part, {row: x[row] if node["best"] == "high" else -x[row] for row in part})


def largest_remainder(whole: int, parts: Sequence[Any], first: Sequence[int]) -> list[int]:
    """`whole` in proportion to `parts`; units left over to the largest remainders, equal ones as `first` lists them."""
    total = sum(parts)
    shares = [divmod(whole * part, total) for part in parts]
    extra = set(sorted(first, key=lambda place: -shares[place][1])[: whole - sum(floor for floor, _rest in shares)])
    return [int(floor) + (place in extra) for place, (floor, _rest) in enumerate(shares)]


def _forced_shares(node: Row, rows: Group, *columns: Any) -> Group:
    grade, total, vetoed, counted, *order = columns
    part = [row for row in rows if counted[row] and grade[row] is not None]
    free, grades, cuts = [row for row in part if not vetoed[row]], range(len(node["shares"])), [0]
    quota = largest_remainder(len(part), node["shares"], grades[::-1])
    veto = [sum(1 for row in part if vetoed[row] and grade[row] == g) for g in grades]
    for g in grades[:-1]:
        forced = max(cuts[-1], sum(quota[: g + 1]) - sum(veto[: g + 1]))
        reached = sum(1 for row in free if grade[row] <= g)
        capped = reached if g == grades[-2] else min(reached, cuts[-1] + max(0, quota[g] - veto[g]))
        cuts.append(forced if node["mode"] == "force" else capped)
    keys = [total, *order] if node["mode"] == "force" else [{row: -grade[row] for row in free}, total, *order]
    # The grade is the first one whose cut is not below the place, and the last one where there is none.
    placed = {row: bisect.bisect_left(cuts[1:], place) for row, place in places(free, *keys).items()}
    return {row: grade[row] for row in rows} | (placed if len(part) >= node["smallest"] else {})


def _pool_shares(node: Row, rows: Group, points: Any, pool: Any, *order: Any) -> Group:
    place, unit = places(list(rows), *order), 10 ** node["scale"]
    part = sorted((row for row in rows if points[row] is not None), key=lambda r: (place[r], rows[r][node["identity"]]))
    shares, pools = [max(0, points[row]) for row in part], [pool[row] for row in rows if pool[row] is not None]
    parts = largest_remainder(int(max(pools) * unit), shares, range(len(part))) if pools and sum(shares) else []
    return {row: Fraction(size, unit) for row, size in zip(part, parts, strict=False)}


# ------------------------------------------------------------------------------------------- stages of a program
KINDS: dict[str, tuple[str, Callable[..., Any]]] = {  # the fields that hold the arguments, and what is done with them
    "Input": ("", _read_input),
    "Const": ("", lambda node: number(node["value"])),
    "Missing": ("", lambda node: None),
    "Sum": ("terms", partial(_fold, lambda cells: sum(cells, Fraction(0)))),
    "Negate": ("x", lambda node, x: -x),
    "MulDiv": ("a b c", lambda node, a, b, c=Fraction(1): rounded(a * b / c, node["scale"]) if c > 0 else None),
    "WeightedMean": ("parts", _weighted_mean),
    "Least": ("args", partial(_fold, min)),
    "Greatest": ("args", partial(_fold, max)),
    "Bands": ("x", lambda node, x: next((number(b["band"][1]) for b in node["bands"] if _has(b["band"][0], x)), None)),
    "Curve": ("x", _curve),
    "Tiers": ("x", _tiers),
    "If": ("flag then otherwise", lambda node, flag, then, otherwise: then if flag else otherwise),
    "Coalesce": ("args", lambda node, *cells: next((cell for cell in cells if cell is not None), None)),
    "Present": ("x", lambda node, x: int(x is not None)),
    "Within": ("x", lambda node, x: int(x is not None and _has(node["bounds"]["bounds"], x))),
    "AllOf": ("flags", lambda node, *cells: int(all(cells))),
    "AnyOf": ("flags", lambda node, *cells: int(any(cells))),
    "Not": ("flag", lambda node, flag: 1 - flag),
    "GroupCount": ("flag", group_figure),
    "GroupSum": ("x", group_figure),
    "GroupMean": ("x weight", group_figure),
    "Rank": ("x counted", _rank),
    "ForcedShares": ("grade total vetoed counted order", _forced_shares),
    "PoolShares": ("points pool order", _pool_shares),
}
STRICT = {"Negate", "MulDiv", "Bands", "Curve", "Tiers"}  # missing where an argument is


def _evaluate_stage(stage: Row, rows: Sequence[Row]) -> list[Row]:
    columns: list[list[Any]] = []
    for node in stage["nodes"]:
        op, (fields, function) = node["op"], KINDS[node["op"]]
        values = [node[name] if isinstance(node[name], list) else [node[name]] for name in fields.split()]
        arguments = [columns[r["part"][1] if "part" in r else r["node"]] for value in values for r in value if r]
        if "group" in node:
            groups: dict[str, dict[int, Row]] = {}
            for place, row in enumerate(rows):
                groups.setdefault(row[node["group"]], {})[place] = row
            found = {row: cell for g in groups.values() for row, cell in function(node, g, *arguments).items()}
            columns.append([found.get(row) for row in range(len(rows))])
            continue
        across = list(zip(*([rows] if op == "Input" else arguments), strict=True)) or [()] * len(rows)
        columns.append([None if op in STRICT and None in cells else function(node, *cells) for cells in across])
    units = {name: (columns[place], 10 ** stage["nodes"][place]["scale"]) for name, place in stage["outputs"].items()}
    return [{name: _whole(column[row], unit) for name, (column, unit) in units.items()} for row in range(len(rows))]


def _whole(cell: Cell, unit: int) -> int | None:
    if cell is not None and (cell * unit).denominator != 1:
        raise ValueError(f"{cell} is no multiple of 1/{unit}")
    return None if cell is None else int(cell * unit)


def evaluate_document(program: Row, segments: Sequence[Row], appraisals: Sequence[Row]) -> dict[str, list[Row]]:
    """The outputs of both stages, row for row; ValueError, KeyError, ... if they cannot be worked out."""
    first, second = program["stages"]
    outputs = _evaluate_stage(first, segments)
    last = [(row["appraisal"], cells) for row, cells in zip(segments, outputs, strict=True) if row["last"] == 1]
    given = dict(last)
    if len(given) < len(last) or len({row["appraisal"] for row in appraisals}) < len(appraisals):
        raise ValueError("an appraisal has several rows")
    return {"segments": outputs, "appraisals": _evaluate_stage(second, [r | given[r["appraisal"]] for r in appraisals])}


# ------------------------------------------------------------------------------------------------------ the package
def read(members: Mapping[str, bytes], name: str) -> Any:
    """A JSON member, which can be written in one way only: no key twice, no space, no float."""
    document = json.loads(members[name], parse_float=int)
    if json.dumps(document, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode() != members[name]:
        raise ValueError(f"{name}: 不是规范写法 not canonical")
    return document


def container(members: Mapping[str, bytes]) -> bytes:
    """The zip file that holds these members and nothing else: sorted, stored, of 1980-01-01."""
    body, directory = b"", b""
    for name, data in sorted(members.items()):
        entry = struct.pack("<5H3I2H", 20, 0, 0, 0, 33, zlib.crc32(data), len(data), len(data), len(name), 0)
        directory += b"PK\1\2\x14\3" + entry + struct.pack("<3H2I", 0, 0, 0, 0o600 << 16, len(body)) + name.encode()
        body += b"PK\3\4" + entry + name.encode() + data
    ends = struct.pack("<4H2IH", 0, 0, len(members), len(members), len(directory), len(body), 0)
    return body + directory + b"PK\5\6" + ends


def check_hashes(members: Mapping[str, bytes], root: str | None) -> Iterator[str]:
    """Every hash that is not the one in the manifest, in the record of the run, or noted outside."""
    digests = {name: hashlib.sha256(data).hexdigest() for name, data in members.items() if name != "manifest.json"}
    lines = "".join(f"{digest}  {name}\n" for name, digest in sorted(digests.items()))
    digests["root"] = hashlib.sha256(lines.encode()).hexdigest()
    for where in ("manifest.json", "run.json", "--root"):
        noted = {"root": root or digests["root"]} if where == "--root" else read(members, where)
        noted = noted if where == "manifest.json" else digests | noted.get("sealed", noted)
        for name in sorted(digests.keys() | noted.keys()):
            if digests.get(name) != noted.get(name):
                yield f"{name}: 哈希与 {where} 不符 hash differs from {where}"


def compare_numbers(members: Mapping[str, bytes]) -> Iterator[str | None]:
    """A difference, or None, for every number that was sealed."""
    program, inputs, results = (read(members, name) for name in ("program.json", "inputs.json", "results.json"))
    rows = {name: [dict(zip(t["columns"], row, strict=True)) for row in t["rows"]] for name, t in inputs.items()}
    fresh = evaluate_document(program, rows["segments"], rows["appraisals"])
    for stage in program["stages"]:
        name, columns, sealed = stage["name"], ["appraisal", *stage["outputs"]], results[stage["name"]]
        if sealed["columns"] != columns or len(sealed["rows"]) != len(rows[name]):
            yield f"results.json · {name}: 列或行数不同 other columns or another number of rows"
        for row, new, old in zip(rows[name], fresh[name], sealed["rows"], strict=False):
            for column, a, b in zip(columns, old, [row["appraisal"], *new.values()], strict=True):
                if repr(a) != repr(b):
                    yield f"{name} · {row['appraisal']} · {column}: 封存 sealed {a}, 重算 recomputed {b}"
                elif column != "appraisal":
                    yield None


def examine(path: str | Path, root: str | None = None) -> Iterator[str | None]:
    """A difference, or None, for everything that was looked at."""
    try:
        raw = Path(path).read_bytes()
        with zipfile.ZipFile(io.BytesIO(raw)) as package:
            members = {info.filename: package.read(info) for info in package.infolist() if not info.compress_type}
        if container(members) != raw:
            yield "zip: 包的结构被改动 the container was altered"
        yield from check_hashes(members, root)
        yield from compare_numbers(members)
    except Exception as error:  # whatever is wrong with a package, it is not verified
        yield f"无法核验 cannot be verified: {type(error).__name__}: {error}"


def verify(path: str | Path, root: str | None = None) -> list[str]:
    """Every difference between what is sealed and what comes out; empty: verified."""
    return [difference for difference in examine(path, root) if difference]


def main() -> int:
    """The command: exit code 0 when the package is verified, 1 when it is not."""
    parser = argparse.ArgumentParser(description="封存包核验 · re-evaluates a sealed package")
    parser.add_argument("path", nargs="?", default=sys.argv[0], metavar="PACKAGE")
    parser.add_argument("--root", help="包外记录的根哈希 · root hash noted outside the package")
    outcome = list(examine(**vars(parser.parse_args())))
    found = [difference for difference in outcome if difference]
    summary = f"重算相同 re-evaluated and equal: {outcome.count(None)}; 不同 differ: {len(found)}\n"
    sys.stdout.buffer.write("\n".join([*found[:20], summary]).encode(sys.stdout.encoding, "replace"))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
