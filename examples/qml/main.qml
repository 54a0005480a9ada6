// SPDX-License-Identifier: MIT OR Apache-2.0

import QtQuick 2.15
import QtQuick.Window 2.15
import QKeepAlive 1.0

Window {
    id: window

    // What main.cpp gives.
    required property var backend
    required property int within
    required property bool once

    // What a person is told of each reason. The detail has the figures.
    readonly property var headings: {
        const headings = {}
        headings[KeepAlive.PeerClosed] = "The server closed the connection"
        headings[KeepAlive.PeerReset] = "The server broke off"
        headings[KeepAlive.ProbesUnanswered] = "The server is gone"
        headings[KeepAlive.DataUnacknowledged] = "The server is gone, and what was sent may be lost"
        headings[KeepAlive.NetworkUnreachable] = "There is no way to the server"
        return headings
    }

    /// The connection is over: 0 the peer closed it, 2 there was none, 3 it was lost.
    function end(code, heading, words) {
        notice.heading = heading
        notice.words = words
        backend.print(heading + ": " + words)
        if (once)
            Qt.exit(code)
    }

    visible: true
    width: 460
    height: 180
    title: "QKeepAlive"
    color: "#f6f7f9"

    KeepAlive {
        id: link

        socket: window.backend.socket
        detectWithin: window.within
        onConnectionLost: (reason, detail) => window.end(reason === KeepAlive.PeerClosed ? 0 : 3,
                                                         window.headings[reason] || "Lost", detail)
    }

    Connections {
        target: window.backend
        function onFailed(why) {
            // Of a connection that was made KeepAlive has better words.
            if (link.state === KeepAlive.Waiting)
                window.end(2, "Cannot connect", why)
        }
    }

    Component.onCompleted: backend.connectToServer()

    Rectangle {
        id: lamp

        readonly property string word: link.state === KeepAlive.Healthy ? "Connected"
                                     : link.state === KeepAlive.Suspect ? "An answer is overdue"
                                     : link.state === KeepAlive.Lost ? "Lost" : "Not connected"
        onWordChanged: window.backend.print(word)

        x: 24; y: 28; width: 20; height: 20; radius: 10
        color: link.state === KeepAlive.Healthy ? "#2e9e5b"
             : link.state === KeepAlive.Suspect ? "#e0a100"
             : link.state === KeepAlive.Lost ? "#c8372d" : "#9aa1ab"
    }
    Text {
        id: title

        anchors { left: lamp.right; leftMargin: 12; verticalCenter: lamp.verticalCenter }
        font.pixelSize: 20
        color: "#1d2530"
        text: link.state === KeepAlive.Lost ? notice.heading : lamp.word
    }
    Text {
        id: notice

        property string heading
        property string words
        // Bound to what changes all the time: it is looked for only while this is shown.
        readonly property string figures: "last heard " + (link.silence / 1000).toFixed(1)
                                          + " s ago, round trip " + link.roundTripTime + " ms"
        readonly property bool connected: link.state === KeepAlive.Healthy
                                          || link.state === KeepAlive.Suspect

        anchors { left: title.left; right: parent.right; rightMargin: 24; top: title.bottom; topMargin: 10 }
        wrapMode: Text.Wrap
        font.pixelSize: 14
        color: "#5a6472"
        text: connected ? figures : words
    }
    Rectangle {
        visible: !notice.connected
        anchors { left: title.left; bottom: parent.bottom; bottomMargin: 20 }
        width: again.width + 32; height: again.height + 16; radius: 6
        color: press.pressed ? "#24508f" : "#2f66b5"

        Text {
            id: again
            anchors.centerIn: parent
            font.pixelSize: 14
            color: "white"
            text: "Connect again"
        }
        MouseArea {
            id: press
            anchors.fill: parent
            onClicked: window.backend.connectToServer()
        }
    }
}
