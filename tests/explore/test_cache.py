import asyncio
import gzip

import pytest

from sandbox.explore import cache
from sandbox.explore.cache import AnswerCache
from tests.explore.asking import Client


class Source:
    """An app that counts how often it is asked, and waits until it may answer."""

    def __init__(self, body=b"x" * 5000, status=200, headers=()):
        self.asked, self.body, self.status = 0, body, status
        self.headers = [(b"content-type", b"text/html"), *headers]
        self.may_answer = asyncio.Event()
        self.may_answer.set()

    async def __call__(self, scope, receive, send):
        self.asked += 1
        await self.may_answer.wait()
        await send({"type": "http.response.start", "status": self.status, "headers": self.headers})
        await send({"type": "http.response.body", "body": self.body[:10], "more_body": True})
        await send({"type": "http.response.body", "body": self.body[10:]})


def client_of(source, loop, **options):
    return Client(AnswerCache(source, lambda scope: "", **options), loop)


def test_a_second_reader_gets_the_kept_answer(loop):
    source = Source()
    client = client_of(source, loop)
    assert client.get("/a").body == client.get("/a").body == source.body
    assert source.asked == 1


def test_a_hundred_readers_at_once_cost_one_question(loop):
    source = Source()
    source.may_answer.clear()
    client = client_of(source, loop)

    async def room():
        asking = [asyncio.create_task(client.ask("/a")) for _ in range(100)]
        while not source.asked:
            await asyncio.sleep(0)
        source.may_answer.set()
        return await asyncio.gather(*asking)

    answers = loop.run_until_complete(room())
    assert {answer.body for answer in answers} == {source.body}
    assert source.asked == 1


def test_who_asked_first_may_hang_up_while_others_wait(loop):
    source = Source()
    source.may_answer.clear()
    client = client_of(source, loop)

    async def room():
        first = asyncio.create_task(client.ask("/a"))
        second = asyncio.create_task(client.ask("/a"))
        while not source.asked:
            await asyncio.sleep(0)
        first.cancel()
        source.may_answer.set()
        return await second

    assert loop.run_until_complete(room()).body == source.body


def test_what_a_reader_has_already_is_not_sent_again(loop):
    client = client_of(Source(), loop)
    etag = client.get("/a").headers["etag"]
    assert not etag.startswith("W/")
    again = client.get("/a", if_none_match=f'"other", {etag}')
    assert (again.status, again.body) == (304, b"")
    assert client.get("/a", if_none_match='"other"').status == 200


def test_a_compressed_answer_is_the_same_with_an_etag_of_its_own(loop):
    source = Source()
    client = client_of(source, loop)
    plain, small = client.get("/a"), client.get("/a", accept_encoding="br, gzip;q=0.5")
    assert small.headers["content-encoding"] == "gzip"
    assert gzip.decompress(small.body) == plain.body
    assert small.headers["etag"] != plain.headers["etag"]
    assert client.get("/a", accept_encoding="gzip;q=0").body == source.body


def test_head_has_the_length_and_no_body(loop):
    source = Source()
    answer = client_of(source, loop).get("/a", "HEAD")
    assert answer.headers["content-length"] == str(len(source.body))
    assert answer.body == b""


@pytest.mark.parametrize(
    "source",
    [
        {"status": 404},
        {"headers": [(b"set-cookie", b"a=b")]},
        {"body": b"y" * (cache.LARGEST_KEPT + 1)},
    ],
)
def test_some_answers_are_given_and_not_kept(loop, source):
    source = Source(**source)
    client = client_of(source, loop)
    assert client.get("/a").status == client.get("/a").status == source.status
    assert source.asked == 2


def test_the_oldest_answers_make_room(loop):
    source = Source()
    kept = AnswerCache(source, lambda scope: "", most=20_000)
    client = Client(kept, loop)
    for page in range(10):
        client.get(f"/{page}")
    assert kept.size <= 20_000
    client.get("/9")
    assert source.asked == 10, "the newest is kept"
    client.get("/0")
    assert source.asked == 11, "the oldest is not"


def test_a_failure_reaches_everyone_and_is_not_remembered(loop):
    class Failing(Source):
        async def __call__(self, scope, receive, send):
            self.asked += 1
            if self.asked == 1:
                raise RuntimeError("once")
            self.asked -= 1
            await super().__call__(scope, receive, send)

    client = client_of(Failing(), loop)
    with pytest.raises(RuntimeError, match="once"):
        client.get("/a")
    assert client.get("/a").status == 200
