// SPDX-License-Identifier: MIT OR Apache-2.0

// A connection that a C++ backend owns, guarded from QML.

import QtQuick 2.15
import QtTest 1.2
import QKeepAlive 1.0

TestCase {
    id: test
    name: "Backed"

    // The context property that main.cpp sets, under a name that the linter knows.
    // qmllint disable unqualified
    property var backend: context_backend
    // qmllint enable unqualified

    property string banner

    KeepAlive {
        id: link
        socket: test.backend.socket
        detectWithin: 6000
        onConnectionLost: (reason, detail) => test.banner = (reason === KeepAlive.PeerReset) + " " + detail
    }

    QtObject {
        id: lamp
        property bool lit: link.state === KeepAlive.Healthy
        property int promised: link.detectionTime
    }

    property bool watching: false
    property string diagnosis: watching ? link.silence + " ms" : ""
    property int updates: 0
    onDiagnosisChanged: ++test.updates

    SignalSpy { id: lost; target: link; signalName: "connectionLost" }

    function init() {
        test.backend.exchangeSocket()
        test.banner = ""
        lost.clear()
    }

    function test_aLossReachesQmlWithReasonAndDetail() {
        verify(test.backend.connectToPeer())
        compare(lamp.lit, true)
        compare(lamp.promised, 6000)
        test.backend.peerResets()
        tryCompare(lost, "count", 1)
        compare(lost.signalArguments[0][0], KeepAlive.PeerReset)
        compare(test.banner, "true the peer reset the connection")
        compare(link.state, KeepAlive.Lost)
        compare(link.lossReason, KeepAlive.PeerReset)
        compare(lamp.lit, false)
    }

    function test_theSocketPropertyFollowsTheBackend() {
        const before = link.socket
        test.backend.exchangeSocket()
        verify(link.socket !== before)
        compare(link.socket, test.backend.socket)
        compare(link.state, KeepAlive.Waiting)
        verify(test.backend.connectToPeer())
        compare(link.state, KeepAlive.Healthy)
        test.backend.peerCloses()
        tryCompare(link, "lossReason", KeepAlive.PeerClosed)
    }

    function test_aBindingOnTheSilenceIsLive() {
        verify(test.backend.connectToPeer())
        verify(link.silence >= 0)
        test.watching = true
        test.updates = 0
        wait(650)
        verify(test.updates >= 4 && test.updates <= 8, test.updates)
        verify(parseInt(test.diagnosis) >= 400, test.diagnosis)
        test.backend.peerCloses()
        tryCompare(test, "diagnosis", "-1 ms")
        test.watching = false
        test.updates = 0
        verify(test.backend.connectToPeer())
        wait(250)
        compare(test.updates, 0)
    }

    function test_qmlKnowsEachKeyOfTheEnums_data() {
        return [{ tag: "state", type: "State", keys: 5 },
                { tag: "lossReason", type: "LossReason", keys: 8 }]
    }

    function test_qmlKnowsEachKeyOfTheEnums(data) {
        const values = test.backend.keysOf(link, data.tag)
        verify(Object.keys(values).length >= data.keys, Object.keys(values))
        for (const key in values)
            compare(KeepAlive[key], values[key], key)
        compare(test.backend.compiledKeysOf(data.type), values)
    }

    function test_disablingSwitchesTheVerdictOff() {
        verify(test.backend.connectToPeer())
        link.enabled = false
        compare(lamp.lit, false)
        test.backend.peerCloses()
        wait(100)
        compare(lost.count, 0)
        link.enabled = true
    }
}
