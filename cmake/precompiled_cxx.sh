#!/bin/sh
# The C++ compiler for cargo, where that is GCC: $QKEEPALIVE_CXX, with one thing more.
#
# cxx-qt-lib is some two hundred files of a few lines each, and every one of them makes the compiler read
# Qt's headers. With those precompiled a file takes a fifth of the time, and the first build of the library
# half. All else goes to the compiler as it is.
set -u

case "${CARGO_PKG_NAME-} $*" in
    "cxx-qt-lib "*QtCore*" -c "*) ;;
    *) exec "$QKEEPALIVE_CXX" "$@" ;;
esac

header=$OUT_DIR/precompiled.h
# The first call makes it. Those beside it do not wait, and GCC leaves one alone that does not fit.
if mkdir "$header.once" 2>/dev/null; then
    cat >"$header" <<'TEXT'
#include <QtCore/QByteArray>
#include <QtCore/QDateTime>
#include <QtCore/QHash>
#include <QtCore/QList>
#include <QtCore/QMap>
#include <QtCore/QObject>
#include <QtCore/QSet>
#include <QtCore/QString>
#include <QtCore/QVariant>
#if __has_include(<rust/cxx.h>)
#    include <rust/cxx.h>
#endif
TEXT
    (
        # The same options, without what is compiled and where it goes.
        for argument in "$@"; do
            shift
            case $argument in
                -o | -c) last=$argument && continue ;;
                *.cpp | *.cc) last= && continue ;;
            esac
            [ "${last-}" = -o ] || set -- "$@" "$argument"
            last=
        done
        "$QKEEPALIVE_CXX" "$@" -x c++-header "$header" -o "$header.new" &&
            mv "$header.new" "$header.gch"
    ) >"$header.log" 2>&1 || true
fi
[ -f "$header.gch" ] || exec "$QKEEPALIVE_CXX" "$@"
exec "$QKEEPALIVE_CXX" -include "$header" "$@"
