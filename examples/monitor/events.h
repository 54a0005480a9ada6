// SPDX-License-Identifier: MIT OR Apache-2.0
#pragma once

#include <QtCore/QAbstractListModel>
#include <QtCore/QTime>
#include <QtQml/qqmlregistration.h>

/// What happened, newest first.
class EventModel : public QAbstractListModel
{
    Q_OBJECT
    QML_ELEMENT

public:
    enum Kind { Note, Good, Warning, Bad };
    Q_ENUM(Kind)
    enum Role { TimeRole = Qt::UserRole, KindRole, WordsRole };

    using QAbstractListModel::QAbstractListModel;

    Q_INVOKABLE void add(Kind kind, const QString &words);

    int rowCount(const QModelIndex &parent = {}) const override;
    QVariant data(const QModelIndex &index, int role) const override;
    QHash<int, QByteArray> roleNames() const override;

private:
    struct Event
    {
        QTime time;
        Kind kind;
        QString words;
    };

    QList<Event> m_events;
};
