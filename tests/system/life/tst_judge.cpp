// SPDX-License-Identifier: MIT OR Apache-2.0
#include "judge.h"

#include <QtTest/QtTest>

#include <algorithm>

namespace {

constexpr qint64 ms = 1000;
constexpr qint64 second = 1000 * ms;

/// A record written by hand: a connection guarded with four seconds, looked at each 10 ms.
class Told
{
public:
    Told()
    {
        m_settings.detectWithin = 4000;
        add(Stamp::Connected, 0);
        add(Stamp::Guarded, 1);
    }

    Settings &settings() { return m_settings; }
    Record &record() { return m_record; }
    Stamp &add(Stamp::Kind kind, qint64 at) { return add(kind, at, at); }
    Stamp &add(Stamp::Kind kind, qint64 before, qint64 after)
    {
        m_record.stamps.push_back({kind, before, after, 0, {}, m_settings, {}});
        return m_record.stamps.back();
    }
    void lose(qint64 at, ka::LossReason reason)
    {
        add(Stamp::Lost, at).reason = reason;
        add(Stamp::Disconnected, at + 1);
    }
    /// The peer is heard every half second until `heard`; its program, until `data`.
    void live(qint64 until, qint64 heard, qint64 data, qint64 late = 0)
    {
        for (qint64 at = 10 * ms; at < until; at += 10 * ms) {
            Sample sample;
            sample.at = at;
            sample.late = late;
            sample.silence = at - std::min(at, heard) / (500 * ms) * (500 * ms);
            sample.noData = at - std::min(at, data) / (500 * ms) * (500 * ms);
            m_record.samples.push_back(sample);
        }
    }
    Verdict judged() const { return judge(m_record); }

private:
    Record m_record;
    Settings m_settings;
};

} // namespace

class tst_Judge : public QObject
{
    Q_OBJECT

private slots:
    void aQuietLifeIsRight();
    void aDeathToldInTimeIsRight();
    void aLossOfWhoWasHeardIsWrong();
    void aLossOverAWellPathIsWrong();
    void onALossyPathTheLastAnswersMayBeLost();
    void theNetworkIsUnreachableForAReason();
    void aDeathThatIsNotToldIsWrong();
    void onALateMachineItIsLate();
    void aLossToldTwiceIsWrong();
    void aLossWithoutAWarningIsWrong();
    void aLossOfOurOwnCloseIsWrong();
    void aLossWhileSwitchedOffIsWrong();
    void aLossThatIsNotToldIsWrong();
    void aResetThatNobodySentIsWrong();
    void whatIsLeftBehindIsWrong();
    void aHungProgramIsFoundByItsHeartbeat();
    void aProgramThatCannotBeAskedMissesNothing();
    void aProgramThatIsHeardMissesNothing();
    void aShorterRhythmEndsNoEarlierThanTheOneBefore();
};

void tst_Judge::aQuietLifeIsRight()
{
    Told told;
    told.live(20 * second, 20 * second, 20 * second);
    QCOMPARE(told.judged().wrong, QStringList());
    QCOMPARE(told.judged().connections, 1);
}

void tst_Judge::aDeathToldInTimeIsRight()
{
    Told told;
    told.add(Stamp::Cut, 10 * second, 10 * second + 40 * ms);
    told.add(Stamp::Suspect, 13 * second);
    told.lose(14 * second + 50 * ms, ka::LossReason::ProbesUnanswered);
    told.live(14 * second + 50 * ms, 10 * second, 10 * second);
    QCOMPARE(told.judged().wrong, QStringList());
    QCOMPARE(told.judged().losses, 1);
}

void tst_Judge::aLossOfWhoWasHeardIsWrong()
{
    Told told;
    told.add(Stamp::Cut, 10 * second);
    told.add(Stamp::Suspect, 12 * second);
    told.lose(13 * second, ka::LossReason::ProbesUnanswered);
    told.live(13 * second, 10 * second, 10 * second);
    QCOMPARE(told.judged().wrong.size(), 1);
}

void tst_Judge::aLossOverAWellPathIsWrong()
{
    Told told;
    told.add(Stamp::Cut, 10 * second);
    told.add(Stamp::Healed, 12 * second);
    told.add(Stamp::Suspect, 13 * second);
    told.lose(14 * second + 50 * ms, ka::LossReason::ProbesUnanswered);
    told.live(14 * second + 50 * ms, 10 * second, 10 * second);
    QCOMPARE(told.judged().wrong.size(), 1);
}

void tst_Judge::onALossyPathTheLastAnswersMayBeLost()
{
    Told told;
    told.record().lossy = true;
    told.add(Stamp::Suspect, 13 * second);
    told.lose(14 * second + 50 * ms, ka::LossReason::ProbesUnanswered);
    told.live(14 * second + 50 * ms, 10 * second, 10 * second);
    QCOMPARE(told.judged().wrong, QStringList());
}

void tst_Judge::theNetworkIsUnreachableForAReason()
{
    for (const Stamp::Kind cut : {Stamp::Cut, Stamp::LinkDown}) {
        for (const bool neighbours : {true, false}) {
            Told told;
            told.record().neighbours = neighbours;
            told.add(cut, 10 * second);
            told.add(Stamp::Suspect, 13 * second);
            told.lose(14 * second + 50 * ms, ka::LossReason::NetworkUnreachable);
            told.live(14 * second + 50 * ms, 10 * second, 10 * second);
            const bool known = neighbours || cut == Stamp::LinkDown;
            QCOMPARE(told.judged().wrong.size(), known ? 0 : 1);
        }
    }
}

void tst_Judge::aDeathThatIsNotToldIsWrong()
{
    Told told;
    told.add(Stamp::Cut, 10 * second);
    told.live(16 * second, 10 * second, 10 * second);
    QCOMPARE(told.judged().wrong.size(), 1);
}

void tst_Judge::onALateMachineItIsLate()
{
    Told told;
    told.add(Stamp::Cut, 10 * second);
    told.live(16 * second, 10 * second, 10 * second, 80 * ms);
    QCOMPARE(told.judged().wrong, QStringList());
    QCOMPARE(told.judged().late.size(), 1);
}

void tst_Judge::aLossToldTwiceIsWrong()
{
    Told told;
    told.add(Stamp::Ends, 10 * second);
    told.add(Stamp::Lost, 10 * second + 1).reason = ka::LossReason::PeerClosed;
    told.lose(10 * second + 2, ka::LossReason::PeerClosed);
    told.live(10 * second, 10 * second, 10 * second);
    QCOMPARE(told.judged().wrong.size(), 1);
}

void tst_Judge::aLossWithoutAWarningIsWrong()
{
    Told told;
    told.add(Stamp::Cut, 10 * second);
    told.lose(14 * second + 50 * ms, ka::LossReason::ProbesUnanswered);
    told.live(14 * second + 50 * ms, 10 * second, 10 * second);
    QCOMPARE(told.judged().wrong.size(), 1);
}

void tst_Judge::aLossOfOurOwnCloseIsWrong()
{
    Told told;
    told.add(Stamp::Cut, 10 * second);
    told.add(Stamp::Closes, 12 * second);
    told.add(Stamp::Suspect, 13 * second);
    told.lose(14 * second + 50 * ms, ka::LossReason::DataUnacknowledged);
    told.live(14 * second + 50 * ms, 10 * second, 10 * second);
    QCOMPARE(told.judged().wrong.size(), 1);
}

void tst_Judge::aLossWhileSwitchedOffIsWrong()
{
    Told told;
    told.settings().enabled = false;
    told.add(Stamp::Set, 5 * second);
    told.add(Stamp::Ends, 10 * second);
    told.lose(10 * second + 1, ka::LossReason::PeerReset);
    told.live(10 * second, 10 * second, 10 * second);
    QCOMPARE(told.judged().wrong.size(), 1);
}

void tst_Judge::aLossThatIsNotToldIsWrong()
{
    Told told;
    told.add(Stamp::Ends, 10 * second);
    told.add(Stamp::Disconnected, 10 * second + 1);
    told.live(10 * second, 10 * second, 10 * second);
    QCOMPARE(told.judged().wrong.size(), 1);
}

void tst_Judge::aResetThatNobodySentIsWrong()
{
    // Of a handshake that was cut the peer may know nothing any more.
    for (const qint64 cut : {50 * ms, 5 * second}) {
        Told told;
        told.add(Stamp::Cut, cut);
        told.add(Stamp::Healed, cut + second);
        told.lose(10 * second, ka::LossReason::PeerReset);
        told.live(10 * second, 10 * second, 10 * second);
        QCOMPARE(told.judged().wrong.size(), cut < second ? 0 : 1);
    }
}

void tst_Judge::whatIsLeftBehindIsWrong()
{
    Told told;
    told.add(Stamp::LetGo, 5 * second).text = QStringLiteral("TCP_KEEPIDLE 2, was 7200");
    told.live(5 * second, 5 * second, 5 * second);
    QCOMPARE(told.judged().wrong.size(), 1);
}

void tst_Judge::aHungProgramIsFoundByItsHeartbeat()
{
    for (const bool found : {true, false}) {
        Told told;
        told.settings().heartbeatInterval = 1000;
        told.add(Stamp::Set, 2);
        told.add(Stamp::Stopped, 10 * second);
        if (found) {
            told.add(Stamp::Suspect, 11 * second + 500 * ms);
            told.lose(12 * second + 500 * ms, ka::LossReason::HeartbeatMissed);
        }
        told.live(found ? 12 * second + 500 * ms : 15 * second, 20 * second, 10 * second);
        QCOMPARE(told.judged().wrong.size(), found ? 0 : 1);
    }
}

void tst_Judge::aProgramThatCannotBeAskedMissesNothing()
{
    for (const bool asks : {false, true}) {
        Told told;
        told.settings().heartbeatInterval = 1000;
        told.add(Stamp::Set, 2);
        told.add(Stamp::Stopped, second);
        told.live(7 * second, 7 * second, second);
        for (Sample &sample : told.record().samples)
            sample.asks = asks;
        QCOMPARE(told.judged().wrong.size(), asks ? 1 : 0);
    }
}

void tst_Judge::aProgramThatIsHeardMissesNothing()
{
    Told told;
    told.settings().heartbeatInterval = 1000;
    told.add(Stamp::Set, 2);
    told.add(Stamp::Stopped, 10 * second);
    told.add(Stamp::Suspect, 10 * second + 900 * ms);
    told.lose(11 * second, ka::LossReason::HeartbeatMissed);
    told.live(11 * second, 11 * second, 10 * second);
    QCOMPARE(told.judged().wrong.size(), 1);
}

void tst_Judge::aShorterRhythmEndsNoEarlierThanTheOneBefore()
{
    for (const qint64 lost : {15 * second + 300 * ms, 15 * second + 910 * ms}) {
        Told told;
        told.settings().heartbeatInterval = 2500;
        told.settings().heartbeatTimeout = 5900;
        told.add(Stamp::Set, 2);
        told.add(Stamp::Stopped, 10 * second);
        told.add(Stamp::Suspect, 14 * second);
        told.settings().heartbeatTimeout = 0;
        told.add(Stamp::Set, 15 * second + 200 * ms);
        told.lose(lost, ka::LossReason::HeartbeatMissed);
        told.live(lost, lost, 10 * second);
        QCOMPARE(told.judged().wrong.size(), lost < 15900 * ms ? 1 : 0);
    }
}

QTEST_GUILESS_MAIN(tst_Judge)
#include "tst_judge.moc"
