// SPDX-License-Identifier: MIT OR Apache-2.0
#pragma once

#include <QtCore/QString>
#include <QtCore/QStringList>

/// What is printed, in lines that fit the terminal; 80 columns where there is none.
namespace page {

enum class Ink { Plain, Bold, Red, Green, Yellow };

/// Prints `text` after `head`, which the lines that follow it stay clear of.
void paragraph(const QString &head, const QString &text, Ink ink = Ink::Plain);

/// Prints a table, its first row the heading. Where it does not fit, each row becomes a list.
void table(const QList<QStringList> &rows);

} // namespace page
