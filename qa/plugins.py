"""Tables of variants that installed packages can add to: parsers by ending, embedders and stores by name."""

from collections.abc import Iterator, Mapping
from functools import cache, cached_property
from importlib.metadata import EntryPoint, EntryPoints, entry_points
from typing import Any, TypeVar, cast

from qa.errors import PluginUnusable

_T = TypeVar("_T")


class Table(Mapping[str, _T]):
    """The package's own variants, and after them those that other packages declare as entry points of a ``group``.

    A package declares a variant under its key, such as ``[project.entry-points."candor.parsers"]`` and
    ``".odt" = "its_package:read_odt"``. An own variant cannot be replaced. What others bring is loaded when it is
    first asked for.
    """

    def __init__(self, group: str, own: Mapping[str, _T]) -> None:
        """Take the name of the group, and the package's own variants by key."""
        self.group = group
        self._own = own

    def __getitem__(self, key: str) -> _T:
        """Return the variant of a key. Raises KeyError, or PluginUnusable where its package cannot be loaded."""
        if key in self._own:
            return self._own[key]
        declared = self.added[key]
        try:
            return cast(_T, declared.load())
        except Exception as error:
            raise PluginUnusable(
                f"{package_of(declared)} declares {key} under {self.group} and cannot be loaded "
                f"({type(error).__name__}: {error}): mend or uninstall it."
            ) from error

    def __contains__(self, key: object) -> bool:
        """Whether there is such a variant, loaded or not."""
        return key in self._own or key in self.added

    def __iter__(self) -> Iterator[str]:
        """Yield the keys, the package's own first."""
        yield from self._own
        yield from (key for key in self.added if key not in self._own)

    def __len__(self) -> int:
        """Return how many variants there are."""
        return sum(1 for _ in self)

    @cached_property
    def added(self) -> dict[str, EntryPoint]:
        """Return what other packages declare, by key."""
        return {declared.name: declared for declared in declared_by_all().select(group=self.group)}


@cache
def declared_by_all() -> EntryPoints:
    """Return what all installed packages declare: to look through them takes milliseconds, and longer the more there
    are."""
    return cast(EntryPoints, entry_points())  # up to Python 3.11 it is a table of them, and is asked in the same words


def package_of(declared: EntryPoint) -> str:
    """Return the name and version of the package that declares an entry point."""
    return f"{declared.dist.name} {declared.dist.version}" if declared.dist else declared.value


def added_packages(*tables: Table[Any]) -> dict[str, str]:
    """Return {name: version} of the packages that add to these tables: what an index was made with beside Candor."""
    declared = (entry for table in tables for entry in table.added.values() if entry.name not in table._own)
    return {entry.dist.name: entry.dist.version for entry in declared if entry.dist}
