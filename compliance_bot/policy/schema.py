"""Read what a Cedar schema declares: entity types with their attributes and parents, and what actions apply to.

Cedar itself parses and checks the schema; this reads the normal form that it prints, for those who must know types:
the compiler of policies, and the typing of attribute values. Grammar: docs.cedarpolicy.com, "Schema grammar". Types in
a namespace are not read: this product's own entities stand outside one.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

_TOKEN = re.compile(r'\s*("(?:[^"\\]|\\.)*"|::|[A-Za-z_][A-Za-z0-9_]*|[{}\[\]<>?:;,=@()])')
_ESCAPE = re.compile(r"\\u\{([0-9a-fA-F]{1,6})\}")


class Kind(Enum):
    """The kinds of type that an attribute can have."""

    STRING = "String"
    LONG = "Long"
    BOOL = "Bool"
    DATETIME = "datetime"
    ENTITY = "entity"
    SET = "Set"
    OTHER = "other"  # records, decimal, ipaddr, duration, sets of sets


@dataclass(frozen=True, slots=True)
class Type:
    """The type of an attribute. `entity` names the type of an entity, `element` the type of a set's elements."""

    kind: Kind
    entity: str = ""
    element: Type | None = None

    def __str__(self) -> str:
        if self.kind is Kind.SET:
            return f"Set<{self.element}>"
        return self.entity if self.kind is Kind.ENTITY else self.kind.value


@dataclass(frozen=True, slots=True, kw_only=True)
class Attribute:
    """One declared attribute."""

    name: str
    type: Type
    required: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class EntityType:
    """One declared entity type: its attributes by name, and the types that its entities can be in."""

    name: str
    attributes: Mapping[str, Attribute] = field(default_factory=dict, hash=False)
    parents: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """One declared action: what it applies to, which attributes its context has, and the action groups it is in."""

    name: str
    groups: tuple[str, ...] = ()
    principals: tuple[str, ...] = ()
    resources: tuple[str, ...] = ()
    context: Mapping[str, Attribute] = field(default_factory=dict, hash=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Declared:
    """All that a schema declares outside namespaces."""

    entities: Mapping[str, EntityType] = field(hash=False)
    actions: Mapping[str, Action] = field(hash=False)

    def attributes(self, entity: str) -> Mapping[str, Attribute]:
        """Return the attributes of an entity type; none where it is not declared."""
        return self.entities[entity].attributes if entity in self.entities else {}

    def is_hierarchy(self, entity: str) -> bool:
        """Return whether entities of this type can be in others of it, as folders are: then their ids are paths."""
        return entity in self.entities and entity in self.entities[entity].parents

    def groups_of(self, action: str) -> frozenset[str]:
        """Return the action itself and every action group that it is in."""
        found: set[str] = set()
        waiting = [action]
        while waiting:
            name = waiting.pop()
            if name not in found:
                found.add(name)
                waiting += self.actions[name].groups if name in self.actions else ()
        return frozenset(found)


class SchemaNotUnderstood(ValueError):
    """The schema has a form that this reader does not know."""


def read_schema(normal: str) -> Declared:
    """Return what a schema in Cedar's own normal form declares. Raises SchemaNotUnderstood."""
    return _Reader(_tokens(normal)).declared()


def _tokens(text: str) -> list[str]:
    found, at = [], 0
    text = text.rstrip()
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            raise SchemaNotUnderstood(f"the schema cannot be read at {text[at : at + 20]!r}")
        found.append(match[1])
        at = match.end()
    return list(_without_annotations(found))


def _without_annotations(tokens: list[str]) -> Iterator[str]:
    """Yield the tokens but for `@name` and `@name("text")`, which may stand before anything."""
    at = 0
    while at < len(tokens):
        if tokens[at] == "@":
            at += 5 if tokens[at + 2 : at + 3] == ["("] else 2
            continue
        yield tokens[at]
        at += 1


class _Reader:
    """A recursive descent over the tokens; `_types` are the common types, resolved when they are used."""

    def __init__(self, tokens: list[str]) -> None:
        self._tokens, self._at = tokens, 0
        self._common: dict[str, int] = {}
        self._resolving: set[str] = set()

    def declared(self) -> Declared:
        entities: dict[str, EntityType] = {}
        actions: dict[str, Action] = {}
        starts = list(self._statements())
        for keyword, at in starts:
            if keyword == "type":
                self._common[self._tokens[at + 1]] = at + 3
        for keyword, at in starts:
            self._at = at + 1
            if keyword == "entity":
                entities |= {entity.name: entity for entity in self._entity()}
            elif keyword == "action":
                actions |= {action.name: action for action in self._action()}
        return Declared(entities=entities, actions=actions)

    def _statements(self) -> Iterator[tuple[str, int]]:
        """Yield the first word and the place of each statement outside namespaces."""
        depth, is_start, in_namespace = 0, True, False
        for at, token in enumerate(self._tokens):
            if is_start and depth == 0:
                in_namespace = token == "namespace"  # noqa: S105  # a keyword
                if not in_namespace:
                    yield token, at
                is_start = False
            depth += {"{": 1, "}": -1}.get(token, 0)
            is_start = is_start or (depth == 0 and (token == ";" or (in_namespace and token == "}")))  # noqa: S105

    def _entity(self) -> Iterator[EntityType]:
        names = self._names()
        parents: tuple[str, ...] = ()
        attributes: dict[str, Attribute] = {}
        if self._take("in"):
            parents = tuple(self._list(self._path))
        self._take("=")
        if self._peek() == "{":
            attributes = self._record()
        for name in names:
            yield EntityType(name=name, attributes=attributes, parents=parents)

    def _action(self) -> Iterator[Action]:
        names = self._names()
        groups: tuple[str, ...] = ()
        principals: tuple[str, ...] = ()
        resources: tuple[str, ...] = ()
        context: dict[str, Attribute] = {}
        if self._take("in"):
            groups = tuple(self._list(self._action_name))
        if self._take("appliesTo"):
            self._expect("{")
            while not self._take("}"):
                key = self._next()
                self._expect(":")
                if key == "principal":
                    principals = tuple(self._list(self._path))
                elif key == "resource":
                    resources = tuple(self._list(self._path))
                else:
                    context = self._context()
                self._take(",")
        for name in names:
            yield Action(name=name, groups=groups, principals=principals, resources=resources, context=context)

    def _context(self) -> dict[str, Attribute]:
        if self._peek() == "{":
            return self._record()
        name = self._path()
        if name not in self._common:
            raise SchemaNotUnderstood(f"a context of the type {name} is not supported: write its attributes out")
        back, self._at = self._at, self._common[name]
        record = self._record()
        self._at = back
        return record

    def _record(self) -> dict[str, Attribute]:
        self._expect("{")
        attributes: dict[str, Attribute] = {}
        while not self._take("}"):
            name = self._name()
            required = not self._take("?")
            self._expect(":")
            attributes[name] = Attribute(name=name, type=self._type(), required=required)
            self._take(",")
        return attributes

    def _type(self) -> Type:
        if self._peek() == "{":
            self._record()
            return Type(Kind.OTHER)
        name = self._path().removeprefix("__cedar::")
        if name == "Set":
            self._expect("<")
            element = self._type()
            self._expect(">")
            is_plain = element.kind in {Kind.STRING, Kind.LONG, Kind.ENTITY}
            return Type(Kind.SET, element=element) if is_plain else Type(Kind.OTHER)
        if name in self._common:
            return self._resolved(name)
        plain = {"String": Kind.STRING, "Long": Kind.LONG, "Bool": Kind.BOOL, "datetime": Kind.DATETIME}
        if name in plain:
            return Type(plain[name])
        return Type(Kind.OTHER) if name in {"decimal", "ipaddr", "duration"} else Type(Kind.ENTITY, entity=name)

    def _resolved(self, name: str) -> Type:
        if name in self._resolving:
            raise SchemaNotUnderstood(f"the type {name} is made of itself")
        self._resolving.add(name)
        back, self._at = self._at, self._common[name]
        resolved = self._type()
        self._at = back
        self._resolving.discard(name)
        return resolved

    def _action_name(self) -> str:
        if self._peek().startswith('"'):
            return self._name()
        path = [self._next()]
        while self._take("::"):
            path.append(self._name())
        return path[-1]

    def _path(self) -> str:
        path = [self._next()]
        while self._take("::"):
            path.append(self._next())
        return "::".join(path)

    def _names(self) -> list[str]:
        names = [self._name()]
        while self._take(","):
            names.append(self._name())
        return names

    def _list(self, read: Callable[[], str]) -> Iterator[str]:
        if not self._take("["):
            yield read()
            return
        while not self._take("]"):
            yield read()
            self._take(",")

    def _name(self) -> str:
        token = self._next()
        if not token.startswith('"'):
            return token
        return str(json.loads(_ESCAPE.sub(lambda m: json.dumps(chr(int(m[1], 16)))[1:-1], token).replace("\\'", "'")))

    def _peek(self) -> str:
        return self._tokens[self._at] if self._at < len(self._tokens) else ""

    def _next(self) -> str:
        token = self._peek()
        self._at += 1
        return token

    def _take(self, token: str) -> bool:
        if self._peek() != token:
            return False
        self._at += 1
        return True

    def _expect(self, token: str) -> None:
        if not self._take(token):
            raise SchemaNotUnderstood(f"expected {token!r} in the schema, found {self._peek()!r}")
