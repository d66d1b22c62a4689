#!/bin/sh
# Change one thing after the other in a copy of the client, and tell which changes no test notices.
set -eu
root=$(pwd)
copy=$(mktemp -d)
trap 'rm -rf "$copy"' EXIT
for part in tql client grammar tests pyproject.toml; do
  cp -R "$root/$part" "$copy/$part"
done
cd "$copy"
export PATH="$root/.venv/bin:$PATH" PYTHONPATH="$copy:$copy/client:$copy/grammar" TQL_MUTATIONS=3000
tools="$root/.venv/tools/bin"
"$tools/cosmic-ray" init tests/client/mutants.toml session.sqlite
"$tools/cr-filter-operators" session.sqlite tests/client/mutants.toml
"$tools/cosmic-ray" baseline tests/client/mutants.toml
"$tools/cosmic-ray" exec tests/client/mutants.toml session.sqlite
"$tools/cr-report" session.sqlite --show-diff --surviving-only
