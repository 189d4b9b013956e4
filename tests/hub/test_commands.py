"""`zjj hub`: set up, serve, hand out codes, revoke, verify; and the process as systemd sees it."""

import importlib.util
import json
import random
import shutil
import socket
import ssl
import subprocess
import sys
import threading
import time
from contextlib import suppress

import httpx
import pytest
from sqlalchemy import select, update

from tests import here
from tests.hub.consoles import Bench, Console
from tests.hub.served import Process, bearer, free_port, push_body
from zjj_console.hub.tables import EVENT
from zjj_console.hub.verify import verify


def zjj(*words, database="", code=0, **env):
    if database:
        env["ZJJ_HUB_DB"] = database
    left, out, err = here.run(list(words), env)
    assert left == code, out + err
    return out + err


def test_a_hub_from_nothing_to_its_first_event_and_back(url, tmp_path):
    assert "先运行 zjj hub init" in zjj("hub", "devices", database=url, code=6)
    made = json.loads(zjj("--json", "hub", "init", "--town", "zjj", database=url))["data"]
    assert made["made"] is True and "p@ss" not in made["database"]
    again = json.loads(zjj("--json", "hub", "init", "--town", "zjj", database=url))["data"]
    assert (again["log"], again["made"]) == (made["log"], False)
    assert "每镇一个数据库" in zjj("hub", "init", "--town", "other", database=url, code=5)
    assert "a-z" in zjj("--lang", "en", "hub", "init", "--town", "Ä B", database=url, code=2)
    assert "尚无设备" in zjj("hub", "devices", database=url)
    told = json.loads(zjj("--json", "hub", "enroll", database=url))["data"]
    assert zjj("hub", "enroll", "--role", "admin", database=url, code=2)
    process = Process(url, free_port()).ready()
    try:
        asked = {"code": told["code"], "device": "device-0001", "name": "一号台\x1b[31m"}
        answer = httpx.post(process.url + "/v1/enrol", json=asked, trust_env=False).json()
        console = Console("device-0001", answer["token"])
        push = push_body(made["log"], console.event(), console.event())
        assert (
            httpx.post(process.url + "/v1/push", headers=bearer(console), content=push, trust_env=False).status_code
            == 200
        )
        listed = zjj("hub", "devices", database=url)
        assert "device-0001" in listed and "一号台" in listed and "\x1b" not in listed and answer["token"] not in listed
        assert "2 条，1 台设备" in zjj("hub", "verify", database=url)
        assert "已停用 device-0001" in zjj("hub", "revoke", "devi", database=url)
        gone = httpx.get(process.url + "/v1/pull", headers=bearer(console), trust_env=False)
        assert (gone.status_code, gone.json()["code"]) == (403, "revoked")
        assert zjj("hub", "revoke", "nobody", database=url, code=6)
    finally:
        process.end()
    lines = [json.loads(line) for line in process.said().splitlines()]
    assert [lines[0]["what"], lines[-1]["what"]] == ["serving", "ended"]
    assert answer["token"] not in json.dumps(lines) and "一号台" not in json.dumps(lines, ensure_ascii=False)
    bench = Bench(url)

    def tamper(db):
        if bench.store.sqlite:
            db.exec_driver_sql("DROP TRIGGER hub_event_no_update")
        db.execute(update(EVENT).where(EVENT.c.hub_seq == 2).values(verdict=1))

    bench.store.writing(tamper)
    bench.store.close()
    found = json.loads(zjj("--json", "hub", "verify", database=url, code=1))
    assert found["data"]["first_bad"] == 2 and found["errors"][0]["field"] == "hub_seq 2"


def test_term_does_not_wait_for_those_who_wait(tmp_path):
    bench = Bench(f"sqlite:///{tmp_path / 'hub.db'}")
    a = bench.console()
    process = Process(bench.url, free_port()).ready()
    found = []

    def wait():
        found.append(
            httpx.get(process.url + "/v1/pull", headers=bearer(a), params={"wait": 25}, timeout=30, trust_env=False)
        )

    thread = threading.Thread(target=wait)
    thread.start()
    time.sleep(0.5)
    begun = time.monotonic()
    process.end()
    assert time.monotonic() - begun < 5
    thread.join(10)
    assert found[0].status_code == 200 and found[0].json()["events"] == []
    bench.store.close()


def test_serve_refuses_what_would_give_credentials_away_and_what_cannot_be(tmp_path):
    database = f"sqlite:///{tmp_path / 'hub.db'}"
    assert "--behind-proxy" in zjj("hub", "serve", "--host", "0.0.0.0", database=database, code=2)
    assert "--tls-key" in zjj("hub", "serve", "--tls-cert", "x.pem", database=database, code=2)
    assert "no file" in zjj(
        "--lang", "en", "hub", "serve", "--tls-cert", "x", "--tls-key", "y", database=database, code=2
    )
    assert "zjj hub init" in zjj("hub", "serve", "--host", "0.0.0.0", "--behind-proxy", database=database, code=6)
    for wrong in ("mysql://x/y", "sqlite://", "sqlite:///:memory:", "nonsense", "postgresql+nothing://x/y"):
        zjj("hub", "verify", database=wrong, code=2)
    assert "hunter2" not in zjj("hub", "verify", database="postgresql+psycopg://u:hunter2@127.0.0.1:1/x", code=1)
    zjj("hub", "init", "--town", "zjj", database=database)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        assert f"127.0.0.1:{port}" in zjj("hub", "serve", "--port", port, database=database, code=1)
    (tmp_path / "bad.pem").write_text("no certificate")
    bad = str(tmp_path / "bad.pem")
    assert "证书" in zjj("hub", "serve", "--tls-cert", bad, "--tls-key", bad, database=database, code=1)


def test_without_the_extra_it_says_what_to_install(monkeypatch):
    from zjj_console.commands import hub
    from zjj_console.commands.context import Stop

    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(Stop, match=r"pip install zjj-console\[hub\]") as stop:
        hub._need("fastapi", "uvicorn")
    assert stop.value.code == 2


def test_the_tree_of_commands_loads_nothing_of_it():
    heavy = "[m for m in ('fastapi','uvicorn','psycopg','sqlalchemy','zjj_console.hub') if m in sys.modules]"
    code = f"import sys; import zjj_console.commands.tree; print({heavy})"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout.strip() == "[]"


def test_consoles_that_try_again_through_kill_9_lose_nothing_and_double_nothing(url):
    """Real processes: the hub is killed again and again while four consoles send; all that was sent is there once."""
    bench = Bench(url)
    consoles = [bench.console() for _ in range(4)]
    port, over = free_port(), threading.Event()
    acked: list[set[str]] = [set() for _ in consoles]

    def send(number):
        console = consoles[number]
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=5, trust_env=False) as http:
            while not over.is_set():
                sent = [console.event() for _ in range(random.randrange(1, 4))]
                while True:
                    with suppress(httpx.TransportError):
                        answer = http.post("/v1/push", headers=bearer(console), content=push_body(bench.log, *sent))
                        if answer.status_code == 200 and answer.json()["expect"] is None:
                            acked[number] |= {ack["id"] for ack in answer.json()["acks"]}
                            break
                    if over.is_set():
                        return
                    time.sleep(0.05)

    threads = [threading.Thread(target=send, args=(n,)) for n in range(4)]
    process = Process(url, port).ready()
    for thread in threads:
        thread.start()
    for _ in range(2):
        time.sleep(random.uniform(0.3, 0.8))
        process.kill()
        process = Process(url, port).ready()
    time.sleep(0.5)
    over.set()
    for thread in threads:
        thread.join(20)
    process.kill()
    with bench.store.reading() as db:
        proof = verify(db)
        ids = set(db.execute(select(EVENT.c.id)).scalars())
    assert proof.bad is None and proof.events == len(ids) > 20
    assert set().union(*acked) <= ids, "what was acknowledged is there"
    bench.store.close()


def test_with_a_certificate_it_speaks_tls(tmp_path):
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("no openssl to make a certificate with")
    cert, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    subprocess.run([openssl, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost",
                    "-addext", "subjectAltName=DNS:localhost", "-keyout", str(key), "-out", str(cert)],
                   check=True, capture_output=True)  # fmt: skip
    bench = Bench(f"sqlite:///{tmp_path / 'hub.db'}")
    process = Process(
        bench.url, port := free_port(), "--host", "0.0.0.0", "--tls-cert", str(cert), "--tls-key", str(key)
    )
    trust = ssl.create_default_context(cafile=str(cert))
    with httpx.Client(verify=trust, trust_env=False) as http:
        end = time.monotonic() + 20
        while time.monotonic() < end:
            with suppress(httpx.TransportError):
                assert http.get(f"https://localhost:{port}/readyz").text == "ok\n"
                break
            time.sleep(0.1)
        else:
            raise AssertionError("it did not come up")
    process.end()
    bench.store.close()
