// SPDX-License-Identifier: MIT OR Apache-2.0
#pragma once

#include "measure.h"

#include <csignal>
#include <cstdio>
#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <type_traits>
#include <unistd.h>

namespace bench {

/// A child process that ends with its parent, however that ends. Call it only while there is one
/// thread. Returns 0 in the child.
inline pid_t forkChild()
{
    std::fflush(nullptr); // or both would print what is still in the buffer
    const pid_t parent = getpid();
    const pid_t child = fork();
    require(child >= 0, "fork");
    if (child == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (getppid() != parent)
            _exit(2);
    }
    return child;
}

/// Work that runs in a process of its own, beside this one, so that memory and processor time are
/// its alone. Its result comes back as it is in memory.
template<typename Result>
class Task
{
    static_assert(std::is_trivially_copyable_v<Result>);

public:
    template<typename Body>
    explicit Task(Body body)
    {
        int ends[2];
        require(pipe2(ends, O_CLOEXEC) == 0, "pipe2");
        m_process = forkChild();
        if (m_process == 0) {
            const Result result = body();
            const bool written = write(ends[1], &result, sizeof result) == ssize_t(sizeof result);
            _exit(written ? 0 : 2);
        }
        close(ends[1]);
        m_pipe = ends[0];
    }

    Task(Task &&) = delete;

    ~Task()
    {
        close(m_pipe);
        kill(m_process, SIGKILL);
        waitpid(m_process, nullptr, 0);
    }

    /// Waits for it. The child has said why if there is none.
    Result result()
    {
        Result result;
        if (read(m_pipe, &result, sizeof result) != ssize_t(sizeof result))
            std::exit(2);
        return result;
    }

private:
    pid_t m_process = -1;
    int m_pipe = -1;
};

} // namespace bench
