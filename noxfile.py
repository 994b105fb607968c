"""What is run by one word: ``nox -s test``, ``nox -s check``. Sessions use the environment that nox itself is in."""

import nox

nox.options.sessions = ["check"]
nox.options.default_venv_backend = "none"


@nox.session
def lint(session: nox.Session) -> None:
    """Lint, format and types."""
    session.run("ruff", "check")
    session.run("ruff", "format", "--check")
    session.run("mypy")


@nox.session
def test(session: nox.Session) -> None:
    """The tests, but for the slow ones."""
    session.run("pytest", "-q", "-m", "not slow", *session.posargs)


@nox.session
def docs(session: nox.Session) -> None:
    """Build the site into site/; a warning is an error."""
    session.run("mkdocs", "build", "--strict", "--quiet")


@nox.session
def check(session: nox.Session) -> None:
    """Everything: lint, types, the site, and all tests, in three processes, for a quarter of their time is waiting.
    Files begin in their order: those with few tests take longest, and would come last and alone."""
    lint(session)
    docs(session)
    spread = ("-n", "3", "--dist", "loadfile", "--no-loadscope-reorder")
    session.run("pytest", "-q", *spread, "--durations=25", *session.posargs)
