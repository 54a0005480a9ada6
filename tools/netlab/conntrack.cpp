// SPDX-License-Identifier: MIT OR Apache-2.0
#include "conntrack.h"

#include <cerrno>
#include <cstddef>

#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <linux/netlink.h>
#include <sys/socket.h>
#include <unistd.h>

// What `conntrack --flush` does, without that program. Waiting for an entry to expire instead would
// race with the keepalive probes, which keep it alive.
int forgetConnections()
{
    struct
    {
        nlmsghdr header;
        nfgenmsg message;
    } request{};
    request.header.nlmsg_len = sizeof request;
    request.header.nlmsg_type = (NFNL_SUBSYS_CTNETLINK << 8) | IPCTNL_MSG_CT_DELETE;
    request.header.nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
    request.message.nfgen_family = AF_UNSPEC;
    request.message.version = NFNETLINK_V0;

    struct
    {
        nlmsghdr header;
        nlmsgerr answer;
        std::byte rest[256];
    } reply{};
    const int netlink = ::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_NETFILTER);
    int error = 0;
    if (netlink == -1 || ::send(netlink, &request, sizeof request, 0) != ssize_t(sizeof request)
        || ::recv(netlink, &reply, sizeof reply, 0) < ssize_t(sizeof(nlmsghdr) + sizeof(int)))
        error = errno;
    else
        error = reply.header.nlmsg_type == NLMSG_ERROR ? -reply.answer.error : EPROTO;
    ::close(netlink);
    return error;
}
