"""Know the reserved words of TQL, none of which can be a bare name, and the token that each one is."""

from __future__ import annotations

RESERVED = frozenset(
    ["DEALLOCATE", "PARAMETERS", "INTERSECT", "TEMPORARY", "TIMESTAMP", "DESCRIBE", "DISTINCT", "NVARCHAR", "RESTRICT", "TRUNCATE", "ANALYZE", "BETWEEN", "CASCADE", "COLUMNS", "CONTROL", "DEFAULT", "EXECUTE", "EXPLAIN", "INTEGER", "NATURAL", "PREPARE", "PRIMARY", "SCHEMAS", "SPATIAL", "VARCHAR", "TIME", "DECIMAL", "REAL", "SMALLINT", "BIGINT", "VIRTUAL", "BEFORE", "COLUMN", "CREATE", "DELETE", "DIRECT", "DOUBLE", "ESCAPE", "EXCEPT", "EXISTS", "EXTRACT", "CAST", "FORMAT", "GLOBAL", "HAVING", "IMPORT", "INSERT", "ISNULL", "OFFSET", "RENAME", "SCHEMA", "SELECT", "SORTED", "TABLES", "UNIQUE", "UNLOAD", "UPDATE", "VALUES", "AFTER", "ALTER", "ARRAY", "CROSS", "DELTA", "FLOAT", "GROUP", "UNGROUP", "SPLIT", "INDEX", "INNER", "LIMIT", "LOCAL", "MERGE", "MINUS", "ORDER", "OUTER", "PERCENT", "REPLACE", "RIGHT", "SAMPLE", "TABLE", "UNION", "USING", "WHERE", "EXPAND", "OVERLAP", "CALL", "CASE", "CHAR", "COPY", "DATE", "DATETIME", "DESC", "DROP", "ELSE", "FILE", "FROM", "FULL", "HASH", "HINT", "INTO", "JOIN", "LEFT", "LIKE", "ILIKE", "LOAD", "LONG", "PLAN", "SHOW", "TEXT_INTERNAL_TQL", "THEN", "VIEW", "WHEN", "WITH", "ADD", "ALL", "AND", "ASC", "END", "FOR", "INT", "KEY", "NOT", "OFF", "SET", "TOP", "AS", "BY", "IF", "IN", "IS", "OF", "ON", "OR", "TO", "NO", "SECONDS", "MINUTES", "HOURS", "DAYS", "MONTHS", "YEARS", "TRANSACTION", "BEGIN", "ROLLBACK", "COMMIT", "INTERVAL", "SHARE", "NOWAIT", "SKIP", "LOCKED", "ACROSS", "SPACE", "NULL", "TRUE", "FALSE"]
)

# Two words are also the names of token classes, so as keywords they have another name in the grammar.
TOKEN_OF_WORD = {word: word for word in RESERVED} | {"INTEGER": "INTEGER_TYPE", "FLOAT": "FLOAT_TYPE"}

SYMBOLS = {
    "=": "EQUAL",
    "==": "EQUALS",
    "!=": "NOT_EQUAL",
    "<>": "NOT_EQUAL",
    "<": "LESS",
    ">": "MORE",
    "<=": "LESS_EQUAL",
    ">=": "MORE_EQUAL",
    "+": "PLUS",
    "-": "DASH",
    "*": "STAR",
    "/": "SLASH",
    "%": "MODULO",
    "^": "CARET",
    "||": "CONCAT",
    "(": "LPAR",
    ")": "RPAR",
    "[": "LSQB",
    "]": "RSQB",
    ".": "DOT",
    ",": "COMMA",
    ":": "COLON",
    ";": "SEMICOLON",
    "?": "QUESTION",
    "{": "BRACE",
    "}": "BRACE",
    "|": "BAR",
}


def is_bare_name(name: str) -> bool:
    """Tell whether *name* needs no double quotes: an ASCII letter, then letters, digits and ``_``, and not reserved."""
    return name.isascii() and name.isidentifier() and name[0] != "_" and name.upper() not in RESERVED
