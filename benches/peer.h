// SPDX-License-Identifier: MIT OR Apache-2.0
#pragma once

#include <QtCore/QtGlobal>

#include <functional>
#include <sys/types.h>
#include <vector>

namespace bench {

/// The other end of loopback connections: a process of its own that knows nothing of Qt, so that
/// what is measured is this end alone. Make it before there is a second thread.
class Peer
{
public:
    /// What the process does with its listening socket; `line` leads to the one that made it.
    using Body = std::function<void(int listener, int line)>;

    explicit Peer(const Body &body);
    ~Peer();
    Q_DISABLE_COPY_MOVE(Peer)

    /// Opens a connection to it and returns the descriptor. `index` spreads connections over
    /// addresses of the loopback network, so that ports suffice.
    int connect(int index = 0) const;

    /// A letter to the other side of the line, and one from there.
    static void tell(int line, char letter);
    static char hear(int line);
    /// Waits until the other side has nothing more to say.
    static void untilGone(int line);
    int line() const { return m_line; }

    /// Takes so many connections.
    static std::vector<int> accept(int listener, int count);

private:
    int m_line = -1;
    quint16 m_port = 0;
    pid_t m_process = -1;
};

} // namespace bench
