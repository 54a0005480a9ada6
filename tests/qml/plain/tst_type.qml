// SPDX-License-Identifier: MIT OR Apache-2.0

// The type as the plugin brings it, without any C++ of the test's own: run by qmltestrunner.

import QtQuick 2.15
import QtTest 1.2
import QKeepAlive 1.0

TestCase {
    id: test
    name: "Type"

    property int wanted: 6000

    KeepAlive {
        id: link
        detectWithin: test.wanted
    }

    Text {
        id: banner
        text: link.state === KeepAlive.Lost ? "lost" : link.errorString
    }

    SignalSpy { id: failed; target: link; signalName: "applyFailed" }
    SignalSpy { id: countChanged; target: link; signalName: "countChanged" }

    function init() {
        test.wanted = 6000
        link.count = 0
        failed.clear()
        countChanged.clear()
    }

    function test_defaults() {
        compare(link.socket, null)
        compare(link.enabled, true)
        compare(link.idle, 0)
        compare(link.interval, 0)
        compare(link.userTimeout, -1)
        compare(link.detectionTime, -1)
        compare(link.heartbeatInterval, 0)
        compare(link.heartbeatTimeout, 0)
        compare(link.abortOnLoss, true)
        compare(link.silence, -1)
        compare(link.unansweredProbes, -1)
        compare(link.roundTripTime, -1)
        compare(link.state, KeepAlive.Detached)
        compare(link.lossReason, KeepAlive.NoLoss)
    }

    function test_aBindingFollowsBothWays() {
        compare(link.detectWithin, 6000)
        test.wanted = 8000
        compare(link.detectWithin, 8000)
        compare(banner.text, "")
        link.count = 1000
        compare(banner.text, "TCP_KEEPCNT: 1000 is not within 1..127")
    }

    function test_aRefusedValueIsTold() {
        link.count = 128
        compare(link.count, 0)
        compare(countChanged.count, 0)
        compare(failed.count, 1)
        compare(failed.signalArguments[0][0], "TCP_KEEPCNT: 128 is not within 1..127")
        link.count = 3
        compare(countChanged.count, 1)
        compare(link.errorString, "")
    }

    function test_whatIsNoSocketIsRefused() {
        link.socket = banner
        compare(link.socket, null)
        compare(failed.count, 1)
        verify(link.errorString.endsWith("is not a QAbstractSocket and owns none"), link.errorString)
    }

    function test_enumKeys_data() {
        return [
            { tag: "Detached", key: KeepAlive.Detached, value: 0 },
            { tag: "Suspect", key: KeepAlive.Suspect, value: 3 },
            { tag: "PeerReset", key: KeepAlive.PeerReset, value: 2 },
            { tag: "UnknownLoss", key: KeepAlive.UnknownLoss, value: 7 }
        ]
    }

    function test_enumKeys(data) {
        compare(data.key, data.value)
    }
}
