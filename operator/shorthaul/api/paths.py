"""Paths of mounted files, as fields of our kinds have them."""

from msgspec import Meta

from shorthaul.api.objects import rules


def absolute_path(name: str, description: str) -> Meta:
    """What a field of that name may hold when it is an absolute path without `..`."""
    stays = "!self.contains('/../') && !self.endsWith('/..')"
    return Meta(
        min_length=2,
        max_length=1024,
        pattern=r"^/[^\n]*$",
        description=description,
        extra_json_schema=rules((stays, f"{name} may not contain ..")),
    )
