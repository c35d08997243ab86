"""Receipts: codes that can be read out, and a digest that needs no kit to be computed again."""

import hashlib
import json

from sandbox.board import receipts

CONTENT = {"b": ["æ", 1], "a": {"z": "“quoted”\n", "y": None}}


def test_a_code_is_read_however_somebody_types_it():
    code = receipts.new()
    assert len(code) == receipts.LENGTH and set(code) <= set(receipts.ALPHABET)
    for typed in (receipts.shown(code), code.lower(), f" {code[:3]} {code[3:]}."):
        assert receipts.read(typed) == code


def test_no_letter_of_a_code_looks_like_another():
    assert not set(receipts.ALPHABET) & set("01IOL")
    assert len({receipts.new() for _ in range(500)}) == 500


def test_the_same_content_has_one_form_whatever_order_it_was_made_in():
    other = json.loads(json.dumps({"a": {"y": None, "z": CONTENT["a"]["z"]}, "b": ["æ", 1]}))
    assert receipts.canonical(CONTENT) == receipts.canonical(other)
    assert receipts.canonical(CONTENT) == '{"a":{"y":null,"z":"“quoted”\\n"},"b":["æ",1]}'.encode()
    assert receipts.digest(CONTENT) == hashlib.sha256(receipts.canonical(other)).hexdigest()
    assert receipts.digest(CONTENT) != receipts.digest(CONTENT | {"c": ""})


def test_forms_carry_a_nonce_each():
    assert len({receipts.nonce() for _ in range(100)}) == 100
