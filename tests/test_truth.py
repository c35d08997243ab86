"""Hidden answers can be opened where they are, and be vouched for before anyone sees them."""

import hashlib

import pytest

from sandbox.errors import TruthError
from sandbox.truth import commitment, open_answers, salted_hashes


@pytest.fixture
def truth(tmp_path):
    (tmp_path / "permits").mkdir()
    (tmp_path / "permits" / "answers.csv").write_text("id,answer\n01,ja\n02,\n", encoding="utf-8")
    return tmp_path


def test_answers_are_text_by_column_in_the_order_of_their_key(truth):
    assert open_answers(truth, "permits") == [
        {"id": "01", "answer": "ja"},
        {"id": "02", "answer": ""},
    ]


def test_missing_answers_say_where_scoring_is_possible(truth):
    with pytest.raises(TruthError, match="no hidden answers for parks here"):
        open_answers(truth, "parks")


def test_damaged_answers_are_told_without_a_traceback(truth):
    (truth / "permits" / "answers.csv").write_bytes(b"id,answer\n\xff,\n")
    with pytest.raises(TruthError, match="damaged"):
        open_answers(truth, "permits")


def test_a_salted_hash_vouches_for_a_file_and_cannot_be_guessed_without_the_salt(truth):
    raw = (truth / "permits" / "answers.csv").read_bytes()
    assert salted_hashes(truth, b"salt") == {
        "permits/answers.csv": hashlib.sha256(b"salt" + raw).hexdigest()
    }
    assert salted_hashes(truth, b"salt") != salted_hashes(truth, b"pepper")
    (truth / "permits" / "answers.csv").write_bytes(raw + b"03,nei\n")
    assert (
        salted_hashes(truth, b"salt")["permits/answers.csv"]
        != hashlib.sha256(b"salt" + raw).hexdigest()
    )


def test_only_what_has_the_same_bytes_everywhere_is_vouched_for(truth):
    (truth / "permits" / "kept").mkdir()
    (truth / "permits" / "kept" / "answers.parquet").write_bytes(b"PAR1")
    assert set(salted_hashes(truth, b"salt")) == {"permits/answers.csv"}


def test_a_seed_is_committed_to_under_its_salt():
    told = commitment(b"seed", b"salt")
    assert told == hashlib.sha256(b"saltseed").hexdigest()
    assert len({told, commitment(b"seed", b"pepper"), commitment(b"sees", b"salt")}) == 3
