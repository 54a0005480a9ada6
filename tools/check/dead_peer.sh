#!/bin/sh
# A peer that dies, and one that lives, on a network of their own:
#
#   unshare --net sh tools/check/dead_peer.sh COMMAND...
#
# COMMAND is tests/system/dead_peer.rs, compiled, with whatever runs it in front. The peer is in
# another network namespace, at the other end of a pair of virtual cables. Both namespaces vanish
# with the processes in them.
set -eu

say() { printf '==> %s\n' "$*"; }
fail() {
    printf 'dead peer: %s\n' "$*" >&2
    exit 1
}
# Only in a namespace of its own, which has no device but a loopback that is down.
[ -z "$(ip -o link show up)" ] ||
    fail "this is no network namespace of its own; run it by unshare --net"

peer=peer$$
work=$(mktemp -d)
clean() {
    # The listeners first: a namespace lives as long as a process in it.
    for pid in $(ip netns pids "$peer"); do
        kill "$pid" 2>/dev/null || true # it may have ended by itself
    done
    ip netns del "$peer"
    rm -rf "$work"
}
trap clean EXIT
trap 'exit 130' INT TERM

ip netns add "$peer"
ip link set lo up
ip link add here type veth peer name there netns "$peer"
ip address add 10.0.0.1/24 dev here
ip link set here up
ip -n "$peer" address add 10.0.0.2/24 dev there
ip -n "$peer" link set there up
# One that waits for ever, and one that closes of itself after 6 s; neither says anything.
ip netns exec "$peer" socat -u TCP-LISTEN:7001,fork /dev/null 2>/dev/null &
ip netns exec "$peer" socat -U TCP-LISTEN:7002,fork SYSTEM:'sleep 6' 2>/dev/null &

# within SECONDS COMMAND...: tries until it succeeds.
within() {
    tries=$(($1 * 20))
    shift
    until "$@"; do
        tries=$((tries - 1))
        [ $tries -gt 0 ] || return 1
        sleep 0.05
    done
}
listening() { ip netns exec "$peer" ss -Hltn "sport = :$1" | grep -q .; }
connected() { grep -q '^connected' "$work/out"; }
connected_or_ended() { connected || ! kill -0 "$program" 2>/dev/null; }
for port in 7001 7002; do
    within 10 listening $port || fail "the peer does not listen"
done

# lost IDLE INTERVAL COUNT COMMAND...: everything from and to the peer is dropped once it is there.
lost() {
    values="$1 $2 $3"
    shift 3
    : >"$work/out"
    # shellcheck disable=SC2086 # three words
    "$@" 10.0.0.2:7001 $values >"$work/out" 2>&1 &
    program=$!
    within 60 connected_or_ended || true
    if ! connected; then
        cat "$work/out" >&2
        fail "it did not connect"
    fi
    for chain in INPUT OUTPUT; do
        ip netns exec "$peer" iptables -w -A $chain -j DROP
    done
    result=0
    wait $program || result=$?
    cat "$work/out"
    [ $result = 0 ] || fail "the loss was not seen as it should be (result $result)"
    ip netns exec "$peer" iptables -w -F
}

say "A peer that vanishes, keepalive 1 s, 1 s, 3 probes"
lost 1000 1000 3 "$@"
say "The same with times below a second"
lost 800 600 3 "$@"
say "A peer that lives and closes after 6 s"
result=0
"$@" 10.0.0.2:7002 1000 1000 3 || result=$?
[ $result = 3 ] || fail "a living peer was not left alone (result $result)"
