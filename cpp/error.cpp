// SPDX-License-Identifier: MIT OR Apache-2.0
#include <ka/error.h>

namespace ka {

namespace {

class Category final : public std::error_category
{
public:
    const char *name() const noexcept override { return "ka"; }

    std::string message(int code) const override
    {
        switch (static_cast<errc>(code)) {
        case errc::NoDescriptor:
            return "not a socket descriptor (Qt returns -1 until the socket is connected)";
        case errc::NotTcp:
            return "the descriptor is not a TCP socket";
        case errc::OutOfRange:
            return "a value is outside of what the system can express";
        case errc::Unsupported:
            return "not supported on this system";
        }
        return "unknown error";
    }

    std::error_condition default_error_condition(int code) const noexcept override
    {
        switch (static_cast<errc>(code)) {
        case errc::NoDescriptor:
            return std::errc::bad_file_descriptor;
        case errc::NotTcp:
            return std::errc::not_a_socket;
        case errc::OutOfRange:
            return std::errc::invalid_argument;
        case errc::Unsupported:
            return std::errc::not_supported;
        }
        return {code, *this};
    }
};

} // namespace

const std::error_category &errorCategory() noexcept
{
    static const Category category;
    return category;
}

std::error_code make_error_code(errc code) noexcept
{
    return {static_cast<int>(code), errorCategory()};
}

Error::Error(std::error_code code, const char *option, const std::string &message)
    : std::system_error(code)
    , m_option(option)
    , m_message(message)
{
}

Error::~Error() = default;

const char *Error::what() const noexcept
{
    return m_message.what();
}

const char *Error::option() const noexcept
{
    return m_option;
}

} // namespace ka
