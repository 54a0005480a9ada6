# shellcheck shell=sh
# A Debian of another release in a directory, to build and test in: sourced by the checks.
#
#   root_make NAME SUITE [APT-OPTION...]    makes it, unless it is there: root_make trixie trixie
#   root_install NAME PACKAGE...            installs what is missing in it
#   root_run NAME [-t] [-r] [-v VARIABLE=VALUE]... COMMAND [ARGUMENT...]
#                                           runs a command in it, as root; -t: what it changes in the
#                                           system is thrown away; -r: with this machine's Rust
#   root_path NAME                          where it lies
#   root_alone CHECK                        waits until the same check, run elsewhere, is over
#
# A command in it sees
#
#   /qkeepalive     the repository, read-only; it starts there
#   /build          what it may write and finds again next time; HOME and cargo's target directory
#                   lie there
#   /cargo          cargo's home, shared by all roots, filled with what this machine's cargo has
#   /opt/rust       this machine's Rust toolchain, read-only
#   /dev /proc /sys as here; /tmp and /run are empty and vanish
#
# and the network as this machine has it: its names, proxies and certificates.
#
# Everything lies below $QKEEPALIVE_CACHE_DIR (~/.cache/qkeepalive) and can be removed at any time.
# Mounts exist in a mount namespace of the command's own, and its processes in a process namespace
# of their own: however it ends, by a kill -9 too, the kernel takes both away, and nothing stays
# mounted or running here.

root_repository=$(CDPATH='' cd -- "$(dirname -- "$0")/../.." && pwd)
root_cache=${QKEEPALIVE_CACHE_DIR:-${XDG_CACHE_HOME:-$HOME/.cache}/qkeepalive}

if [ -t 1 ]; then
    say() { printf '\033[1m==> %s\033[0m\n' "$*"; }
else
    say() { printf '==> %s\n' "$*"; }
fi
fail() {
    printf 'check: %s\n' "$*" >&2
    exit 1
}

# logged LOG WHAT COMMAND... : quietly; the end of the log if it fails.
logged() {
    root_log=$1 root_what=$2
    shift 2
    "$@" >"$root_log" 2>&1 && return
    tail -n 25 "$root_log" >&2
    fail "$root_what failed (see above); the whole log is $root_log"
}

root_path() { printf '%s/roots/%s\n' "$root_cache" "$1"; }

# Two at once would write each other's logs and results. The lock goes with the process.
root_alone() {
    mkdir -p "$root_cache"
    exec 8>"$root_cache/$1.lock"
    flock -n 8 || {
        say "Waiting for another check of $1 to end"
        flock 8
    }
}

# --- What it takes here --------------------------------------------------------------------------

root_need() {
    [ "$(id -u)" = 0 ] ||
        fail "this check makes a Debian root to work in, which only root may do. Please run it with sudo"
    for root_tool in unshare setpriv flock; do
        command -v "$root_tool" >/dev/null || fail "$root_tool is missing; it is part of util-linux"
    done
    unshare --mount --pid --fork true 2>/dev/null ||
        fail "unshare --mount --pid is refused: this machine (a container?) makes no namespaces"
    command -v debootstrap >/dev/null || {
        command -v apt-get >/dev/null || fail "please install debootstrap"
        say "Installing debootstrap"
        mkdir -p "$root_cache"
        logged "$root_cache/debootstrap.log" "Installing debootstrap by apt" sh -c '
            apt-get update -qq
            apt-get install -y --no-install-recommends -o DPkg::Lock::Timeout=300 debootstrap'
    }
}

# The Debian archive that this machine's own packages come from; none where it is no Debian.
root_mirror() {
    # shellcheck source=/dev/null
    root_release=$(. /etc/os-release && [ "${ID-}" = debian ] && echo "${VERSION_CODENAME-}") || return 0
    # shellcheck disable=SC2016 # apt's own placeholder
    apt-get indextargets --format '$(REPO_URI)' \
        "Release: $root_release" "Component: main" "Created-By: Packages" 2>/dev/null | head -n1
}

# This machine's bundle of certificates, which may hold more than Debian's.
root_certificates() {
    for root_file in "${SSL_CERT_FILE-}" "${CARGO_HTTP_CAINFO-}" "${CURL_CA_BUNDLE-}" \
        /etc/ssl/certs/ca-certificates.crt /etc/pki/tls/certs/ca-bundle.crt; do
        [ -f "$root_file" ] || continue
        printf '%s\n' "$root_file"
        return
    done
}

# --- Making one ----------------------------------------------------------------------------------

root_make() {
    root_name=$1 root_suite=$2
    shift 2
    root_need
    mkdir -p "$root_cache/roots" "$root_cache/packages" "$root_cache/build/$root_name/home" \
        "$root_cache/cargo/registry"
    (
        # One at a time: another check may want the same root.
        flock 9
        root_debootstrap "$@"
        root_configure "$@"
        root_fill_cargo
    ) 9>"$root_cache/roots/$root_name.lock"
}

# Makes it under another name first, so that one which was interrupted is never taken for whole.
root_debootstrap() {
    root_target=$(root_path "$root_name")
    [ ! -d "$root_target" ] || return 0
    say "Making a Debian $root_suite in $root_target (about a minute)"
    rm -rf --one-file-system "$root_target.part"
    # Where the archive's Release file is older than apt would accept, debootstrap need not know.
    # shellcheck disable=SC2046 # a mirror or none
    logged "$root_target.log" "debootstrap" \
        setpriv --pdeathsig KILL \
        unshare --mount --propagation private --pid --fork --kill-child=KILL \
        debootstrap --variant=minbase --include=ca-certificates \
        --cache-dir="$root_cache/packages" \
        "$root_suite" "$root_target.part" $(root_mirror) 9>&-
    mv "$root_target.part" "$root_target"
}

# apt in it goes the way that apt goes here, and starts no services.
root_configure() {
    root_target=$(root_path "$root_name")
    printf '#!/bin/sh\nexit 101\n' >"$root_target/usr/sbin/policy-rc.d"
    chmod +x "$root_target/usr/sbin/policy-rc.d"
    {
        apt-config dump Acquire 2>/dev/null |
            grep -E '^Acquire::(https?|ftp|ForceIPv[46]|Retries|Check-)' || true
        echo 'Acquire::Languages "none";'
        echo 'APT::Install-Recommends "false";'
        [ -z "$(root_certificates)" ] || echo 'Acquire::https::CAInfo "/run/certificates.crt";'
        for root_option in "$@"; do
            printf '%s "%s";\n' "${root_option%%=*}" "${root_option#*=}"
        done
    } >"$root_target/etc/apt/apt.conf.d/90qkeepalive"
}

# Crates that this machine's cargo has need not be fetched again, and it is asked to fetch the same
# way. A copy, so that nothing in the root can touch it.
root_fill_cargo() {
    root_from=${CARGO_HOME:-$HOME/.cargo}
    for root_part in cache index; do
        [ ! -d "$root_from/registry/$root_part" ] ||
            cp -Rnp "$root_from/registry/$root_part" "$root_cache/cargo/registry/"
    done
    rm -f "$root_cache/cargo/config.toml"
    [ ! -f "$root_from/config.toml" ] || cp "$root_from/config.toml" "$root_cache/cargo/"
}

root_install() {
    root_name=$1
    shift
    (
        flock 9
        # shellcheck disable=SC2016 # dpkg-query's own placeholder
        root_lacking=$(
            for root_package in "$@"; do
                chroot "$(root_path "$root_name")" \
                    dpkg-query -W -f '${Status}' "$root_package" 2>/dev/null |
                    grep -q '^install ok installed' || printf '%s ' "$root_package"
            done
        )
        [ -n "$root_lacking" ] || exit 0
        say "Installing in the $root_name root: $root_lacking"
        # The first line finishes what an interrupted run has begun.
        # shellcheck disable=SC2016,SC2086 # for the inner shell; a list of words
        logged "$(root_path "$root_name").log" "apt in the $root_name root" \
            root_run "$root_name" -v DEBIAN_FRONTEND=noninteractive sh -euc '
                dpkg --configure -a
                apt-get update -qq
                apt-get install -y "$@"
                apt-get clean' apt $root_lacking
    ) 9>"$root_cache/roots/$root_name.lock"
}

# --- Running in one ------------------------------------------------------------------------------

# Runs as the first process of its namespaces: root, whether to throw changes away, repository, build,
# cargo, rust, certificates (any of the last two may be empty), command. It waits in the background because only then a trap is
# heard at once; when it ends, the kernel kills whatever is left.
# shellcheck disable=SC2016 # for the inner shell
root_inner='
set -eu
trap "exit 130" INT
trap "exit 143" TERM HUP
root=$1 throw=$2 repository=$3 build=$4 cargo=$5 rust=$6 certificates=$7
shift 7
# A mount point, because programs that make namespaces (ip netns) want their "/" to be one.
if [ -n "$throw" ]; then
    # What is written goes into memory, and away with the namespace.
    mount -t tmpfs tmpfs "$root/run"
    mkdir "$root/run/upper" "$root/run/work"
    mount -t overlay -o "lowerdir=$root,upperdir=$root/run/upper,workdir=$root/run/work" \
        overlay "$root"
else
    mount --bind "$root" "$root"
fi
mount -t proc proc "$root/proc"
mount --rbind /sys "$root/sys"
mount --rbind /dev "$root/dev"
for empty in dev/shm tmp run; do
    mount -t tmpfs -o mode=1777 tmpfs "$root/$empty"
done
mkdir -p "$root/qkeepalive" "$root/build" "$root/cargo" "$root/opt/rust" "$root/run/lock"
mount --bind "$repository" "$root/qkeepalive"
mount -o remount,bind,ro "$root/qkeepalive"
mount --bind "$build" "$root/build"
mount --bind "$cargo" "$root/cargo"
if [ -n "$rust" ]; then
    mount --bind "$rust" "$root/opt/rust"
    mount -o remount,bind,ro "$root/opt/rust"
fi
[ -z "$certificates" ] || cp "$certificates" "$root/run/certificates.crt"
# Copies, since these files may be links here and there; put in place in one step, since somebody
# else may run in the same root.
for file in hosts resolv.conf; do
    [ -f "/etc/$file" ] || continue
    new=$(mktemp "$root/etc/$file.XXXXXX")
    cat "/etc/$file" >"$new"
    chmod 644 "$new"
    mv -f "$new" "$root/etc/$file"
done
chroot "$root" sh -c "cd /qkeepalive && exec \"\$@\"" sh "$@" <&3 3<&- &
wait $!
'

root_run() {
    root_name=$1
    shift
    (
        root_target=$(root_path "$root_name")
        [ -d "$root_target" ] || fail "there is no $root_name root yet (root_make)"
        root_rust=
        ! command -v rustc >/dev/null || root_rust=$(rustc --print sysroot 2>/dev/null) || root_rust=
        root_bundle=$(root_certificates)
        root_programs=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
        root_throw=
        if [ "${1-}" = -t ]; then
            root_throw=yes
            shift
        fi
        if [ "${1-}" = -r ]; then
            [ -n "$root_rust" ] || fail "this needs Rust on this machine, and rustc is not in PATH"
            root_programs=/opt/rust/bin:$root_programs
            shift
        fi
        # The command and, in front of it, its environment: nothing from here but how to reach the
        # network. The last of two settings counts.
        while [ "${1-}" = -v ]; do
            root_settings="${root_settings-}$(root_quote "$2") "
            shift 2
        done
        eval "set -- ${root_settings-} \"\$@\""
        for root_variable in TERM http_proxy https_proxy no_proxy all_proxy \
            HTTP_PROXY HTTPS_PROXY NO_PROXY ALL_PROXY CARGO_HTTP_PROXY CARGO_NET_OFFLINE; do
            eval "root_value=\${$root_variable-}"
            [ -z "$root_value" ] || set -- "$root_variable=$root_value" "$@"
        done
        [ -z "$root_bundle" ] || set -- SSL_CERT_FILE=/run/certificates.crt \
            CARGO_HTTP_CAINFO=/run/certificates.crt "$@"
        exec setpriv --pdeathsig KILL \
            unshare --mount --propagation private --pid --fork --kill-child=KILL \
            sh -c "$root_inner" root "$root_target" "$root_throw" "$root_repository" \
            "$root_cache/build/$root_name" "$root_cache/cargo" "$root_rust" "$root_bundle" \
            env -i PATH="$root_programs" HOME=/build/home LANG=C.UTF-8 \
            CARGO_HOME=/cargo CARGO_TARGET_DIR=/build/target "$@" 3<&0 9>&-
    )
}

# A word for eval.
root_quote() { printf '%s\n' "$1" | sed "s/'/'\\\\''/g; 1s/^/'/; \$s/\$/'/"; }
