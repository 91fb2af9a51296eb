"""What tests of the columnar decoder share."""

from __future__ import annotations

from typing import Any

import pytest

from dissect.nfs4.columnar import decode as deciding


@pytest.fixture
def alone(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The segments that are taken one by one."""
    taken = []
    before = deciding._Decoder._one

    def counted(self: Any, segment: Any) -> Any:
        taken.append(segment)
        return before(self, segment)

    monkeypatch.setattr(deciding._Decoder, "_one", counted)
    return taken
