#!/bin/sh
# ./dev check package: what ./dev package has made, on a system that has only a compiler and Qt.
#
# A Debian root (root.sh) of this machine's release, because that is for which the packages are made. In
# it package_inside.sh installs them, builds and runs outside projects, and removes them again. What it
# changes there is thrown away, so the root is clean every time, whatever interrupts the check.
set -eu
cd "$(CDPATH='' cd -- "$(dirname -- "$0")/../.." && pwd)"
# shellcheck source=tools/check/root.sh
. tools/check/root.sh

# shellcheck source=/dev/null
release=$(. /etc/os-release && [ "${ID-}" = debian ] && echo "${VERSION_CODENAME-}") ||
    fail "this makes and tries Debian packages, which takes a Debian"
qt=${QKEEPALIVE_QT_MAJOR:-6}
packages="g++ cmake ninja-build pkg-config iproute2"
if [ "$qt" = 5 ]; then
    packages="$packages qtbase5-dev qtdeclarative5-dev qml qml-module-qtquick2 qml-module-qtquick-window2"
else
    packages="$packages qt6-base-dev qt6-declarative-dev qt6-declarative-dev-tools qml-qt6
        qml6-module-qtquick qml6-module-qtquick-window qml6-module-qtqml-workerscript"
fi
# A system with both would show less: each Qt has a root of its own.
root=clean-$release-qt$qt

say "What Debian's own checker says"
# But for three things: a package that is not part of Debian closes no bug there; CPack calls ldconfig in
# scripts, to no harm, beside the trigger that it is given; and without -fPIC in QKeepAlive.pc Qt's
# headers do not compile.
lintian --allow-root --fail-on error,warning --suppress-tags \
    initial-upload-closes-no-bugs,maintscript-calls-ldconfig,pkg-config-bad-directive dist/*.deb

root_make "$root" "$release"
root_alone package
# shellcheck disable=SC2086 # a list of words
root_install "$root" $packages

root_run "$root" -t unshare --net sh tools/check/package_inside.sh "$qt"
say "The packages can be installed, used and removed on a clean Debian $release with Qt $qt"
