// SPDX-License-Identifier: MIT OR Apache-2.0

// Plays cases of the system tests and generated lives at random, side by side, for as long as it is
// told, and then says how each of them went. ./dev soak runs it.

#include <QtCore/QCoreApplication>
#include <QtCore/QElapsedTimer>
#include <QtCore/QMap>
#include <QtCore/QProcess>
#include <QtCore/QRandomGenerator>
#include <QtCore/QTimer>

#include <cstdio>

namespace {

constexpr int sideBySide = 24;
/// Of each life, in seconds.
constexpr int length = 60;

/// One case, that is a test program and which of its tests; or one life.
struct Part
{
    QString program;
    QStringList arguments;
    /// Under which the table counts it.
    QString kind;
};

struct Count
{
    int right = 0;
    int late = 0;
    int wrong = 0;
};

class Soak : public QObject
{
public:
    explicit Soak(int minutes)
        : m_milliseconds(qint64(minutes) * 60000)
    {
        const QString here = QCoreApplication::applicationDirPath();
        add(here + QStringLiteral("/tst_losses"), QStringLiteral("-datatags"),
            QStringLiteral("isToldInEveryWay "));
        add(here + QStringLiteral("/tst_live"), QStringLiteral("-functions"), QString());
        m_passed.start();
        for (int i = 0; i < sideBySide; ++i) {
            // Not all at once: to start one takes the processor, and to play it does not.
            QTimer::singleShot(i * 200, this, [this] { next(); });
        }
    }

    bool isSound() const { return !m_parts.isEmpty() && m_wrong == 0; }

    void printTable() const
    {
        std::printf("\n%-44s %8s %8s %8s\n", "Case", "right", "late", "wrong");
        Count all;
        for (auto i = m_counts.cbegin(); i != m_counts.cend(); ++i) {
            std::printf("%-44s %8d %8d %8d\n", qPrintable(i.key()), i->right, i->late, i->wrong);
            all.right += i->right;
            all.late += i->late;
            all.wrong += i->wrong;
        }
        std::printf("%-44s %8d %8d %8d\n", "All", all.right, all.late, all.wrong);
    }

private:
    /// Asks a test program what it has.
    void add(const QString &program, const QString &question, const QString &only)
    {
        QProcess process;
        process.start(program, {question});
        process.waitForFinished();
        const QStringList lines
                = QString::fromUtf8(process.readAllStandardOutput()).split(QLatin1Char('\n'));
        for (const QString &line : lines) {
            // "Class function tag", and without tags "function()".
            const QStringList words = line.split(QLatin1Char(' '), Qt::SkipEmptyParts);
            if (only.isEmpty() && words.size() == 1) {
                const QString name = words.first().section(QLatin1Char('('), 0, 0);
                m_parts << Part{program, {name}, name};
            } else if (words.size() == 3 && line.contains(only)) {
                m_parts << Part{program,
                                {words.at(1) + QLatin1Char(':') + words.at(2)},
                                words.at(2).section(QLatin1Char('.'), 0, 1)};
            }
        }
    }

    void next()
    {
        if (m_passed.elapsed() >= m_milliseconds || m_parts.isEmpty()) {
            if (m_running == 0)
                QCoreApplication::quit();
            return;
        }
        const Part part = choose();
        auto *process = new QProcess(this);
        process->setProcessChannelMode(QProcess::MergedChannels);
        // Qt 5 has two signals of this name.
        connect(process, qOverload<int, QProcess::ExitStatus>(&QProcess::finished), this,
                [this, process, part](int code, QProcess::ExitStatus status) {
                    --m_running;
                    const bool ended = status == QProcess::NormalExit;
                    count(part, ended ? code : -1, process->readAll());
                    process->deleteLater();
                    next();
                });
        // One that does not even start never finishes.
        connect(process, &QProcess::errorOccurred, this,
                [this, process, part](QProcess::ProcessError error) {
                    if (error != QProcess::FailedToStart)
                        return;
                    --m_running;
                    count(part, -1, process->errorString().toLocal8Bit() + '\n');
                    process->deleteLater();
                    QTimer::singleShot(1000, this, [this] { next(); });
                });
        ++m_running;
        process->start(part.program, part.arguments);
    }

    void count(const Part &part, int code, const QByteArray &said)
    {
        // Nobody's fault but this machine's, and no less to be looked at.
        const bool noLaboratory = part.kind == life && code == 3;
        Count &count = m_counts[noLaboratory ? life + QStringLiteral(" without a laboratory")
                                             : part.kind];
        if (code != 0) {
            ++count.wrong;
            ++m_wrong;
            std::printf("%s", said.constData());
            std::fflush(stdout);
        } else if (part.kind == life && said.trimmed().split('\n').last().contains(": late")) {
            ++count.late;
        } else {
            ++count.right;
        }
    }

    Part choose()
    {
        // Half of it is lives, each of another seed.
        if (QRandomGenerator::global()->bounded(2) == 0) {
            const quint32 seed = QRandomGenerator::global()->generate();
            return {QStringLiteral(LIFE), {QString::number(seed), QString::number(length)}, life};
        }
        // The slow reader's ten minutes come once, if there is the time for them.
        const QString slow = QStringLiteral("soak");
        for (int i = 0; i < m_parts.size(); ++i) {
            if (m_parts.at(i).kind.startsWith(slow)) {
                Part part = m_parts.takeAt(i);
                if (m_milliseconds >= 12 * 60000)
                    return part;
            }
        }
        return m_parts.at(int(QRandomGenerator::global()->bounded(m_parts.size())));
    }

    /// How the table calls it.
    const QString life = QStringLiteral("A life");
    qint64 m_milliseconds;
    QElapsedTimer m_passed;
    QList<Part> m_parts;
    QMap<QString, Count> m_counts;
    int m_running = 0;
    int m_wrong = 0;
};

} // namespace

int main(int argc, char **argv)
{
    QCoreApplication application(argc, argv);
    const int minutes = argc == 2 ? QString::fromLocal8Bit(argv[1]).toInt() : 0;
    if (minutes <= 0) {
        std::fprintf(stderr, "Usage: soak MINUTES\n");
        return 2;
    }
    Soak soak(minutes);
    QCoreApplication::exec();
    soak.printTable();
    return soak.isSound() ? 0 : 1;
}
