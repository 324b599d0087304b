"""Discovery of plugins, one by one, and typed look-up by name."""

from __future__ import annotations

import hashlib
import importlib.util
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from importlib.machinery import SourceFileLoader
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from types import CodeType, ModuleType
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import pluggy

from spikemesh.contracts import hooks
from spikemesh.errors import DescriptionError, PluginError, Problem, nearest
from spikemesh.registry.supplied import checked

if TYPE_CHECKING:
    import click

    from spikemesh.contracts.coding import Decoder, Encoder
    from spikemesh.contracts.learning import LearningRule
    from spikemesh.contracts.limits import LimitRule
    from spikemesh.contracts.mapping import Partitioner, Placer, Router
    from spikemesh.contracts.neuron import NeuronModel
    from spikemesh.contracts.numerics import NumberFormat
    from spikemesh.contracts.scenario import ScenarioFolder
    from spikemesh.contracts.stream import StreamEncoder
    from spikemesh.contracts.system import SystemPreset
    from spikemesh.contracts.trace import TraceStore

GROUP = "spikemesh"
T = TypeVar("T")


@dataclass(frozen=True)
class Plugin:
    """Where a plugin module comes from and whether it loaded."""

    name: str
    origin: str
    """Distribution and version, or the file."""
    error: str = ""


@dataclass
class Catalogue(Generic[T]):
    """Things of one kind by name, and which plugin each comes from."""

    kind: str
    items: dict[str, T] = field(default_factory=dict)
    origins: dict[str, str] = field(default_factory=dict)
    claimed: dict[str, list[str]] = field(default_factory=dict)
    """Names that several installed plugins supply, and those plugins."""

    def get(self, name: str, where: str = "") -> T:
        """Look up by name.

        Raises
        ------
        DescriptionError
            If there is none; the message names the nearest.
        PluginError
            If several installed plugins supply it; names them.
        """
        if name in self.claimed:
            plugins = " and ".join(self.claimed[name])
            raise PluginError(f'{self.kind} "{name}" is supplied by {plugins}; uninstall all but one')
        try:
            return self.items[name]
        except KeyError:
            found = f'there is no {self.kind} "{name}"'
            raise DescriptionError(Problem(where or self.kind, found, nearest(name, self.items))) from None

    def add(self, name: str, item: T, origin: str) -> None:
        """Register; a second thing of one name is an error."""
        if name in self.items and self.items[name] is not item:
            raise TakenError(
                f'{self.kind} "{name}" of {origin} is already supplied by {self.origins[name]}', self, name
            )
        self.items[name] = item
        self.origins[name] = origin


class TakenError(PluginError):
    """A plugin supplies a name that another one has taken."""

    def __init__(self, message: str, catalogue: Catalogue[Any], name: str) -> None:
        super().__init__(message)
        self.catalogue = catalogue
        self.name = name


class Registry:
    """All plugins of one process, by kind and name."""

    def __init__(self) -> None:
        self.neuron_models: Catalogue[type[NeuronModel]] = Catalogue("neuron model")
        self.learning_rules: Catalogue[type[LearningRule]] = Catalogue("learning rule")
        self.encoders: Catalogue[type[Encoder] | type[StreamEncoder]] = Catalogue("encoder")
        self.decoders: Catalogue[type[Decoder]] = Catalogue("decoder")
        self.systems: Catalogue[SystemPreset] = Catalogue("system preset")
        self.limit_rules: Catalogue[LimitRule] = Catalogue("limit rule")
        self.number_formats: Catalogue[NumberFormat] = Catalogue("number format")
        self.partitioners: Catalogue[Partitioner] = Catalogue("partitioner")
        self.placers: Catalogue[Placer] = Catalogue("placer")
        self.routers: Catalogue[Router] = Catalogue("router")
        self.stores: Catalogue[TraceStore] = Catalogue("trace store")
        self.scenarios: Catalogue[ScenarioFolder] = Catalogue("scenario")
        self.commands: Catalogue[click.Command] = Catalogue("command")
        self.plugins: list[Plugin] = []
        self.files: list[Path] = []
        self._texts: dict[Path, bytes] = {}
        self._supplied: dict[str, list[tuple[Catalogue[Any], str]]] = {}
        self._manager = pluggy.PluginManager(hooks.PROJECT)
        self._manager.add_hookspecs(hooks)

    @property
    def catalogues(self) -> Mapping[str, Catalogue[Any]]:
        """Catalogues by the hook that fills them."""
        return {
            "spikemesh_neuron_models": self.neuron_models,
            "spikemesh_learning_rules": self.learning_rules,
            "spikemesh_encoders": self.encoders,
            "spikemesh_decoders": self.decoders,
            "spikemesh_systems": self.systems,
            "spikemesh_limit_rules": self.limit_rules,
            "spikemesh_number_formats": self.number_formats,
            "spikemesh_partitioners": self.partitioners,
            "spikemesh_placers": self.placers,
            "spikemesh_routers": self.routers,
            "spikemesh_stores": self.stores,
            "spikemesh_scenarios": self.scenarios,
            "spikemesh_commands": self.commands,
        }

    def register(self, module: object, name: str, origin: str) -> None:
        """Add one plugin module and everything its hooks return.

        Raises
        ------
        PluginError
            If a hook is misspelt, takes unknown arguments, raises, supplies a name twice or what is not of
            its kind. Nothing of the plugin is then kept.
        """
        try:
            self._register(module, name, origin)
        except PluginError:
            self._take_back(f"{name} ({origin})")
            raise

    def _register(self, module: object, name: str, origin: str) -> None:
        _check_hook_names(module, self.catalogues, f"plugin {name} ({origin})")
        unique = f"{name} ({origin})"
        try:
            self._manager.register(module, unique)
        except (pluggy.PluginValidationError, ValueError) as error:
            self._manager.unregister(name=unique)
            raise PluginError(f"plugin {unique}: {error}") from None
        for hook, catalogue in self.catalogues.items():
            function = getattr(module, hook, None)
            if function is None:
                continue
            try:
                returned = function()
            except PluginError:
                raise
            except Exception as error:
                raise PluginError(
                    f"plugin {name} ({origin}): {hook} raised {type(error).__name__}: {error}"
                ) from error
            for item in checked(hook, catalogue.kind, returned, f"plugin {name} ({origin})"):
                catalogue.add(item.name, item, name)
                self._supplied.setdefault(unique, []).append((catalogue, item.name))

    def load_entry_points(self, found: Iterable[EntryPoint] | None = None) -> None:
        """Load every installed plugin; a broken one is noted in :attr:`plugins` and does not stop the others."""
        for point in sorted(found if found is not None else entry_points(group=GROUP), key=lambda p: p.value):
            distribution = point.dist
            origin = f"{distribution.name} {distribution.version}" if distribution else point.value
            self._load(f"{point.value}", origin, point.load)

    def load_file(self, path: str | Path) -> None:
        """Load a single-file plugin; once more if it has changed since it was loaded.

        Raises
        ------
        PluginError
            If the file does not exist, does not run, or supplies nothing valid.
        """
        path = Path(path).resolve()
        text = path.read_bytes() if path.is_file() else b""
        if path in self.files:
            if self._texts[path] == text:
                return
            self._forget(path)
        module = import_file(path)
        try:
            self.register(module, path.stem, str(path))
        except PluginError:
            self._forget(path)
            raise
        self.plugins.append(Plugin(path.stem, str(path)))
        self.files.append(path)
        self._texts[path] = text

    def _forget(self, path: Path) -> None:
        """Take back all that a single-file plugin supplied."""
        self._take_back(f"{path.stem} ({path})")
        self.plugins = [p for p in self.plugins if p.origin != str(path)]
        self.files = [p for p in self.files if p != path]

    def _take_back(self, unique: str) -> None:
        if self._manager.has_plugin(unique):
            self._manager.unregister(name=unique)
        for catalogue, name in self._supplied.pop(unique, []):
            catalogue.items.pop(name, None)
            catalogue.origins.pop(name, None)

    def _note_claim(self, taken: TakenError, name: str, origin: str) -> str:
        """Remember that a name is ambiguous: which plugin came first is an accident of the alphabet.

        Returns that first one.
        """
        catalogue = taken.catalogue
        origins = {plugin.name: plugin.origin for plugin in self.plugins}
        first = catalogue.origins[taken.name]
        before = catalogue.claimed.setdefault(taken.name, [f"{first} ({origins.get(first, 'unknown')})"])
        before.append(f"{name} ({origin})")
        return before[0]

    def _load(self, name: str, origin: str, load: Callable[[], Any]) -> None:
        try:
            self.register(load(), name, origin)
        except KeyboardInterrupt:
            raise
        except TakenError as error:
            first = self._note_claim(error, name, origin)
            found = f'{error.catalogue.kind} "{error.name}" of {name} is already supplied by {first}'
            self.plugins.append(Plugin(name, origin, found))
        except BaseException as error:  # a plugin may call sys.exit; it must not stop the others
            text = str(error) if isinstance(error, PluginError) else f"{type(error).__name__}: {error}"
            self.plugins.append(Plugin(name, origin, text))
        else:
            self.plugins.append(Plugin(name, origin))

    @property
    def broken(self) -> list[Plugin]:
        """Plugins that did not load."""
        return [p for p in self.plugins if p.error]


def _check_hook_names(module: object, hooks_known: Iterable[str], who: str) -> None:
    marked = [n for n, thing in vars(module).items() if hasattr(thing, f"{hooks.PROJECT}_impl")]
    for name in marked:
        if name not in hooks_known:
            raise PluginError(f'{who}: there is no hook "{name}"; {nearest(name, hooks_known)}')


class _Fresh(SourceFileLoader):
    """Compiles the file as it is now: byte code kept by Python is told apart by size and whole seconds only."""

    def get_code(self, fullname: str) -> CodeType:  # noqa: ARG002 - signature of the base class
        code: CodeType = self.source_to_code(self.get_data(self.path), self.path)
        return code


def import_file(path: Path) -> ModuleType:
    """Import a Python file under a name of its own.

    Raises
    ------
    PluginError
        If it does not exist or raises.
    """
    if not path.is_file():
        raise PluginError(f"plugin file {path} does not exist")
    # Two files of one name in different folders are different modules, in every process.
    name = f"spikemesh_file_{path.stem}_{hashlib.blake2b(bytes(path), digest_size=6).hexdigest()}"
    spec = importlib.util.spec_from_file_location(name, path, loader=_Fresh(name, str(path)))
    if spec is None or spec.loader is None:
        raise PluginError(f"plugin file {path} is no Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except (Exception, SystemExit) as error:
        sys.modules.pop(name, None)
        raise PluginError(f"plugin file {path}: {type(error).__name__}: {error}") from error
    return module


def load_registry(files: Iterable[str | Path] = ()) -> Registry:
    """Load all installed plugins, then the given files."""
    registry = Registry()
    registry.load_entry_points()
    for path in files:
        registry.load_file(path)
    return registry
