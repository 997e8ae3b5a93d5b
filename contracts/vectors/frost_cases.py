"""frost.json: one signature under one key, key checked first."""

from material import EVEN, ODD, Case, Committee, Signature, b32, flip, hexed, root_of_curve, seed, y_of

from relayer.frost.curve import FIELD, ORDER
from relayer.frost.session import challenge

MESSAGE = seed("message")
OFF_CURVE = next(x for x in range(1, 100) if root_of_curve(x) is None)
SMALL = next(x for x in range(1, 100) if root_of_curve(x) is not None)
HIGH_ON_CURVE = next(x for x in range(ORDER, ORDER + 100) if root_of_curve(x) is not None)


def _case(
    name: str,
    error: str,
    px: bytes,
    parity: int,
    signature: Signature,
    *,
    r: bytes | None = None,
    z: bytes | None = None,
    y: bytes | None = None,
    message: bytes = MESSAGE,
    scope: str = "all",
) -> Case:
    return {
        "name": name,
        "valid": not error,
        "error": error,
        "scope": scope,
        "px": hexed(px),
        "parity": str(parity),
        "message": hexed(message),
        "r": hexed(signature.r if r is None else r),
        "z": hexed(signature.z if z is None else z),
        "y": hexed(signature.y if y is None else y),
    }


def bad_points(signature: Signature) -> list[tuple[str, str, bytes, bytes, str]]:
    """(name, error, R, y, scope) of every way in which R can be wrong while z stays."""
    r, x, y = signature.r, signature.r[1:], int.from_bytes(signature.y, "big")
    other = bytes([r[0] ^ 1]) + x
    even, tiny = b32(2), root_of_curve(SMALL)
    assert tiny is not None
    found = [
        ("prefix_00", "bad_point", b"\x00" + x, signature.y, "all"),
        ("prefix_01", "bad_point", b"\x01" + x, signature.y, "all"),
        ("prefix_04", "bad_point", b"\x04" + x, signature.y, "all"),
        ("prefix_05", "bad_point", b"\x05" + x, signature.y, "all"),
        ("prefix_ff", "bad_point", b"\xff" + x, signature.y, "all"),
        ("identity_all_zero", "bad_point", bytes(33), bytes(32), "all"),
        ("identity_x_zero", "bad_point", b"\x02" + bytes(32), bytes(32), "all"),
        ("x_equals_p", "bad_point", b"\x02" + b32(FIELD), even, "all"),
        ("x_above_p_on_curve_modulo_p", "bad_point", b"\x02" + b32(FIELD + SMALL), b32(tiny), "all"),
        ("x_max", "bad_point", b"\x02" + b"\xff" * 32, even, "all"),
        ("off_curve", "bad_point", b"\x02" + b32(OFF_CURVE), even, "all"),
        ("parity_flipped", "bad_signature", other, b32(FIELD - y), "all"),
        ("other_point", "bad_signature", b"\x02" + b32(SMALL), b32(tiny), "all"),
        ("parity_flipped_y_kept", "bad_point", other, signature.y, "evm"),
        ("y_negated", "bad_point", r, b32(FIELD - y), "evm"),
        ("y_zero", "bad_point", r, b32(r[0] & 1), "evm"),
        ("y_plus_two", "bad_point", r, b32(y + 2), "evm"),
        ("y_equals_p", "bad_point", b"\x03" + x, b32(FIELD), "evm"),
        ("y_max", "bad_point", b"\x03" + x, b"\xff" * 32, "evm"),
        ("y_max_even", "bad_point", b"\x02" + x, b32(2**256 - 2), "evm"),
    ]
    for bit in (8, 137, 263):
        flipped = flip(r, bit)
        on_curve = root_of_curve(int.from_bytes(flipped[1:], "big")) is not None
        error, y_flipped = ("bad_signature", y_of(flipped)) if on_curve else ("bad_point", signature.y)
        found.append((f"bit_{bit}_flipped", error, flipped, y_flipped, "all"))
    return found


def other_points(committee: Committee, message: bytes) -> list[tuple[str, str, Signature, bytes, str]]:
    """(name, error, signature, y, scope) of the signatures that fit everything but the parity of R's y. The EVM is also
    given the y of the point that the equation leads to, which R's prefix denies."""
    found = []
    for parity, word in enumerate(("even", "odd")):
        s = committee.sign_for_the_other_point(message, parity)
        point_y = b32(FIELD - int.from_bytes(s.y, "big"))
        found.append((f"equation_of_the_other_point_{word}_r", "bad_signature", s, s.y, "all"))
        found.append((f"equation_of_the_other_point_and_its_y_{word}_r", "bad_point", s, point_y, "evm"))
    return found


def bad_scalars(signature: Signature, committee: Committee, message: bytes) -> list[tuple[str, str, bytes]]:
    """(name, error, z) of every way in which z can be wrong while R stays."""
    z = int.from_bytes(signature.z, "big")
    e = challenge(committee.group, signature.r, message)
    return [
        ("zero", "bad_scalar", bytes(32)),
        ("n", "bad_scalar", b32(ORDER)),
        ("n_plus_one", "bad_scalar", b32(ORDER + 1)),
        ("n_plus_z", "bad_scalar", b32(ORDER + z % (2**256 - ORDER))),
        ("max", "bad_scalar", b"\xff" * 32),
        ("one", "bad_signature", b32(1)),
        ("n_minus_one", "bad_signature", b32(ORDER - 1)),
        ("negated", "bad_signature", b32(ORDER - z)),
        ("plus_one", "bad_signature", b32(z + 1)),
        (
            "first_bit_flipped",
            "bad_signature" if int.from_bytes(flip(signature.z, 0), "big") < ORDER else "bad_scalar",
            flip(signature.z, 0),
        ),
        ("last_bit_flipped", "bad_signature", flip(signature.z, 255)),
        ("makes_the_identity", "bad_signature", b32(e * committee.secret % ORDER)),
    ]


def _keys(committee: Committee, signature: Signature) -> list[Case]:
    px, parity = committee.group.px, committee.group.parity
    wrong = [
        ("px_zero", bytes(32), 0),
        ("px_equals_n", b32(ORDER), 0),
        ("px_not_below_n_on_curve", b32(HIGH_ON_CURVE), 0),
        ("px_equals_p", b32(FIELD), 0),
        ("px_above_p_on_curve_modulo_p", b32(FIELD + SMALL), 0),
        ("px_max", b"\xff" * 32, 0),
        ("px_off_curve", b32(OFF_CURVE), 0),
        ("parity_2", px, 2),
        ("parity_27", px, 27),
        ("parity_255", px, 255),
    ]
    cases = [_case(f"key_{name}", "bad_key", x, p, signature) for name, x, p in wrong]
    cases.append(_case("key_of_other_parity", "bad_signature", px, parity ^ 1, signature))
    other = (ODD if committee is EVEN else EVEN).group
    cases.append(_case("key_of_another_group", "bad_signature", other.px, other.parity, signature))
    return cases


def cases() -> list[Case]:
    found = []
    for key, committee in (("even", EVEN), ("odd", ODD)):
        for parity, word in enumerate(("even", "odd")):
            for i, message in enumerate((MESSAGE, bytes(32), b"\xff" * 32)):
                s = committee.sign(message, parity)
                name = f"valid_{key}_key_{word}_r_{i}"
                found.append(_case(name, "", committee.group.px, committee.group.parity, s, message=message))
            s = committee.sign(MESSAGE, parity)
            px, p = committee.group.px, committee.group.parity
            tag = f"{key}_key_{word}_r"
            for name, error, r, y, scope in bad_points(s):
                found.append(_case(f"r_{name}_{tag}", error, px, p, s, r=r, y=y, scope=scope))
            for name, error, z in bad_scalars(s, committee, MESSAGE):
                found.append(_case(f"z_{name}_{tag}", error, px, p, s, z=z))
            y = b32(FIELD - int.from_bytes(s.y, "big"))
            both = bytes([s.r[0] ^ 1]) + s.r[1:]
            negated = b32(ORDER - int.from_bytes(s.z, "big"))
            found.append(_case(f"r_and_z_negated_{tag}", "bad_signature", px, p, s, r=both, z=negated, y=y))
            found.append(_case(f"other_message_{tag}", "bad_signature", px, p, s, message=flip(MESSAGE, 255)))
        for name, error, s, y, scope in other_points(committee, MESSAGE):
            group = committee.group
            found.append(_case(f"{name}_{key}_key", error, group.px, group.parity, s, y=y, scope=scope))
    return (
        found
        + _keys(EVEN, EVEN.sign(MESSAGE, 0))
        + [{**case, "name": f"{case['name']}_odd"} for case in _keys(ODD, ODD.sign(MESSAGE, 1))]
    )
