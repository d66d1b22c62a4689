"""Shapes of Python in which people write TQL: each finding has its place, and what is not TQL has none."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from textwrap import dedent

import pytest

from tql_grammar.python import evidence
from tql_grammar.python.source import PASTED, check_python, explain_python

OPEN = "import deeplake\nds = deeplake.open('al://org/D')\n"
CLIENT = "from tql_client import connect\nclient = connect('x')\n"
POST = "import requests\n"
# Each shape has its finding between the brackets; [[..]] is TQL301, the second sort key that the engine ignores, unless the shape says another code.
SHAPES = {
    # A text in a variable.
    "variable": OPEN + 'q = "select id order by a, [[b]]"\nds.query(q)\n',
    "constant of the module": OPEN + 'Q = "select id order by a, [[b]]"\ndef f():\n    return ds.query(Q)\n',
    "constant after the function": OPEN + 'def f():\n    return ds.query(Q)\nQ = "select id order by a, [[b]]"\n',
    "augmented": OPEN + 'q = "select id"\nq += " order by a, [[b]]"\nds.query(q)\n',
    "added to itself": OPEN + 'q = "select id"\nq = q + " order by a, [[b]]"\nds.query(q)\n',
    "one branch": OPEN + 'q = "select id"\nif sort:\n    q += " order by a, [[b]]"\nds.query(q)\n',
    "other branch": OPEN + 'if x:\n    q = "select id"\nelse:\n    q = "select id order by a, [[b]]"\nds.query(q)\n',
    "conditional expression": OPEN + 'ds.query("select id" if x else "select id order by a, [[b]]")\n',
    "or": OPEN + 'ds.query(q or "select id order by a, [[b]]")\n',
    "two names of one condition": OPEN
    + 'what, tail = "id", ""\nif x:\n    tail = " order by a, [[b]]"\nds.query("select " + what + tail)\n',
    "f-string of a constant": OPEN + 'N = 10\nds.query(f"select id order by a, [[b]] limit {N}")\n',
    "f-string of a text": OPEN + 'KEYS = "a, [[b]]"\nds.query(f"select id order by {KEYS}")\n',
    "f-string in a variable": OPEN + 'q = f"select id where t = {t!r} order by a, [[b]]"\nds.query(q)\n',
    "percent with a constant": OPEN + 'ds.query("select id order by %s limit %d" % ("a, [[b]]", n))\n',
    "percent with names": OPEN + 'ds.query("select id where a = %(x)s order by a, [[b]]" % {"x": x})\n',
    "format by number": OPEN + 'ds.query("select {0} order by a, [[b]]".format("id"))\n',
    "format by name": OPEN + 'TEXT = "select id order by {keys}"\nds.query(TEXT.format(keys="a, [[b]]"))\n',
    "join of a list": OPEN + 'ds.query(" ".join(["select id", "order by a, [[b]]"]))\n',
    "join of a list in a variable": OPEN
    + 'p = ["select id"]\np.append("order by a, [[b]]")\nds.query("\\n".join(p))\n',
    "join of an extended list": OPEN + 'p = ["select id"]\np += ["order by a, [[b]]"]\nds.query(" ".join(p))\n',
    "join in a loop": OPEN
    + 'p = ["select id where true"]\nfor x in xs:\n    p.append("and a = 1")\np.append("order by a, [[b]]")\nds.query(" ".join(p))\n',
    "loop over conditions": OPEN
    + 'q = "select id where true"\nfor x in xs:\n    q += f" and a = {x}"\nq += " order by a, [[b]]"\nds.query(q)\n',
    "split and joined": OPEN + 'ds.query(" ".join("""select id\n   order by a, [[b]]""".split()))\n',
    "dedent": OPEN + 'from textwrap import dedent\nds.query(dedent("""\\\n    select id\n    order by a, [[b]]"""))\n',
    "cleandoc": OPEN + 'import inspect\nds.query(inspect.cleandoc("""select id\n    order by a, [[b]]"""))\n',
    "strip": OPEN + 'ds.query("""\n    select id order by a, [[b]]\n""".strip())\n',
    "replace": OPEN + 'ds.query("select id order by KEY, [[b]]".replace("KEY", "a"))\n',
    "replace by a value": OPEN + 'ds.query("select id where t = \'T\' order by a, [[b]]".replace("T", t))\n',
    "lower": OPEN + 'ds.query("SELECT id ORDER BY a, [[B]]".lower())\n',
    "str": OPEN + 'ds.query(str("select id order by a, [[b]]"))\n',
    "assignment expression": OPEN + 'if (q := "select id order by a, [[b]]"):\n    ds.query(q)\n',
    "attribute of an instance": OPEN
    + 'class A:\n    def __init__(self):\n        self.q = "select id order by a, [[b]]"\n    def run(self):\n        return ds.query(self.q)\n',
    "attribute of a class": OPEN
    + 'class A:\n    Q = "select id order by a, [[b]]"\n    def run(self):\n        return ds.query(self.Q)\n',
    "dictionary of queries": OPEN + 'QS = {"one": "select id order by a, [[b]]"}\nds.query(QS["one"])\n',
    "function of the file": OPEN + 'def q(n):\n    return f"select id order by a, [[b]] limit {n}"\nds.query(q(10))\n',
    "method of the class": OPEN
    + 'class A:\n    def q(self):\n        return "select id order by a, [[b]]"\n    def run(self):\n        return ds.query(self.q())\n',
    "wrapper of the file": OPEN + 'def run(q):\n    return ds.query(q)\nrun("select id order by a, [[b]]")\n',
    "try": OPEN + 'try:\n    q = "select id order by a, [[b]]"\nexcept ValueError:\n    raise\nds.query(q)\n',
    "match": OPEN
    + 'match x:\n    case 1:\n        q = "select id order by a, [[b]]"\n    case _:\n        q = "select id"\nds.query(q)\n',
    # Loops over lists of the file.
    "loop over queries": OPEN + 'for q in ["select a", "select id order by a, [[b]]"]:\n    ds.query(q)\n',
    "loop over a list in a variable": OPEN
    + 'QS = ["select a", "select id order by a, [[b]]"]\ndef f():\n    for q in QS:\n        rows = ds.query(q)\n',
    "loop over a long list": OPEN
    + f'QS = {[f"select a{n}" for n in range(20)]} + ["select id order by a, [[b]]"]\nfor q in QS:\n    rows = ds.query(q)\n',
    "long body over a long list": OPEN
    + f'QS = {[f"select a{n}" for n in range(20)]} + ["select id order by a, [[b]]"]\nfor q in QS:\n    print(q)\n    n = 1 if x else 2\n    ds.query(q)\n',
    "loop over parts": OPEN + 'for key in ("a", "a, [[b]]"):\n    ds.query(f"select id order by {key}")\n',
    "loop over pairs": OPEN
    + 'for name, keys in [("x", "a"), ("y", "a, [[b]]")]:\n    print(name, ds.query("select id order by " + keys))\n',
    "loop over a dictionary": OPEN
    + 'QS = {"one": "select a", "two": "select id order by a, [[b]]"}\nfor name, q in QS.items():\n    ds.query(q)\n',
    "loop over values": OPEN
    + 'QS = {"one": "select a", "two": "select id order by a, [[b]]"}\nfor q in QS.values():\n    ds.query(q)\n',
    "loop with numbers": OPEN
    + 'for n, q in enumerate(["select a", "select id order by a, [[b]]"]):\n    ds.query(q)\n',
    "comprehension over queries": OPEN + 'rows = [ds.query(q) for q in ("select a", "select id order by a, [[b]]")]\n',
    "dictionary over queries": OPEN
    + 'QS = {"one": "select id order by a, [[b]]"}\nrows = {name: ds.query(q) for name, q in QS.items()}\n',
    # The client.
    "pages": CLIENT + 'for page in client.pages("select id order by a, [[b]]", 10):\n    print(page)\n',
    "map": CLIENT + 'client.map(["select a", "select id order by a, [[b]]"])\n',
    "map of a list in a variable": CLIENT
    + 'QS = ["select a", "select id order by a, [[b]]"]\nclient.map(QS, workers=4)\n',
    "map of a comprehension": CLIENT + 'client.map([f"select id order by {key}" for key in ("a", "a, [[b]]")])\n',
    "imap of a generator": CLIENT
    + 'for r in client.imap(f"select id order by {key}" for key in ["a", "a, [[b]]"]):\n    pass\n',
    "amap": CLIENT + 'async def f():\n    await client.amap(["select id order by a, [[b]]"])\n',
    "explain": CLIENT + 'print(client.explain("select id order by a, [[b]]"))\n',
    # Receivers.
    "import of a name": 'from deeplake import query\nquery("select id from \\"al://o/D\\" order by a, [[b]]")\n',
    "module": 'import deeplake as dl\ndl.query("select id order by a, [[b]]")\n',
    "annotation": 'import deeplake\ndef f(data: deeplake.Dataset):\n    return data.query("select id order by a, [[b]]")\n',
    "attribute with an origin": 'import deeplake\nclass A:\n    def __init__(self):\n        self.data = deeplake.open("x")\n    def f(self):\n        self.data.query("select id order by a, [[b]]")\n',
    "with": 'import tql_client\nwith tql_client.connect(u) as c:\n    c.query("select id order by a, [[b]]")\n',
    "await": OPEN + 'async def f():\n    return await ds.query_async("select id order by a, [[b]]")\n',
    "chain": 'import deeplake\ndeeplake.open("x").query("select id order by a, [[b]]")\n',
    "lambda": OPEN + 'f = lambda n: ds.query(f"select id order by a, [[b]] limit {n}")\n',
    "comprehension": OPEN + 'r = [ds.query(f"select id order by a, [[b]] limit {n}") for n in ns]\n',
    "name of the receiver": 'def f(train_ds):\n    return train_ds.query("select id order by a, [[b]]")\n',
    "dataset in the text": "run(query='select id from \"hub://o/D\" order by a, [[b]]')\n",
    "marker above": '# tql\nQ = "select id order by a, [[b]]"\n',
    "marker inside": 'Q = f(query="""-- tql\nselect id order by a, [[b]]""")\n',
    "marker at a call": 'execute("select id order by a, [[b]]")  # tql\n',
    # Requests.
    "requests, json": POST
    + 'q = "select id order by a, [[b]]"\nrequests.post("https://app.activeloop.ai/api/query/v1", json={"query": q})\n',
    "httpx, payload": 'import httpx\npayload = {"query": "select id order by a, [[b]]", "as_list": True}\nhttpx.post(f"{BASE}/api/query/v1", json=payload)\n',
    "payload by key": POST
    + 'URL = "https://app.activeloop.ai/api/query/v1"\np = {}\np["query"] = "select id order by a, [[b]]"\nrequests.post(url=URL, json=p)\n',
    "JSON text": POST
    + 'requests.post("https://app.activeloop.ai/q", data=\'{"query": "select id where \\\\"t\\\\" = 1 order by a, [[b]]"}\')\n',
    "json.dumps": POST
    + 'import json\nrequests.post("https://app.activeloop.ai/q", data=json.dumps({"query": "select id order by a, [[b]]"}))\n',
    "session": POST
    + 's = requests.Session()\ns.request("POST", "https://app.activeloop.ai/q", json=dict(query="select id order by a, [[b]]"))\n',
    "client with a base": 'import httpx\nc = httpx.Client(base_url="https://app.activeloop.ai")\nc.post("/api/query/v1", json={"query": "select id order by a, [[b]]"})\n',
    # Frameworks.
    "LangChain, tql": 'from langchain_deeplake import DeeplakeVectorStore\ndb = DeeplakeVectorStore(path)\ndb.similarity_search("q", tql="select * order by a, [[b]]")\n',
    "search_kwargs": 'r = db.as_retriever(search_kwargs={"tql": "select * order by a, [[b]]", "k": 3})\n',
    "search_kwargs in a variable": 'kwargs = {"k": 3}\nkwargs["tql"] = "select * order by a, [[b]]"\n',
    "LlamaIndex": 'from llama_index.vector_stores.deeplake import DeepLakeVectorStore\nstore = DeepLakeVectorStore(dataset_path="x")\nstore.vectorstore.search(query="select * order by a, [[b]]")\n',
    "vector store": 'from deeplake.core.vectorstore import VectorStore\nvs = VectorStore("x")\nvs.search(query="select * order by a, [[b]]")\n',
}
# The same with other findings: holes in their spans.
HOLES = {
    "distinct": ("TQL302", 'ds.query(f"[[select distinct {c} from D limit {n}]]")\n'),
    "direction of l2": ("TQL501", 'ds.query(f"select id order by [[l2_norm(e - ARRAY[{v}]) DESC]] limit 5")\n'),
    "direction of cosine": (
        "TQL501",
        'ds.query(f"select id order by [[cosine_similarity(e, ARRAY[{v}])]] limit {k}")\n',
    ),
    "no LIMIT": ("TQL503", 'ds.query(f"select id order by [[cosine_similarity(e, ARRAY[{v}]) desc]]")\n'),
    "one argument": ("TQL204", 'ds.query(f"select [[cosine_similarity(ARRAY[{v}])]] as s")\n'),
    "IN of a subquery": ("TQL304", 'ds.query(f"select a from D where [[a in (select a from {other})]] limit 3")\n'),
    "misspelt after a value": ("TQL100", 'ds.query(f"select a from D where a = {n} [[oder]] by a")\n'),
    "LIMIT of two values": ("TQL110", 'ds.query(f"select a from D where a = {n} limit 10[[,]] {k}")\n'),
    "dropped after a value": ("TQL001", 'ds.query(f"select a from D where a = {n} [[&& b = {m}]]")\n'),
    "a value in a loop": (
        "TQL301",
        'q = "select id where true"\nfor x in xs:\n    q += f" or id = {x}"\nds.query(q + " order by a, [[b]]")\n',
    ),
    "a join of values": (
        "TQL301",
        'ds.query("select id where id in (" + ", ".join(map(str, ids)) + ") order by a, [[b]]")\n',
    ),
}
CASES = [(name, "TQL301", source) for name, source in SHAPES.items()]
CASES += [(name, code, source) for name, (code, source) in HOLES.items()]


@pytest.mark.parametrize(("code", "source"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_a_shape(code: str, source: str) -> None:
    """The shape has one finding, at its place; advice about interpolated values is not counted."""
    start, end = source.index("[["), source.index("]]") - 2
    # A list in a list would close early: the last brackets are the mark.
    if source.count("]]") > 1:
        end = source.rindex("]]") - 2
    text = _unmarked(source)

    found = [finding for finding in check_python(text) if finding.code != PASTED]

    assert [(finding.code, finding.start, finding.end) for finding in found] == [(code, start, end)]
    assert text.split("\n")[found[0].line - 1][found[0].column - 1 :].startswith(text[start:end].split("\n")[0])


def _unmarked(source: str) -> str:
    """Return a shape without the brackets around its finding."""
    start, end = source.index("[["), source.rindex("]]")
    return source[:start] + source[start + 2 : end] + source[end + 2 :]


CLEAN = {
    "pandas": 'import pandas as pd\ndf = pd.read_sql(query="select distinct a from t", con=con)\n',
    "frame": 'import pandas as pd\ndf = pd.DataFrame()\ndf.query("select distinct a from t")\n',
    "sqlalchemy and deeplake": 'import deeplake, sqlalchemy\ne = sqlalchemy.create_engine(u)\ne.connect().query("select distinct a from t")\n',
    "BigQuery": 'from google.cloud import bigquery\nclient = bigquery.Client()\nclient.query("select distinct a from `t`")\n',
    "DuckDB": "import duckdb\nduckdb.query(\"select distinct a from 'x.parquet'\")\n",
    "elasticsearch": 'es.search(body={"query": "select distinct a"})\n',
    "RDF": 'g.query("""SELECT DISTINCT ?a WHERE { ?a ?b ?c }""")\n',
    "Django": 'from django.db import connection\nconnection.query("select distinct a from t")\n',
    "another service": 'import requests, deeplake\nrequests.post("https://api.example.com/sql", json={"query": "select distinct a"})\n',
    "a question": 'import deeplake\nengine.query("What does it select?")\n',
    "a name that is rebound": OPEN + 'import duckdb\nds = duckdb.connect()\nds.query("select distinct a from t")\n',
    "infeasible path": OPEN
    + 'w, g = "a, b", ""\nif x:\n    w = "amax(a) as m"\nif x:\n    g = " group by a"\nds.query("select " + w + g)\n',
    "a value that may be a direction": OPEN
    + 'ds.query(f"select id order by cosine_similarity(e, ARRAY[1, 2]) {way} limit 5")\n',
    "a value that may be the end": OPEN
    + 'ds.query(f"select id order by cosine_similarity(e, ARRAY[1, 2]) desc {tail}")\n',
    "a loop whose rounds add different parts": OPEN
    + 'q = "select id where true"\nfor part in ("a = 1", "b = 2"):\n    q += f" and {part}"\nds.query(q)\n',
    "pairs that do not mix": OPEN
    + 'for what, tail in (("a, b", ""), ("amax(a) as m", " group by a")):\n    ds.query("select " + what + tail)\n',
    "map of another library": 'import tql\npool.map(run, ["select distinct a from t"])\nx = list(map(str, ids))\n',
    "explain of another library": 'import duckdb, tql_client\nduckdb.sql(q).explain("select distinct a")\n',
    "a part of a text": OPEN + 'q = "select id, "\nq += "b"\nds.query(q)\n',
}


@pytest.mark.parametrize("source", CLEAN.values(), ids=CLEAN)
def test_a_shape_without_findings(source: str) -> None:
    """Texts for other libraries are not read, and no path that Python does not take is followed."""
    assert [finding for finding in check_python(source) if finding.code != PASTED] == []


def test_explain() -> None:
    """Each text is listed with its place, and with the reason why it is read or is not."""
    source = dedent("""\
        import deeplake
        ds = deeplake.open(path)
        ds.query("select id")
        ds.query(text)
        import duckdb
        duckdb.query("select 1")
        OTHER = "select a from t"
        requests.post("https://api.example.com", json={"query": "select b"})
    """)

    lines = explain_python(source).splitlines()

    assert [line.partition(",")[0] for line in lines] == ["3:11: read", "4:10: not read", "6:15: not read", "7:10: not read", "8:58: not read"]  # fmt: skip
    assert "`ds` comes from `deeplake.open()`" in lines[0]
    assert "the value of `text` is not in the file" in lines[1]
    assert "`duckdb` comes from `duckdb`, which is not Deep Lake" in lines[2]
    assert "# tql" in lines[3]
    assert "https://api.example.com" in lines[4]


def test_constants_are_no_interpolated_values() -> None:
    """A constant of the file is part of the text; any other value is advice, at its expression."""
    source = (
        OPEN
        + 'N = 10\nT = "x"\nds.query(f"select id where t = \'{T}\' limit {N}")\nds.query(f"select id limit {n + 1}")\n'
    )

    (finding,) = check_python(source)

    assert (finding.code, source[finding.start : finding.end]) == (PASTED, "n + 1")


LIBRARIES = ("numpy", "pyarrow", "hypothesis", "pygments")


@pytest.mark.parametrize("library", LIBRARIES)
def test_installed_libraries_have_no_findings(library: str) -> None:
    """Nothing in a library that is not about Deep Lake is read as TQL."""
    spec = importlib.util.find_spec(library)
    assert spec is not None
    assert spec.origin is not None
    files = sorted(Path(spec.origin).parent.rglob("*.py"))
    texts = [path.read_text(encoding="utf-8", errors="replace") for path in files]
    possible = [text for text in texts if evidence.POSSIBLE.search(text)]

    assert files
    assert [finding for text in possible[:20] for finding in check_python(text)] == []
