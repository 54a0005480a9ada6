#!/bin/sh
# Builds all documentation as HTML, and for Qt Creator (qkeepalive.qch):
#
#   sh tools/docs/build.sh <where to> <cargo's target directory>
#
# A warning of rustdoc or Doxygen, and a link that leads nowhere, is an error.
set -eu

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
cd "$here/../.."
fail() { printf 'docs: %s\n' "$*" >&2; exit 1; }
say() { printf '    %s\n' "$*"; }
[ $# -eq 2 ] || fail "usage: sh tools/docs/build.sh <where to> <cargo's target directory>"
mkdir -p "$1"
docs=$(CDPATH='' cd -- "$1" && pwd)
target=$2

# What Doxyfile takes from here.
QKEEPALIVE_DOCS=$docs
QKEEPALIVE_VERSION=$(sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -n1)
QT_TAGS=${QT_TAGS:-/usr/share/qt5/doc}
export QKEEPALIVE_DOCS QKEEPALIVE_VERSION QT_TAGS
command -v doxygen >/dev/null || fail "doxygen is missing; on Debian: apt install doxygen"
# A program that Qt's chooser runs may be one that is not there.
for QHELPGENERATOR in ${QHELPGENERATOR-} /usr/lib/qt6/libexec/qhelpgenerator /usr/lib/qt5/bin/qhelpgenerator \
    "$(command -v qhelpgenerator || true)"; do
    [ ! -x "$QHELPGENERATOR" ] || break
done
[ -x "$QHELPGENERATOR" ] || fail "qhelpgenerator is missing; on Debian: apt install qhelpgenerator-qt5; elsewhere
      say where it is with QHELPGENERATOR=<program>"
export QHELPGENERATOR
for module in qtcore qtnetwork; do
    [ -f "$QT_TAGS/$module/$module.tags" ] ||
        fail "Qt's tag files are not in $QT_TAGS: on Debian apt install qtbase5-doc-dev; elsewhere
      say where they are with QT_TAGS=<directory> (qmake -query QT_INSTALL_DOCS)"
done

say "Links between the pages"
pages=$(ls ./*.md)
for folder in docs examples packaging tests; do
    [ ! -d "$folder" ] || pages="$pages $(find "$folder" -name '*.md')"
done
# shellcheck disable=SC2086 # a list, and none of our names has a space
awk -f tools/docs/slug.awk -f tools/docs/links.awk $pages

say "rustdoc: the core, which is all that a Rust program sees"
rm -rf "$target/doc" "$docs/rust" "$docs/cpp"
RUSTDOCFLAGS="-D warnings" cargo doc --quiet --release --locked --no-deps --no-default-features \
    --target-dir "$target"
cp -R "$target/doc" "$docs/rust"

say "Doxygen: C++, QML, the guides"
doxygen tools/docs/Doxyfile
cp tools/docs/index.html "$docs/index.html"

say "Links of what was built"
(cd "$docs" && awk -f "$here/html_links.awk" index.html cpp/*.html)
