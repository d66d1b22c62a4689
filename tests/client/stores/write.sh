#!/bin/sh
# Writes the datasets of the stores, packed: `make stores`. The argument is the folder of the environments.
set -e
for store in langchain llamaindex; do
    folder=$(mktemp -d)
    "$1/stores-$store/bin/python" -m "tests.client.stores.write_$store" "$folder/d"
    tar --sort=name --owner=0 --group=0 --numeric-owner --mtime=2026-01-01 -C "$folder/d" -cf - . | gzip -n > "tests/client/stores/$store.tar.gz"
    rm -r "$folder"
done
