"""Functions that users of SQL expect and the engine does not have, or that cannot be called, each with its replacement."""

from __future__ import annotations

from tql_grammar.record import Record


class Absent(Record):
    """
    The replacement for a function that users of SQL expect and the engine does not have.

    Attributes:
        text: the hint in TQL.
        builder: the hint in terms of the builder, if it differs.
    """

    text: str
    builder: str = ""


_LENGTH = Absent(
    "shape(e)[0] is the length of an array; TQL cannot compute the length of text",
    'col("e").shape[0] is the length of an array; TQL cannot compute the length of text',
)
_CASE = Absent(
    "use ILIKE for comparisons that ignore case", 'use col("text").ilike("..") for comparisons that ignore case'
)
_DISTANCE = Absent(
    "l2_norm(e - ARRAY[..]) is the distance",
    'fn.l2_norm(col("e") - vector) is the distance, or .similarity("e", vector, metric="l2")',
)
_AFTER = Absent("compute it from the returned rows")
_REAL = Absent(
    "TQL has + - * / % ABS and SQRT; compute the rest from the returned rows",
    "TQL has + - * / %, fn.abs and fn.sqrt; compute the rest from the returned rows",
)
_DATES = Absent("store dates as numbers (timestamps) or ISO 8601 text, and compare those")
_NULLS = Absent(
    "test e IS NULL, and choose the value in your program",
    'test col("e").is_null(), and choose the value in your program',
)
_CUT = Absent(
    "TQL cannot cut or concatenate text; compare it with LIKE",
    'TQL cannot cut or concatenate text; compare it with col("text").like("..")',
)
# Functions of SQL that the engine does not have, by name in upper case. A program can register functions of these names with the engine.
ABSENT: dict[str, Absent] = {
    "COUNT": Absent(
        "for the rows of each group: select shape(id)[0] as n from .. group by kind, for any column id that is never null; for all rows: select sum(one) as n from (select 1 as one from ..) group by 1",
        "fn.count() counts the rows of a group",
    ),
    "MAX": Absent("AMAX reduces the elements of a row, or after GROUP BY the rows of a group"),
    "MIN": Absent("AMIN reduces the elements of a row, or after GROUP BY the rows of a group"),
    "MEAN": Absent("AVG is the mean"),
    **dict.fromkeys(("LENGTH", "LEN", "CHAR_LENGTH", "SIZE"), _LENGTH),
    **dict.fromkeys(("LOWER", "UPPER"), _CASE),
    **dict.fromkeys(("CONCAT", "SUBSTR", "SUBSTRING", "TRIM"), _CUT),
    **dict.fromkeys(("COALESCE", "IFNULL", "NULLIF"), _NULLS),
    **dict.fromkeys(("ROUND", "FLOOR", "CEIL", "EXP", "LOG", "POW", "POWER", "SIGN"), _REAL),
    **dict.fromkeys(("NOW", "YEAR", "MONTH", "DAY"), _DATES),
    **dict.fromkeys(("MEDIAN", "STD", "VAR", "ARGMAX", "ARGMIN"), _AFTER),
    "MOD": Absent("write a % b", 'write col("a") % col("b")'),
    "REGEXP": Absent("LIKE takes a regular expression", 'write col("text").matches("..")'),
    **dict.fromkeys(("L2_DISTANCE", "EUCLIDEAN_DISTANCE"), _DISTANCE),
    "COSINE_DISTANCE": Absent(
        "1 - cosine_similarity(e, ARRAY[..]) is the distance", '1 - fn.cosine_similarity("e", vector) is the distance'
    ),
    "INNER_PRODUCT": Absent("DOT is the inner product", 'fn.dot("e", vector) is the inner product'),
    "DEEPCORE_SIMILARITY": Absent("COSINE_SIMILARITY is the similarity", 'write .similarity("e", vector)'),
    "EQUALS": Absent("write a = b", 'write col("a") == col("b")'),
    "LOGICAL_NOT": Absent("write NOT, or e = 0 for each element", 'write ~, or col("e") == 0 for each element'),
    "LOGICAL_XOR": Absent("compare the two: a != b", 'compare the two: col("a") != col("b")'),
    "WEIGHT_CHOICE": Absent("SAMPLE BY MAX_WEIGHT(..) draws by weights", "write .sample_by(fn.max_weight(..))"),
}
# Names that cannot be called: reserved words, and a function that crashes the engine process.
UNCALLABLE: dict[str, Absent] = {
    "REPLACE": _CUT,
    "DATE": _DATES,
    "UNIQUE": Absent("group by the column; the engine ignores SELECT DISTINCT", "write .distinct()"),
    "SAMPLE_INFO": Absent("it exists, but crashes the engine process on every type of column that was tested"),
}
