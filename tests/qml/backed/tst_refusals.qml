// SPDX-License-Identifier: MIT OR Apache-2.0

// What is refused while an object is made is told when it is complete, to its own handler and with
// file and line; and nothing that has been set well by then.

import QtQuick 2.15
import QtTest 1.2
import QKeepAlive 1.0

TestCase {
    id: test
    name: "Refusals"

    // The context property that main.cpp sets, under a name that the linter knows.
    // qmllint disable unqualified
    property var backend: context_backend
    // qmllint enable unqualified

    component Heard: KeepAlive {
        id: heard
        property var told: []
        onApplyFailed: message => heard.told.push(message)
    }
    component Wrong: Heard { detectWithin: 6 }

    Component { id: wrong; Wrong {} }
    Component { id: rightOverWrong; Wrong { detectWithin: 6000 } }
    Component { id: defaultOverWrong; Wrong { detectWithin: 0 } }
    Component { id: plain; Heard {} }
    Component { id: timeoutFirst; Heard { heartbeatTimeout: 500; heartbeatInterval: 200 } }
    Component { id: intervalFirst; Heard { heartbeatInterval: 200; heartbeatTimeout: 500 } }
    Component {
        id: bound
        Heard {
            id: self
            property int every: 200
            heartbeatInterval: self.every
            heartbeatTimeout: self.every + 300
        }
    }
    Component {
        id: boundTimeoutFirst
        Heard {
            id: that
            property int every: 200
            heartbeatTimeout: that.every + 300
            heartbeatInterval: that.every
        }
    }

    Component {
        id: exchanging
        Item {
            id: pair
            required property QtObject one
            required property QtObject other
            property bool exchanged: false
            readonly property Heard first: Heard { socket: pair.exchanged ? pair.other : pair.one }
            readonly property Heard second: Heard { socket: pair.exchanged ? pair.one : pair.other }
        }
    }

    readonly property string words: "detectWithin: 6 ms is not within 2..65534 s; a shorter time takes a heart-beat (heartbeatInterval)"

    function init() {
        test.backend.forgetWarnings()
    }

    function make(component, properties) {
        return createTemporaryObject(component, test, properties || {})
    }

    function test_itIsToldToTheHandlerAndWithFileAndLine() {
        const link = make(wrong)
        compare(link.told, [test.words])
        compare(link.errorString, test.words)
        compare(link.detectWithin, 0)
        const warnings = test.backend.warnings()
        compare(warnings.length, 1)
        verify(/tst_refusals\.qml:\d+:\d+: QML (KeepAlive|Heard|Wrong): detectWithin: 6 ms/.test(warnings[0]), warnings[0])
    }

    function test_itIsToldThoughOthersWereSetWellSince() {
        const link = make(wrong, { count: 3, socket: test.backend.socket })
        compare(link.told, [test.words])
        compare(link.errorString, test.words)
        compare(link.socket, test.backend.socket)
    }

    function test_eachOfThemIsTold() {
        const link = make(wrong, { count: 1000 })
        compare(link.told.length, 2)
        verify(link.told.indexOf("TCP_KEEPCNT: 1000 is not within 1..127") >= 0, link.told)
        compare(test.backend.warnings().length, 2)
    }

    function test_whatIsNoSocketIsToldToo() {
        const link = make(plain, { socket: test })
        compare(link.told.length, 1)
        verify(link.told[0].endsWith("is not a QAbstractSocket and owns none"), link.told[0])
    }

    function test_whatWasSetWellSinceIsNoRefusal_data() {
        return [
            { tag: "another value", component: rightOverWrong, detectWithin: 6000 },
            { tag: "the default", component: defaultOverWrong, detectWithin: 0 }
        ]
    }

    function test_whatWasSetWellSinceIsNoRefusal(data) {
        const link = make(data.component)
        compare(link.detectWithin, data.detectWithin)
        compare(link.errorString, "")
        compare(link.told, [])
        compare(test.backend.warnings(), [])
    }

    function test_aHeartbeatIsTheSameInWhateverOrder_data() {
        return [
            { tag: "timeout first", component: timeoutFirst },
            { tag: "interval first", component: intervalFirst },
            { tag: "bound", component: bound }
        ]
    }

    function test_aHeartbeatIsTheSameInWhateverOrder(data) {
        const link = make(data.component)
        compare(link.heartbeatInterval, 200)
        compare(link.heartbeatTimeout, 500)
        compare(link.errorString, "")
        compare(link.told, [])
        compare(test.backend.warnings(), [])
    }

    function test_aPairMayChangeLater_data() {
        return [{ tag: "down", every: 50 }, { tag: "up", every: 2000 }, { tag: "far up", every: 60000 }]
    }

    // One binding follows the other: in between the pair is wrong.
    function test_aPairMayChangeLater(data) {
        for (const component of [bound, boundTimeoutFirst]) {
            const link = make(component)
            link.every = data.every
            compare(link.heartbeatInterval, data.every)
            compare(link.heartbeatTimeout, data.every + 300)
            compare(link.errorString, "")
            wait(20)
            compare(link.told, [])
            compare(test.backend.warnings(), [])
        }
    }

    function test_aPairThatStaysWrongIsToldSoon() {
        const link = make(intervalFirst)
        link.heartbeatTimeout = 100
        link.heartbeatTimeout = 150
        const why = "heartbeatTimeout: 150 ms is not within 201..2147483647 ms"
        compare(link.errorString, why)
        compare(link.told, [])
        tryCompare(link, "told", [why])
        wait(20)
        compare(link.told, [why])
        compare(test.backend.warnings().length, 1)
    }

    function test_laterOnesAreToldAtOnce() {
        const link = make(plain, { objectName: "pump" })
        compare(test.backend.warnings(), [])
        link.count = 1000
        compare(link.errorString, "TCP_KEEPCNT: 1000 is not within 1..127")
        compare(test.backend.warnings().length, 1)
        compare(link.objectName, "pump")
    }

    function test_twoMayExchangeTheirSockets() {
        const one = test.backend.socket
        const other = test.backend.otherSocket()
        const pair = make(exchanging, { one: one, other: other })
        for (const exchanged of [false, true, false]) {
            pair.exchanged = exchanged
            tryCompare(pair.first, "socket", exchanged ? other : one)
            tryCompare(pair.second, "socket", exchanged ? one : other)
        }
        wait(1100) // longer than a guard waits before it tells that it was refused
        for (const link of [pair.first, pair.second]) {
            compare(link.told, [])
            compare(link.errorString, "")
        }
        compare(test.backend.warnings(), [])
    }

    SignalSpy { id: failed; signalName: "applyFailed" }

    function test_aSecondGuardThatStaysIsRefusedOnce() {
        const first = make(plain)
        first.socket = test.backend.socket
        const second = make(plain)
        failed.target = second
        second.socket = test.backend.socket
        compare(failed.count, 0)
        tryCompare(failed, "count", 1)
        compare(failed.signalArguments[0][0], "socket: another KeepAlive guards it already")
        compare(second.errorString, "socket: another KeepAlive guards it already")
        compare(second.socket, null)
        wait(1200)
        compare(failed.count, 1)
        compare(test.backend.warnings().length, 1)
        failed.target = null
    }
}
