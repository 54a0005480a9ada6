// SPDX-License-Identifier: MIT OR Apache-2.0

// A program of a user, whose QML is a module of Qt 6's CMake functions. Main.qml ends it: with 0 if
// the loss was told with its reason.

#include <QtCore/QCoreApplication>
#include <QtCore/QTimer>
#include <QtQml/QQmlApplicationEngine>

using namespace std::chrono_literals;

int main(int argc, char **argv)
{
    QCoreApplication app(argc, argv);
    QTimer::singleShot(20s, &app, [] { qFatal("nothing happened for 20 s"); });
    QQmlApplicationEngine engine;
    engine.addImportPath(QStringLiteral(":/qt/qml")); // Qt looks there by itself from 6.5 on
    engine.load(QUrl(QStringLiteral("qrc:/qt/qml/App/Main.qml")));
    return engine.rootObjects().isEmpty() ? 1 : QCoreApplication::exec();
}
