"""The decorator of values is held against the standard one: what is done with values must come out the same."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from dataclasses import Field, FrozenInstanceError, asdict, field, fields, is_dataclass, replace
from dataclasses import dataclass as standard
from typing import Any, ClassVar

import pytest

from dissect.nfs4.dataclass import dataclass as ours
from dissect.nfs4.dataclass import replace as replaced

Decorator = Callable[..., Callable[[type], Any]]


def frozen(decorator: Decorator) -> Any:
    @decorator(frozen=True, slots=True, kw_only=True)
    class Value:
        """A value."""

        limit: ClassVar[int] = 9
        number: int
        text: str = "given"
        seen: list[int] = field(default_factory=list)
        pair: tuple[int, ...] = field(default=())

        @property
        def double(self) -> int:
            return 2 * self.number

    return Value


def mutable(decorator: Decorator, **said: bool) -> Any:
    @decorator(slots=True, **said)
    class Value:
        number: int
        text: str = "given"

    return Value


def single(decorator: Decorator) -> Any:
    @decorator(frozen=True, slots=True, kw_only=True)
    class Value:
        only: int

    return Value


def none(decorator: Decorator) -> Any:
    @decorator(frozen=True, slots=True, kw_only=True)
    class Value:
        pass

    return Value


@ours(frozen=True, slots=True, kw_only=True)
class Sent:
    """At the top of a module, where pickle finds it."""

    number: int
    text: str = "given"


def said(run: Callable[[], Any]) -> Any:
    """What it returns, else the kind of its error."""
    try:
        return run()
    except Exception as error:
        return type(error)


@pytest.mark.parametrize(
    "arguments",
    [
        {"number": 1},
        {"number": 1, "text": "other", "seen": [3], "pair": (1, 2)},
        {},
        {"number": 1, "unknown": 2},
    ],
)
def test_it_makes_what_the_standard_makes(arguments: dict[str, Any]) -> None:
    mine, theirs = (said(lambda cls=cls: cls(**arguments)) for cls in (frozen(ours), frozen(standard)))
    if isinstance(theirs, type):
        assert mine is theirs
        return
    assert asdict(mine) == asdict(theirs)
    assert repr(mine).split(".")[-1] == repr(theirs).split(".")[-1]
    assert (mine.double, mine.limit, type(mine).__doc__) == (theirs.double, theirs.limit, "A value.")


@pytest.mark.parametrize(("make", "arguments"), [(mutable, (1, "two")), (single, (1,)), (none, ()), (none, (1,))])
def test_fields_by_place_only_where_they_may(make: Callable[[Decorator], Any], arguments: tuple[Any, ...]) -> None:
    mine, theirs = make(ours), make(standard)
    assert said(lambda: repr(mine(*arguments)).split(".")[-1]) == said(lambda: repr(theirs(*arguments)).split(".")[-1])


def test_each_instance_has_a_default_of_its_own() -> None:
    value = frozen(ours)
    first, second = value(number=1), value(number=1)
    first.seen.append(1)
    assert second.seen == []


@pytest.mark.parametrize("make", [frozen, single, none])
def test_frozen_values_stay_as_they_are(make: Callable[[Decorator], Any]) -> None:
    cls = make(ours)
    value = cls(**{each.name: 1 for each in fields(cls)})
    for name in ("number", "only", "text", "unknown"):
        with pytest.raises(FrozenInstanceError):
            setattr(value, name, 2)
        with pytest.raises(FrozenInstanceError):
            delattr(value, name)


def test_equal_values_have_equal_hashes() -> None:
    for make in (single, none):
        mine, theirs = make(ours), make(standard)
        given = {each.name: 5 for each in fields(theirs)}
        assert mine(**given) == mine(**given)
        assert hash(mine(**given)) == hash(theirs(**given))
    value = mutable(ours, unsafe_hash=True)
    assert hash(value(1, "a")) == hash(mutable(standard, unsafe_hash=True)(1, "a"))
    assert single(ours)(only=1) != single(ours)(only=1), "two classes"
    assert value(1) != value(2)


def test_values_that_change_have_no_hash_unless_they_ask() -> None:
    assert said(lambda: hash(mutable(ours)(1))) is said(lambda: hash(mutable(standard)(1))) is TypeError
    value = mutable(ours, eq=False)
    assert value(1) != value(1)
    assert hash(value(1)) is not None


def test_they_hold_only_their_fields() -> None:
    value = mutable(ours)(1)
    value.number = 4
    assert value.number == 4
    with pytest.raises(AttributeError):
        value.unknown = 1
    assert not hasattr(value, "__dict__")


def test_the_functions_of_dataclasses_take_them() -> None:
    cls, other = frozen(ours), frozen(standard)
    assert is_dataclass(cls)
    assert [each.name for each in fields(cls)] == [each.name for each in fields(other)]
    assert all(isinstance(each, Field) for each in fields(cls))
    value = replace(cls(number=1, seen=[4]), text="new")
    assert (value.number, value.text, value.seen) == (1, "new", [4])
    with pytest.raises(TypeError):
        replace(value, unknown=1)
    assert cls.__match_args__ == other.__match_args__
    assert mutable(ours).__match_args__ == mutable(standard).__match_args__


def test_a_field_is_replaced_as_the_standard_does_it() -> None:
    value = frozen(ours)(number=1, seen=[4])
    assert replaced(value, text="new", number=2) == replace(value, text="new", number=2)
    assert replaced(value).seen is value.seen
    assert (value.number, value.text) == (1, "given")
    with pytest.raises(TypeError):
        replaced(value, unknown=1)


def test_they_can_be_copied_and_sent() -> None:
    value = Sent(number=1)
    for made in (copy.copy(value), copy.deepcopy(value), pickle.loads(pickle.dumps(value))):
        assert made == value
        assert made is not value


def test_a_class_that_builds_on_another_may_have_no_fields_of_its_own() -> None:
    class Below(Sent):
        pass

    assert Below(number=3).number == 3
    assert Sent(number=3).text == "given"


def test_what_it_does_not_do_is_refused() -> None:
    with pytest.raises(TypeError, match="not inherited"):
        ours(slots=True)(type("Child", (Sent,), {"__annotations__": {}}))
    with pytest.raises(TypeError, match="slots"):
        ours(slots=False)


def test_a_field_without_default_comes_first() -> None:
    @ours(slots=True)
    class Turned:
        first: int = 1
        second: int

    with pytest.raises(TypeError, match="Turned: a field without default"):
        Turned(1, 2)
