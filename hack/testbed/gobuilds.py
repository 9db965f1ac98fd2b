"""Carries out a recipe with the machine's own Go, into the cache, all or nothing.

The module graph is resolved by `go build -mod=mod` and not by `go mod tidy`, which would also
download what only the tests of Kubernetes need. Checksums are verified as the user's Go is set up
to. The log of a failed build is kept in the cache and named in the error.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

from testbed import caches, progress, recipes

MODULE_FILE = "module testbed\n\ngo 1.24\n"
UNREACHABLE_SIGNS = (
    "dial tcp",
    "i/o timeout",
    "no such host",
    "proxyconnect",
    "403 Forbidden",
    "404 Not Found",
    "410 Gone",
    "Bad Gateway",
)


class BuildFailed(Exception):
    """A program could not be built; the message says what to do."""


def build(recipe: recipes.Recipe) -> Path:
    """Return the cache folder of a recipe, building it first if it is not there."""
    return caches.made(recipe.key, lambda folder: _build(recipe, folder))


def go() -> str | None:
    """Return the path of the Go command, if the machine has one."""
    return shutil.which("go")


def _build(recipe: recipes.Recipe, folder: Path) -> Path:
    if go() is None:
        raise BuildFailed(
            f"cannot build {recipe.key}: there is no `go` command; install Go 1.26 or later from "
            "https://go.dev/dl, or set KUBEBUILDER_ASSETS to a folder with the programs"
        )
    kept = caches.entry(recipe.key)
    log = kept.with_name(f"{kept.name}.log")
    log.write_text(f"{time.strftime('%Y-%m-%dT%H:%M:%S%z')} {recipe.key}\n")
    work, result = folder / "module", folder / "result"
    work.mkdir()
    (result / "bin").mkdir(parents=True)
    _write_module(recipe, work, log)
    for name, package in recipe.programs.items():
        arguments = ["build", "-ldflags", _linker_flags(recipe), "-tags", ",".join(recipe.tags)]
        target = str(result / "bin" / name)
        _go([*arguments, "-o", target, package], work, log, f"building {name} ({recipe.key})")
    _copy_folders(recipe, work, result, log)
    return result


def _write_module(recipe: recipes.Recipe, work: Path, log: Path) -> None:
    if recipe.sources is None:
        (work / "go.mod").write_text(MODULE_FILE)
    else:
        shutil.copytree(recipe.sources, work, dirs_exist_ok=True)
    edits = [f"-require={module}@{version}" for module, version in recipe.requires.items()]
    edits += [f"-replace={module}={module}@{chosen}" for module, chosen in recipe.replaces.items()]
    if recipe.staging_of:
        version = recipe.requires[recipe.staging_of]
        origin = _downloaded(recipe.staging_of, version, work, log)
        published = version.replace("v1.", "v0.", 1)
        edits += [
            f"-replace={module}={module}@{published}" for module in _staged(Path(origin["GoMod"]))
        ]
    if edits:
        _go(["mod", "edit", *edits], work, log)


def _staged(module_file: Path) -> list[str]:
    lines = (line.split() for line in module_file.read_text().splitlines())
    return [
        words[words.index("=>") - 1]
        for words in lines
        if "=>" in words and words[-1].startswith("./staging/src/")
    ]


def _downloaded(module: str, version: str, work: Path, log: Path) -> dict[str, str]:
    what = f"fetching {module} {version}"
    text = _go(["mod", "download", "-json", f"{module}@{version}"], work, log, what)
    found: dict[str, str] = json.loads(text)
    return found


def _copy_folders(recipe: recipes.Recipe, work: Path, result: Path, log: Path) -> None:
    if recipe.copied_from is None:
        return
    origin = _downloaded(recipe.copied_from, recipe.requires[recipe.copied_from], work, log)
    for source, destination in recipe.copied_folders.items():
        target = result / destination
        target.mkdir(parents=True)
        for path in Path(origin["Dir"], source).glob("*.yaml"):
            if path.name != "kustomization.yaml":
                (target / path.name).write_bytes(path.read_bytes())
    for source, destination in recipe.copied_trees.items():
        # Not the modes: the module cache is read-only.
        shutil.copytree(
            Path(origin["Dir"], source), result / destination, copy_function=shutil.copyfile
        )


def _linker_flags(recipe: recipes.Recipe) -> str:
    values = (f"-X {name}={value}" for name, value in recipe.link_values.items())
    return " ".join(["-s", "-w", *values])


def _go(arguments: list[str], work: Path, log: Path, what: str | None = None) -> str:
    environment = os.environ | {
        "GOFLAGS": f"{os.environ.get('GOFLAGS', '')} -mod=mod -trimpath -buildvcs=false",
        "GOWORK": "off",
        "CGO_ENABLED": "0",
    }
    with log.open("ab") as errors, tempfile.TemporaryFile() as output:
        process = subprocess.Popen(
            ["go", *arguments], cwd=work, env=environment, stdout=output, stderr=errors
        )
        try:
            status = progress.wait(process, what) if what else process.wait()
        except BaseException:
            process.terminate()
            process.wait()
            raise
        output.seek(0)
        text = output.read().decode()
    if status != 0:
        raise BuildFailed(_explain(f"go {arguments[0]} ended with status {status}", text, log))
    return text


def _explain(failure: str, output: str, log: Path) -> str:
    text = log.read_text(errors="replace") + output
    if "requires go >=" in text:
        line = next(line for line in text.splitlines() if "requires go >=" in line)
        return f"the installed Go is too old ({line.strip()}); log: {log}"
    if any(sign in text for sign in UNREACHABLE_SIGNS):
        return f"{failure}: the Go module proxy cannot be reached or refused a module; log: {log}"
    return f"{failure}; log: {log}"
