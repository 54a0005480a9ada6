// SPDX-License-Identifier: MIT OR Apache-2.0

// The pages of a StackView: the one before lives on until the transition is over.

import QtQuick 2.15
import QtQuick.Controls 2.15
import QtTest 1.2
import QKeepAlive 1.0

TestCase {
    id: test
    name: "Stack"
    when: windowShown
    width: 200
    height: 200

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
    Component { id: stackView; StackView {} }

    function test_thePageThatReplacesAnotherIsGuarded_data() {
        return [
            { tag: "at once", operation: StackView.Immediate },
            { tag: "by a transition", operation: StackView.ReplaceTransition }
        ]
    }

    function test_thePageThatReplacesAnotherIsGuarded(data) {
        test.backend.exchangeSocket()
        verify(test.backend.connectToPeer())
        test.backend.forgetWarnings()
        const stack = createTemporaryObject(stackView, test,
                                            { width: 200, height: 200, initialItem: first })
        compare(stack.currentItem.link.socket, test.backend.socket)
        stack.replace(second, {}, data.operation)
        const link = stack.currentItem.link
        tryVerify(() => link.socket === test.backend.socket)
        compare(link.state, KeepAlive.Healthy)
        compare(test.backend.idleInKernel(), 4)
        wait(1100)
        compare(test.backend.warnings(), [])
        test.backend.peerResets()
        tryVerify(() => test.backend.warnings().length === 1)
        compare(test.backend.warnings(), ["lost second"])
    }
}
