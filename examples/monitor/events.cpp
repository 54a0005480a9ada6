// SPDX-License-Identifier: MIT OR Apache-2.0
#include "events.h"

namespace {

/// Older ones are forgotten, so that a monitor may run for years.
constexpr int limit = 500;

} // namespace

void EventModel::add(Kind kind, const QString &words)
{
    beginInsertRows({}, 0, 0);
    m_events.prepend({QTime::currentTime(), kind, words});
    endInsertRows();
    if (m_events.size() > limit) {
        beginRemoveRows({}, limit, limit);
        m_events.removeLast();
        endRemoveRows();
    }
}

int EventModel::rowCount(const QModelIndex &parent) const
{
    return parent.isValid() ? 0 : int(m_events.size());
}

QVariant EventModel::data(const QModelIndex &index, int role) const
{
    if (!checkIndex(index, CheckIndexOption::IndexIsValid))
        return {};
    const Event &event = m_events.at(index.row());
    switch (role) {
    case TimeRole:
        return event.time.toString(QStringLiteral("HH:mm:ss.zzz"));
    case KindRole:
        return event.kind;
    case WordsRole:
    case Qt::DisplayRole:
        return event.words;
    default:
        return {};
    }
}

QHash<int, QByteArray> EventModel::roleNames() const
{
    return {{TimeRole, "time"}, {KindRole, "kind"}, {WordsRole, "words"}};
}
