"""Names that users of SQLAlchemy, Polars, pandas and SQL type first, each with the code that does the same here."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from tql_grammar.suggestions import nearest

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


class Answer(NamedTuple):
    """
    The answer to a name of another library.

    Attributes:
        code: a Python expression that does the same; empty if nothing does.
        note: the reason, or the difference; empty if the code says it all.
    """

    code: str
    note: str = ""


def _names(names: str, code: str, note: str = "") -> dict[str, Answer]:
    """Return the same answer to several names, which blanks separate."""
    return dict.fromkeys(names.split(), Answer(code, note))


_SEND = "a query is sent by a client"
_FIRST = ("client.query(query.limit(1)).rows[0]", _SEND)
_DISTINCT = ('select(n=fn.count()).from_(select("source").distinct())', "distinct values are counted in two queries")
_AFTERWARDS = ("client.query(query).to_pandas()", "TQL has no such function: compute it from the returned rows")
_ELEMENTS = (
    "client.query(query).to_pandas()",
    "TQL makes no rows of the elements of an array: select the array, and use explode of the data frame",
)
_WINDOWS = "lag lead shift diff pct_change cumsum cumulative_sum rolling running_sum dense_rank percent_rank ntile first_value last_value"
_WINDOW = (
    "client.query(query).to_pandas()",
    "TQL has no windows: sort in the query, and compute it from the returned rows",
)

QUERY: dict[str, Answer] = {
    **_names("filter filter_by query", 'query.where(col("year") > 2000)'),
    **_names(
        "having",
        'query.group_by("kind").where(fn.count() > 1)',
        "a condition on an aggregate or an alias filters groups",
    ),
    **_names("head take fetch first_n top", "query.limit(5)"),
    **_names("rows records", "client.query(query).rows", _SEND),
    **_names("n_unique nunique", *_DISTINCT),
    **_names("explode unnest flatten", *_ELEMENTS),
    **_names(
        "pivot pivot_table crosstab unpivot melt",
        "client.query(query).to_pandas()",
        "group by both keys in the query, and pivot the data frame",
    ),
    **_names("first one one_or_none scalar fetchone fetch_one", *_FIRST),
    **_names(
        "all fetchall fetch_all collect execute run scalars to_list to_dicts to_dict", "client.query(query).rows", _SEND
    ),
    **_names("df to_df to_pandas", "client.query(query).to_pandas()", _SEND),
    **_names("pl to_polars", "client.query(query).to_polars()", _SEND),
    **_names("tail nlargest", 'query.order_by(desc("year")).limit(5)'),
    **_names("nsmallest", 'query.order_by("year").limit(5)'),
    **_names("sample", 'query.sample_by(raw("1"), replace=False, limit=10)', "1 is the weight of each row"),
    **_names("sort sort_by sort_values order orderby", 'query.order_by("kind", desc("year"))'),
    **_names("group groupby", 'query.group_by("kind")'),
    **_names("agg aggregate value_counts", 'select("kind", n=fn.count()).group_by("kind")'),
    **_names("count", "select(n=fn.count()).from_(query)"),
    **_names("with_columns with_column assign add_columns", 'query.select(total=col("price") * col("amount"))'),
    **_names("rename", 'select("id", title=col("name"))'),
    **_names("drop", 'select("id", "kind")', "select the columns to keep"),
    **_names("drop_duplicates unique", "query.distinct()"),
    **_names("concat append vstack", "query.union_all(other)"),
    **_names("difference minus except_all", "query.except_(other)"),
    **_names(
        "merge",
        'select(id=col("id", of="a")).from_("x", "a").join("y", col("id", of="a") == col("uid", of="b"), alias="b")',
    ),
    **_names(
        "left_join leftjoin outerjoin",
        'select(id=col("id", of="a")).from_("x", "a").join("y", col("id", of="a") == col("uid", of="b"), how="left", alias="b")',
    ),
    **_names("slice skip", "query.limit(5).offset(10)"),
    **_names("subquery cte alias as_", 'select().from_(query, alias="q")'),
    **_names("select_from from_table table", 'select("id").from_("hub://org/dataset")'),
    **_names("params values", 'query.where(col("year") > param("year")).bind(year=2000)'),
    **_names("sql to_sql compile", "str(query)"),
    **_names(
        "search nearest knn top_k vector_search similarity_search",
        'query.similarity("embedding", vector).order_by("score").limit(5)',
    ),
    **_names(
        "mmr max_marginal_relevance max_marginal_relevance_search",
        'query.similarity("embedding", vector).order_by("score").limit(50)',
        "choose among its rows in Python, as the recipe for MMR does: the engine's MMR does not diversify",
    ),
}

_TEXT = 'col("text").contains("ab")'
_MATH = "TQL has + - * / %, fn.abs and fn.sqrt; compute the rest from the returned rows"
_DISTANCE = 'fn.l2_norm(col("embedding") - vector)'

EXPR: dict[str, Answer] = {
    **_names("isin is_in any_of", 'col("id").in_([1, 2])'),
    **_names("notin notin_ is_not_in", 'col("id").not_in([1, 2])'),
    **_names("alias label name rename", 'col("id").as_("name")'),
    **_names("desc descending", 'desc(col("id"))', "a sort key is a function of the expression"),
    **_names("asc ascending", 'asc(col("id"))', "a sort key is a function of the expression"),
    **_names("notnull notna is_not isnot", 'col("id").is_not_null()'),
    **_names("isnull isna is_none is_", 'col("id").is_null()'),
    **_names("is_nan isnan", 'col("price") != col("price")', "NaN equals nothing, not even itself"),
    **_names("is_not_nan is_finite isfinite", 'col("price") == col("price")', "NaN equals nothing, not even itself"),
    **_names("str", _TEXT, "startswith, endswith, contains, like, ilike and matches are methods of the expression"),
    **_names("icontains", 'col("text").ilike("%ab%")'),
    **_names("rlike regexp_match match fullmatch", 'col("text").matches("a.*")'),
    **_names("starts_with istartswith", 'col("text").startswith("ab")'),
    **_names("ends_with iendswith", 'col("text").endswith("ab")'),
    **_names("lower upper strip", 'col("text").ilike("ab%")', "TQL cannot change a text; ilike ignores case"),
    **_names("cast astype", 'col("id") * 1.0', "TQL has no cast; a product with 1.0 is a float64"),
    **_names("dt", 'col("added") >= 1704067200', "TQL has no dates: store numbers (timestamps) or ISO 8601 text"),
    **_names("abs", 'fn.abs(col("id"))'),
    **_names("sqrt", 'fn.sqrt(col("id"))'),
    **_names("round floor ceil exp log pow", "", _MATH),
    **_names("sum", 'fn.sum(col("id"))'),
    **_names("mean avg", 'fn.mean(col("id"))'),
    **_names("min", 'fn.min(col("id"))'),
    **_names("max", 'fn.max(col("id"))'),
    **_names("count", "fn.count()", "it counts the rows of a group"),
    **_names("n_unique nunique", *_DISTINCT),
    **_names("median quantile percentile std stddev var variance mode", *_AFTERWARDS),
    **_names("explode unnest flatten", *_ELEMENTS),
    **_names("eq equals", 'col("id") == 1'),
    **_names("ne", 'col("id") != 1'),
    **_names("gt", 'col("id") > 1'),
    **_names("ge gte", 'col("id") >= 1'),
    **_names("lt", 'col("id") < 1'),
    **_names("le lte", 'col("id") <= 1'),
    **_names("and_", '(col("id") > 1) & (col("year") > 2000)'),
    **_names("or_", '(col("id") > 1) | (col("year") > 2000)'),
    **_names("not_ invert", '~(col("id") > 1)'),
    **_names("is_between", 'col("id").between(1, 5)'),
    **_names("len length size", 'col("tags").shape[0]', "TQL cannot compute the length of a text"),
    **_names("list arr array", 'col("tags")[0]', "an expression is subscripted, and fn has functions of arrays"),
    **_names("get getitem get_item json", 'col("meta")["year"]'),
    **_names(
        "fillna fill_null coalesce",
        'col("id").is_null()',
        "TQL has no default for null: replace it in the returned rows",
    ),
    **_names("cosine_similarity cosine", 'fn.cosine_similarity("embedding", vector)'),
    **_names("cosine_distance", '1 - fn.cosine_similarity("embedding", vector)'),
    **_names("l2_distance euclidean_distance", _DISTANCE),
    **_names(
        "over rank",
        'select("id", "kind", "price").order_by("price").limit(3, per="kind")',
        "TQL has no windows; limit(per=) has the first rows of each value",
    ),
    **_names(_WINDOWS, *_WINDOW),
    **_names("apply map", "", "the engine runs no Python: compute it from the returned rows"),
}

FN: dict[str, Answer] = {
    **_names(
        "case case_when when if_ iff ifelse if_else where choose",
        "",
        "TQL has no CASE: choose the values from the returned rows, or write a query for each case",
    ),
    **_names(
        "date_trunc trunc_date time_bucket",
        'col("added") - col("added") % 3600',
        "TQL has no dates: this is the begin of the hour of a timestamp in seconds, 86400 that of the day",
    ),
    **_names("isnan is_nan", 'col("price") != col("price")', "NaN equals nothing, not even itself"),
    **_names("quantile percentile percentile_cont percentile_disc approx_quantile", *_AFTERWARDS),
    **_names("stddev stdev stddev_samp stddev_pop variance var_samp var_pop mode corr skew kurtosis", *_AFTERWARDS),
    **_names(f"{_WINDOWS} rank over", *_WINDOW),
    **_names("explode unnest flatten", *_ELEMENTS),
    **_names("greatest least clip", "", "choose the value from the returned rows"),
}

RESULT: dict[str, Answer] = {
    **_names("to_dict to_dicts to_list tolist fetchall fetch_all all data records json mappings", "result.rows"),
    **_names("fetchone fetch_one first one", "result.rows[0]", "it raises IndexError without rows"),
    **_names("head fetchmany", "result.rows[:5]"),
    **_names("tail", "result.rows[-5:]"),
    **_names("df to_df fetchdf pandas dataframe to_dataframe", "result.to_pandas()"),
    **_names("pl polars", "result.to_polars()"),
    **_names("arrow fetch_arrow_table to_table", "result.to_arrow()"),
    **_names("numpy fetchnumpy", 'result.to_numpy("id")'),
    **_names("keys column_names schema description fields", "result.names"),
    **_names("shape size count rowcount height num_rows", "len(result)"),
    **_names("iterrows iter_rows itertuples", "[row for row in result]"),
    **_names("values items", "result.columns"),
    **_names("scalars scalar get get_column column", 'result["id"]'),
    **_names("query sql text", "result.meta.query"),
    **_names("to_csv write_csv", 'result.to_pandas().to_csv("rows.csv")'),
    **_names("to_parquet write_parquet", 'result.to_pandas().to_parquet("rows.parquet")'),
    **_names("show display", "print(result)"),
    **_names("describe info", "result.to_pandas().describe()"),
    **_names("duckdb to_duckdb", "result.to_arrow()", "DuckDB reads a table of Arrow by the name of its variable"),
    **_names("pivot pivot_table", "result.to_pandas()", "pivot the data frame"),
    **_names(
        "sort_values sort filter groupby group_by",
        "result.to_pandas()",
        "sort, filter and group in the query, or in a data frame",
    ),
}

_READS = "a client only reads: write with the package deeplake"

CLIENT: dict[str, Answer] = {
    **_names(
        "execute run sql query_sql fetch fetchall fetch_all fetchone fetch_one read_sql get scalars",
        'client.query("select id limit 3")',
    ),
    **_names("select table from_", 'client.query(select("id").limit(3))'),
    **_names(
        "search similarity_search vector_search query_points",
        'client.query(select("id").similarity("embedding", vector).order_by("score").limit(5))',
    ),
    **_names(
        "cursor session begin connect",
        'client.query("select id limit 3")',
        "a client has no cursors and no transactions",
    ),
    **_names("scroll stream iterate fetchmany", 'client.pages("select id", 1000)'),
    **_names(
        "executemany batch query_batch search_batch gather", 'client.map(["select id limit 3", "select id limit 4"])'
    ),
    **_names("aexecute async_query query_async execute_async", 'client.aquery("select id limit 3")'),
    **_names("abatch aexecutemany", 'client.amap(["select id limit 3", "select id limit 4"])'),
    **_names(
        "apages",
        'client.pages("select id", 1000)',
        "it has no form for asyncio: call it in a thread, asyncio.to_thread(next, pages)",
    ),
    **_names(
        "as_retriever get_relevant_documents invoke retrieve",
        "",
        'write `from tql_client.langchain import Search, TqlRetriever` and TqlRetriever(client=client, embeddings=model, search=Search("embedding", "text")); tql_client.llamaindex has one too',
    ),
    **_names("disconnect dispose shutdown", "client.close()"),
    **_names("schema columns describe info get_collection", "client.reflect()"),
    **_names("to_pandas df", 'client.query("select id").to_pandas()'),
    **_names("count", "client.query(select(n=fn.count()))"),
    **_names("check validate", 'check("select id")'),
    **_names("commit rollback insert add append upsert update delete create_collection", "", _READS),
}

_ROWS = ('tql_recorder.answer({"id": 1}, {"id": 2})', "an error is an answer too")

RECORDER: dict[str, Answer] = {
    **CLIENT,
    **_names(
        "fail fails failure error errors raises raise_ throw throws exception side_effect",
        'tql_recorder.answer(ServerError(500, "boom"))',
        "errors are in tql_client.errors",
    ),
    **_names("returns return_value respond response reply give rows result results answers mock", *_ROWS),
    **_names("calls requests sent history recorded", "tql_recorder.queries"),
    **_names("query_texts sql tql", "tql_recorder.texts"),
}

MODULE: dict[str, Answer] = {
    **_names("column Column c field F", 'col("year")'),
    **_names("func functions f", "fn.count()"),
    **_names("and_", 'all_of([col("a") == 1, col("b") == 2])'),
    **_names("or_", 'any_of([col("a") == 1, col("b") == 2])'),
    **_names("lit literal value", 'col("year") == 2000', "a value needs no call"),
    **_names("bindparam bind placeholder", 'param("year")'),
    **_names("text sql literal_column", 'raw("year % 2 = 0")'),
    **_names("sql_query read_sql execute", 'query("select id where year > {year}", year=2000)'),
    **_names("null", 'col("a").is_null()'),
    **_names("count", "fn.count()"),
    **_names("sum", 'fn.sum("year")'),
    **_names(
        "case when",
        "",
        "TQL has no CASE: query.when adds clauses in Python, and values are chosen from the returned rows",
    ),
    **_names("table Table DataFrame", "", "write `from tql.tables import Table`"),
    **_names("connect Client", "", "write `from tql_client import connect`"),
    **_names("serve Server", "", "write `from tql_client import serve`"),
    **_names(
        "write from_pandas from_records load",
        "",
        "write `from tql_client.datasets import write`, which makes a dataset",
    ),
    **_names(
        "APIError ServerError RateLimited NotFound ConfigError BadQuery DeadlineExceeded TransportError Unavailable",
        "",
        "the errors of the client are in `tql_client.errors`",
    ),
}

TABLES: dict[str, Mapping[str, Answer]] = {
    "Query": QUERY,
    "Expr": EXPR,
    "fn": FN,
    "Result": RESULT,
    "Client": CLIENT,
    "Recorder": RECORDER,
    "tql": MODULE,
}


def no_attribute(owner: str, attribute: str, names: Iterable[str]) -> AttributeError:
    """
    Return the error for an attribute that does not exist.

    Args:
        owner: one of `TABLES`.
        attribute: the name that was asked for.
        names: the public names of the owner, of which the message suggests the most similar.
    """
    message = f"`{owner}` has no `{attribute}`{'' if attribute.startswith('_') else _advice(owner, attribute, names)}"
    return AttributeError(message, name=attribute)  # without `obj`, as Python would suggest a name of its own


def advice(answer: Answer) -> str:
    """Return the text of an answer: the code to write, and the reason."""
    return "; ".join(filter(None, (answer.code and f"write {answer.code}", answer.note)))


def _advice(owner: str, attribute: str, names: Iterable[str]) -> str:
    """Return the end of the message: the code to write instead, or the most similar name."""
    answer = TABLES[owner].get(attribute)
    if answer is not None:
        return f": {advice(answer)}"
    similar = nearest(attribute, (name for name in names if not name.startswith("_")))
    if similar:
        return f"; did you mean `{similar}`?"
    return f': a key of JSON is a subscript, col("meta")["{attribute}"]' if owner == "Expr" else ""
