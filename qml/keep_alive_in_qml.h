// SPDX-License-Identifier: MIT OR Apache-2.0
#pragma once

#include <ka/keepalive.h>

#include "refusal_teller.h"

#include <QtCore/qstringlist.h>
#include <QtQml/qqmlparserstatus.h>

#include <chrono>

/// ka::KeepAlive as QML makes it: tells its refusals when the object is complete, with file and line.
/// Later a refusal of the heart-beat's times has until the next turn of the event loop: of a pair whose
/// bindings change one after the other, the first change alone may be wrong.
///
/// QML sets the values before it connects the handlers, so onApplyFailed would hear of none that is
/// wrong from the start; and it sets them in an order of its own.
///
/// The class has no meta-object of its own. Each that QML makes is a ka::KeepAlive like any other,
/// and a property of that type takes those of QML and of C++.
class KeepAliveInQml : public ka::KeepAlive,
                       public QQmlParserStatus,
                       private ka::detail::RefusalTeller
{
public:
    KeepAliveInQml();
    ~KeepAliveInQml() override;

    void classBegin() override;
    void componentComplete() override;

private:
    bool tells(const QString &why) override;
    void log(const QString &why) const override;
    std::chrono::milliseconds patience() const override;
    void tellLeft();

    QStringList m_untold;
    /// What is told at this moment.
    QString m_telling;
    bool m_isComplete = true;
};
