"""Pictures on their way in, and whom they are shown to."""

import io
from concurrent.futures import ThreadPoolExecutor

import pytest

from sandbox.board import uploads
from sandbox.board.projects import image_pages
from sandbox.projects.fields import MOST_IMAGES
from tests.board.client import Client
from tests.board.gallery.conftest import open_gallery, team
from tests.board.gallery.pictures import picture
from tests.board.visitors import account, enter, visitor


def address(image):
    return f"/images/{image.digest}.webp"


@pytest.mark.swift
def test_a_picture_is_kept_with_its_words_and_shown_to_its_team(board, owls):
    owls.add(caption="Version 2")
    (image,) = owls.images()
    page = owls.member.get("/project/images")
    assert page.one("main").find(".//img").get("src") == f"/images/{image.small}.webp"
    assert page.one("main").find(".//img").get("alt") == "A phone with three times"
    answer = owls.member.raw(address(image))
    assert (answer.status_code, answer.mimetype) == (200, "image/webp")
    assert answer.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Cache-Control"] == "private, no-cache"
    again = owls.member.raw(address(image), headers={"If-None-Match": answer.headers["ETag"]})
    assert again.status_code == 304


def test_a_picture_is_seen_by_its_team_and_organisers_until_the_gallery_shows_it(board, owls):
    owls.add()
    (image,) = owls.images()
    others = team(board, "ola@example.org", "Early Birds")
    organiser = visitor(board, "boss@example.org", roles=["organiser"])

    def seen():
        stranger = Client(board)
        readers = (owls.member, organiser, others.member, stranger)
        return [reader.raw(address(image)).status_code for reader in readers]

    assert seen() == [200, 200, 404, 404]
    owls.write(title="x")
    owls.submit()
    assert seen() == [200, 200, 404, 404]
    open_gallery(board)
    assert seen() == [200, 200, 200, 200]
    assert "public" in Client(board).raw(address(image)).headers["Cache-Control"]
    twin = Client(board).raw(f"/images/{image.small}.webp")
    assert twin.status_code == 200
    owls.act(lambda _writer, project: setattr(project, "hidden_at", project.made_at))
    assert seen() == [200, 200, 404, 404]


def test_a_picture_that_is_not_part_of_what_was_submitted_stays_private(board, owls):
    owls.submit()
    owls.add()
    open_gallery(board)
    (image,) = owls.images()
    assert Client(board).raw(address(image)).status_code == 404


@pytest.mark.parametrize(
    "name", ["x", "0" * 63, "0" * 65, "F" * 64, "..%2f..%2fboard.sqlite", "0" * 63 + "\n", "%00"]
)
def test_only_digests_of_pictures_lead_anywhere(board, name):
    assert visitor(board, roles=["organiser"]).raw(f"/images/{name}.webp").status_code == 404


def test_a_file_that_is_no_picture_of_a_project_is_not_served_by_its_digest(board):
    with board.app_context():
        digest = uploads.keep(b"answers")
    assert visitor(board, roles=["organiser"]).raw(f"/images/{digest}.webp").status_code == 404


def test_what_is_not_taken_says_so_and_leaves_nothing(owls, monkeypatch):
    kept = []
    monkeypatch.setattr(uploads, "keep", kept.append)
    page = owls.add(b"<svg onload=alert(1)>", status=422)
    assert "Export it as PNG" in page.text
    assert "A phone with three times" in page.html  # the words are still there
    page = owls.add(alt=" ", status=422)
    assert "Say in a sentence what the picture shows" in page.text
    assert owls.images() == [] == kept


def test_what_is_far_too_large_is_told_so_by_the_form(board, owls):
    file = (io.BytesIO(b"x" * (image_pages.MOST_REQUEST + 1)), "x.jpg")
    answer = owls.member.flask.post("/project/images", data={"alt": "x", "file": file})
    assert answer.status_code == 413
    assert "at most 12 MB" in answer.get_data(as_text=True)
    again = {"file": (io.BytesIO(b"x" * (image_pages.MOST_REQUEST + 1)), "x.jpg")}
    assert Client(board).flask.post("/project/images", data=again).status_code == 413


def test_a_request_without_a_file_asks_for_one(owls):
    assert "Choose a picture" in owls.member.post("/project/images", {"alt": "x"}, status=422).text


def test_a_picture_sent_twice_is_there_once_with_the_words_sent_last(owls):
    owls.add(alt="first")
    owls.add(alt="second")
    assert [image.alt for image in owls.images()] == ["second"]


def test_there_are_as_many_as_may_be_and_no_more(board, owls):
    for number in range(MOST_IMAGES):
        owls.add(picture(size=(20, 20 + number)))
    assert "as many as there can be" in owls.member.get("/project/images").text
    token = owls.member.token("/project/images")
    data = {"csrf_token": token, "alt": "x", "file": (io.BytesIO(picture()), "x.jpg")}
    answer = owls.member.flask.post("/project/images", data=data)
    assert answer.status_code == 422
    assert "Remove one first" in answer.get_data(as_text=True)


def test_words_and_order_change_and_a_removed_picture_can_come_back(owls):
    for number, alt in enumerate("abc"):
        owls.add(picture(size=(20, 20 + number)), alt=alt)
    first, second, third = owls.images()

    def change(image, **data):
        named = {f"picture-{image.id}-{name}": value for name, value in data.items()}
        return owls.member.post(f"/project/images/{image.id}", named, form="/project/images")

    change(third, earlier="1")
    assert [image.alt for image in owls.images()] == ["a", "c", "b"]
    change(first, later="1")
    change(first, later="1")
    change(first, later="1")
    assert [image.alt for image in owls.images()] == ["c", "b", "a"]
    change(second, alt="B", caption="below", save="1")
    assert [image.alt for image in owls.images()] == ["c", "B", "a"]
    change(third, remove="1")
    assert len(owls.member.get("/project/images").one("main").findall(".//img")) == 2
    owls.add(picture(size=(20, 22)), alt="again")
    assert [i.alt for i in owls.images() if not i.removed_at] == ["B", "a", "again"]


def test_words_that_are_too_long_come_back_with_the_form(owls):
    owls.add()
    (image,) = owls.images()
    data = {f"picture-{image.id}-alt": "x" * 301, f"picture-{image.id}-save": "1"}
    where = f"/project/images/{image.id}"
    page = owls.member.post(where, data, form="/project/images", status=422)
    assert "at most 300" in page.text
    assert "x" * 301 in page.html


def test_nobody_changes_the_pictures_of_another_team(board, owls):
    owls.add()
    (image,) = owls.images()
    others = team(board, "ola@example.org", "Early Birds")
    where, data = f"/project/images/{image.id}", {f"picture-{image.id}-remove": "1"}
    data["csrf_token"] = others.member.token("/project/images")
    assert others.member.flask.post(where, data=data).status_code == 404
    assert not owls.images()[0].removed_at


def test_whoever_is_in_no_team_is_led_to_the_teams(board):
    answer = visitor(board).raw("/project/images")
    assert answer.headers["Location"] == "/teams/"


def test_nobody_waits_for_a_picture_to_be_decoded(board, owls, monkeypatch):
    decode = image_pages.encoded

    def while_another_writes(content):
        account(board, "ola@example.org")
        return decode(content)

    monkeypatch.setattr(image_pages, "encoded", while_another_writes)
    owls.add()
    assert len(owls.images()) == 1


def test_pictures_that_arrive_at_once_are_never_too_many_and_none_is_half_kept(board, owls):
    for number in range(MOST_IMAGES - 1):
        owls.add(picture(size=(20, 20 + number)))
    number = owls.act(lambda writer, project: project.team.members[0].account_id)
    members = [enter(board, number) for _ in range(4)]
    tokens = [member.token("/project/images") for member in members]

    def send(at):
        file = (io.BytesIO(picture(size=(40, 40 + at))), "x.jpg")
        data = {"csrf_token": tokens[at], "alt": "x", "file": file}
        return members[at].flask.post("/project/images", data=data).status_code

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(send, range(4))) == [302, 422, 422, 422]
    assert len(owls.images()) == MOST_IMAGES
