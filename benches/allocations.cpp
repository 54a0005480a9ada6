// SPDX-License-Identifier: MIT OR Apache-2.0

// Whether ka::apply() touches the heap. This program's own malloc and its relatives take the place
// of the C library's, for the C++ and the Rust side alike, and count.

#include "subject.h"

#include <ka/socket.h>

#include <cerrno>
#include <cstddef>
#include <cstdio>

namespace {
volatile unsigned long allocations = 0;
}

// The C library's allocator under its other names.
extern "C" {
void *__libc_malloc(std::size_t size);
void *__libc_calloc(std::size_t count, std::size_t size);
void *__libc_realloc(void *memory, std::size_t size);
void *__libc_memalign(std::size_t alignment, std::size_t size);

void *malloc(std::size_t size)
{
    allocations = allocations + 1;
    return __libc_malloc(size);
}

void *calloc(std::size_t count, std::size_t size)
{
    allocations = allocations + 1;
    return __libc_calloc(count, size);
}

void *realloc(void *memory, std::size_t size)
{
    allocations = allocations + 1;
    return __libc_realloc(memory, size);
}

void *aligned_alloc(std::size_t alignment, std::size_t size)
{
    allocations = allocations + 1;
    return __libc_memalign(alignment, size);
}

int posix_memalign(void **memory, std::size_t alignment, std::size_t size)
{
    allocations = allocations + 1;
    *memory = __libc_memalign(alignment, size);
    return *memory ? 0 : ENOMEM;
}
}

namespace {

template<typename Call>
unsigned long allocationsOf(Call call)
{
    const unsigned long before = allocations;
    call();
    return allocations - before;
}

void row(const char *what, unsigned long first, unsigned long again)
{
    std::printf("%s|%lu on a fresh socket, %lu with the same values|0|%s\n", what, first, again,
                first + again == 0 ? "ok" : "MISSED");
}

} // namespace

int main()
{
    const ka::Config config = subject::config();
    const int one = subject::tcpSocket();
    const int other = subject::tcpSocket();

    const auto withCode = [&] {
        std::error_code error;
        ka::apply(one, config, error);
        subject::require(!error, "ka::apply");
    };
    const auto throwing = [&] { ka::apply(other, config); };
    // The very first calls of the process, so that nothing is left out that is made only once.
    const unsigned long codeFirst = allocationsOf(withCode);
    const unsigned long codeAgain = allocationsOf(withCode);
    const unsigned long throwingFirst = allocationsOf(throwing);
    const unsigned long throwingAgain = allocationsOf(throwing);

    // What is known to allocate has to be seen, else the zeros above mean nothing: the exception
    // and its message.
    const unsigned long refused = allocationsOf([&] {
        try {
            ka::apply(-1, config);
        } catch (const ka::Error &) {
        }
    });
    errno = 0;
    subject::require(refused > 1, "the count of allocations");

    row("heap allocations: ka::apply with error_code", codeFirst, codeAgain);
    row("heap allocations: ka::apply that throws", throwingFirst, throwingAgain);
}
