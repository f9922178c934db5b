#!/bin/bash
# The Swift files and folders that the formatter looks at, once each: Core/ only links to them.
set -euo pipefail
cd "$(dirname "$0")/.."
for path in Sources Tests Benchmarks Fuzz Package.swift Core/Package.swift; do
    [ -e "$path" ] && printf '%s\n' "$path"
done
exit 0
