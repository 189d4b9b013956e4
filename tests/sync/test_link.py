"""Which hub a console belongs to, and with which credential: renewed in time, refused where it is another's (§6.7)."""

import msgspec
import pytest

from tests.sync.network import held
from zjj_console.desk import liaison
from zjj_console.hub import doors
from zjj_console.sync import link as links
from zjj_console.sync.client import Client, Trouble


async def test_a_revoked_console_keeps_its_data_and_says_why_it_cannot_sync(place):
    async with place:
        a = await place.console("a")
        a.do("xj dhj js 3")
        await a.worker.once()
        place.store.writing(lambda db: doors.revoke(db, "A", place.hands.now))
        a.do("xj zmc zy 2")
        with pytest.raises(Trouble) as caught:
            await a.worker.once()
        assert (caught.value.code, caught.value.kind) == ("revoked", "person")
        view = liaison.view(a.desk.reader, a.path, place.hands.now)
        assert (view.state, view.waiting, len(a.state())) == ("stopped", 1, 2) and "停用" in view.standing.zh
        await a.worker.close()
        await a.join(place.code())
        await a.worker.once()
        assert len(held(place)) == 2


async def test_a_credential_is_renewed_before_it_ends_and_no_crash_between_locks_anybody_out(place):
    async with place:
        a = await place.console("a")
        await a.worker.once()
        first = links.load(a.path, {}).token
        place.hands.later(days=61)
        a.network.fault = "unanswered"
        with pytest.raises(Trouble):
            await a.worker.client.renew()
        a.network.fault = ""
        real = a.worker.client.hello

        async def dies():
            raise Trouble("network", "network", "断", "cut")

        a.worker.client.hello = dies
        with pytest.raises(Trouble):
            await a.worker.once()
        kept = links.load(a.path, {})
        assert kept.token == first and kept.fresh, "the fresh one is on disk before it is used"
        a.worker.client.hello = real
        a.link = kept
        await a.restarted()
        a.do("xj dhj js 3")
        await a.worker.once()
        assert (links.load(a.path, {}).token, links.load(a.path, {}).fresh) == (kept.fresh, "")
        with pytest.raises(Trouble) as caught:
            await Client(msgspec.structs.replace(kept, fresh=""), a.network).hello()
        assert caught.value.code == "unauthorized", "the first use of the fresh one ended the old one"
        assert len(held(place)) == 1


async def test_a_credential_that_ended_is_said_and_the_data_are_kept(place):
    async with place:
        a = await place.console("a")
        a.do("xj dhj js 3")
        place.hands.later(days=91)
        with pytest.raises(Trouble) as caught:
            await a.worker.once()
        assert (caught.value.code, caught.value.kind) == ("expired", "person") and len(a.state()) == 1


async def test_another_hub_under_the_same_address_is_refused(place, tmp_path):
    async with place:
        a = await place.console("a")
        a.worker.client.link = msgspec.structs.replace(a.link, log="another")
        a.do("xj dhj js 3")
        with pytest.raises(Trouble) as caught:
            await a.worker.once()
        assert caught.value.code == "other_log" and held(place) == []


def test_the_credential_is_refused_where_others_can_read_it(tmp_path):
    database = tmp_path / "zjj.db"
    links.save(database, links.Link("https://hub.example", token="t" * 20))
    assert links.load(database, {}).token == "t" * 20 and links.load(database, {links.TOKEN: "other"}).token == "other"
    links.path_of(database).chmod(0o644)
    with pytest.raises(links.LinkError, match="0600"):
        links.load(database, {})


@pytest.mark.parametrize(
    "url", ["hub.example", "ftp://hub.example", "https://", "https://me:secret@hub.example", "https://hub.example?x=1",
            "http://hub.example"],
)  # fmt: skip
def test_an_address_that_is_none_or_gives_the_credential_away_is_refused(url):
    with pytest.raises(links.LinkError) as caught:
        links.checked(links.Link(url))
    assert caught.value.field == "url"
    links.checked(links.Link("http://127.0.0.1:8730"))
