"""The rules of the house that can be read off a file: sizes, docstrings, names, things left unfinished.

Each check takes the folder of a project and returns what is wrong, one line per finding with its place, so that the
same function runs on the project and on a planted fault. Nothing here imports the code it looks at.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

LONGEST_FILE = 500
LONGEST_FUNCTION = 70
LONGEST_TEMPLATE = 150
DRAWERS = {"util", "utils", "helper", "helpers", "common", "manager", "managers", "base", "misc", "lib"}
FOLDERS = ("src", "tests", "benchmarks")
# Put together, so that this file does not find itself.
UNFINISHED = re.compile(r"\b(" + "|".join(["TO" + "DO", "FIX" + "ME", "XX" + "X"]) + r")\b")
MACHINE_PATH = re.compile(r"(?<![\w.])/(?:work|tmp|root|home|Users)/")
TEXT_FILES = {".py", ".md", ".toml", ".yaml", ".yml", ".json", ".typ", ".po", ".lock", ".cfg", ""}

Function = ast.FunctionDef | ast.AsyncFunctionDef


def python_files(root: Path, folders: tuple[str, ...] = FOLDERS) -> Iterator[Path]:
    """Yield the Python files of `folders` under `root` and those that lie in `root` itself, in order; database changes
    left out, because Django writes them."""
    yield from sorted(root.glob("*.py"))
    for folder in folders:
        yield from (path for path in sorted((root / folder).rglob("*.py")) if path.parent.name != "migrations")


def parsed(root: Path) -> Iterator[tuple[str, ast.Module]]:
    """Yield (path relative to `root`, syntax tree) of every Python file."""
    for path in python_files(root):
        yield path.relative_to(root).as_posix(), ast.parse(path.read_text(encoding="utf-8"))


def long_files(root: Path) -> list[str]:
    """Return files above 500 lines."""
    found = []
    for path in python_files(root):
        lines = len(path.read_text(encoding="utf-8").splitlines())
        if lines > LONGEST_FILE:
            found.append(f"{path.relative_to(root).as_posix()}: {lines} lines")
    return found


def long_templates(root: Path) -> list[str]:
    """Return page templates above 150 lines."""
    found = []
    for path in sorted((root / "src").rglob("*.html")):
        lines = len(path.read_text(encoding="utf-8").splitlines())
        if lines > LONGEST_TEMPLATE:
            found.append(f"{path.relative_to(root).as_posix()}: {lines} lines")
    return found


def long_functions(root: Path) -> list[str]:
    """Return functions above 70 lines, decorators not counted."""
    found = []
    for name, tree in parsed(root):
        for node in ast.walk(tree):
            if isinstance(node, Function):
                lines = (node.end_lineno or node.lineno) - node.lineno + 1
                if lines > LONGEST_FUNCTION:
                    found.append(f"{name}:{node.lineno}: {node.name} has {lines} lines")
    return found


def missing_docstrings(root: Path) -> list[str]:
    """Return modules, and public functions and classes of src, that have no docstring."""
    found = []
    for name, tree in parsed(root):
        if not ast.get_docstring(tree) and (tree.body or name.startswith("src/")):
            found.append(f"{name}: the module has no docstring")
        if not name.startswith("src/"):
            continue
        for node in tree.body:
            if isinstance(node, Function | ast.ClassDef) and not (node.name.startswith("_") or ast.get_docstring(node)):
                found.append(f"{name}:{node.lineno}: {node.name} has no docstring")
    return found


def drawers(root: Path) -> list[str]:
    """Return modules and folders whose name says nothing of what is in them."""
    found = []
    for path in python_files(root):
        short = path.relative_to(root)
        if DRAWERS & {part.lower() for part in (*short.parts[:-1], short.stem)}:
            found.append(f"{short.as_posix()}: name it after what it holds")
    return found


def unfinished(root: Path) -> list[str]:
    """Return marks of unfinished work, and tests switched off or without any assertion in sight."""
    found = []
    for path in python_files(root):
        name = path.relative_to(root).as_posix()
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            if mark := UNFINISHED.search(line):
                found.append(f"{name}:{number}: {mark[0]}")
    for name, tree in parsed(root):
        found += [f"{name}:{line}: {fault}" for line, fault in _hollow(tree)]
    return found


def _hollow(tree: ast.Module) -> Iterator[tuple[int, str]]:
    classes = [node for node in ast.walk(tree) if isinstance(node, ast.ClassDef)]
    protocols = [node for node in classes if "Protocol" in map(ast.unparse, node.bases)]
    declared = {id(member) for protocol in protocols for member in protocol.body}
    for node in ast.walk(tree):
        if id(node) in declared:
            continue
        match node:
            case ast.Assert(test=ast.Constant(value=True)):
                yield node.lineno, "asserts nothing"
            case ast.Attribute(attr="skip", value=ast.Attribute(attr="mark")):
                yield node.lineno, "a test switched off"
            case ast.FunctionDef(body=[ast.Expr(value=ast.Constant(value=value))]) if value is Ellipsis:
                yield node.lineno, f"{node.name} is a stub"
            case ast.FunctionDef() if not _runs_elsewhere(node) and any(map(_gives_up, node.body)):
                yield node.lineno, f"{node.name} is not written"


def _gives_up(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Raise) and "NotImplemented" in ast.dump(statement)


def _runs_elsewhere(function: ast.FunctionDef) -> bool:
    """True for the declaration of a function that the database runs."""
    return any("udf" in ast.unparse(decorator) for decorator in function.decorator_list)


def evaluated_text(root: Path) -> list[str]:
    """Return uses of eval, exec and compile: the rule language is closed, text never becomes code."""
    found = []
    for name, tree in parsed(root):
        for node in ast.walk(tree):
            match node:
                case ast.Call(func=ast.Name(id=("eval" | "exec" | "compile") as what)):
                    found.append(f"{name}:{node.lineno}: {what}")
    return found


def assertionless_tests(root: Path) -> list[str]:
    """Return tests that can fail only by accident: no assert, no pytest.raises, no call of check… or the like"""
    found = []
    for name, tree in parsed(root):
        if not name.startswith("tests/"):
            continue
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_") and not _asserts(node):
                found.append(f"{name}:{node.lineno}: {node.name} asserts nothing")
    return found


def _asserts(test: ast.FunctionDef) -> bool:
    for node in ast.walk(test):
        match node:
            case ast.Assert():
                return True
            case ast.Call(func=ast.Attribute(attr=called) | ast.Name(id=called)) if re.match(
                r"_?(raises|warns|check|assert|expect|verify)", called
            ):
                return True
    return False


def machine_paths(root: Path, files: list[str]) -> list[str]:
    """Return the lines of `files` that name a folder of one machine."""
    found = []
    for name in files:
        path = root / name
        if path.suffix not in TEXT_FILES or not path.is_file():
            continue
        for number, line in enumerate(path.read_text(encoding="utf-8", errors="replace").splitlines(), 1):
            if MACHINE_PATH.search(line) and not line.startswith("#!"):
                found.append(f"{name}:{number}: {line.strip()[:80]}")
    return found


def addresses_in_locks(root: Path, files: list[str]) -> list[str]:
    """Return lock files that hold an address, a package without a hash, or a package from a folder."""
    found = []
    for name in files:
        if not re.search(r"(\.lock|-lock\.json)$", name):
            continue
        text = (root / name).read_text(encoding="utf-8")
        if re.search(r"https?:|file:|git\+|index-url|find-links|\"resolved\"", text):
            found.append(f"{name}: holds an address")
        if name.endswith(".lock"):
            for entry in re.split(r"\n(?=\S)", text.strip()):
                if "==" not in entry or "--hash=sha256:" not in entry:
                    found.append(f"{name}: {entry.splitlines()[0]} is not pinned with a hash")
    return found


# Modules of the web part that Django finds by their name or place.
FOUND_BY_NAME = {"apps", "urls", "models", "background"}
FOUND_BY_PLACE = {"migrations", "templatetags", "commands"}


def unused_modules(root: Path, entrances: set[str]) -> list[str]:
    """Return modules of src/meritdesk that no other module of it imports or names, but for `entrances`."""
    source = root / "src"
    names = {}
    for path in sorted((source / "meritdesk").rglob("*.py")):
        parts = path.relative_to(source).with_suffix("").parts
        names[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    used = set()
    for name, path in names.items():
        used |= {other for other in _wanted(ast.parse(path.read_text(encoding="utf-8"))) if other != name}
    packages = {name for name, path in names.items() if path.name == "__init__.py"}
    unused = [name for name in names if name not in used | packages | entrances and not _found_by_django(name)]
    return [f"{name}: no module imports it" for name in unused]


def _wanted(tree: ast.Module) -> Iterator[str]:
    """Yield the modules that a module imports, and those that its texts name (settings name classes by text)."""
    for node in ast.walk(tree):
        match node:
            case ast.ImportFrom(module=str() as module):
                yield from [module, *(f"{module}.{alias.name}" for alias in node.names)]
            case ast.Import():
                yield from (alias.name for alias in node.names)
            case ast.Constant(value=str() as text) if text.startswith("meritdesk.web."):
                yield from [text, text.rpartition(".")[0]]


def _found_by_django(name: str) -> bool:
    parts = name.split(".")
    return parts[1:2] == ["web"] and (parts[-1] in FOUND_BY_NAME or bool(FOUND_BY_PLACE & set(parts)))
