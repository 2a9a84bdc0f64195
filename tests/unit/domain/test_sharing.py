from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from uuid import UUID, uuid4

from hypothesis import given
from hypothesis import strategies as st

from session_core.domain.sharing import Free, Obstacle, Place, lease_surely_over, obstacle, share_out

A, B, C = Place("a", 0, 4), Place("b", 0, 4), Place("c", 0, 4)


def free(**fields: object) -> Free:
    return Free(uuid4(), **fields)  # type: ignore[arg-type]


def host_for(account: Free, *places: Place) -> str | None:
    return share_out([account], places).get(account.account_id)


def test_new_accounts_go_where_least_runs() -> None:
    accounts = [free() for _ in range(6)]
    shares = share_out(accounts, [Place("a", 3, 5), Place("b", 1, 7), Place("c", 0, 1)])
    assert [shares[account.account_id] for account in accounts] == ["c", "b", "b", "a", "b", "a"]


def test_an_account_goes_home_while_there_is_room() -> None:
    account = free(last_host="b")
    assert host_for(account, A, Place("b", 9, 1)) == "b"
    assert host_for(account, A, Place("b", 9, 0)) == "a"
    assert host_for(account, A) == "a"


def test_a_host_that_is_being_stopped_gets_nothing() -> None:
    assert host_for(free(last_host="a"), Place("a", 0, 9, draining=True), Place("b", 5, 1)) == "b"
    assert host_for(free(), Place("a", 0, 9, draining=True)) is None


def test_the_owners_wish_comes_first() -> None:
    assert host_for(free(last_host="a", wanted_host="b"), A, Place("b", 9, 0)) == "b"
    assert host_for(free(last_host="a", wanted_host="gone"), A, B) == "a"


def test_a_login_that_lies_on_one_host_waits_for_it() -> None:
    account = free(last_host="b", portable=False)
    assert host_for(account, A, C) is None
    assert host_for(account, A, Place("b", 9, 0)) == "b"
    assert host_for(free(last_host="b", wanted_host="a", portable=False), A, B) == "b"


def test_hosts_that_share_a_folder_stand_in_for_each_other() -> None:
    account = free(last_host="b", last_folder="shared", portable=False)
    assert host_for(account, Place("a", 0, 9, folder="own"), Place("c", 5, 1, folder="shared")) == "c"
    assert host_for(free(last_host="b", portable=False), Place("a", 0, 9, folder="")) is None


def test_a_login_that_is_newer_than_its_backup_is_opened_where_it_lies_while_that_host_lives() -> None:
    opens = Place("a", 0, 9, opens=frozenset({"vault/k1"}))
    full = Place("b", 9, 0)
    newer = free(last_host="b", backup="vault/k1", wanted_host="a", portable=False, movable=False)
    assert host_for(newer, opens, full) == "b"
    assert host_for(newer, opens) == "a"
    assert host_for(free(last_host="b", movable=False), A, full) == "b"
    assert host_for(free(last_host="b", backup="vault/k1", portable=False), opens, full) == "a"
    shared = [replace(full, folder="s"), Place("c", 5, 1, folder="s"), opens]
    assert host_for(free(last_host="b", last_folder="s", portable=False, movable=False), *shared) == "c"


def test_when_all_are_full_it_waits_at_home_or_where_least_runs() -> None:
    full = [Place("a", 3, 0), Place("b", 2, 0)]
    assert host_for(free(last_host="a"), *full) == "a"
    assert host_for(free(), *full) == "b"
    assert host_for(free(wanted_host="b")) is None


places = st.lists(
    st.builds(Place, st.sampled_from("abcd"), st.integers(0, 9), st.integers(0, 9)),
    max_size=4,
    unique_by=lambda place: place.host_id,
)
accounts = st.lists(
    st.builds(
        Free,
        st.uuids(),
        last_host=st.sampled_from(["a", "b", "gone", None]),
        wanted_host=st.sampled_from(["c", None]),
        portable=st.booleans(),
        movable=st.booleans(),
    ),
    max_size=12,
    unique_by=lambda account: account.account_id,
)


@given(accounts, places, st.randoms())
def test_every_host_comes_to_the_same_answer(free: list[Free], alive: list[Place], random: object) -> None:
    shares = share_out(free, alive)
    shuffled = list(alive)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert share_out(free, shuffled) == shares
    assert set(shares.values()) <= {place.host_id for place in alive}
    for account in free:
        host = shares.get(account.account_id)
        if not account.portable and account.last_host is not None:
            assert host in {None, account.last_host}
        elif alive:
            assert host is not None


@given(st.lists(st.uuids(), max_size=20, unique=True), places)
def test_nobody_gets_more_than_fits_while_others_have_room(ids: list[UUID], alive: list[Place]) -> None:
    shares = share_out([Free(account_id) for account_id in ids], alive)
    given = {place.host_id: list(shares.values()).count(place.host_id) for place in alive}
    left = [place.room - given[place.host_id] for place in alive]
    assert not (any(room > 0 for room in left) and any(room < 0 for room in left))


def test_only_a_lease_that_ran_out_by_itself_proves_that_its_holder_has_stopped() -> None:
    lease, second = timedelta(seconds=15), timedelta(seconds=1)

    def over(known: bool, age: timedelta, free_for: timedelta) -> bool:
        return lease_surely_over(last_word_known=known, bus_age=age, free_for=free_for, lease=lease)

    assert over(True, lease + second, second)
    assert not over(True, lease, second)  # the bus has just started and may have forgotten the lease
    assert not over(False, 100 * lease, second)  # it was emptied: not even the holder is known
    assert over(False, second, lease + second)


def test_what_is_in_the_way_of_a_move() -> None:
    login = free(last_host="a", backup="vault/k1", portable=False)
    opens = Place("b", 0, 1, opens=frozenset({"vault/k1"}))
    assert obstacle(login, opens) is None
    assert obstacle(login, None) is Obstacle.HOST_UNKNOWN
    assert obstacle(login, replace(opens, draining=True)) is Obstacle.HOST_DRAINING
    assert obstacle(login, replace(opens, opens=frozenset())) is Obstacle.LOGIN_NOT_OPENABLE
    assert obstacle(login, replace(opens, room=0)) is Obstacle.HOST_FULL
    assert obstacle(free(), replace(opens, opens=frozenset())) is None
