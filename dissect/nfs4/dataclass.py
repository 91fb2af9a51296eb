"""The standard `dataclass`, made whole only where it is first used.

The program declares some 250 values, and the standard decorator compiles up to seven functions for each when its module
is loaded, which took an eighth of the scan of a small capture. Here a class is given its slots at once; what classes
can share is shared; `__init__`, the one function that must be made for each, is made at the first instance, of code
that all classes with as many fields share; and what `dataclasses.fields` and `asdict` ask for is made when they ask;
`replace` asks for nothing. Only what the program uses of the decorator is here: no inheritance of fields, no
`__post_init__`, no order.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dataclasses import dataclass, replace
else:
    from dataclasses import MISSING, Field, FrozenInstanceError
    from dataclasses import dataclass as standard
    from functools import cache
    from operator import attrgetter
    from types import FunctionType

    def dataclass(*, frozen=False, slots, kw_only=False, eq=True, unsafe_hash=False):
        """As `dataclasses.dataclass` with the same arguments; every class has slots."""
        if not slots:
            raise TypeError("every class has slots")
        said = {"frozen": frozen, "kw_only": kw_only, "eq": eq, "unsafe_hash": unsafe_hash}
        return lambda cls: _slotted(cls, said)

    def replace(value, **changes):
        """As `dataclasses.replace`, for which the class would have to be made whole."""
        return type(value)(**({name: getattr(value, name) for name in value.__slots__} | changes))

    def _slotted(cls, said):
        space = dict(cls.__dict__)
        names = tuple(
            name for name, kind in space.get("__annotations__", {}).items() if not kind.startswith("ClassVar")
        )
        if cls.__bases__ != (object,) or "__post_init__" in space:
            raise TypeError(f"{cls.__qualname__}: fields are not inherited, and nothing runs after __init__")
        defaults = {name: space.pop(name) for name in names if name in space}
        for name in ("__dict__", "__weakref__"):
            space.pop(name, None)
        get = attrgetter(*names) if len(names) > 1 else lambda self: tuple(getattr(self, name) for name in names)
        space.update(
            __slots__=names,
            __match_args__=() if said["kw_only"] else names,
            __init__=_first,
            __dataclass_fields__=_Asked("__dataclass_fields__"),
            __dataclass_params__=_Asked("__dataclass_params__"),
        )
        space.setdefault("__repr__", _repr)
        if said["eq"] and "__eq__" not in space:
            space["__eq__"] = lambda self, other: (
                get(self) == get(other) if other.__class__ is self.__class__ else NotImplemented
            )
            if "__hash__" not in space or space["__hash__"] is None:
                hashed = said["frozen"] or said["unsafe_hash"]
                space["__hash__"] = (lambda self: hash(get(self))) if hashed else None
        if said["frozen"]:
            space.update(__setattr__=_frozen, __delattr__=_frozen, __getstate__=_state, __setstate__=_restore)
        made = type(cls)(cls.__name__, cls.__bases__, space)
        made.__qualname__ = cls.__qualname__
        _MAKING[made] = defaults, said
        return made

    _MAKING = {}
    "Of each class: the defaults of its fields, and what its decorator said."

    def _first(self, *args, **kwargs):
        """The `__init__` of a class that has no instance yet."""
        made = next(cls for cls in type(self).__mro__ if cls in _MAKING)
        made.__init__ = _written(made)
        made.__init__(self, *args, **kwargs)

    def _written(made):
        defaults, said = _MAKING[made]
        names, keywords = made.__slots__, said["kw_only"]
        known, given, factories = {"MISSING": MISSING}, {}, []
        for place, name in enumerate(names):
            # the descriptor of the slot: it is the quickest way, and a frozen class lets nobody take another
            known[f"set_{place}"] = made.__dict__[name].__set__
            default = defaults.get(name, MISSING)
            if isinstance(default, Field) and default.default_factory is not MISSING:
                known[f"new_{place}"] = default.default_factory
                factories.append(place)
                given[name] = MISSING
            elif isinstance(default, Field):
                given |= {} if default.default is MISSING else {name: default.default}
            elif default is not MISSING:
                given[name] = default
        code = _init(len(names), tuple(factories), keywords and bool(names)).replace(co_varnames=("self", *names))
        written = FunctionType(code, known, "__init__")
        written.__qualname__ = f"{made.__qualname__}.__init__"
        if keywords:
            written.__kwdefaults__ = given
        elif given and names[-len(given) :] != tuple(given):
            raise TypeError(f"{made.__qualname__}: a field without default behind one that has one")
        else:
            written.__defaults__ = tuple(given.values())
        return written

    @cache
    def _init(count, factories, keywords):
        """The code of an `__init__` for so many fields; compiling it for each class took longer than all else here."""
        asked = ["self", *["*"][: int(keywords)], *(f"field_{place}" for place in range(count))]
        lines = []
        for place in range(count):
            value = f"field_{place}"
            if place in factories:
                value = f"new_{place}() if {value} is MISSING else {value}"
            lines.append(f"    set_{place}(self, {value})\n")
        space = {}
        exec(f"def __init__({', '.join(asked)}):\n{''.join(lines) or '    pass'}", space)
        return space["__init__"].__code__

    class _Asked:
        """What the functions of `dataclasses` ask a class for: taken from the standard decorator when they do."""

        def __init__(self, name):
            self._name = name

        def __get__(self, instance, made):
            defaults, said = _MAKING[made]
            space = {"__annotations__": made.__annotations__, "__module__": made.__module__, "__doc__": "", **defaults}
            twin = standard(**said)(type(made.__name__, (), space))
            for name in ("__dataclass_fields__", "__dataclass_params__"):
                setattr(made, name, getattr(twin, name))
            return getattr(twin, self._name)

    def _repr(self):
        told = ", ".join(f"{name}={getattr(self, name)!r}" for name in self.__slots__)
        return f"{type(self).__qualname__}({told})"

    def _frozen(self, name, value=None):
        raise FrozenInstanceError(f"{type(self).__qualname__}.{name} cannot be changed")

    def _state(self):
        return [getattr(self, name) for name in self.__slots__]

    def _restore(self, state):
        for name, value in zip(self.__slots__, state, strict=True):
            object.__setattr__(self, name, value)


__all__ = ["dataclass", "replace"]
