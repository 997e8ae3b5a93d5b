"""Polynomials over the scalar field, as RFC 9591 uses them (section 4.2 and appendix C).

A member's x-coordinate is its identifier, a public integer from 1 to n.
"""

from collections.abc import Iterable, Sequence

from relayer.frost.curve import ORDER, Point, SecretScalar, add, multiply
from relayer.frost.errors import InvalidParameters


def lagrange(identifiers: Iterable[int], own: int, at: int = 0) -> int:
    """derive_interpolating_value: the coefficient of member `own` among `identifiers`, for the value at x = `at`."""
    numerator = denominator = 1
    seen = set[int]()
    for x in identifiers:
        if x in seen or not 0 < x < ORDER:
            raise InvalidParameters(f"identifier {x}: twice in one set, or not positive")
        seen.add(x)
        if x != own:
            numerator = numerator * (x - at) % ORDER
            denominator = denominator * (x - own) % ORDER
    if own not in seen:
        raise InvalidParameters(f"identifier {own}: not in the set")
    return numerator * pow(denominator, -1, ORDER) % ORDER


def evaluate(coefficients: Sequence[SecretScalar], x: int) -> SecretScalar:
    """polynomial_evaluate by Horner's rule; the constant term comes first."""
    value = coefficients[-1]
    for coefficient in reversed(coefficients[:-1]):
        value = value.times(x).plus(coefficient)
    return value


def evaluate_commitment(commitment: Sequence[Point], x: int) -> Point:
    """The same polynomial in the exponent: the verifying share of member `x` (Feldman)."""
    value = commitment[-1]
    for point in reversed(commitment[:-1]):
        value = add([multiply(value, x), point])
    return value


def interpolate(points: "dict[int, Point]", at: int) -> Point:
    """The value at x = `at` of the polynomial in the exponent that runs through `points`, by identifier."""
    if at in points:
        return points[at]
    return add([multiply(point, lagrange(points, x, at)) for x, point in points.items()])
