"""
Contract test of the local server: schemathesis sends valid and invalid requests, generated from the server's OpenAPI description.

``make contract`` runs ``python -m tests.client.contract SCHEMATHESIS``, with the path of schemathesis, which has an environment of its own.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile

import deeplake

from tql_client import serve

TOKEN = "canary-of-the-contract"  # noqa: S105 - the token of a server of this run
EXAMPLES = "10000"


def main() -> int:
    """Serve a small dataset, and run schemathesis."""
    with tempfile.TemporaryDirectory() as folder:
        made = deeplake.create(f"{folder}/d")
        made.add_column("id", deeplake.types.Int64())
        made.append({"id": list(range(10))})
        made.commit()
        with serve({"d": f"{folder}/d"}, token=TOKEN) as server:
            url = server.url.partition("/api")[0]
            command = [sys.argv[1], "run", f"{url}/openapi.json", "--header", f"Authorization: Bearer {TOKEN}"]
            command += [
                "--phases",
                "coverage,fuzzing",
                "--max-examples",
                EXAMPLES,
                "--checks",
                "not_a_server_error,response_schema_conformance,content_type_conformance,status_code_conformance",
            ]
            return subprocess.run(command, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
