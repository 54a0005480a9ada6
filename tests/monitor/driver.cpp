// SPDX-License-Identifier: MIT OR Apache-2.0
#include "driver.h"

#include <window.h>

#include <QtCore/QAbstractItemModel>
#include <QtTest/QTest>

bool Driver::open()
{
    m_window = loadWindow(m_engine);
    if (!m_window || !QTest::qWaitForWindowExposed(m_window))
        return false;
    // No window manager gives it the keyboard here. It is asked for, and comes with an event:
    // what presses a key before that finds no item with the focus.
    m_window->requestActivate();
    return QTest::qWaitForWindowActive(m_window);
}

QQuickItem &Driver::item(const char *name) const
{
    auto *item = m_window->findChild<QQuickItem *>(QString::fromLatin1(name));
    if (!item)
        qFatal("there is nothing called %s in the window", name);
    return *item;
}

QString Driver::lastEvent() const
{
    const auto *events = m_window->findChild<QAbstractItemModel *>();
    return events->index(0, 0).data().toString();
}

QPoint Driver::reach(const char *name) const
{
    QQuickItem &target = item(name);
    QMetaObject::invokeMethod(&item("page"), "reveal",
                              Q_ARG(QVariant, QVariant::fromValue(&target)));
    return target.mapToScene(QPointF(target.width() / 2, target.height() / 2)).toPoint();
}

void Driver::click(const char *name) const
{
    QTest::mouseClick(m_window, Qt::LeftButton, {}, reach(name));
}

void Driver::press(Qt::Key key, Qt::KeyboardModifiers modifiers) const
{
    QTest::keyClick(m_window, key, modifiers);
}

void Driver::type(const char *name, const QString &text) const
{
    click(name);
    press(Qt::Key_A, Qt::ControlModifier);
    press(Qt::Key_Delete);
    for (const QChar letter : text)
        QTest::keyClick(m_window, letter.toLatin1());
}
