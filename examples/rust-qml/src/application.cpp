// SPDX-License-Identifier: MIT OR Apache-2.0
#include "application.h"

#include "rust_qml_client/src/connection.cxxqt.h"

#include <QtGui/QGuiApplication>
#include <QtQml/QQmlApplicationEngine>

int run(const QString &host, int port, int within, bool once)
{
    int count = 1;
    char name[] = "rust_qml_client";
    char *arguments[] = {name, nullptr};
    QGuiApplication application(count, arguments);

    Connection connection;
    connection.setHost(host);
    connection.setPort(port);
    QQmlApplicationEngine engine;
    engine.setInitialProperties({{QStringLiteral("connection"), QVariant::fromValue(&connection)},
                                 {QStringLiteral("within"), within},
                                 {QStringLiteral("once"), once}});
    engine.load(QUrl(QStringLiteral("qrc:/qml/main.qml")));
    return engine.rootObjects().isEmpty() ? 1 : QGuiApplication::exec();
}
