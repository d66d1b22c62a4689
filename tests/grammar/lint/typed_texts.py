"""
Random queries over the measured datasets that use columns of every type, mostly as their type allows, and now and then otherwise.

Each is one that a person may write: a clause, a function, a literal or a column is out of place in about half of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

# The share of operands that are drawn of any type.
WRONG = 0.06


class Data(NamedTuple):
    """
    A dataset.

    Attributes:
        name: its name in memory.
        columns: the columns of each type.
        length: the number of elements of its embeddings.
    """

    name: str
    columns: dict[str, list[str]]
    length: int


T = Data(
    "t",
    {
        "number": ["id", "i32", "u8", "f32", "f64", "grp", "order_", "label"],
        "nullable": ["nul"],
        "text": ["text", "text", "ntext"],
        "bool": ["b"],
        "vector": ["emb"],
        "array": ["arr", "mat", "bin"],
        "json": ["js['k']", "js['s']", "js['f']", "js['n']['a']", "js"],
        "unknown": ["idd", "my_col"],
    },
    4,
)
T.columns["number"][6] = '"order"'
X = Data(
    "x",
    {
        "number": ["id", "num"],
        "nullable": ["id"],
        "text": ["tb", "ti", "te"],
        "bool": ["(id > 3)"],
        "vector": ["emb"],
        "array": ["multi"],
        "json": ["id"],
        "unknown": ["text"],
    },
    4,
)
K = Data(
    "k",
    {
        "number": ["id"],
        "nullable": ["id"],
        "text": ["id"],
        "bool": ["(id > 0)"],
        "vector": ["e", "f32", "f64", "v8"],
        "array": ["m", "v64", "v32"],
        "json": ["id"],
        "unknown": ["emb"],
    },
    4,
)
U = Data(
    "u",
    {
        "number": ["uid", "id", "val"],
        "nullable": ["id"],
        "text": ["name"],
        "bool": ["(id > 2)"],
        "vector": ["val"],
        "array": ["val"],
        "json": ["id"],
        "unknown": ["text"],
    },
    4,
)
TYPES = ["number", "number", "number", "text", "text", "bool", "vector", "array", "json", "nullable"]
COMPARISONS = ["=", "!=", "<", "<=", ">", ">="]
OF_NUMBERS = ["abs", "sqrt", "sum", "avg", "amin", "amax", "prod", "l1_norm", "l2_norm", "linf_norm"]
OF_VECTORS = ["cosine_similarity", "dot", "l2_norm", "l1_norm", "linf_norm", "hamming_distance"]
ABSENT = ["count", "max", "length", "lower", "coalesce", "round"]


class Draw:
    """A source of random parts of queries over one dataset."""

    def __init__(self, random: Random, data: Data) -> None:
        """Keep the source of numbers and the dataset."""
        self.random = random
        self.data = data

    def one(self, *choices: Callable[[], str]) -> str:
        """Return a part by one of several functions."""
        return self.random.choice(choices)()

    def chance(self, share: float) -> bool:
        """Return True in a share of the draws."""
        return self.random.random() < share

    # --- values ------------------------------------------------------------------------------------------------------

    def column(self, kind: str) -> str:
        """Return a column of a type, or now and then of any."""
        if self.chance(WRONG):
            kind = self.random.choice([*TYPES, *TYPES, "unknown"])
        return self.random.choice(self.data.columns[kind])

    def number(self) -> str:
        """Return a number: a column, arithmetic, or a call."""
        return self.one(
            *[lambda: self.column("number")] * 4,
            lambda: self.column("nullable"),
            lambda: f"{self.column('number')} {self.random.choice('+-*/%')} {self.random.choice(['2', '1.5', '3'])}",
            lambda: f"{self.column('number')} {self.random.choice('+-*')} {self.column('number')}",
            lambda: f"-{self.column('number')}",
            lambda: (
                f"{self.random.choice(OF_NUMBERS)}({self.random.choice([self.column, self.column])(self.random.choice(['number', 'vector', 'array']))})"
            ),
            self.score,
            self.call,
            self.element,
        )

    def call(self) -> str:
        """Return a call of a function that does not exist, or with a wrong number of arguments."""
        if self.chance(0.7):
            return self.one(lambda: f"shape({self.column('vector')})[0]", lambda: f"abs({self.column('number')})")
        return self.one(
            lambda: f"{self.random.choice(ABSENT)}({self.column('number')})",
            lambda: f"sum({self.column('number')}, {self.column('number')}, 1)",
            lambda: "abs()",
        )

    def element(self) -> str:
        """Return an element or a slice of an array."""
        index = self.random.choice(["0", "0", "1", "0:2", "-1", "0, 0", "0, 1, 2", "'k'", "9", "1.5", "id"])
        return f"{self.column(self.random.choice(['vector', 'array', 'number']))}[{index}]"

    def vector(self) -> str:
        """Return a vector of the length of the embeddings, or of another."""
        length = self.data.length if self.chance(0.9) else self.random.choice([1, 3, 5])
        elements = [self.random.choice(["1", "0.5", "-2", "0"]) for _ in range(length)]
        if self.chance(WRONG):
            elements = [f"'{element}'" for element in elements]
        return f"ARRAY[{', '.join(elements)}]"

    def score(self) -> str:
        """Return a similarity or distance."""
        name, column = self.random.choice(OF_VECTORS), self.column("vector")
        other = self.vector() if self.chance(0.85) else self.column("vector")
        return f"{name}({column} - {other})" if "norm" in name else f"{name}({column}, {other})"

    def literal(self, kind: str) -> str:
        """Return a literal of a type, or now and then of another."""
        if self.chance(WRONG):
            kind = self.random.choice(["number", "text"])
        return (
            self.random.choice(["1", "3", "2.5", "-1", "300"])
            if kind == "number"
            else self.random.choice(["'doc 1'", "'a'", "''"])
        )

    # --- conditions --------------------------------------------------------------------------------------------------

    def condition(self, depth: int = 1) -> str:
        """Return a condition."""
        if depth and self.chance(0.25):
            one, two = self.condition(0), self.condition(0)
            return self.random.choice([f"{one} and {two}", f"{one} or {two}", f"not ({one})", f"({one})"])
        return self.one(
            lambda: f"{self.number()} {self.random.choice(COMPARISONS)} {self.literal('number')}",
            lambda: f"{self.number()} {self.random.choice(COMPARISONS)} {self.number()}",
            lambda: f"{self.column('text')} {self.random.choice(['=', '!='])} {self.literal('text')}",
            lambda: (
                f"{self.column('number')} {self.random.choice(['in', 'not in'])} ({self.literal('number')}, {self.literal('number')})"
            ),
            lambda: f"{self.column('text')} in ({self.literal('text')}, {self.literal('text')})",
            lambda: f"{self.column('number')} between {self.literal('number')} and {self.literal('number')}",
            lambda: f"{self.column('text')} {self.random.choice(['like', 'ilike', 'not like'])} '*1*'",
            lambda: f"contains({self.column('text')}, {self.literal('text')})",
            lambda: (
                f"{self.column('json')} {self.random.choice(['=', '>'])} {self.literal(self.random.choice(['number', 'text']))}"
            ),
            lambda: (
                f"{self.column(self.random.choice(['nullable', 'text', 'json']))} is {self.random.choice(['', 'not '])}null"
            ),
            lambda: f"any({self.column('array')} > 1)",
            lambda: f"all({self.column('vector')} > {self.random.choice(['0', '-5'])})",
            lambda: self.column("bool"),
        )

    # --- clauses -----------------------------------------------------------------------------------------------------

    def output(self, number: int) -> str:
        """Return an output; a few have no alias."""
        if self.chance(0.5):
            return self.column(self.random.choice(TYPES))
        value = self.condition(0) if self.chance(0.2) else self.number()
        return value if self.chance(0.08) else f"{value} as c{number}"

    def outputs(self) -> str:
        """Return a SELECT list."""
        if self.chance(0.1):
            return "*"
        return ", ".join(dict.fromkeys(self.output(number) for number in range(self.random.randint(1, 3))))

    def where(self) -> str:
        """Return WHERE or nothing."""
        return f" where {self.condition()}" if self.chance(0.5) else ""

    def order(self) -> str:
        """Return ORDER BY or nothing."""
        if self.chance(0.6):
            return ""
        key = self.one(
            self.number, lambda: self.column("text"), lambda: self.column(self.random.choice(TYPES)), self.score
        )
        return f" order by {key}{self.random.choice(['', ' desc'])}"

    def limit(self) -> str:
        """Return LIMIT or nothing."""
        if self.chance(0.5):
            return ""
        count = (
            self.random.choice(["5", "3 offset 1", "9"])
            if self.chance(0.93)
            else self.random.choice(["-1", "id", "2.5", "'3'", "1 + 1"])
        )
        return f" limit {count}"

    def source(self) -> str:
        """Return the dataset."""
        return f'"mem://{self.data.name}"'


def flat(draw: Draw) -> str:
    """Return a query of rows."""
    return f"select {draw.outputs()} from {draw.source()}{draw.where()}{draw.order()}{draw.limit()}"


def grouped(draw: Draw) -> str:
    """Return a grouped query."""
    key = draw.one(
        lambda: draw.column("number"), lambda: draw.column("text"), lambda: draw.column(draw.random.choice(TYPES))
    )
    value = draw.random.choice(
        [f"{key}[0]", "sum(id)", "shape(id)[0]", "amax(id)", draw.column("number"), draw.number()]
    )
    return f"select {key}[0] as k, {value} as z from {draw.source()}{draw.where()} group by {key}"


def nested(draw: Draw) -> str:
    """Return a query over a query, which reads its outputs or others."""
    inner = f"select id, {draw.number()} as y, {draw.data.columns['text'][0]} as s from {draw.source()}{draw.where()}"
    outer = draw.random.choice(
        ["y > 1", "s = 'a'", "id = 3", "s like '*1*'", "y = 'a'", "zz = 1", "y is null", "s > 1"]
    )
    key = draw.random.choice(["", "", " order by y", " order by id desc", " order by s"])
    return f"select * from ({inner}) where {outer}{key}{draw.limit()}"


def sets(draw: Draw) -> str:
    """Return a set operation."""
    word = draw.random.choice(["union", "union all", "intersect", "except"])
    one = f"select id, {draw.column('number')} as y from {draw.source()} where id > 1"
    second = draw.random.choice(["number", "number", "text"])
    names = draw.random.choice(["id, {0} as y", "id, {0} as y", "id, {0} as z", "id", "*"])
    return f"({one}) {word} (select {names.format(draw.column(second))} from {draw.source()} where id < 9)"


def joined(draw: Draw) -> str:
    """Return a join with the dataset `u`."""
    test = draw.random.choice(
        [
            "a.id = b.uid",
            "a.id = b.uid",
            "a.id = b.id",
            "id = b.uid",
            "a.id = uid",
            "uid = id",
            "id = uid",
            "a.id > b.uid",
            "a.id = b.name",
            "a.id = b.zz",
            "a.id = b.uid and a.id = b.id",
            "c.id = b.uid",
        ]
    )
    alias = draw.random.choice([" as a", " as a", " as a", ""])
    other = draw.random.choice([" as b", " as b", " as b", ""])
    outputs = draw.random.choice(["a.id as x, b.name as y", "name", "b.val as v, name", "id", "a.id as x"])
    tail = draw.random.choice(["", "", " where b.uid > 1", " where name = 'n1'", " where id = 1", " order by b.uid"])
    # Each row of `k` has a match, so that an outer join of it has no nulls.
    kind = draw.random.choice(["join", "inner join"] if draw.data is K else ["join", "join", "left join", "right join"])
    return f'select {outputs} from {draw.source()}{alias} {kind} "mem://u"{other} on {test}{tail}'


def searched(draw: Draw) -> str:
    """Return a search."""
    key = draw.score() if draw.chance(0.7) else f"bm25_similarity({draw.column('text')}, {draw.literal('text')})"
    return f"select {draw.outputs()} from {draw.source()}{draw.where()} order by {key}{draw.random.choice(['', ' desc', ' desc'])}{draw.limit()}"


def sampled(draw: Draw) -> str:
    """Return a query with SAMPLE BY."""
    weight = draw.random.choice([draw.column("number"), f"max_weight({draw.condition(0)}: 2, True: 1)", "1"])
    return f"select id from {draw.source()} sample by {weight} limit 3"


KINDS: list[Callable[[Draw], str]] = [
    *[flat] * 8,
    *[grouped] * 3,
    *[nested] * 3,
    *[sets] * 2,
    *[joined] * 2,
    *[searched] * 3,
    sampled,
]


def drawn(random: Random) -> str:
    """Return a query."""
    return random.choice(KINDS)(Draw(random, random.choice([T, T, T, X, X, K])))
