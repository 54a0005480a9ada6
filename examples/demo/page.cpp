// SPDX-License-Identifier: MIT OR Apache-2.0
#include "page.h"

#include <QtCore/QList>

#include <algorithm>
#include <cstdio>
#include <sys/ioctl.h>
#include <unistd.h>
#include <utility>

namespace page {

namespace {

constexpr int narrowest = 30;
constexpr int widest = 80;

int width()
{
    struct winsize size = {};
    if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0)
        return widest;
    return std::clamp(int(size.ws_col), narrowest, widest);
}

/// Makes a text stand out, where it is read by a person.
QString inked(const QString &text, Ink ink)
{
    static const bool terminal = ::isatty(STDOUT_FILENO);
    if (!terminal || ink == Ink::Plain)
        return text;
    const int code = ink == Ink::Bold ? 1 : ink == Ink::Red ? 31 : ink == Ink::Green ? 32 : 33;
    return QStringLiteral("\033[%1m%2\033[0m").arg(code).arg(text);
}

void print(const QString &line)
{
    std::fputs(qPrintable(line + QLatin1Char('\n')), stdout);
    std::fflush(stdout);
}

} // namespace

void paragraph(const QString &head, const QString &text, Ink ink)
{
    const auto room = qsizetype(width()) - head.size();
    QString start = head;
    QString line;
    const auto flush = [&] {
        print(start + inked(line, ink));
        start.fill(QLatin1Char(' '));
        line.clear();
    };
    const QStringList words = text.split(QLatin1Char(' '));
    for (const QString &word : words) {
        if (!line.isEmpty() && line.size() + 1 + word.size() > room)
            flush();
        line += line.isEmpty() ? word : QLatin1Char(' ') + word;
    }
    flush();
}

void table(const QList<QStringList> &rows)
{
    const QString gap(2, QLatin1Char(' '));
    QList<qsizetype> widths;
    for (const QStringList &row : rows) {
        for (qsizetype i = 0; i < row.size(); ++i) {
            if (i == widths.size())
                widths.append(0);
            widths[i] = std::max(widths[i], qsizetype(row[i].size()));
        }
    }
    qsizetype whole = gap.size() * (qsizetype(widths.size()) - 1);
    for (const qsizetype one : std::as_const(widths))
        whole += one;
    const QStringList heading = rows.value(0);
    for (qsizetype i = 0; i < rows.size(); ++i) {
        const QStringList &row = rows[i];
        if (whole <= width()) {
            QStringList cells;
            for (qsizetype j = 0; j < row.size(); ++j)
                cells << row[j].leftJustified(j + 1 < row.size() ? int(widths[j]) : 0);
            print(inked(cells.join(gap), i == 0 ? Ink::Bold : Ink::Plain));
        } else if (i > 0) {
            paragraph({}, row.value(0), Ink::Bold);
            for (qsizetype j = 1; j < row.size(); ++j)
                paragraph(QLatin1Char(' ') + heading.value(j) + QStringLiteral(": "), row[j]);
        }
    }
}

} // namespace page
