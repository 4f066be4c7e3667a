"""Looks for floats where points, grades and pay are computed (E6).

A true division passes only if its result is rounded on the spot by a method that a float does not have, as in
``(a / b).quantize(scale, ROUND_HALF_UP)``; then it is a Decimal, or it fails when it is run. Joining a path with
``/`` and a text is no division. The check reads syntax only; types are mypy's work.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from pathlib import Path

# File or folder → why its divisions of Decimals may stay unrounded. Short, and each entry must still be needed.
UNROUNDED = {
    "rules/exact/traces.py": "explains a value before its rounding; no result is made of it",
    "scheme/check/": "looks for cliffs and shares in a scheme; no result is made of it",
}
NUMBER_PATH = ("scheme", "rules", "scores.py", "grades.py", "pay.py", "pipeline.py")
DIVISION = "a division that is not rounded at once"
ROUNDED = {"quantize", "to_integral_value", "to_integral_exact"}
FLOAT_TYPES = {"float64", "float32", "float16", "double", "real"}
# Integers in, integers out.
EXACT_MATH = {"gcd", "lcm", "isqrt", "comb", "perm", "prod", "factorial"}


def floats(package: Path, unrounded: Iterable[str] = tuple(UNROUNDED)) -> list[str]:
    """Return every float in the number path of `package` (the folder src/meritdesk), with file and line."""
    found = []
    for part in NUMBER_PATH:
        for path in sorted((package / part).rglob("*.py")) if (package / part).is_dir() else [package / part]:
            if path.is_file():
                tree = ast.parse(path.read_text(encoding="utf-8"))
                name = path.relative_to(package).as_posix()
                excused = any(name.startswith(entry) for entry in unrounded)
                faults = sorted(_faults(tree))
                found += [f"{name}:{line}: {fault}" for line, fault in faults if not (excused and fault == DIVISION)]
    return found


def _faults(tree: ast.Module) -> Iterator[tuple[int, str]]:
    rounded = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Attribute) and node.attr in ROUNDED}
    for node in ast.walk(tree):
        match node:
            case ast.Constant(value=float() | complex() as value):
                yield node.lineno, f"the float {value!r}"
            case ast.Constant(value=str() as text) if text.lower() in FLOAT_TYPES:
                yield node.lineno, f"the column type {text}"
            case ast.Call(func=ast.Name(id="float" | "complex")):
                yield node.lineno, "a float is made"
            case ast.Call(func=ast.Name(id="round")):
                yield node.lineno, "round() rounds half to even; name the rounding"
            case ast.BinOp(op=ast.Div()) if id(node) not in rounded and not _joins_path(node):
                yield node.lineno, DIVISION
            case ast.AugAssign(op=ast.Div()):
                yield node.lineno, DIVISION
            case ast.BinOp(op=ast.Pow(), right=ast.UnaryOp(op=ast.USub(), operand=ast.Constant())):
                yield node.lineno, "a negative power is a float"
            case ast.Attribute(value=ast.Name(id="math"), attr=attribute) if attribute not in EXACT_MATH:
                yield node.lineno, f"math.{attribute} gives a float"
            case ast.ImportFrom(module="math", names=names) if {a.name for a in names} - EXACT_MATH:
                yield node.lineno, "math gives floats"
            case ast.ImportFrom(module="statistics" | "numpy") | ast.Import(
                names=[ast.alias(name="statistics" | "numpy" | "cmath")]
            ):
                yield node.lineno, "a module that computes in floats"


def _joins_path(node: ast.BinOp) -> bool:
    """True for ``folder / "name"``: a text cannot be divided, so one of the two is a path."""
    sides = (node.left, node.right)
    return any(
        isinstance(side, ast.JoinedStr) or (isinstance(side, ast.Constant) and isinstance(side.value, str))
        for side in sides
    ) or any(isinstance(side, ast.BinOp) and isinstance(side.op, ast.Div) and _joins_path(side) for side in sides)
