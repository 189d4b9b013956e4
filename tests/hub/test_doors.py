"""Every address of the hub against every way to come without the right. A new address without a row in DOORS fails here.

A row names the proof of how the address lets in: a function (hub, door) that asks with every credential of its kind and
asserts what comes back. An address with another kind of credential brings a proof of its own.
"""

import dataclasses
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import msgspec
import pytest
from sqlalchemy import select, update
from starlette.routing import BaseRoute, Mount, Route

from tests.hub.consoles import NOW, Bench, Console
from tests.hub.served import Hands, Served, bearer, code, problem, push_body
from zjj_console.domain.model import DAY
from zjj_console.hub import doors
from zjj_console.hub.problems import Refused
from zjj_console.hub.tables import CODE, DEVICE, EVENT, HEAD, QUARANTINE
from zjj_console.hub.web import create_app
from zjj_console.sync import wire


class Town:
    """A served hub on SQLite whose clocks stand, with one of everybody."""

    def __init__(self, url: str) -> None:
        self.bench, self.hands = Bench(url), Hands(NOW)
        self.served = Served(self.bench.store, hands=self.hands)
        self.people = {role: self.bench.console(role) for role in doors.CODE_ROLES}
        self.people["admin"] = self.bench.console()
        self.gone, self.late = self.bench.console(), self.bench.console()
        self.put(self.people["admin"], role="admin")
        self.put(self.late, expires=NOW)
        self.bench.store.writing(lambda db: doors.revoke(db, self.gone.device, NOW))

    def put(self, console: Console, **values: object) -> None:
        self.bench.store.writing(lambda db: db.execute(update(DEVICE).where(DEVICE.c.id == console.device).values(**values)))  # fmt: skip

    def ask(self, door: "Door", headers: dict, content: bytes | Iterator[bytes] | None = None) -> httpx.Response:
        self.hands.seconds += 60  # no limit is in the way
        if content is None and door.body is not None:
            content = door.body(self.bench)
        return self.served.http.request(door.method, door.path, headers=headers, content=content)

    def kept(self) -> list:
        """What no refused request may change."""
        return [self.bench.rows(select(HEAD)), self.bench.rows(select(EVENT.c.id)), self.bench.rows(select(QUARANTINE.c.id)),
                self.bench.rows(select(DEVICE.c.id, DEVICE.c.token_hash, DEVICE.c.next_hash, DEVICE.c.dseq)),
                self.bench.rows(select(CODE.c.hash, CODE.c.used_at))]  # fmt: skip


@dataclasses.dataclass(frozen=True)
class Door:
    method: str
    path: str
    proof: Callable[["Town", "Door"], None]
    act: str = ""  # as `doors.MAY` calls it
    body: Callable[[Bench], bytes] | None = None  # one that is taken, where the address takes one
    limit: int = 0  # bytes of it
    why: str = ""  # where no credential is asked for


def by_bearer(town: Town, door: Door) -> None:
    """A device's credential, its role, nothing revoked and nothing expired."""
    token, before = town.people["console"].token, town.kept()
    wrong = ("Bearer", "Bearer x", f"Bearer {'x' * 43}", f"Basic {token}", token, f"Bearer {token}x", f"Bearer {token[:-1]}",
             f"Bearer {token.swapcase()}", f"Bearer {doors.digest(token).hex()}", "Bearer " + "x" * 5000)  # fmt: skip
    raw = (b"Bearer \xff\xfe\xff\xfe\xff\xfe\xff\xfe\xff\xfe", b"Bearer " + "示例".encode() * 20)
    for headers in ({}, *({"Authorization": v} for v in wrong), *({b"authorization": v} for v in raw)):
        answer = town.ask(door, headers)
        problem(answer, 401, "unauthorized")
        assert answer.headers["www-authenticate"] == "Bearer"
    assert "keeps its data" in problem(town.ask(door, bearer(town.gone)), 403, "revoked").en
    assert "keeps its data" in problem(town.ask(door, bearer(town.late)), 401, "expired").en
    may = {role for role, acts in MAY.items() if door.act in acts}
    assert may, "somebody may"
    for role in MAY.keys() - may:
        problem(town.ask(door, bearer(town.people[role])), 403, "not_allowed")
    assert town.kept() == before, "whoever is refused changes nothing"
    for role in sorted(may):
        answer = town.ask(door, bearer(town.people[role]))
        assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store")
    town.hands.seconds += 60
    while not town.served.hub.device_rate.take(town.people[role].device):
        pass
    town.hands.seconds -= 60
    problem(town.ask(door, bearer(town.people[role])), 429, "too_many")


def by_code(town: Town, door: Door) -> None:
    """A one-time code; a device's credential in its place is none."""
    before = town.kept()
    used = code(town.bench.store, "console", NOW)
    late = code(town.bench.store, "console", NOW - 3_600_000_000)
    before = town.kept()

    def enrol(key: str, headers: dict | None = None, device: str = "device-new-1") -> httpx.Response:
        return town.ask(door, headers or {}, msgspec.json.encode(wire.Enrol(key, device)))

    for key in ("", "x", "AAAAA-AAAAA-AAAAA-AAAAA", used[:-1], town.people["console"].token):
        problem(enrol(key, bearer(town.people["console"])), 403, "code_unknown")
    problem(enrol(late), 403, "code_expired")
    for device in ("", "short", "x" * 65, "with space", "半角号码八个字了", "nul-\0-device", "line-end\n"):
        problem(enrol(used, device=device), 400, "bad_request")
    problem(enrol(used, device=town.people["console"].device), 409, "device_known")
    assert town.kept() == before
    assert enrol(used).status_code == 200
    problem(enrol(used, device="device-new-2"), 403, "code_used")
    town.served.hub.enrol_rate.take("127.0.0.1")
    while not town.served.hub.enrol_rate.take("127.0.0.1"):
        pass
    town.hands.seconds -= 60
    problem(enrol(used), 429, "too_many")


def open_by_design(town: Town, door: Door) -> None:
    """Answers anybody, and says nothing of anybody."""
    assert len(door.why) > 10
    town.served.http.post("/v1/push", headers=bearer(town.people["console"]),
                          content=push_body(town.bench.log, town.people["console"].event(data={"text": "SECRET"})))  # fmt: skip
    answer = town.ask(door, {})
    assert answer.status_code == 200
    for console in (*town.people.values(), town.gone):
        assert console.token not in answer.text and console.device not in answer.text
    assert "SECRET" not in answer.text and town.bench.log not in answer.text


MAY = {"console": {"hello", "renew", "push", "pull"}, "reader": {"hello", "renew", "pull"},
       "gateway": {"hello", "renew", "push"}, "admin": set()}  # fmt: skip
DOORS = [
    Door("POST", "/v1/enrol", by_code, body=lambda bench: b'{"code":"x","device":"device-0001"}', limit=16 * 1024),
    Door("GET", "/v1/hello", by_bearer, "hello"),
    Door("POST", "/v1/renew", by_bearer, "renew"),
    Door("POST", "/v1/push", by_bearer, "push", body=lambda bench: push_body(bench.log), limit=wire.MAX_BODY),
    Door("GET", "/v1/pull", by_bearer, "pull"),
    Door("GET", "/healthz", open_by_design, why="the supervisor asks whether the process lives"),
    Door("GET", "/readyz", open_by_design, why="the proxy asks whether the database answers"),
    Door("GET", "/metrics", open_by_design, why="counts for Prometheus; the proxy does not pass it on"),
    Door("GET", "/openapi.json", open_by_design, why="the description of the addresses, the same for every hub"),
]


def addresses(routes: list[BaseRoute], before: str = "") -> set[tuple[str, str]]:
    """Every method and path that an application answers; what is neither a route nor a mount of routes is not known here."""
    found: set[tuple[str, str]] = set()
    for route in routes:
        if isinstance(route, Mount):
            found |= addresses(route.routes, before + route.path)
        else:
            assert isinstance(route, Route), f"{route!r} needs a way to be listed here"
            found |= {(method, before + route.path) for method in (route.methods or set()) - {"HEAD"}}
    return found


@pytest.fixture(scope="module")
def town(tmp_path_factory):
    made = Town(f"sqlite:///{tmp_path_factory.mktemp('doors') / 'hub.db'}")
    yield made
    made.served.stop()
    made.bench.store.close()


def test_every_address_of_the_hub_has_its_proof(town):
    app = create_app(town.served.hub)
    assert addresses(app.routes) == {(door.method, door.path) for door in DOORS}
    open_ones = {
        path for path, acts in app.openapi()["paths"].items() for act in acts.values() if "security" not in act
    }
    assert open_ones == {"/v1/enrol"}, "the description says who needs a credential"
    assert {door.act for door in DOORS if door.act} == set().union(*MAY.values()), "no right without an address"


@pytest.mark.parametrize("door", DOORS, ids=lambda door: door.path)
def test_who_comes_without_the_right_is_refused(town, door):
    door.proof(town, door)


@pytest.mark.parametrize("door", [door for door in DOORS if door.body], ids=lambda door: door.path)
def test_every_body_is_bounded_and_read_before_it_is_believed(town, door):
    before, headers = town.kept(), bearer(town.people["console"])
    pieces = (b"x" * 65536 for _ in range(door.limit // 65536 + 1))
    problem(town.ask(door, headers, b"x" * (door.limit + 1)), 413, "too_large")
    problem(town.ask(door, headers, pieces), 413, "too_large")
    problem(town.ask(door, {**headers, "Content-Encoding": "gzip"}, b"x"), 415, "encoding")
    for bad in (b"", b"x", b"[]", b"null", b'{"log":1}', b"\xff\xfe", b'{"code":"\\ud800"}', b"[" * 9999):
        problem(town.ask(door, headers, bad), 400, "bad_request")
    for old in ("0", "x", "-1", "9" * 30):
        problem(town.ask(door, {**headers, wire.HEADER: old}), 426, "too_old")
    assert town.kept() == before


# the end of a credential, and the fresh one ----------------------------------------------------------------------------
@pytest.fixture
def quiet(tmp_path):
    made = Town(f"sqlite:///{tmp_path / 'hub.db'}")
    yield made
    made.served.stop()
    made.bench.store.close()


HELLO, RENEW, PUSH, PULL = (next(d for d in DOORS if d.act == act) for act in ("hello", "renew", "push", "pull"))


def test_a_credential_is_good_for_ninety_days_and_in_the_last_third_says_so(quiet):
    asked = wire.Enrol(code(quiet.bench.store, "console", NOW), "device-0001")
    answer = quiet.ask(DOORS[0], {}, msgspec.json.encode(asked)).json()
    assert answer["expires"] == NOW + 90 * DAY
    for since, renew in ((0, False), (60 * DAY - 1, False), (60 * DAY, True), (90 * DAY - 1, True)):
        quiet.hands.now = NOW + since
        told = [quiet.ask(door, bearer(answer["token"])).json() for door in (HELLO, PUSH, PULL)]
        assert [one["renew"] for one in told] == [renew] * 3
        assert told[0]["expires"] == answer["expires"]
    quiet.hands.now += 1
    for door in (HELLO, PUSH, PULL, RENEW):
        problem(quiet.ask(door, bearer(answer["token"])), 401, "expired")
    with quiet.bench.store.reading() as db:
        states = {d.id: d.state(quiet.hands.now) for d in doors.listed(db)}
    assert states["device-0001"] == "expired" and states[quiet.gone.device] == "revoked"
    assert 'zjj_hub_devices{role="console",state="expired"}' in quiet.served.http.get("/metrics").text


def test_the_old_credential_is_good_until_the_fresh_one_was_used(quiet):
    old = quiet.people["console"].token
    lost = quiet.ask(RENEW, bearer(old)).json()["token"]
    fresh = quiet.ask(RENEW, bearer(old)).json()
    assert fresh["expires"] == NOW + 90 * DAY
    problem(quiet.ask(HELLO, bearer(lost)), 401, "unauthorized")
    assert quiet.ask(PULL, bearer(old)).status_code == 200, "nothing ended yet"
    answer = quiet.ask(HELLO, bearer(fresh["token"])).json()
    assert (answer["expires"], answer["renew"]) == (fresh["expires"], False)
    for door in (HELLO, PUSH, PULL, RENEW):
        problem(quiet.ask(door, bearer(old)), 401, "unauthorized")
        assert quiet.ask(door, bearer(fresh["token"])).status_code == 200
    assert quiet.ask(HELLO, bearer(fresh["token"])).status_code == 200, "a renewal that was asked for and not used"


def test_a_hub_that_cannot_write_takes_both_credentials(quiet, monkeypatch):
    old = quiet.people["console"].token
    fresh = quiet.ask(RENEW, bearer(old)).json()["token"]

    def standby(work):
        raise Refused("read_only", 30)

    with monkeypatch.context() as patch:
        patch.setattr(quiet.bench.store, "writing", standby)
        assert [quiet.ask(PULL, bearer(token)).status_code for token in (fresh, old, fresh)] == [200] * 3
    assert quiet.ask(PULL, bearer(fresh)).status_code == 200
    problem(quiet.ask(PULL, bearer(old)), 401, "unauthorized")


def test_a_fresh_credential_pushes_and_pulls_at_the_order_itself(bench):
    a = bench.console()
    old = a.token
    a.token = bench.store.writing(lambda db: doors.renew(db, doors.digest(old), NOW)).token
    assert bench.push(a, a.event()).renew is False
    bench.store.writing(lambda db: doors.use(db, doors.digest(a.token)))
    bench.store.writing(lambda db: doors.use(db, doors.digest(a.token)))
    assert bench.push(a, a.event()).acks[0].hub_seq == 2
    a.token = old
    assert bench.push(a, a.event()).code == "unauthorized"
    with pytest.raises(Refused, match="unauthorized"):
        bench.store.writing(lambda db: doors.renew(db, doors.digest(old), NOW))


def test_a_device_whose_credential_ended_comes_back_by_a_code_with_its_letter_and_its_chain(quiet):
    late = quiet.late
    before = quiet.bench.rows(select(DEVICE.c.console).where(DEVICE.c.id == late.device))
    asked = wire.Enrol(code(quiet.bench.store, "console", NOW), late.device)
    answer = quiet.ask(DOORS[0], {}, msgspec.json.encode(asked))
    assert answer.status_code == 200 and [(answer.json()["console"],)] == before
    problem(quiet.ask(HELLO, bearer(late)), 401, "unauthorized")
    late.token = answer.json()["token"]
    answer = quiet.ask(PUSH, bearer(late), push_body(quiet.bench.log, late.event()))
    assert answer.json()["acks"][0]["hub_seq"] == 1


def test_whoever_is_let_in_anew_leaves_no_credential_of_before(quiet):
    """A fresh one that was asked for and not used ends with the old one."""
    a = quiet.people["console"]
    fresh = quiet.ask(RENEW, bearer(a)).json()["token"]
    quiet.bench.store.writing(lambda db: doors.revoke(db, a.device, NOW))
    asked = wire.Enrol(code(quiet.bench.store, "console", NOW), a.device)
    assert quiet.ask(DOORS[0], {}, msgspec.json.encode(asked)).status_code == 200
    for token in (a.token, fresh):
        problem(quiet.ask(HELLO, bearer(token)), 401, "unauthorized")


def test_a_renewal_that_loses_the_race_with_an_enrolment_gives_nothing(bench, monkeypatch):
    a = bench.console()
    with bench.store.reading() as db:
        before = doors.visitor_of(db, doors.digest(a.token))
    bench.store.writing(lambda db: doors.revoke(db, a.device, NOW))
    bench.console(device=a.device)
    monkeypatch.setattr(doors, "visitor_of", lambda db, token_hash: before)
    with pytest.raises(Refused, match="unauthorized"):
        bench.store.writing(lambda db: doors.renew(db, doors.digest(a.token), NOW))
    assert bench.rows(select(DEVICE.c.next_hash)) == [(None,)]


def test_no_credential_is_in_the_database(quiet):
    fresh = quiet.ask(RENEW, bearer(quiet.people["console"])).json()["token"]
    stored = b"".join(file.read_bytes() for file in Path(quiet.bench.store.shown).parent.glob("hub.db*"))
    for token in (fresh, *(console.token for console in quiet.people.values())):
        assert token.encode() not in stored


# codes and letters ------------------------------------------------------------------------------------------------------
def test_a_code_is_good_once_for_a_while_and_for_its_role(quiet):
    bench, served, hands = quiet.bench, quiet.served, quiet.hands

    def enrol(**asked):
        hands.seconds += 60
        return served.http.post("/v1/enrol", json={"device": "device-0001", **asked})

    problem(enrol(code="AAAAA-AAAAA-AAAAA-AAAAA"), 403, "code_unknown")
    problem(enrol(code=""), 403, "code_unknown")
    late = code(bench.store, "console", NOW)
    hands.now += 3_600_000_001
    problem(enrol(code=late), 403, "code_expired")
    good = code(bench.store, "reader", hands.now)
    answer = enrol(code=good.lower().replace("-", " "))
    assert answer.json()["role"] == "reader" and answer.json()["console"] == ""
    problem(enrol(code=good, device="device-0002"), 403, "code_used")
    problem(enrol(code=code(bench.store, "reader", hands.now)), 409, "device_known")
    bench.store.writing(lambda db: doors.revoke(db, "device-0001", NOW))
    kept = bench.console("reader", "device-0003")
    bench.store.writing(lambda db: db.execute(update(DEVICE).where(DEVICE.c.id == kept.device).values(epoch=1, dseq=1)))
    bench.store.writing(lambda db: doors.revoke(db, kept.device, NOW))
    problem(enrol(code=code(bench.store, "console", hands.now), device=kept.device), 409, "role_kept")
    assert enrol(code=code(bench.store, "console", hands.now)).json()["role"] == "console", (
        "who sent nothing may change"
    )
    bench.store.writing(lambda db: doors.revoke(db, "device-0001", NOW))
    again = enrol(code=code(bench.store, "reader", hands.now)).json()["token"]
    assert served.http.get("/v1/hello", headers=bearer(again)).status_code == 200
    problem(served.http.get("/v1/hello", headers=bearer(answer.json()["token"])), 401, "unauthorized")
    stored = bench.rows(select(DEVICE.c.token_hash))
    assert again.encode() not in b"".join(bytes(row[0]) for row in stored)


def test_letters_are_given_once_and_a_refused_enrolment_leaves_the_code(quiet):
    bench, served, hands = quiet.bench, quiet.served, quiet.hands

    def enrol(device, key, console=""):
        hands.seconds += 60
        return served.http.post("/v1/enrol", json={"device": device, "code": key, "console": console})

    first = code(bench.store, "console", NOW)
    assert enrol("device-000B", first, "Z").json()["console"] == "Z"
    second = code(bench.store, "console", NOW)
    problem(enrol("device-000C", second, "Z"), 409, "letter_taken")
    assert enrol("device-000C", second).json()["console"] == "E"
    bench.store.writing(lambda db: doors.revoke(db, "Z", NOW))
    problem(enrol("device-000D", code(bench.store, "console", NOW), "Z"), 409, "letter_taken")
    assert enrol("device-000B", code(bench.store, "console", NOW), "C").json()["console"] == "Z", "it keeps its own"
    for _ in range(20):
        bench.console()
    problem(enrol("device-000E", code(bench.store, "console", NOW)), 409, "letters_gone")
