"""What an association costs the process that listens, brought down: pynetdicom is one of several that share it.

For each association it copies all contexts that the listener supports (170, each with 39 transfer syntaxes: 0.1 s of
processor, in which no other thread of Python runs), and as long as the association stands two threads look a thousand
times a second whether something has come (6 % of a core together, even where the modality says nothing for minutes).
"""

import threading
import time
from typing import Any, Final

from pynetdicom.presentation import PresentationContext

STILL_SECONDS: Final = 0.2
"""An association is quiet when nothing has come for so long: longer than a modality needs from one image to the next."""
PAUSE_SECONDS: Final = 0.02
"""Between two looks of each thread of a quiet association; the first PDU that comes then waits at most twice as long."""
_BUSY_SECONDS: Final = 0.001


class Shared(list[PresentationContext]):
    """Contexts that nobody changes, so that a copy for each association may be the list itself."""

    def __deepcopy__(self, _memo: dict[int, Any]) -> "Shared":
        return self


class Calm(threading.Event):
    """In the place of an association's checkpoint, at which its reactor passes in each turn: there it pauses."""

    def __init__(self, provider: Any) -> None:
        super().__init__()
        self.set()
        self._provider = provider
        self._heard = time.monotonic()

    def hear(self) -> None:
        """Something came."""
        self._heard = time.monotonic()
        self._provider._run_loop_delay = _BUSY_SECONDS

    def wait(self, timeout: float | None = None) -> bool:
        """First the pause: who asked the reactor to stop finds it stopped."""
        if time.monotonic() - self._heard > STILL_SECONDS:
            self._provider._run_loop_delay = PAUSE_SECONDS
            time.sleep(PAUSE_SECONDS)
        return super().wait(timeout)


def calm(association: Any) -> Calm:
    """To be called before the association starts (EVT_CONN_OPEN)."""
    made = association._reactor_checkpoint = Calm(association.dul)
    return made
