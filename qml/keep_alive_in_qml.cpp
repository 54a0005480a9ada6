// SPDX-License-Identifier: MIT OR Apache-2.0
#include "keep_alive_in_qml.h"

#include <QtCore/qloggingcategory.h>
#include <QtCore/qmetaobject.h>
#include <QtCore/qpointer.h>
#include <QtCore/qstring.h>
#include <QtQml/qqmlinfo.h>

#include <utility>

namespace {

// The library's own, by its name: what a program sets for it holds here, too.
Q_LOGGING_CATEGORY(refusals, "qkeepalive", QtWarningMsg)

} // namespace

KeepAliveInQml::KeepAliveInQml()
{
    ka::detail::setRefusalTeller(this, this);
}

KeepAliveInQml::~KeepAliveInQml()
{
    ka::detail::setRefusalTeller(this, nullptr);
}

void KeepAliveInQml::classBegin()
{
    m_isComplete = false;
}

/// Of what was refused meanwhile, that is told which is still wrong: a value may have been set well
/// since, as where one QML file builds on another.
void KeepAliveInQml::componentComplete()
{
    m_isComplete = true;
    tellLeft();
}

void KeepAliveInQml::tellLeft()
{
    const QPointer<KeepAliveInQml> alive(this);
    const QStringList untold = std::exchange(m_untold, {});
    for (const QString &why : untold) {
        m_telling = why;
        if (ka::detail::isRefused(this, why))
            ka::detail::tellRefusal(this, why);
        if (!alive)
            return;
        m_telling.clear();
    }
}

bool KeepAliveInQml::tells(const QString &why)
{
    const bool ofPair = why.startsWith(QLatin1String("heartbeatTimeout: "));
    if (m_isComplete && (!ofPair || why == m_telling))
        return true;
    if (m_isComplete && m_untold.isEmpty())
        QMetaObject::invokeMethod(
                this, [this] { tellLeft(); }, Qt::QueuedConnection);
    if (!m_untold.contains(why))
        m_untold.append(why);
    return false;
}

void KeepAliveInQml::log(const QString &why) const
{
    if (refusals().isWarningEnabled())
        qmlWarning(this) << why;
}

/// Loader, StackView and Instantiator make the next object before they delete the one before, and a
/// StackView only after its transition.
std::chrono::milliseconds KeepAliveInQml::patience() const
{
    return std::chrono::seconds(1);
}
