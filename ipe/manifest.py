"""Protocols are found by their manifests: every folder here that holds a ``manifest.toml`` is one."""

from __future__ import annotations

import importlib
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ipe.driver import CAPABILITIES, FieldProtocol
from ipe.points import nearest
from ipe.settings import KINDS, SettingsError, check_kind

ROOT = Path(__file__).parent
QUALITIES = ("experimental", "tested", "proven")


@dataclass(frozen=True, slots=True)
class Setting:
    """A setting of the device: ``default`` None makes it mandatory; ``type`` is ``str``, ``int`` or ``float``."""

    name: str
    type: str
    description: str
    default: Any = None


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a protocol folder says about itself.

    ``entry`` is ``module:name`` of its ``FieldProtocol``; ``requires`` its third-party packages, installed by
    ``extra``. ``capabilities`` are keys of ``driver.CAPABILITIES``. ``quality``: experimental, tested (against an
    independent implementation), proven (on real devices).
    """

    name: str
    title: str
    entry: str
    quality: str
    requires: tuple[str, ...]
    extra: str
    settings: tuple[Setting, ...]
    capabilities: tuple[str, ...] = ()

    def load(self) -> FieldProtocol[Any]:
        """Import the protocol; raises SettingsError when its package is not installed."""
        module, _, name = self.entry.partition(":")
        try:
            protocol = getattr(importlib.import_module(module), name)
        except ImportError as error:
            raise SettingsError(
                f"protocol {self.name!r} needs {', '.join(self.requires)} ({error}); "
                f"install it with: pip install 'banyan-cse[{self.extra}]'"
            ) from error
        assert isinstance(protocol, FieldProtocol), f"{self.entry} is no FieldProtocol"
        return protocol

    def check(self, given: Mapping[str, Any], where: str = "[device]") -> dict[str, Any]:
        """Return the device settings with defaults filled in; raises SettingsError."""
        known = {setting.name: setting for setting in self.settings}
        for key, value in given.items():
            if key not in known:
                raise SettingsError(f"{where}: unknown key {key!r}{nearest(key, known)}; keys are {', '.join(known)}")
            check_kind(f"{where}: {key}", value, known[key].type)
        for setting in self.settings:
            if setting.default is None and setting.name not in given:
                raise SettingsError(f"{where}: {setting.name!r} is missing: {setting.description}")
        return {name: given.get(name, setting.default) for name, setting in known.items()}


def read_manifest(path: Path) -> Manifest:
    """Read one manifest; raises SettingsError that names what is wrong."""
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
        settings = tuple(Setting(name, **row) for name, row in table.pop("settings", {}).items())
        lists = {"requires": tuple(table["requires"]), "capabilities": tuple(table.get("capabilities", ()))}
        manifest = Manifest(**{**table, **lists, "settings": settings})
    except (OSError, tomllib.TOMLDecodeError, TypeError, KeyError) as error:
        raise SettingsError(f"{path}: {error}") from None
    if manifest.quality not in QUALITIES:
        raise SettingsError(f"{path}: quality {manifest.quality!r}; expected one of {', '.join(QUALITIES)}")
    for capability in manifest.capabilities:
        if capability not in CAPABILITIES:
            raise SettingsError(f"{path}: capability {capability!r}{nearest(capability, CAPABILITIES)}; "
                                f"expected some of {', '.join(CAPABILITIES)}")
    for setting in settings:
        if setting.type not in KINDS:
            raise SettingsError(f"{path}: settings.{setting.name}: type {setting.type!r}; expected str, int or float")
    return manifest


def find_protocols(root: Path = ROOT) -> dict[str, Manifest]:
    """Return the manifests of a folder of protocols by name."""
    manifests = [read_manifest(path) for path in sorted(root.glob("*/manifest.toml"))]
    return {manifest.name: manifest for manifest in manifests}


def find_protocol(name: str, root: Path = ROOT) -> Manifest:
    """Return one manifest; raises SettingsError that names the nearest protocol."""
    known = find_protocols(root)
    if name not in known:
        raise SettingsError(f"unknown protocol {name!r}{nearest(name, known)}; there are {', '.join(known)}")
    return known[name]
