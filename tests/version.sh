#!/bin/sh
# Run the tests of the language, the builder and the checks with one Python, in an environment of its own: `sh tests/version.sh python3.13`.
set -eu
version=$("$1" -c 'import platform; print(platform.python_version())')
own=".venv/python-$version"
install="$own/bin/python -m pip install --quiet --disable-pip-version-check"
[ -x "$own/bin/python" ] || "$1" -m venv "$own" ||
  { "$1" -m venv --clear --without-pip "$own" && "$1" -m pip --python "$own/bin/python" install pip; }
parts="tests/grammar tests/tql"
if ! $install --editable ".[test]"; then
  echo "Python $version: the engine cannot be installed, so that only the tests of the language run that need none"
  $install --editable ".[cli]" "hypothesis>=6.100" "pytest>=8.4" "pytest-asyncio>=1.4"
  parts="--noconftest tests/grammar --ignore=tests/grammar/lint --ignore=tests/grammar/python --ignore=tests/grammar/syntax/test_findings.py"
fi
echo "Python $version: $parts"
# shellcheck disable=SC2086 # the parts are words
"$own/bin/python" -m pytest -q -p no:cacheprovider $parts
