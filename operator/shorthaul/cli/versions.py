"""Which Shorthaul and which engines are running: for --version and for the inputs of a plan."""

from importlib.metadata import PackageNotFoundError, version


def own() -> str:
    """The version of Shorthaul; "unknown" when it runs from a folder that was not installed."""
    try:
        return version("shorthaul")
    except PackageNotFoundError:
        return "unknown"
