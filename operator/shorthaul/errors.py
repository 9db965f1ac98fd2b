"""The few errors that cross a border of Shorthaul; their text is the one line that people read."""


class BadInput(ValueError):
    """What somebody gave us cannot be used: the message names file and line, value and remedy."""
