"""A "no" is a value: every refusal carries its name, its object and the numbers behind it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Reason:
    """Why something may not be: `code` is CamelCase and stable, `message` has object and numbers.

    For example Reason("NotEnoughCpu", "node n3 has 200m of 4000m cpu left, pod shop/cart-7f asks
    500m"). Codes are what people count and alert on; messages are what they read.
    """

    code: str
    message: str
