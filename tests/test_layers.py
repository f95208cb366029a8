"""Who may import whom, and what belongs where: read from every file, run none."""

import ast
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.conftest import ROOT

PACKAGES = ("core", "question_bank", "outreach")  # the lower ones first
# Subjects of outreach, the upper ones first; each may import those after it.
SUBJECTS = (
    "home", "tally", "participation", "batch", "posters", "events", "campaigns", "regions",
)  # fmt: skip
BELOW_ORGANIZERS = frozenset({"organizers", "campaigns", "regions"})
THE_WEB = frozenset({"flask", "flask_babel", "flask_wtf", "wtforms", "werkzeug"})
IMPURE = frozenset({*THE_WEB, "sqlalchemy", "flask_sqlalchemy", "time"})


MUST_BE_PURE = frozenset(
    {
        "question_bank.content",
        "question_bank.selection",
        "question_bank.grading",
        "question_bank.importer",
        "question_bank.entries",
        "outreach.qr",
        "outreach.participation.ticket",
    }
)
ASKING = frozenset({"service", "views", "models", "commands"})
VIEWS_BY_ANOTHER_NAME = frozenset({"desk"})


@dataclass(frozen=True)
class Module:
    """A parsed file, such as `outreach.events.views`."""

    name: str
    tree: ast.Module

    @property
    def parts(self) -> tuple[str, ...]:
        """The name's parts; a package's own file counts as the package."""
        return tuple(self.name.split("."))

    @property
    def role(self) -> str:
        """What the module is for: `views` (also `editor_views`), `service`, `models` ..."""
        last = self.parts[-1]
        return "views" if last in VIEWS_BY_ANOTHER_NAME else last.rpartition("_")[2]

    @property
    def subject(self) -> str | None:
        """The subject of outreach that it belongs to."""
        return self.parts[1] if self.parts[0] == "outreach" and len(self.parts) > 2 else None

    @property
    def is_pure(self) -> bool:
        """Whether it must ask nothing but its arguments, or promises so in its first lines."""
        return self.name in MUST_BE_PURE or "Pure." in (ast.get_docstring(self.tree) or "")

    def imports(self) -> Iterator[tuple[str, ast.stmt]]:
        """Yield each module or name imported, in full, with its statement."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                yield from ((alias.name, node) for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                yield from ((f"{node.module}.{alias.name}", node) for alias in node.names)

    def imported(self) -> list[str]:
        """List all that it imports."""
        return [name for name, _node in self.imports()]

    def of_ours(self) -> list[str]:
        """List what it imports of ours."""
        return [name for name in self.imported() if is_in(name, *PACKAGES, "app")]

    def calls(self) -> list[str]:
        """List what it calls, such as `db.session.commit`."""
        return [
            ast.unparse(node.func) for node in ast.walk(self.tree) if isinstance(node, ast.Call)
        ]


def read(path: Path) -> Module:
    """Parse a file."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
    return Module(name, ast.parse(path.read_text(encoding="utf-8"), str(path)))


FILES = [
    ROOT / "app.py",
    *sorted(p for package in PACKAGES for p in (ROOT / package).rglob("*.py")),
]
MODULES = [read(path) for path in FILES]
ROLES = {module.name: module.role for module in MODULES}


def is_in(name: str, *modules: str) -> bool:
    """Tell whether a name means one of the modules or something in it."""
    return any(name == module or name.startswith(f"{module}.") for module in modules)


def role_of(imported: str) -> str:
    """Return the role of the module that an import means."""
    return ROLES.get(imported) or ROLES.get(imported.rpartition(".")[0], "")


def subject_of(imported: str) -> str | None:
    """Return the subject of outreach that an import reaches into."""
    parts = imported.split(".")
    return parts[1] if parts[0] == "outreach" and parts[1] in {*SUBJECTS, "organizers"} else None


def may_reach(subject: str | None, other: str) -> bool:
    """Tell whether a subject of outreach may import another one."""
    if subject is None:  # a module that all subjects share, such as qr
        return False
    if subject == "home" or subject == other:  # noqa: PLR1714 -- reads as the rule
        return True
    if subject == "organizers":
        return other in BELOW_ORGANIZERS
    return other in SUBJECTS and SUBJECTS.index(other) > SUBJECTS.index(subject)


def faults(rule: Callable[[Module], Iterable[str]], *exempt: str) -> dict[str, list[str]]:
    """Return what breaks a rule, by module."""
    found = {module.name: list(rule(module)) for module in MODULES if module.name not in exempt}
    return {name: broken for name, broken in found.items() if broken}


def test_all_that_is_ours_was_read() -> None:
    packages = {path.parent.name for path in ROOT.glob("*/__init__.py")}

    assert packages == set(PACKAGES)
    assert {module.subject for module in MODULES} - {None} == {*SUBJECTS, "organizers"}
    assert len(MODULES) > 50


def test_packages_import_downwards_only() -> None:
    order = (*PACKAGES, "app")

    def from_above(module: Module) -> list[str]:
        allowed = order[: order.index(module.parts[0]) + 1]
        return [name for name in module.of_ours() if not is_in(name, *allowed)]

    assert faults(from_above) == {}


def test_nothing_imports_the_app() -> None:
    assert faults(lambda module: [n for n in module.of_ours() if is_in(n, "app")]) == {}


def test_subjects_of_outreach_import_downwards_only() -> None:
    def from_above(module: Module) -> Iterator[str]:
        for name in module.of_ours():
            other = subject_of(name)
            if other is not None and not may_reach(module.subject, other):
                yield name

    assert faults(from_above, "app") == {}


def test_views_are_imported_by_the_app_alone() -> None:
    assert faults(lambda m: [n for n in m.of_ours() if role_of(n) == "views"], "app") == {}


@pytest.mark.parametrize(
    ("role", "above"),
    [
        ("models", {"service", "forms", "views", "commands"}),
        ("service", {"forms", "views", "commands"}),
        ("forms", {"views", "commands"}),
        ("views", {"views", "commands"}),
    ],
)
def test_roles_import_downwards_only(role: str, above: set[str]) -> None:
    def from_above(module: Module) -> list[str]:
        if module.role != role:
            return []
        return [name for name in module.of_ours() if role_of(name) in above]

    assert faults(from_above) == {}


def test_a_pure_module_asks_nothing_but_its_arguments() -> None:
    def asked(module: Module) -> list[str]:
        if not module.is_pure:
            return []
        impure = [name for name in module.imported() if is_in(name, *IMPURE)]
        plumbing = [n for n in module.of_ours() if is_in(n, "core") and not is_in(n, *pure)]
        return impure + plumbing + [n for n in module.of_ours() if role_of(n) in ASKING]

    pure = [module.name for module in MODULES if module.is_pure]

    assert set(ROLES) >= MUST_BE_PURE
    assert faults(asked) == {}


def test_imports_stand_at_the_top_of_the_file() -> None:
    def hidden(module: Module) -> Iterator[str]:
        for node in ast.walk(module.tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                for inner in ast.walk(node):
                    if isinstance(inner, ast.Import | ast.ImportFrom):
                        yield ast.unparse(inner)

    assert faults(hidden) == {}


def test_nothing_of_ours_is_imported_under_a_condition() -> None:
    def conditional(module: Module) -> list[str]:
        top = {id(node) for node in module.tree.body}
        return [
            name
            for name, node in module.imports()
            if id(node) not in top and is_in(name, *PACKAGES, "app")
        ]

    assert faults(conditional) == {}


def test_nothing_is_imported_by_a_computed_name() -> None:
    computed = {"__import__", "importlib.import_module", "import_module", "exec", "eval"}

    assert faults(lambda module: computed & set(module.calls())) == {}


def test_imports_are_absolute() -> None:
    def relative(module: Module) -> list[str]:
        return [
            ast.unparse(node)
            for _name, node in module.imports()
            if isinstance(node, ast.ImportFrom) and node.level
        ]

    assert faults(relative) == {}


def test_no_name_of_ours_hides_a_module_of_pythons() -> None:
    ours = {path.stem for path in ROOT.glob("*.py")} | {*PACKAGES, "tests", "tools", "migrations"}

    assert ours & set(sys.stdlib_module_names) == set()


def test_a_package_file_holds_one_docstring_only() -> None:
    for path in FILES:
        if path.name == "__init__.py":
            tree = read(path).tree
            assert len(tree.body) == 1, path
            assert ast.get_docstring(tree), path


def test_tests_have_no_package_files() -> None:
    assert list((ROOT / "tests").rglob("__init__.py")) == []


def test_only_the_settings_read_the_environment() -> None:
    def reads(module: Module) -> list[str]:
        found = {ast.unparse(n) for n in ast.walk(module.tree) if isinstance(n, ast.Attribute)}
        return sorted(found & {"os.environ", "os.environb", "os.getenv", "os.getenvb"})

    assert faults(reads, "core.config") == {}


def test_only_the_clock_asks_what_time_it_is() -> None:
    asking = {
        f"{kind}.{call}"
        for kind in ("datetime", "date", "time", "datetime.datetime", "datetime.date")
        for call in ("now", "utcnow", "today", "time", "time_ns", "localtime", "gmtime")
    }

    assert faults(lambda module: asking & set(module.calls()), "core.clock") == {}


def test_only_views_and_commands_commit_the_session() -> None:
    def commits(module: Module) -> list[str]:
        if module.role in {"views", "commands"}:
            return []
        return [call for call in module.calls() if call.endswith("session.commit")]

    assert faults(commits) == {}


def test_services_and_models_know_nothing_of_requests() -> None:
    spoken = {"request", "session", "flash", "g", "url_for", "render_template", "abort", "redirect"}

    def heard(module: Module) -> list[str]:
        if module.role not in {"service", "models"}:
            return []
        return [
            name
            for name in module.imported()
            if is_in(name, *THE_WEB) and name.rpartition(".")[2] in spoken
        ]

    assert faults(heard) == {}


def test_no_module_asks_the_network() -> None:
    outside = ("requests", "httpx", "urllib.request", "http.client", "smtplib", "aiohttp")

    assert faults(lambda module: [n for n in module.imported() if is_in(n, *outside)]) == {}


def test_there_is_no_drawer_for_odds_and_ends() -> None:
    drawers = {"utils", "util", "helpers", "common", "misc"}

    assert [module.name for module in MODULES if drawers & set(module.parts)] == []


def test_a_migration_stands_alone() -> None:
    for path in (ROOT / "migrations" / "versions").glob("*.py"):
        assert read(path).of_ours() == [], path
