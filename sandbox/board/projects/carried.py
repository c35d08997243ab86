"""What a pack carries besides words: its pictures, and its files of answers."""

from __future__ import annotations

from datetime import datetime

from sandbox.board.projects import images
from sandbox.board.projects.images import Stored
from sandbox.board.scores import answers as scores
from sandbox.board.words import N_
from sandbox.errors import SandboxError
from sandbox.projects.packs import PackedAnswers


class NotTaken(SandboxError):
    """A picture or a file is refused; the message is one to translate.

    With `for_now` nothing is wrong with it: the same again in a minute may be taken.
    """

    def __init__(self, message: str, *, for_now: bool = False):
        super().__init__(message)
        self.for_now = for_now


def picture(content: bytes) -> Stored:
    """A picture decoded, encoded anew and kept: `digest`, `small`, `width`, `height`, `bytes`.

    The checks are those of pictures that are uploaded. Slow. Raises NotTaken.
    """
    try:
        return images.stored(images.encoded(content))
    except images.NoPicture as error:
        raise NotTaken(str(error), for_now=error.why in ("busy", "failed")) from None


def hand_in(
    team_id: int, challenge: str, answers: PackedAnswers, nonce: str, arrived: datetime, by: int
) -> None:
    """Hand in a file of answers as of `arrived`; the same `nonce` again is the same file.

    No writer may be open: it takes a turn of its own. Raises NotTaken.
    """
    try:
        scores.receive(
            team_id=team_id, challenge=challenge, name=answers.name, content=answers.bytes,
            nonce=nonce, arrived=arrived, by=by,
        )  # fmt: skip
    except scores.Same:
        pass  # it is there already, by another way
    except scores.Closed:
        raise NotTaken(N_("They came too late, or the challenge is not open.")) from None
    except scores.NoneLeft:
        raise NotTaken(N_("All attempts of that day are used.")) from None
