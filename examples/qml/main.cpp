// SPDX-License-Identifier: MIT OR Apache-2.0

// A client with a window. The socket is C++'s, as in most programs with QML; main.qml guards it.

#include <ka/socket.h>

#include <QtCore/QCommandLineParser>
#include <QtCore/QTextStream>
#include <QtGui/QGuiApplication>
#include <QtNetwork/QTcpSocket>
#include <QtQml/QQmlApplicationEngine>

namespace {

// What it ends with; main.qml has the others.
constexpr int misused = 1; // as QCommandLineParser does

/// Prints a line at once, also where the output is not a terminal.
void say(const QString &words)
{
    QTextStream(stdout) << words << Qt::endl;
}

} // namespace

/// The half of the program that QML does not see into.
class Backend : public QObject
{
    Q_OBJECT
    // As the type that it is; a QObject would do as well.
    Q_PROPERTY(QAbstractSocket *socket READ socket CONSTANT)

public:
    Backend(QString host, quint16 port)
        : m_host(std::move(host))
        , m_port(port)
    {
        connect(&m_socket, &QTcpSocket::errorOccurred, this,
                [this] { Q_EMIT failed(m_socket.errorString()); });
    }

    QAbstractSocket *socket() { return &m_socket; }

public Q_SLOTS:
    void connectToServer() { m_socket.connectToHost(m_host, m_port); }
    void print(const QString &words) { say(words); }

Q_SIGNALS:
    void failed(const QString &why);

private:
    QString m_host;
    quint16 m_port;
    QTcpSocket m_socket;
};

int main(int argc, char **argv)
{
    QGuiApplication application(argc, argv);
    QCommandLineParser parser;
    parser.setApplicationDescription(QStringLiteral("Shows that a peer is gone, and why."));
    parser.addHelpOption();
    parser.addPositionalArgument(QStringLiteral("HOST"), QStringLiteral("Where to connect to."));
    parser.addPositionalArgument(QStringLiteral("PORT"), QStringLiteral("And at which port."));
    const QCommandLineOption within(QStringLiteral("within"),
                                    QStringLiteral("Know within this time that the peer is gone."),
                                    QStringLiteral("ms"), QStringLiteral("6000"));
    const QCommandLineOption once(QStringLiteral("once"),
                                  QStringLiteral("End with the connection, not with the window."));
    parser.addOptions({within, once});
    parser.process(application);

    const QStringList where = parser.positionalArguments();
    if (where.size() != 2)
        parser.showHelp(misused);
    const quint16 port = where.at(1).toUShort(); // 0 for what is none
    bool isNumber = false;
    const int milliseconds = parser.value(within).toInt(&isNumber);
    if (port == 0 || !isNumber) {
        say(port == 0 ? QStringLiteral("'%1' is not a port: that is 1 to 65535").arg(where.at(1))
                      : QStringLiteral("'%1' is not a number of ms").arg(parser.value(within)));
        return misused;
    }
    // KeepAlive in main.qml would refuse it, too; but then there is a window already.
    try {
        ka::Config::detectWithin(std::chrono::milliseconds(milliseconds));
    } catch (const ka::Error &refused) {
        say(QString::fromUtf8(refused.what()));
        return misused;
    }

    Backend backend(where.first(), port);
    QQmlApplicationEngine engine;
    engine.setInitialProperties({{QStringLiteral("backend"), QVariant::fromValue(&backend)},
                                 {QStringLiteral("within"), milliseconds},
                                 {QStringLiteral("once"), parser.isSet(once)}});
    engine.load(QUrl(QStringLiteral("qrc:/main.qml")));
    return engine.rootObjects().isEmpty() ? misused : QGuiApplication::exec();
}

#include "main.moc"
