// SPDX-License-Identifier: MIT OR Apache-2.0
#pragma once

#include <ka/keepalive.h>

#include <QtQml/QQmlApplicationEngine>
#include <QtQuick/QQuickItem>
#include <QtQuick/QQuickWindow>

/// The monitor's window, and somebody before it with a mouse and a keyboard.
class Driver
{
public:
    /// Shows the window. Returns whether it can be seen.
    bool open();

    QQuickWindow &window() const { return *m_window; }
    ka::KeepAlive &guard() const { return *m_window->findChild<ka::KeepAlive *>(); }
    /// Something in the window, by its object name; there has to be one.
    QQuickItem &item(const char *name) const;
    QString text(const char *name) const { return item(name).property("text").toString(); }
    /// The number or words of a Metric.
    QString value(const char *name) const { return item(name).property("value").toString(); }
    bool isVisible(const char *name) const { return item(name).isVisible(); }
    /// The newest entry of the log.
    QString lastEvent() const;

    // What the hands do. The window scrolls to where they go.
    QPoint reach(const char *name) const;
    void click(const char *name) const;
    void press(Qt::Key key, Qt::KeyboardModifiers modifiers = {}) const;
    /// Clicks into a field and types over what is in it.
    void type(const char *name, const QString &text) const;

private:
    QQmlApplicationEngine m_engine;
    QQuickWindow *m_window = nullptr;
};
