// SPDX-License-Identifier: MIT OR Apache-2.0

// What the demo prints fits the terminal that it is read in, and a pipe is 80 columns wide.

#include <page.h>

#include <QtCore/QRegularExpression>
#include <QtTest/QtTest>

#include <cstdio>
#include <functional>
#include <pty.h>
#include <unistd.h>

namespace {

/// What goes to the standard output meanwhile; on a terminal of so many columns, or into a pipe.
QStringList printed(int columns, const std::function<void()> &print)
{
    int ends[2] = {-1, -1};
    const struct winsize size = {24, static_cast<unsigned short>(columns), 0, 0};
    const int made
            = columns > 0 ? ::openpty(&ends[0], &ends[1], nullptr, nullptr, &size) : ::pipe(ends);
    if (made != 0)
        return {};
    std::fflush(stdout);
    const int before = ::dup(STDOUT_FILENO);
    ::dup2(ends[1], STDOUT_FILENO);
    print();
    std::fflush(stdout);
    ::dup2(before, STDOUT_FILENO);
    ::close(before);
    ::close(ends[1]);
    // To its end: the kernel hands over what goes through a terminal piece by piece.
    QByteArray text;
    QByteArray piece(4096, '\0');
    for (ssize_t got = 1; got > 0;) {
        got = ::read(ends[0], piece.data(), size_t(piece.size()));
        text.append(piece.constData(), int(std::max<ssize_t>(0, got)));
    }
    ::close(ends[0]);
    QString plain = QString::fromUtf8(text).remove(QLatin1Char('\r'));
    plain.remove(QRegularExpression(QStringLiteral("\033\\[\\d+m")));
    return plain.split(QLatin1Char('\n'));
}

void timelineAndTable()
{
    page::paragraph(
            QStringLiteral("  3.68 s  guarded   "),
            QStringLiteral("DataUnacknowledged: the peer did not acknowledge data despite 4 "
                           "retransmissions; it was last heard 4.0 s ago"),
            page::Ink::Green);
    page::table(
            {{QStringLiteral("What happened"), QStringLiteral("plain QTcpSocket"),
              QStringLiteral("with ka::KeepAlive"), QStringLiteral("after")},
             {QStringLiteral("network silent, sending"), QStringLiteral("RemoteHostClosedError"),
              QStringLiteral("DataUnacknowledged"), QStringLiteral("10.00 s")}});
}

} // namespace

class tst_DemoPage : public QObject
{
    Q_OBJECT

private slots:
    void noLineIsWiderThanTheTerminal_data();
    void noLineIsWiderThanTheTerminal();
};

void tst_DemoPage::noLineIsWiderThanTheTerminal_data()
{
    QTest::addColumn<int>("columns");
    QTest::addColumn<int>("most");
    QTest::addColumn<bool>("asTable");
    QTest::newRow("80") << 80 << 80 << true;
    QTest::newRow("200") << 200 << 80 << true;
    QTest::newRow("40") << 40 << 40 << false;
    QTest::newRow("a pipe") << 0 << 80 << true;
}

void tst_DemoPage::noLineIsWiderThanTheTerminal()
{
    QFETCH(int, columns);
    QFETCH(int, most);
    const QStringList lines = printed(columns, timelineAndTable);
    QVERIFY(lines.size() > 4);
    for (const QString &line : lines)
        QVERIFY2(line.size() <= most, qPrintable(line));
    const QString all = lines.join(QLatin1Char(' ')).simplified();
    for (const char *word :
         {"acknowledge", "RemoteHostClosedError", "with ka::KeepAlive", "10.00 s"})
        QVERIFY2(all.contains(QLatin1String(word)), word);
    QTEST(lines.filter(QStringLiteral("What happened")).size() == 1, "asTable");
}

QTEST_GUILESS_MAIN(tst_DemoPage)
#include "tst_demo_page.moc"
