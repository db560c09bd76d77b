#!/bin/sh
# Stands for the project's tests; any that fails ends the pipeline.
set -eu
app=$1
[ "$("$app" add 2 3)" = 5 ] && echo "ok: add"
[ "$("$app" --version)" = "app 1.0" ] && echo "ok: version"
