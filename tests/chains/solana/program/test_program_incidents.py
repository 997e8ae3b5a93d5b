"""Losses of this field, replayed against the gate. Where it shows most, the bug is put back beside it."""

from dataclasses import replace

from solders.pubkey import Pubkey

from chains.encoding import Branch
from chains.hashing import keccak256
from chains.solana.instructions import Tag
from chains.solana.program_settings import minter
from tests.chains.solana.program.harness import CAPACITY, MAX_U64, REFILL, World
from tests.chains.statements import EPOCH, EVIDENCE, Committee, Planted, flipped, planted

THIEF = Committee("thief")
NEXT = Committee("next")


def test_wormhole_2022_forged_verifier_account(world: World) -> None:
    """A look-alike of the account that says who verifies. With the attacker's key in the real account the forgery would
    pass; brought along as another account it does not, whoever owns that and wherever it stands."""
    forged = world.statement(1, MAX_U64, by=THIEF)
    real = _key(world.committee)
    data = world.vm.data(real)
    evil = replace(world.committee_state, px=THIEF.px, parity=THIEF.parity).encode()
    program = _key(world.program)

    twin = world.vm.key("twin").pubkey()
    for owner in (Pubkey.default(), world.token_program, program, world.vm.payer.pubkey()):
        world.vm.put(twin, evil, owner)
        for tag, outcome_accounts in (
            (Tag.SUBMIT, [(str(twin), False, False), (world.gate, False, True)]),
            (Tag.MINT, _mint_accounts(world, str(twin))),
        ):
            body = forged if tag is Tag.SUBMIT else (1).to_bytes(8, "little") + forged
            outcome = world.call(tag, body, outcome_accounts, [world.minter] if tag is Tag.MINT else [])
            assert outcome.error in ("WrongOwner", "WrongAddress")
    assert world.state.round == 0

    world.vm.put(real, evil, program)  # as no transaction can
    world.submit(forged).done()
    world.vm.put(real, data, program)
    assert world.submit(world.statement(2, MAX_U64, by=THIEF)).error == "BadSignature"


def test_wormhole_2022_committee_of_another_deployment(world: World) -> None:
    """The same program, deployed by the attacker, with the attacker's key in its own committee account."""
    theirs = World(world.vm, "theirs ")
    forged = world.statement(1, MAX_U64, by=theirs.group)
    accounts = [(theirs.committee, False, False), (world.gate, False, True)]
    assert world.call(Tag.SUBMIT, forged, accounts).error in ("WrongOwner", "WrongAddress")
    accounts = [(world.committee, False, False), (theirs.gate, False, True)]
    assert world.call(Tag.SUBMIT, world.statement(1, 1), accounts).error == "WrongOwner"


def test_cashio_2022_look_alike_gate(world: World) -> None:
    """A chain of accounts that all agreed with each other and with nothing real: here a route account that says it is
    the mint's gate."""
    world.submit(world.statement(1, 1_000)).done()
    twin = world.vm.key("twin").pubkey()
    evil = replace(world.state, cap=MAX_U64, minters=(str(world.stranger.pubkey()),)).encode()
    for owner in (Pubkey.default(), world.token_program, _key(world.program)):
        world.vm.put(twin, evil, owner)
        accounts = [(a, s, w) for a, s, w in _mint_accounts(world, world.committee) if a != str(world.minter.pubkey())]
        accounts[1] = (str(twin), False, True)
        accounts.insert(4, (str(world.stranger.pubkey()), True, False))
        body = (1).to_bytes(8, "little")
        assert world.call(Tag.MINT, body, accounts, [world.stranger]).error in ("WrongOwner", "WrongAddress")
    assert world.supply == 0


def test_nomad_2022_zero_root(world: World) -> None:
    """The zero root counted as proven. Here no root is ever stored; a certificate over the zero root needs a leaf that
    hashes to it, and zeros for a signature are none."""
    place = planted(world.leaf(MAX_U64), leaves=1)
    assert world.submit(place.certified(world.group, EPOCH, 1, root=bytes(32))).error == "WrongRoot"
    signed = place.certified(world.group, EPOCH, 1, root=bytes(32))
    assert world.submit(signed[:-65] + bytes(65)).error == "BadCommitment"
    assert world.submit(bytes(len(signed))).error == "WrongKind"
    assert world.submit(b"\1" + bytes(len(signed) - 1)).error == "StaleRound"


def test_ronin_2024_initialiser_open(world: World) -> None:
    """An upgrade left the initialiser uncalled, and anybody could have called it. Here it binds itself to who deployed
    the program, works once, and nothing works before it."""
    fresh = World(world.vm, "fresh ", initialized=False)
    for by in (fresh.stranger, fresh.issuer, fresh.authority):
        assert fresh.initialize(payer=by, by=by, px=THIEF.px, parity=THIEF.parity).error == "NotUpgradeAuthority"
    assert fresh.register().error == "WrongOwner"
    assert fresh.submit(fresh.statement(1, 1)).error == "WrongOwner"
    assert fresh.hand_over(*fresh.handing(THIEF, 1, by=THIEF)).error == "WrongOwner"
    fresh.initialize().done()
    for by in (fresh.deployer, fresh.stranger):
        assert not fresh.initialize(payer=by, by=by, px=THIEF.px, parity=THIEF.parity).ok
    assert fresh.committee_state.px == fresh.group.px


def test_program_data_of_another_program_names_nobody(world: World) -> None:
    """The attacker deploys a program of its own and brings that one's program data, or a made-up account."""
    fresh = World(world.vm, "fresh ", initialized=False)
    stranger = str(fresh.stranger.pubkey())
    own = fresh.vm.deploy(fresh.vm.key("own").pubkey(), fresh.vm.data(fresh.program_data)[45:], fresh.stranger.pubkey())
    made_up = fresh.vm.key("made up").pubkey()
    fresh.vm.put(made_up, fresh.vm.data(own), _key(stranger))
    data = EPOCH.to_bytes(8, "little") + THIEF.px + bytes([THIEF.parity]) + b"1" * 32
    for program_data in (own, made_up):
        accounts = [
            (str(fresh.vm.payer.pubkey()), True, True),
            (stranger, True, False),
            (str(program_data), False, False),
            (fresh.committee, False, True),
            (str(Pubkey.default()), False, False),
        ]
        assert fresh.call(Tag.INITIALIZE, data, accounts, [fresh.stranger]).error in ("WrongAddress", "WrongOwner")


def test_stolen_keys_mint_no_more_than_the_rate_limit(world: World) -> None:
    """Ronin and Harmony 2022, Orbit 2023: the keys are stolen. The rate limit bounds what can be minted until the
    guardian pauses, whatever the forged statements say."""
    start = world.vm.now
    for round_ in range(1, 21):
        world.submit(world.statement(round_, MAX_U64)).done()
        assert world.mint(world.available + 1).error == "ExceedsRateLimit"
        if world.available:
            world.mint(world.available).done()
        world.vm.warp(world.vm.now + 600)
    assert CAPACITY < world.supply <= CAPACITY + REFILL * (world.vm.now - start)
    world.pause().done()
    world.submit(world.statement(21, MAX_U64)).done()
    assert world.mint(1).error == "GatePaused"


def test_verus_2026_amount_not_bound(world: World) -> None:
    """The amount was not bound by the proof. Here every byte of the leaf is."""
    statement = world.statement(1, 1_000)
    for at in range(65, 177):
        assert not world.submit(flipped(statement, at)).ok
    raised = statement[:65] + (1_000_000).to_bytes(32, "big") + statement[97:]
    assert world.submit(raised).error == "WrongRoot"


def test_messina_2026_one_deposit_many_times(world: World) -> None:
    """One deposit approved many times. A statement sets a cap and grants no amount, so taking it again, were it
    possible, would add nothing."""
    statement = world.statement(1, 1_000)
    world.submit(statement).done()
    world.mint(1_000).done()
    assert world.submit(statement).error == "StaleRound"
    assert world.mint(1, statement).error == "ExceedsCap"
    world.submit(world.statement(2, 1_000)).done()  # the same deposit, stated once more
    assert world.mint(1).error == "ExceedsCap"


def test_hyperbridge_2026_leaf_index_out_of_range(world: World) -> None:
    """A leaf index out of range skipped the proof. Here the sides beyond the depth must be zero and each level hashes,
    so no branch is a way round the root."""
    leaf, root = world.leaf(MAX_U64).encode(), keccak256(b"root of an honest round")
    honest = Planted(leaf, Branch(0, ()), root).certified(world.group, EPOCH, 1)
    certificate = honest[len(leaf) + 5 :]
    for branch in (b"\0" + (1).to_bytes(4, "big"), b"\1" + (2).to_bytes(4, "big") + root):
        assert world.submit(leaf + branch + certificate).error == "BadBranch"
    for sides in (0, 1):
        assert world.submit(leaf + b"\1" + sides.to_bytes(4, "big") + root + certificate).error == "WrongRoot"
    assert world.submit(honest).error == "WrongRoot"


def test_two_parsers_cannot_read_two_things(world: World) -> None:
    """Where two parsers disagree about one message, what was checked is not what is done. A submission has one form:
    whatever is put before, between or behind its parts is refused."""
    place = planted(world.leaf(1_000))
    whole = place.certified(world.group, EPOCH, 1)
    branch = place.branch.encode()
    certificate = whole[len(place.leaf) + len(branch) :]
    for extra in (b"\0", bytes(32), place.leaf, certificate):
        for altered in (
            extra + whole,
            place.leaf + extra + branch + certificate,
            place.leaf + branch + extra + certificate,
            whole + extra,
        ):
            assert not world.submit(altered).ok
    # A depth that takes the certificate's first words for siblings, and one that takes siblings for the certificate.
    for depth in (0, len(place.branch.siblings) - 1, len(place.branch.siblings) + 1, 32):
        altered = place.leaf + bytes([depth]) + whole[len(place.leaf) + 1 :]
        assert world.submit(altered).error in ("BadLength", "BadBranch")
    assert world.state.round == 0
    world.submit(whole).done()


def test_gonka_old_keys(world: World) -> None:
    """Old keys went on being accepted."""
    world.hand_over(*world.handing(NEXT, 5)).done()
    assert world.submit(world.statement(6, MAX_U64)).error == "WrongEpoch"
    assert world.submit(world.statement(6, MAX_U64, epoch=EPOCH + 1)).error == "BadSignature"


def test_paxos_2025_absurd_mint(world: World) -> None:
    """Paxos 2025 (300 trillion minted by mistake), Resolv 2026: a right minter, an absurd amount."""
    world.submit(world.statement(1, 1_000)).done()
    assert world.mint(300 * 10**12 * 10**6 % MAX_U64).error == "ExceedsCap"
    world.submit(world.statement(2, MAX_U64)).done()
    assert world.mint(10**18).error == "ExceedsRateLimit"


def test_cross_curve_2026_public_functions(world: World) -> None:
    """A public function did what only the verified way may do. Everything that anyone may call with made-up contents
    leaves cap, supply and key alone."""
    world.submit(world.statement(1, 1_000)).done()
    world.mint(10).done()
    before = world.everything()
    forged = world.statement(2, MAX_U64, by=THIEF)
    thief = world.stranger
    for outcome in (
        world.submit(forged),
        world.mint(1, forged, by=thief),
        world.mint(1, by=thief),
        world.execute(minter(str(thief.pubkey()), True), by=thief),
        world.set(minter(str(thief.pubkey()), True), by=thief),
        world.hand_over(*world.handing(THIEF, 2, by=THIEF)),
        world.redeem(1, by=thief),
        world.initialize(payer=thief, by=thief, px=THIEF.px, parity=THIEF.parity),
        world.register(by=thief, owner=str(thief.pubkey())),
        world.transfer_ownership(thief.pubkey(), by=thief),
        world.accept_ownership(thief),
        world.unpause(by=thief),
        world.pause(by=thief),
    ):
        assert not outcome.ok
    assert world.everything() == before


def test_there_are_no_other_doors(world: World) -> None:
    """Thirteen instructions and no other number, whatever comes with it."""
    world.submit(world.statement(1, 1_000)).done()
    before = world.everything()
    accounts = [(world.gate, False, True), (str(world.issuer.pubkey()), True, False)]
    for number in range(13, 256):
        for data in (b"", EVIDENCE, MAX_U64.to_bytes(8, "little") * 4):
            assert world.call(number, data, accounts, [world.issuer]).error == "BadInstruction"
    assert world.everything() == before


def _mint_accounts(world: World, committee: str) -> list[tuple[str, bool, bool]]:
    return [
        (committee, False, False),
        (world.gate, False, True),
        (str(world.mint_address), False, True),
        (str(world.account), False, True),
        (str(world.minter.pubkey()), True, False),
        (str(world.token_program), False, False),
    ]


def _key(text: str) -> Pubkey:
    return Pubkey.from_string(text)
