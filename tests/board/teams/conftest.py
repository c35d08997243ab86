"""A board that can send mail, as the tests of questions have one."""

from tests.board.talk.conftest import mailing, mails  # noqa: F401 (pytest finds them here)
