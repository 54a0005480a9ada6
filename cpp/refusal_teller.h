// SPDX-License-Identifier: MIT OR Apache-2.0
#pragma once

#include <ka/keepalive.h>

#include <chrono>

namespace ka::detail {

/// How a guard tells of what was refused, where a program of another kind made it, such as QML. Without
/// one it tells each refusal at once, and writes it into the log.
class RefusalTeller
{
public:
    /// Whether to tell this refusal now, by applyFailed() and in the log. Otherwise it is in
    /// errorString alone.
    virtual bool tells(const QString &why) = 0;
    /// Writes a refusal that is told into the log.
    virtual void log(const QString &why) const = 0;
    /// How long a socket may belong to another guard until this one tells that it was refused.
    virtual std::chrono::milliseconds patience() const = 0;

protected:
    RefusalTeller() = default;
    ~RefusalTeller() = default;
    Q_DISABLE_COPY_MOVE(RefusalTeller)
};

/// From now on this one tells for the guard; null for none. It has to outlive that.
KA_EXPORT void setRefusalTeller(KeepAlive *guard, RefusalTeller *teller);
/// Whether this was refused and is still wrong.
KA_EXPORT bool isRefused(const KeepAlive *guard, const QString &why);
/// Tells what was put off. A slot may have deleted the guard.
KA_EXPORT void tellRefusal(KeepAlive *guard, const QString &why);

} // namespace ka::detail
