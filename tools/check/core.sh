#!/bin/sh
# Core and bridge on this system, whatever it is: all that there is on macOS and Windows.
#
#   ./dev check core
#
# It takes Rust and a C++ compiler, and nothing else.
set -eu
cd "$(CDPATH='' cd -- "$(dirname -- "$0")/../.." && pwd)"

for features in "" bridge; do
    echo "==> ${features:-core}: clippy and tests"
    cargo clippy --release --locked --no-default-features --features "$features" --all-targets \
        -- -D warnings
    cargo test --release --locked --no-default-features --features "$features"
done
echo "==> Core and bridge hold on $(rustc -vV | sed -n 's/^host: //p')"
