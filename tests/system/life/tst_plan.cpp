// SPDX-License-Identifier: MIT OR Apache-2.0
#include "plan.h"

#include <QtCore/QSet>
#include <QtTest/QtTest>

namespace {

using Event = Plan::Event;

constexpr int length = 60000;
constexpr int lives = 500;

} // namespace

class tst_Plan : public QObject
{
    Q_OBJECT

private slots:
    void theSameSeedIsTheSamePlan();
    void allThatCanHappenHappens();
    void oneOutageEndsBeforeTheNext();
    void onePeersTroubleEndsBeforeTheNext();

private:
    static void alternate(Event::What begin, Event::What end);
};

void tst_Plan::theSameSeedIsTheSamePlan()
{
    QCOMPARE(Plan::generate(7, length).toText(), Plan::generate(7, length).toText());
    QVERIFY(Plan::generate(7, length).toText() != Plan::generate(8, length).toText());
}

void tst_Plan::allThatCanHappenHappens()
{
    QSet<int> seen;
    for (int seed = 0; seed < lives; ++seed) {
        const Plan plan = Plan::generate(quint64(seed), length);
        for (const Event &event : plan.events)
            seen.insert(event.what);
    }
    QCOMPARE(seen.size(), Event::Heal + 1);
}

/// In every life each has its turn.
void tst_Plan::alternate(Event::What begin, Event::What end)
{
    for (int seed = 0; seed < lives; ++seed) {
        const Plan plan = Plan::generate(quint64(seed), length);
        bool open = false;
        for (const Event &event : plan.events) {
            if (event.what == begin || event.what == end) {
                QCOMPARE(event.what == begin, !open);
                open = !open;
            }
        }
    }
}

void tst_Plan::oneOutageEndsBeforeTheNext()
{
    alternate(Event::Cut, Event::Heal);
}

void tst_Plan::onePeersTroubleEndsBeforeTheNext()
{
    alternate(Event::Stop, Event::Continue);
    alternate(Event::Hold, Event::Read);
}

QTEST_GUILESS_MAIN(tst_Plan)
#include "tst_plan.moc"
