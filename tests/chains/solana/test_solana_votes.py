"""The rule that chooses a reading, on its own: no content without q endpoints, none that only liars tell."""

from hypothesis import given, settings
from hypothesis import strategies as st

from chains.solana.votes import Vote, behind, choose, timely

M, Q, WINDOW = 5, 3, 8
NAMES = [f"e{i}" for i in range(M)]

slots = st.integers(0, 40)
contents = st.sampled_from([b"x", b"y", b"z"])
histories = st.lists(contents, min_size=41, max_size=41)
anything = st.builds(Vote, st.sampled_from(NAMES), slots, st.integers(0, 3), contents)


def time_of(slot: int) -> int:
    return 1000 + slot // 2


def honest(name: str, slot: int, history: list[bytes]) -> Vote:
    return Vote(name, slot, time_of(slot), history[slot])


@settings(deadline=None)
@given(votes=st.lists(anything, max_size=16, unique=True))
def test_what_is_chosen_has_a_quorum_within_the_window_and_is_the_lowest_of_it(votes: list[Vote]) -> None:
    choice = choose(votes, Q, WINDOW)
    if choice.vote is None:
        return
    low = choice.vote
    assert low in votes
    near = {v.endpoint for v in votes if v.content == low.content and low.slot <= v.slot <= low.slot + WINDOW}
    assert len(near - choice.liars) >= Q
    # Nothing newer could stand.
    for other in votes:
        group = {
            v.endpoint
            for v in votes
            if v.content == other.content
            and other.slot <= v.slot <= other.slot + WINDOW
            and (v.slot > other.slot or v.time == other.time)
        }
        assert other.endpoint in choice.liars or other.slot <= low.slot or len(group - choice.liars) < Q


@settings(deadline=None)
@given(
    history=histories,
    seen=st.lists(st.tuples(st.sampled_from(NAMES[: M - Q + 1]), slots), max_size=10),
    invented=st.lists(
        st.builds(Vote, st.sampled_from(NAMES[M - Q + 1 :]), slots, st.integers(1000, 1020), contents), max_size=8
    ),
)
def test_fewer_than_a_quorum_of_liars_choose_nothing_and_accuse_nobody(
    history: list[bytes], seen: list[tuple[str, int]], invented: list[Vote]
) -> None:
    votes = list(dict.fromkeys([honest(name, slot, history) for name, slot in seen] + invented))
    choice = choose(votes, Q, WINDOW)
    assert choice.liars <= set(NAMES[M - Q + 1 :])
    if choice.vote is not None:
        low = choice.vote
        backing = [s for _, s in seen if history[s] == low.content and low.slot <= s <= low.slot + WINDOW]
        assert backing, "no honest endpoint told this content near the slot"


@settings(deadline=None)
@given(history=histories, at=st.lists(slots, min_size=M, max_size=M))
def test_honest_endpoints_agree_as_soon_as_a_quorum_saw_one_content_within_the_window(
    history: list[bytes], at: list[int]
) -> None:
    votes = [honest(name, slot, history) for name, slot in zip(NAMES, at, strict=True)]
    choice = choose(votes, Q, WINDOW)
    assert not choice.liars
    possible = [
        v.slot for v in votes
        if sum(o.content == v.content and v.slot <= o.slot <= v.slot + WINDOW for o in votes) >= Q
    ]  # fmt: skip
    assert (choice.vote.slot if choice.vote else None) == max(possible, default=None)


def test_votes_of_several_rounds_meet_at_one_slot() -> None:
    # A state that changes at every slot: the endpoints never stood at one slot at one time.
    votes = [Vote("a", 10, 5, b"10"), Vote("b", 11, 5, b"11"), Vote("a", 12, 6, b"12")]
    assert choose(votes, 2, WINDOW).vote is None
    choice = choose([*votes, Vote("b", 12, 6, b"12")], 2, WINDOW)
    assert choice.vote is not None
    assert choice.vote.slot == 12


def test_who_contradicts_a_quorum_at_its_slot_lies_and_at_another_slot_does_not() -> None:
    agreed = [Vote("a", 10, 5, b"x"), Vote("b", 10, 5, b"x")]
    assert choose([*agreed, Vote("c", 10, 5, b"y")], 2, WINDOW).liars == {"c"}
    assert choose([*agreed, Vote("c", 10, 6, b"x")], 2, WINDOW).liars == {"c"}
    assert not choose([*agreed, Vote("c", 11, 5, b"y")], 2, WINDOW).liars
    assert choose([*agreed, Vote("c", 11, 5, b"y"), Vote("c", 11, 5, b"z")], 2, WINDOW).liars == {"c"}


def test_two_states_that_could_stand_at_one_slot_do_not() -> None:
    votes = [Vote("a", 10, 5, b"x"), Vote("b", 11, 5, b"x"), Vote("c", 10, 5, b"y"), Vote("d", 12, 6, b"y")]
    assert choose(votes, 2, WINDOW).vote is None


def test_two_times_of_one_slot_do_not_support_each_other() -> None:
    votes = [Vote("a", 10, 5, b"x"), Vote("b", 10, 6, b"x")]
    assert choose(votes, 2, WINDOW).vote is None
    lower = Vote("c", 9, 5, b"x")
    assert choose([*votes, lower], 2, WINDOW).vote == lower


def test_answers_further_apart_than_the_window_do_not_count_together() -> None:
    votes = [Vote("a", 10, 5, b"x"), Vote("b", 10 + WINDOW + 1, 9, b"x")]
    assert choose(votes, 2, WINDOW).vote is None
    assert choose(votes, 2, WINDOW + 1).vote == votes[0]


def test_who_is_further_behind_than_the_window_lags_and_an_invented_slot_makes_nobody_lag() -> None:
    votes = [Vote("a", 100, 0, b""), Vote("b", 98, 0, b""), Vote("c", 89, 0, b""), Vote("c", 88, 0, b"")]
    assert behind(votes, 2, WINDOW) == {"c": (89, 98)}
    assert behind([*votes, Vote("d", 10**9, 0, b"")], 2, WINDOW) == {"c": (89, 100)}
    assert behind(votes[:1], 2, WINDOW) == {}


def test_the_window_is_one_of_time_too() -> None:
    """Where slots come slowly, few of them are a long time."""
    lowest, *others = [
        Vote("a", 10, 1000, b"x"),
        Vote("b", 11, 1000 + WINDOW, b"x"),
        Vote("c", 12, 1000 + WINDOW, b"x"),
    ]
    assert timely(lowest, [lowest, *others], Q, WINDOW)
    assert not timely(lowest, [lowest, others[0], Vote("c", 12, 1001 + WINDOW, b"x")], Q, WINDOW)
    assert not timely(lowest, [lowest, others[0], Vote("c", 12, 1000 + WINDOW, b"y")], Q, WINDOW)
    assert not timely(lowest, [lowest, others[0], Vote("b", 12, 1000 + WINDOW, b"x")], Q, WINDOW)
