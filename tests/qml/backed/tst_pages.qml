// SPDX-License-Identifier: MIT OR Apache-2.0

// A program changes its page, and QML makes the next page before it deletes the one before: the
// guard of the next has the socket then, and nobody hears of a refusal.

import QtQml 2.15
import QtQuick 2.15
import QtTest 1.2
import QKeepAlive 1.0

TestCase {
    id: test
    name: "Pages"

    // The context property that main.cpp sets, under a name that the linter knows.
    // qmllint disable unqualified
    property var backend: context_backend
    // qmllint enable unqualified

    // A page knows the program, as pages do.
    // qmllint disable unqualified
    component Page: Item {
        id: page
        property int within: 4000
        property KeepAlive link: KeepAlive {
            socket: context_backend.socket
            detectWithin: page.within
            onConnectionLost: (reason, detail) => context_backend.told("lost " + page.objectName)
            onApplyFailed: message => context_backend.told(message)
        }
    }
    // qmllint enable unqualified

    Component { id: first; Page { objectName: "first" } }
    Component { id: second; Page { objectName: "second"; within: 10000 } }
    Loader { id: loader }
    property var page: loader.item

    Instantiator {
        id: guards
        model: []
        delegate: KeepAlive {
            required property var modelData
            socket: modelData
            detectWithin: 10000
            // qmllint disable unqualified
            onConnectionLost: (reason, detail) => context_backend.told("lost guard")
            onApplyFailed: message => context_backend.told(message)
            // qmllint enable unqualified
        }
    }

    function init() {
        loader.sourceComponent = null
        guards.model = []
        wait(0)
        test.backend.exchangeSocket()
        verify(test.backend.connectToPeer())
        test.backend.forgetWarnings()
    }

    function guardedBy(link) {
        tryVerify(() => link.socket === test.backend.socket)
        compare(link.state, KeepAlive.Healthy)
        compare(link.errorString, "")
        compare(link.detectionTime, 10000)
        compare(test.backend.idleInKernel(), 4)
        wait(1100)
        compare(test.backend.warnings(), [])
    }

    function test_theNextPageOfALoaderIsGuarded() {
        loader.sourceComponent = first
        compare(test.page.link.socket, test.backend.socket)
        compare(test.backend.idleInKernel(), 1)
        loader.sourceComponent = second
        guardedBy(test.page.link)
        test.backend.peerResets()
        tryVerify(() => test.backend.warnings().length === 1)
        compare(test.backend.warnings(), ["lost second"])
    }

    function test_pagesThatChangeToAndFroStayGuarded() {
        loader.sourceComponent = second
        for (let i = 0; i < 5; ++i) {
            loader.sourceComponent = first
            loader.sourceComponent = second
        }
        guardedBy(test.page.link)
        test.backend.peerResets()
        tryVerify(() => test.backend.warnings().length === 1)
        compare(test.backend.warnings(), ["lost second"])
    }

    function test_theObjectsOfAChangedModelAreGuarded() {
        guards.model = [test.backend.socket]
        compare(guards.objectAt(0).socket, test.backend.socket)
        guards.model = [test.backend.otherSocket(), test.backend.socket]
        compare(guards.count, 2)
        guardedBy(guards.objectAt(1))
        tryVerify(() => guards.objectAt(0).socket === test.backend.otherSocket())
        test.backend.peerResets()
        tryVerify(() => test.backend.warnings().length === 1)
        compare(test.backend.warnings(), ["lost guard"])
    }

    property KeepAlive held: null

    function test_aPropertyOfTheTypeTakesGuardsOfBothLanguages() {
        test.held = test.backend.guard
        compare(test.held, test.backend.guard)
        compare(test.held.state, KeepAlive.Detached)
        loader.sourceComponent = first
        test.held = test.page.link
        compare(test.held.socket, test.backend.socket)
        test.backend.shown = test.page.link
        compare(test.backend.shown, test.page.link)
        test.backend.shown = test.backend.guard
        compare(test.backend.shown, test.backend.guard)
    }
}
