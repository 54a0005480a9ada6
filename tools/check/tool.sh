# shellcheck shell=sh
# The subcommands of cargo that a check runs: sourced by the checks, after root.sh.
#
#   tool_install NAME VERSION    compiles it, unless it is there, and puts it into PATH
#
# They come from crates.io, each with the versions of its own lock file, and lie below
# $QKEEPALIVE_CACHE_DIR, never in cargo's own directory.

tool_install() {
    tool_name=$1 tool_version=$2
    # shellcheck disable=SC2154 # root.sh sets it
    tool_root=$root_cache/tools/$tool_name-$tool_version
    mkdir -p "$root_cache/tools"
    (
        flock 9
        [ ! -x "$tool_root/bin/$tool_name" ] || exit 0
        say "Compiling $tool_name $tool_version into $tool_root (once; some minutes)"
        # It runs for seconds: optimizing it would take longer than that ever saves.
        logged "$tool_root.log" "Compiling $tool_name" \
            env CARGO_PROFILE_RELEASE_OPT_LEVEL=0 CARGO_PROFILE_RELEASE_LTO=off \
            CARGO_PROFILE_RELEASE_CODEGEN_UNITS=16 CARGO_PROFILE_RELEASE_DEBUG=0 \
            cargo install --locked --version "=$tool_version" --root "$tool_root" \
            --target-dir "$root_cache/tools/build" "$tool_name" 9>&-
        rm -rf "$root_cache/tools/build"
    ) 9>"$root_cache/tools/lock"
    PATH=$tool_root/bin:$PATH
}
