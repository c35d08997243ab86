"""Packs: what is packed is read the same, and nothing else is read at all."""

import json
from base64 import b64decode, b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.projects import packs
from sandbox.projects.codes import ALPHABET, canonical, grouped, short
from sandbox.projects.fields import FIELDS
from sandbox.projects.packs import PackRefused
from tests.projects.filled import key, payload

KEY = key()
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)


def pack(**more):
    return packs.signed(canonical(payload(KEY, **more)), KEY.private)


def refusal(content):
    with pytest.raises(PackRefused) as caught:
        packs.read(content)
    told = caught.value.fault.told()
    assert all(told), f"a part is not said: {told}"
    return " ".join(told)


@given(
    fields=st.dictionaries(TEXT, TEXT, max_size=5),
    images=st.lists(st.tuples(st.binary(max_size=40), TEXT, TEXT), max_size=8),
    answers=st.dictionaries(TEXT, st.binary(max_size=40), max_size=3),
)
def test_what_is_packed_is_read_the_same(fields, images, answers):
    content = pack(
        fields=fields,
        images=[
            {"content": b64encode(raw).decode(), "alt": alt, "caption": caption}
            for raw, alt, caption in images
        ],
        answers={
            slug: {"name": "a.csv", "content": b64encode(raw).decode()}
            for slug, raw in answers.items()
        },
    )
    found = packs.read(content)
    assert found.payload.fields == fields
    assert [(i.bytes, i.alt, i.caption) for i in found.payload.images] == images
    assert {slug: one.bytes for slug, one in found.payload.answers.items()} == answers
    assert found.public_key == KEY.public_key


@given(st.data())
def test_a_byte_that_was_changed_is_refused_or_changes_nothing(data):
    content = pack()
    place = data.draw(st.integers(0, len(content) - 1))
    other = data.draw(st.integers(0, 255).filter(lambda byte: byte != content[place]))
    try:
        found = packs.read(content[:place] + bytes([other]) + content[place + 1 :])
    except PackRefused as error:
        assert all(error.fault.told())
    else:  # white space of the frame, or a bit of base64 that carries nothing
        assert found == packs.read(content)


@given(st.integers(0, 700))
def test_a_part_of_a_pack_is_no_pack(length):
    content = pack()
    assert "is not a pack" in refusal(content[: min(length, len(content) - 3)])


@given(st.binary(max_size=200))
def test_no_bytes_end_in_anything_but_a_refusal(content):
    refusal(content)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=8,
)


@given(JSON)
def test_whatever_is_signed_in_place_of_a_payload_is_refused(content):
    refusal(packs.signed(json.dumps(content).encode(), KEY.private))


HOSTILE = {
    "huge": (b"[" * (packs.MOST_BYTES + 1), "too large"),
    "deep": (b"[" * 100_000, "too many parts"),
    "a gigabyte of nothing": (b"[" + b"{}," * 8_000_000 + b"{}]", "too many parts"),
    "a bomb of numbers": (b'{"format": ' + b"9" * 10_000 + b"}", "is not a pack"),
    "no number": (b'{"format": NaN}', "NaN is no number"),
    "a list": (b"[1, 2]", "is JSON, and not a pack"),
    "a key more": (b'{"format":1,"key":"","payload":"","signature":"","x":1}', "not a pack"),
    "a key twice": (b'{"format":1,"format":1,"key":"","payload":"","signature":""}', "twice"),
    "half a character": (rb'{"\ud800": 1}', "not a pack"),
    "another format": (b'{"format":2,"key":"","payload":"","signature":""}', "format 2"),
    "true for one": (b'{"format":true,"key":"","payload":"","signature":""}', "format True"),
    "no base64": (b'{"format":1,"key":"","payload":"%%","signature":""}', "payload: …"),
    "lines in base64": (b'{"format":1,"key":"","payload":"QUJD\\nQUJD","signature":""}', "payload"),
    "a number for a text": (b'{"format":1,"key":"","payload":7,"signature":""}', "payload: int"),
    "a short key": (b'{"format":1,"key":"QQ==","payload":"","signature":""}', "key: 1 bytes"),
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file_is_refused_with_a_reason(name):
    content, told = HOSTILE[name]
    assert told in refusal(content)


def test_a_changed_payload_needs_another_signature():
    told = json.loads(pack())
    told["payload"] = b64encode(canonical(payload(KEY, team="others"))).decode()
    assert "was changed after it was packed" in refusal(json.dumps(told).encode())


def test_a_signature_of_another_key_is_refused():
    told = json.loads(pack())
    told["key"] = key().public_key
    assert "was changed after" in refusal(json.dumps(told).encode())


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ({"extra": 1}, "extra"),
        ({"fields": []}, "fields"),
        ({"team": 7}, "team"),
        ({"team": "x" * 101}, "team"),
        ({"made_at": "yesterday"}, "made_at"),
        ({"made_at": "2027-03-06T13:00:00"}, "made_at"),
        ({"images": [{"content": "%", "alt": "", "caption": ""}]}, "images.0.content"),
        ({"images": [{"content": "", "alt": "", "caption": ""}] * 9}, "images"),
        ({"answers": {"a": {"name": "a", "content": "%"}}}, "answers.a.content"),
    ],
)
def test_a_signed_pack_of_another_shape_is_refused(more, told):
    assert told in refusal(pack(**more))


def test_a_signed_payload_that_could_be_written_in_two_ways_is_refused():
    said = payload(KEY)
    for raw in (json.dumps(said), canonical(said).decode().replace("{", '{"team":"x",', 1)):
        assert "signed" in refusal(packs.signed(raw.encode(), KEY.private))


def test_a_signed_payload_that_would_fill_the_memory_is_refused_before_it_does():
    for raw in (b'{"x":[' + b"{}," * 200_000 + b"{}]}", b"[" * 150_000):
        assert "signed" in refusal(packs.signed(raw, KEY.private))


def test_as_many_words_as_a_project_may_have_are_no_attack():
    fields = {field.name: "{," * (field.most // 2) for field in FIELDS}
    images = [{"content": "", "alt": "," * 500, "caption": "[" * 500}] * 8
    assert packs.read(pack(fields=fields, images=images)).payload.fields == fields


def test_codes_are_read_out_in_groups_and_follow_from_the_digest():
    digest = packs.read(pack()).digest
    code = short(digest)
    assert len(code) == 15 and set(code) <= set(ALPHABET)
    assert short("0" * 64) == "A" * 15 and short("0" * 63 + "1") == "B" + "A" * 14
    assert grouped("ABCDEFGHJKMNPQR") == "ABCDE-FGHJK-MNPQR"


def test_packing_draws_nothing_by_lot():
    assert pack() == pack()
    assert b64decode(json.loads(pack())["payload"]) == canonical(payload(KEY))
