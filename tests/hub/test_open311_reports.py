"""Open311 GeoReport v2 at the hub: who may bring a report, and what comes in that is none."""

import base64

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select, update

from tests.hub.consoles import NOW
from tests.hub.reports import Town, refused, rows_of
from tests.hub.served import Process, bearer, free_port
from zjj_console.hub import doors, georeport, limits
from zjj_console.hub.tables import DEVICE, EVENT, INBOUND
from zjj_console.hub.verify import verify


@pytest.fixture
def town(tmp_path):
    made = Town(f"sqlite:///{tmp_path / 'hub.db'}")
    yield made
    made.close()


# who may --------------------------------------------------------------------------------------------------------------
GUARDED = [("POST", "requests.json"), ("POST", "requests.xml"), ("GET", "requests.json"), ("GET", "requests.xml"),
           ("GET", "requests/x.json"), ("GET", "requests/x.xml"), ("GET", "tokens/x.json"), ("GET", "tokens/x.xml")]  # fmt: skip


@pytest.mark.parametrize(("method", "path"), GUARDED)
def test_every_address_but_discovery_and_services_wants_the_key_of_a_gateway(town, method, path):
    form = {"service_code": "ldbl", "address_string": "大新街"}

    def ask(key=None, headers=None):
        given = {"api_key": key} if key else {}
        data = {"data": {**form, **given}} if method == "POST" else {"params": given}
        return town.http.request(method, f"/open311/v2/{path}", headers=headers or {}, **data)

    gone, reader, console = (town.bench.console(role) for role in ("gateway", "reader", "console"))
    town.bench.store.writing(lambda db: doors.revoke(db, gone.device, NOW))
    for key in (None, "x", "x" * 43, town.key[:-1], town.key + "x", "\0" * 43, "钥" * 43, "x" * 5000):
        refused(ask(key), 403)
    for header in ("Bearer x", f"Bearer {'x' * 43}", f"Basic {town.key}", "Basic !", f"Basic {base64.b64encode(b'a:' + b'x' * 43).decode()}"):  # fmt: skip
        refused(ask(headers={"authorization": header}), 403)
    ended = town.bench.console("gateway")
    town.bench.store.writing(
        lambda db: db.execute(update(DEVICE).where(DEVICE.c.id == ended.device).values(expires=NOW))
    )
    for who in (gone, ended, reader, console):
        refused(ask(who.token), 403)
    right = 200 if path.startswith("requests.") else 404
    basic = base64.b64encode(f"any:{town.key}".encode()).decode()
    for answer in (ask(town.key), ask(headers=bearer(town.key)), ask(headers={"authorization": f"Basic {basic}"})):
        assert answer.status_code == right, answer.text
    assert town.bench.rows(select(func.count()).select_from(EVENT)) == [(3 if method == "POST" else 0,)]


def test_a_key_that_was_renewed_is_good_and_ends_the_one_before(town):
    fresh = town.http.post("/v1/renew", headers=bearer(town.key)).json()["token"]
    assert town.post().status_code == 200 == town.post(key=fresh).status_code
    refused(town.get("requests.json"), 403)
    assert len(town.get("requests.json", key=fresh).json()) == 2


def test_the_key_of_a_sender_opens_nothing_else(town):
    for path in ("/v1/pull", "/v1/hello"):
        assert town.http.get(path, headers=bearer(town.key)).status_code == (403 if path.endswith("pull") else 200)
    assert town.http.get("/v1/hello", params={"api_key": town.key}).status_code == 401


def test_without_configuration_there_is_no_door(tmp_path):
    town = Town(f"sqlite:///{tmp_path / 'hub.db'}", doors=None)
    for path in ("discovery", "services", "requests"):
        assert town.get(f"{path}.json").status_code == 404
    assert town.post().status_code == 404
    town.close()


# what comes in --------------------------------------------------------------------------------------------------------
WRONG = [({"service_code": None}, 400, "service_code"), ({"service_code": ""}, 400, "service_code"), ({"service_code": "nope"}, 404, "nope"),
         ({"address_string": None}, 400, "address_string"), ({"address_string": " "}, 400, "address_string"),
         ({"lat": 31.1}, 400, "long"), ({"lat": "x", "long": 1}, 400, "lat"), ({"lat": "nan", "long": 1}, 400, "lat"),
         ({"lat": 91, "long": 1}, 400, "lat"), ({"lat": 1, "long": "1e400"}, 400, "lat"), ({"description": "长" * 4001}, 400, "description"),
         ({"media_url": "javascript:alert(1)"}, 400, "media_url"), ({"jurisdiction_id": "elsewhere"}, 404, "jurisdiction_id")]  # fmt: skip


@pytest.mark.parametrize("form", ["json", "xml"])
def test_a_report_that_lacks_or_breaks_something_is_refused_in_the_standards_form(town, form):
    for fields, status, about in WRONG:
        refused(town.post(form, **fields), status, about)
    for content, kind in (
        (b"{}", "application/json"),
        (b"x", "multipart/form-data; boundary=x"),
        (b"service_code=\xff\xfe", ""),
    ):
        headers = {"content-type": kind or "application/x-www-form-urlencoded"}
        refused(town.http.post(f"/open311/v2/requests.{form}", content=content, headers=headers), 400)
    refused(town.post(form, description="x" * (georeport.MAX_FORM + 1)), 413)
    refused(town.http.post(f"/open311/v2/requests.{form}", data={f"f{i}": "1" for i in range(200)}), 400)
    refused(town.get(f"services/nope.{form}"), 404) and refused(town.get(f"nothing/here.{form}"), 404)
    refused(town.get(f"services.{form}", jurisdiction_id="elsewhere"), 404)
    refused(town.http.put(f"/open311/v2/requests.{form}"), 405)
    refused(town.get("services.html"), 404)
    assert town.bench.rows(select(EVENT.c.hub_seq)) == []


def test_words_are_kept_whole_and_what_steers_a_terminal_is_not(town):
    words = "长" * 3990 + "\u202e\x1b[31m完"
    number = town.post(description=words, media_url="https://example.gov/1.jpg", address_string="=1+1 某处").json()[0]
    case = town.case(number["service_request_id"])
    assert case.text == "长" * 3990 + "完 https://example.gov/1.jpg" and case.place == "=1+1 某处"
    assert case.missing == ("committee",)
    bare = town.case(town.post(address_string=None, address_id="310118102003").json()[0]["service_request_id"])
    assert (bare.committee, bare.text, bare.missing) == ("310118102003", "路灯不亮", ("text",))
    odd = town.case(town.post(address_string=None, address_id="A-7").json()[0]["service_request_id"])
    assert (odd.place, odd.missing) == ("A-7", ("committee", "text"))


def test_every_report_is_a_new_request_and_the_same_answer_never_two(town):
    first, second = (town.post(description="同一句话").json()[0]["service_request_id"] for _ in range(2))
    assert first != second and len(town.bench.rows(select(INBOUND.c.number))) == 2


def test_whoever_asks_too_often_is_told_when_to_come_again(town):
    town.served.hub.device_rate.rate = limits.Rate(1, 3)
    answers = [town.get("services/ldbl.json", key="") for _ in range(4)]
    refused(answers[-1], 429)
    assert answers[-2].status_code == 200 and int(answers[-1].headers["retry-after"]) >= 1
    assert town.post().status_code == 200, "a sender with a key has a measure of its own"


FIELDS = st.dictionaries(
    st.sampled_from(["service_code", "lat", "long", "address_string", "address_id", "description", "phone", "media_url",
                     "first_name", "email", "api_key", "jurisdiction_id", "attribute[x]"]),
    st.text(max_size=20) | st.sampled_from(["ldbl", "31.1", "121.0", "zjj", "https://x/1"]), max_size=8,
)  # fmt: skip


@pytest.fixture(scope="module")
def open_town(tmp_path_factory):
    made = Town(f"sqlite:///{tmp_path_factory.mktemp('open311') / 'hub.db'}")
    yield made
    with made.bench.store.reading() as db:
        assert verify(db).bad is None
    made.close()


@settings(max_examples=40)
@given(fields=FIELDS, raw=st.none() | st.binary(max_size=40), form=st.sampled_from(["json", "xml"]))
def test_any_form_has_an_answer_of_the_right_shape_and_the_log_stays_whole(open_town, fields, raw, form):
    town = open_town
    town.hands.seconds += 60
    headers = {**bearer(town.key), "content-type": "application/x-www-form-urlencoded"}
    content = raw if raw is not None else httpx.QueryParams(fields).__str__().encode()
    answer = town.http.post(f"/open311/v2/requests.{form}", content=content, headers=headers)
    if answer.status_code != 200:
        refused(answer, answer.status_code)
        assert answer.status_code < 500
    elif form == "xml":
        assert len(rows_of(answer, "service_requests", "request")) == 1
    assert town.bench.rows(select(func.count()).select_from(EVENT)) == town.bench.rows(
        select(func.count()).select_from(INBOUND)
    )


# as it is run ---------------------------------------------------------------------------------------------------------
def test_two_processes_with_open_doors_serve_one_town_of_one_order(pg, tmp_path):
    from tests.hub.consoles import Bench

    bench = Bench(pg.database())
    sender = bench.console("gateway")
    file = tmp_path / "inbound.toml"
    file.write_text('[open311]\ncontact = "x"\nurl = "https://hub.example.gov/open311/v2"\n', "utf-8")
    served = [Process(bench.url, free_port(), "--inbound", str(file)) for _ in range(2)]
    numbers = []
    for n in range(6):
        at = served[n % 2].ready().url + "/open311/v2"
        form = {"api_key": sender.token, "service_code": "ldbl", "address_string": "大新街"}
        numbers += httpx.post(f"{at}/requests.json", data=form, trust_env=False).json()
    assert len({one["service_notice"] for one in numbers}) == 6
    told = httpx.get(f"{at}/requests.json", headers=bearer(sender), trust_env=False).json()
    assert {one["service_request_id"] for one in told} == {one["service_request_id"] for one in numbers}
    assert (
        httpx.get(f"{at}/discovery.json", trust_env=False)
        .json()["endpoints"][0]["url"]
        .startswith("https://hub.example")
    )
    for process in served:
        process.end()
        assert sender.token not in process.said()
    with bench.store.reading() as db:
        assert (verify(db).bad, verify(db).events) == (None, 6)
    bench.store.close()
