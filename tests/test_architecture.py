"""What holds for every file: sizes, contents lists, purity of decisions, and what never belongs.

The direction of imports is checked by import-linter (pyproject.toml, `lint-imports`).
"""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from itertools import chain
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
LIBRARY = sorted(chain((ROOT / "trader").rglob("*.py"), (ROOT / "actors").rglob("*.py")))
ACTORS = sorted(path for path in (ROOT / "actors").glob("*.py") if path.stem != "__init__")
PACKAGES = [path for path in LIBRARY if path.stem == "__init__"]
CORE = ("model", "accounting")
CORE += ("feed", "indicators", "advice", "risk", "matching", "execution", "safety")
DECISIONS = [
    path
    for path in LIBRARY
    if path.parts[len(ROOT.parts)] == "actors" or path.parts[len(ROOT.parts) + 1] in CORE
]
REQUIREMENTS = sorted(ROOT.glob("requirements*.txt"))

FILE_CAP, FUNCTION_CAP, ACTOR_CAP = 400, 50, 150
ONE_FILE_BY_DESIGN = {"trader/model/messages.py": "the protocol, which a reader finds in one place"}

BANNED_NAMES = {"open", "print", "input", "id", "hash", "breakpoint", "exec", "eval"}
BANNED_METHODS = {
    "today",
    "utcnow",
    "urandom",
    "default_rng",
    "read_text",
    "read_bytes",
    "write_text",
    "write_bytes",
}
BANNED_MODULES = {"time", "random", "uuid", "secrets", "loguru", "logger", "logging", "os", "sys"}

# Spelled so that this file does not hold what it looks for.
MACHINE_PATH = re.compile(r"(?<![\w.~$}])/(?:home|Users|root|work|opt|mnt)/\w|[A-Z]:\\Users")
REGISTRY = re.compile(
    r"pypi\.(?:org|python)|python[h]osted|[-]-(?:extra-)?index-url|[-]-find-links"
)
UNFINISHED = re.compile(r"\b(?:TOD[O]|FIXM[E]|XX[X]|HAC[K])\b")
PINNED = re.compile(
    r"[a-z0-9][a-z0-9._-]*(?:\[[a-z0-9,_-]+\])?==[\w.!+-]+(?: ; [^\\]+?)?"
    r"(?: --hash=sha256:[0-9a-f]{64})+"
)


def name(path: Path) -> str:
    """Name a file as the repository does."""
    return path.relative_to(ROOT).as_posix()


def each(paths: list[Path]) -> pytest.MarkDecorator:
    """Run a test for each file, under its name."""
    return pytest.mark.parametrize("path", paths, ids=name)


@cache
def tree(path: Path) -> ast.Module:
    """Parse a file."""
    return ast.parse(path.read_text())


def lines(path: Path) -> int:
    """Count the lines of a file."""
    return len(path.read_text().splitlines())


def calls(path: Path) -> Iterator[tuple[str, int]]:
    """Yield each call of a file as written, such as `self.clock.now`, with its line."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Call):
            yield ast.unparse(node.func), node.lineno


def banned(call: str) -> bool:
    """Tell whether a call reads a clock, draws, logs, does I/O or depends on memory layout."""
    first, _, rest = call.partition(".")
    if not rest:
        return first in BANNED_NAMES
    last = call.rpartition(".")[2]
    return (
        first in BANNED_MODULES
        or last in BANNED_METHODS
        or ".random." in call
        or call.endswith(("datetime.now", "date.now"))
    )


@each([path for path in LIBRARY if name(path) not in ONE_FILE_BY_DESIGN])
def test_a_file_is_small(path: Path) -> None:
    """A file of the library fits in one reading."""
    assert lines(path) <= FILE_CAP


@each(ACTORS)
def test_an_actor_is_smaller(path: Path) -> None:
    """An actor orders what the core decides; more lines mean that it decides itself."""
    assert lines(path) <= ACTOR_CAP


@each(LIBRARY)
def test_a_function_is_small(path: Path) -> None:
    """A function fits on a screen."""
    functions = (
        node
        for node in ast.walk(tree(path))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    )

    assert [f.name for f in functions if f.end_lineno - f.lineno >= FUNCTION_CAP] == []


@each(PACKAGES)
def test_a_package_lists_its_modules(path: Path) -> None:
    """The docstring of a package is its table of contents."""
    members = [
        *(module.stem for module in path.parent.glob("*.py") if module.stem != "__init__"),
        *(package.parent.name for package in path.parent.glob("*/__init__.py")),
    ]
    contents = ast.get_docstring(tree(path)) or ""

    assert [member for member in members if not re.search(rf"\b{member}\b", contents)] == []


@each(DECISIONS)
def test_a_decision_depends_on_its_inputs_alone(path: Path) -> None:
    """Rings 0 to 2 and the actors read no clock, draw nothing, log nothing and do no I/O."""
    assert [f"{call} in line {line}" for call, line in calls(path) if banned(call)] == []


@pytest.mark.parametrize(
    ("call", "is_banned"),
    [
        ("time.time_ns", True),
        ("datetime.now", True),
        ("datetime.datetime.now", True),
        ("random.Random", True),
        ("np.random.default_rng", True),
        ("uuid.uuid4", True),
        ("open", True),
        ("print", True),
        ("logger.info", True),
        ("path.read_text", True),
        ("self.clock.now", False),
        ("datetime.fromtimestamp", False),
        ("book.open", False),
        ("self.time.of", False),
    ],
)
def test_the_rule_knows_its_cases(call: str, is_banned: bool) -> None:
    """The rule above meets what it should, and nothing that only looks like it."""
    assert banned(call) is is_banned


@each([path for path in LIBRARY if path.is_relative_to(ROOT / "trader" / "model")])
def test_the_model_needs_msgspec_alone(path: Path) -> None:
    """Ring 0 imports the standard library, msgspec and itself."""
    names = set()
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names.add(node.module or "")
    allowed = {*sys.stdlib_module_names, "msgspec"}

    outside = {n for n in names if n.partition(".")[0] not in allowed}
    assert {n for n in outside if not n.startswith("trader.model")} == set()


def test_risk_guard_alone_approves() -> None:
    """An Approval is built where the limits are checked, and nowhere else."""
    builders = {
        name(path)
        for path in LIBRARY
        for call, _ in calls(path)
        if call.rpartition(".")[2] == "Approval"
    }

    assert builders <= {"trader/risk/guard.py"}


def repository() -> list[Path]:
    """List the files of the repository, or those that would be where git is not at hand."""
    listing = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    try:
        found = subprocess.run(listing, cwd=ROOT, capture_output=True, check=True, text=True).stdout
    except (OSError, subprocess.CalledProcessError):
        found = ""
    paths = [ROOT / file for file in found.split("\0") if file] or [
        path
        for path in ROOT.rglob("*")
        if not any(part.startswith((".", "__pycache__")) for part in path.relative_to(ROOT).parts)
    ]
    return [path for path in paths if path.is_file()]


def matches(pattern: re.Pattern[str]) -> list[str]:
    """Find a pattern in the text files of the repository, as `file:line: text`."""
    hits = []
    for path in repository():
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        if pattern.search(text):
            for number, line in enumerate(text.splitlines(), 1):
                if pattern.search(line):
                    hits.append(f"{name(path)}:{number}: {line.strip()[:80]}")
    return hits


@pytest.mark.parametrize(
    "pattern", [MACHINE_PATH, REGISTRY, UNFINISHED], ids=["path", "registry", "todo"]
)
def test_no_file_holds_what_belongs_elsewhere(pattern: re.Pattern[str]) -> None:
    """No path of a machine, no address of a registry, nothing left to be done."""
    assert matches(pattern) == []


@each(REQUIREMENTS)
def test_requirements_are_pinned_and_hashed(path: Path) -> None:
    """Every package has one version and its hashes, and no line says where to get it."""
    text = re.sub(r"^\s*#.*\n", "", path.read_text(), flags=re.MULTILINE)
    requirements = re.sub(r"\s*\\\n\s*", " ", text).splitlines()

    assert len(requirements) > 10
    assert [line for line in requirements if not PINNED.fullmatch(line)] == []
