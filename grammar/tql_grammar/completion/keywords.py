"""The keywords that the grammar has a place for, with the meaning of each, and the rule that `check` has against it."""

from __future__ import annotations

from tql_grammar.record import Record
from tql_grammar.syntax.keywords import TOKEN_OF_WORD

NOT_SELECT, IGNORED, UNSUPPORTED = "TQL190", "TQL310", "TQL203"


class Keyword(Record):
    """
    One keyword.

    Attributes:
        word: in capitals.
        meaning: one sentence.
        example: a query, or a statement, that has it.
        code: the code of the rule against it; "" if the engine does what it says.
        unless: the kinds of tokens after which the rule does not apply.
    """

    word: str
    meaning: str
    example: str
    code: str = ""
    unless: frozenset[str] = frozenset()


def _good(word: str, meaning: str, example: str) -> Keyword:
    """Return a keyword that the engine takes as it is meant."""
    return Keyword(word, meaning, example)


def _unsupported(word: str, meaning: str, expression: str, *unless: str) -> Keyword:
    """Return a keyword of an expression that the engine parses and rejects."""
    return Keyword(word, meaning, f"select id from t where {expression}", UNSUPPORTED, frozenset(unless))  # noqa: S608 - an example


_UNIT = "A unit of an interval, which the engine parses and rejects."
_TYPE = "A type in CAST, which the engine parses and rejects."
_STATEMENT = "A word of a statement that is no query; the engine only runs SELECT."
_LOCK = "A word of FOR UPDATE and the like, which the engine ignores."

_OF_QUERIES = (
    _good(
        "SELECT", "Begins a query: the columns and expressions of the result, or * for all columns.", "select id from t"
    ),
    _good("FROM", "The dataset by its url in double quotes, a subquery in parentheses, or a join.", "select id from t"),
    _good(
        "WHERE",
        "Keeps the rows that a condition is true for; it sees the columns of the source, and no aliases of its own SELECT.",
        "select id from t where id > 3",
    ),
    _good(
        "GROUP",
        "GROUP BY makes one row of all rows with the same keys, whose columns are lists of the values.",
        "select kind[0] as kind from t group by kind",
    ),
    _good(
        "ORDER",
        "ORDER BY sorts the rows by keys; the engine compares them as float32, and sees the columns of the source only.",
        "select id from t order by id desc limit 3",
    ),
    _good("BY", "Begins the keys of GROUP, ORDER, SAMPLE, UNGROUP and EXPAND.", "select id from t order by id limit 3"),
    _good("ASC", "Sorts in ascending order, as without it.", "select id from t order by id asc"),
    _good("DESC", "Sorts in descending order.", "select id from t order by id desc"),
    _good("LIMIT", "The largest number of rows.", "select id from t limit 10"),
    _good(
        "OFFSET", "The number of rows that are left out first; it follows LIMIT.", "select id from t limit 10 offset 20"
    ),
    _good("TOP", "The largest number of rows, as LIMIT; LIMIT wins where both are written.", "select top 3 id from t"),
    _good("AS", "Gives an output or a source a name, which the enclosing query sees.", "select id as number from t"),
    _good("AND", "True if both conditions are.", "select id from t where a > 1 and b > 1"),
    _good("OR", "True if one of the conditions is.", "select id from t where a > 1 or b > 1"),
    _good(
        "NOT",
        "True if the condition is not; NOT IN and NOT LIKE negate IN and LIKE.",
        "select id from t where not a > 1",
    ),
    _good(
        "IN",
        "True if the value is one of a list; the engine does not run a subquery in its place.",
        "select id from t where a in (1, 2)",
    ),
    _good(
        "BETWEEN",
        "True if the value is at least the first and at most the second bound.",
        "select id from t where a between 1 and 3",
    ),
    _good(
        "LIKE",
        "True if the text matches a pattern; characters of regular expressions count in it.",
        "select id from t where a like 'a%'",
    ),
    _good("ILIKE", "LIKE that ignores case.", "select id from t where a ilike 'a%'"),
    _good("IS", "IS NULL and IS NOT NULL test whether a value is null.", "select id from t where a is null"),
    _good("ISNULL", "True if the value is null, as IS NULL.", "select id from t where a isnull"),
    Keyword(
        "NULL",
        "The missing value, after IS or IS NOT; the engine rejects it as a value.",
        "select id from t where a = null",
        UNSUPPORTED,
        frozenset({"IS", "NOT"}),
    ),
    _good("TRUE", "The bool that is true.", "select id from t where true"),
    _good("FALSE", "The bool that is false.", "select id from t where a = false"),
    _good(
        "ALL",
        "UNION ALL keeps duplicate rows; LIMIT ALL is no limit; ALL(x) is a function.",
        "select id from t limit all",
    ),
    _good("ARRAY", "A vector or an array of numbers.", "select l2_norm(e - ARRAY[1.0, 2.0]) as d from t"),
    _good(
        "JOIN",
        "Pairs the rows of two sources for which a condition is true.",
        "select a.x, b.y from t as a join u as b on a.id = b.id",
    ),
    _good(
        "INNER",
        "INNER JOIN is JOIN: rows without a partner are left out.",
        "select a.x, b.y from t as a inner join u as b on a.id = b.id",
    ),
    Keyword(
        "LEFT",
        "LEFT JOIN keeps the rows of the left source without a partner.",
        "select a.x, b.y from t as a left join u as b on a.id = b.id",
        "TQL508",
    ),
    Keyword(
        "RIGHT",
        "RIGHT JOIN keeps the rows of the right source without a partner.",
        "select a.x, b.y from t as a right join u as b on a.id = b.id",
        "TQL508",
    ),
    Keyword(
        "FULL",
        "FULL JOIN keeps the rows of both sources without a partner.",
        "select a.x, b.y from t as a full join u as b on a.id = b.id",
        "TQL508",
    ),
    Keyword(
        "OUTER",
        "LEFT OUTER JOIN is LEFT JOIN; OUTER JOIN is FULL JOIN.",
        "select a.x, b.y from t as a outer join u as b on a.id = b.id",
        "TQL508",
    ),
    Keyword(
        "CROSS",
        "CROSS JOIN parses with a condition only, which the engine ignores: it pairs each row with each of the other source.",
        "select a.x, b.y from t as a cross join u as b on a.id = b.id",
        IGNORED,
    ),
    Keyword(
        "NATURAL",
        "NATURAL JOIN joins on all columns of the same name; the engine rejects it.",
        "select id from t natural join u",
        "TQL226",
    ),
    _good(
        "ON",
        "The condition of a join; DISTINCT ON names columns, and the engine ignores it.",
        "select a.x, b.y from t as a join u as b on a.id = b.id",
    ),
    _good(
        "USING", "The column that both sources of a join have.", "select a.x, b.y from t as a join u as b using (id)"
    ),
    _good(
        "UNION",
        "The rows of two queries; UNION ALL keeps duplicates.",
        "(select id from t) union all (select id from u)",
    ),
    _good(
        "INTERSECT",
        "The rows that two queries of one dataset have in common, by row number.",
        "(select * from t where a > 3) intersect (select * from t where a < 9)",
    ),
    _good(
        "EXCEPT",
        "The rows of the first query that the second one, of the same dataset, does not have, by row number.",
        "(select * from t where a > 3) except (select * from t where a < 9)",
    ),
    _good(
        "SAMPLE", "SAMPLE BY draws random rows by weights.", "select id from t sample by max_weight(a > 1: 2.0) limit 3"
    ),
    _good(
        "REPLACE",
        "Whether SAMPLE BY may draw a row twice; REPLACE FALSE draws each row once at most.",
        "select id from t sample by a replace false limit 3",
    ),
    _good("PERCENT", "The LIMIT of SAMPLE BY as a part of all rows.", "select id from t sample by a limit 30 percent"),
    Keyword("UNGROUP", "UNGROUP BY makes a row of each element.", "select id from t ungroup by split", "TQL324"),
    Keyword("SPLIT", "UNGROUP BY SPLIT makes a row of each element.", "select id from t ungroup by split", "TQL324"),
    _good(
        "ACROSS",
        "GROUP BY .. ACROSS TIME or SPACE concatenates the values of a group.",
        "select kind[0] as kind from t group by kind across time",
    ),
    _good(
        "TIME",
        "GROUP BY .. ACROSS TIME concatenates the values of a group.",
        "select kind[0] as kind from t group by kind across time",
    ),
    _good(
        "SPACE",
        "GROUP BY .. ACROSS SPACE stacks the values of a group.",
        "select kind[0] as kind from t group by kind across space",
    ),
    Keyword(
        "DISTINCT", "Asks for rows without duplicates; the engine ignores it.", "select distinct id from t", "TQL302"
    ),
    Keyword(
        "HAVING",
        "Asks for some of the groups; the engine ignores it.",
        "select kind[0] as kind from t group by kind having a > 1",
        "TQL303",
    ),
    Keyword(
        "WITH",
        "Names subqueries, or begins WITH HINT; the engine ignores both.",
        "with a as (select 1 as b) select id from t",
        IGNORED,
    ),
    Keyword("HINT", "WITH HINT is ignored by the engine.", "select id from t with hint (a)", IGNORED),
    Keyword("EXPAND", "EXPAND BY is deprecated, and ignored by the engine.", "select id from t expand by 1 2", IGNORED),
    Keyword(
        "OVERLAP",
        "An option of EXPAND BY, which the engine ignores.",
        "select id from t expand by 1 2 overlap true",
        IGNORED,
    ),
    Keyword(
        "FOR",
        "FOR UPDATE and the like lock rows elsewhere; the engine ignores them.",
        "select id from t for update",
        IGNORED,
    ),
)
_OF_EXPRESSIONS = (
    _unsupported("CASE", "Chooses a value by conditions; the engine parses and rejects it.", "case when a > 1 then 1 else 2 end = 1"),
    _unsupported("WHEN", "A condition of CASE, which the engine parses and rejects.", "case when a > 1 then 1 else 2 end = 1"),
    _unsupported("THEN", "A value of CASE, which the engine parses and rejects.", "case when a > 1 then 1 else 2 end = 1"),
    _unsupported("ELSE", "The last value of CASE, which the engine parses and rejects.", "case when a > 1 then 1 else 2 end = 1"),
    _unsupported("END", "Ends CASE, which the engine parses and rejects.", "case when a > 1 then 1 else 2 end = 1"),
    _unsupported("CAST", "Converts a value to a type; the engine parses and rejects it.", "cast(a as int) = 1"),
    _unsupported("EXTRACT", "Takes a part of a date; the engine parses and rejects it.", "extract(days from a) = 1"),
    _unsupported("EXISTS", "Whether a subquery has rows; the engine parses and rejects it.", "exists (select id from u)", "IF"),
    _unsupported("DATE", "A date; the engine parses and rejects it.", "a = date '2024-01-01'"),
    _unsupported("INTERVAL", "A length of time; the engine parses and rejects it.", "a = interval '3' days"),
    *(_unsupported(word, _UNIT, f"a = 3 {word.lower()}") for word in ("SECONDS", "MINUTES", "HOURS", "DAYS", "MONTHS", "YEARS")),
    *(
        _unsupported(word, _TYPE, f"cast(a as {word.lower()}{sizes}) = 1")
        for word, sizes in {
            "INT": "", "INTEGER": "", "SMALLINT": "", "BIGINT": "", "LONG": "", "REAL": "", "DOUBLE": "", "FLOAT": "", "DATETIME": "",
            "TEXT_INTERNAL_TQL": "", "DECIMAL": "(3, 1)", "CHAR": "(3)", "VARCHAR": "(3)",
        }.items()
    ),
)  # fmt: skip
_OF_LOCKS = tuple(
    Keyword(word, _LOCK, f"select id from t {lock}", IGNORED)  # noqa: S608 - an example
    for word, lock in {
        "SHARE": "for share", "KEY": "for key share", "NO": "for no key update", "OF": "for update of t",
        "SKIP": "for update skip locked", "LOCKED": "for update skip locked", "NOWAIT": "for update nowait",
    }.items()
)  # fmt: skip
_OF_STATEMENTS = tuple(
    Keyword(word, _STATEMENT, statement, NOT_SELECT)
    for statement, words in {
        "create view v as select 1": ("CREATE", "VIEW"),
        "create index i on t (a)": ("INDEX",),
        "create table t (a int primary key, b int unique)": ("PRIMARY", "UNIQUE"),
        "insert into t values (1)": ("INSERT", "INTO", "VALUES"),
        "update t set a = 1": ("UPDATE", "SET"),
        "delete from t": ("DELETE",),
        "truncate t": ("TRUNCATE",),
        "drop table if exists t": ("DROP", "TABLE", "IF"),
        "alter table t drop column a": ("ALTER", "COLUMN"),
        "show tables": ("SHOW", "TABLES"),
        "show columns t": ("COLUMNS",),
        "describe t": ("DESCRIBE",),
        "import from csv file 'a' into t": ("IMPORT", "FILE"),
        "copy t to 'a' with format csv": ("COPY", "TO", "FORMAT"),
        "begin transaction": ("BEGIN", "TRANSACTION"),
        "commit": ("COMMIT",),
        "rollback": ("ROLLBACK",),
        "prepare p from 'select 1'": ("PREPARE",),
        "execute p": ("EXECUTE",),
        "deallocate prepare p": ("DEALLOCATE",),
    }.items()
    for word in words
)
KEYWORDS = {keyword.word: keyword for keyword in (*_OF_QUERIES, *_OF_EXPRESSIONS, *_OF_LOCKS, *_OF_STATEMENTS)}
BY_TOKEN = {TOKEN_OF_WORD[word]: keyword for word, keyword in KEYWORDS.items()}
