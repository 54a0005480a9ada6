// SPDX-License-Identifier: MIT OR Apache-2.0
#include "window.h"

#include <QtGui/QFont>
#include <QtGui/QGuiApplication>
#include <QtQml/QQmlApplicationEngine>
#include <QtQml/qqmlextensionplugin.h>
#include <QtQuick/QQuickWindow>

Q_IMPORT_QML_PLUGIN(MonitorPlugin)

QQuickWindow *loadWindow(QQmlApplicationEngine &engine)
{
    // Its digits all have one width, so that numbers do not dance. Without it the system's font does.
    QFont font = QGuiApplication::font();
    font.setFamilies(QStringList{QStringLiteral("Roboto")} + font.families());
    QGuiApplication::setFont(font);

    engine.addImportPath(QStringLiteral(":/qt/qml"));
    engine.addImportPath(QStringLiteral(QKEEPALIVE_QML_MODULES)); // import QKeepAlive
    engine.load(QUrl(QStringLiteral("qrc:/qt/qml/Monitor/Main.qml")));
    return qobject_cast<QQuickWindow *>(engine.rootObjects().value(0));
}
