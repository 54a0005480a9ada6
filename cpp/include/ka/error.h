// SPDX-License-Identifier: MIT OR Apache-2.0
#pragma once

#include <ka/export.h>

#include <stdexcept>
#include <string>
#include <system_error>
#include <type_traits>

namespace ka {

/// What this library itself refuses. The numbers never change. If the system refuses something, the
/// error has the system's own code in std::system_category(), such as EBADF for a closed descriptor
/// or EACCES for a value that this process may not set.
enum class errc {
    /// The number is negative, so it is no descriptor. Qt returns −1 until a socket is connected.
    NoDescriptor = 1,
    /// The descriptor is open, but is not a TCP socket.
    NotTcp = 2,
    /// The system cannot express a value. Nothing was changed.
    OutOfRange = 3,
    /// The system cannot do it at all.
    Unsupported = 4,
};

/// The category of ka::errc, named "ka". Its codes compare equal to the nearest std::errc:
/// bad_file_descriptor, not_a_socket, invalid_argument, not_supported.
KA_EXPORT const std::error_category &errorCategory() noexcept;

/// A ka::errc as a std::error_code.
KA_EXPORT std::error_code make_error_code(errc code) noexcept;

/// What the throwing functions of this library throw. code() is a ka::errc, or the system's own
/// code in std::system_category().
///
/// what() says for a person what was refused, with option, value and range: "TCP_KEEPCNT: 128 is
/// not within 1..127".
class KA_EXPORT Error : public std::system_error
{
public:
    /// Made by the library. `option` must stay valid.
    Error(std::error_code code, const char *option, const std::string &message);
    /// A copy. Never throws, as the standard requires of an exception.
    Error(const Error &) noexcept = default;
    /// Likewise.
    Error &operator=(const Error &) noexcept = default;
    ~Error() override;

    /// What was refused, in words for a person, with option, value and range.
    const char *what() const noexcept override;

    /// The option that failed, such as "TCP_KEEPIDLE". Empty if the descriptor itself was refused.
    /// Never null, valid for the life of the program.
    const char *option() const noexcept;

private:
    const char *m_option;
    std::runtime_error m_message; // its copies do not throw
};

} // namespace ka

/// \cond
template<>
struct std::is_error_code_enum<ka::errc> : std::true_type
{
};
/// \endcond
