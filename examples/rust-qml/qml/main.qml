// SPDX-License-Identifier: MIT OR Apache-2.0

import QtQuick 2.15
import QtQuick.Window 2.15
import QKeepAlive 1.0

Window {
    id: window

    // What src/application.cpp gives; the connection is that of src/connection.rs.
    required property var connection
    required property int within
    required property bool once

    property string words

    /// The connection is over: 0 the peer closed it, 2 there was none, 3 it was lost.
    function end(code, text) {
        words = text
        console.info(text)
        if (once)
            Qt.exit(code)
    }

    visible: true
    width: 460
    height: 160
    title: "QKeepAlive and Rust"
    color: "#f6f7f9"

    KeepAlive {
        id: link

        readonly property string word: state === KeepAlive.Healthy ? "Connected"
                                     : state === KeepAlive.Suspect ? "An answer is overdue"
                                     : state === KeepAlive.Lost ? "Lost" : "Not connected"

        socket: window.connection
        detectWithin: window.within
        onWordChanged: console.info(word)
        onConnectionLost: (reason, detail) => window.end(reason === KeepAlive.PeerClosed ? 0 : 3, detail)
    }

    Connections {
        target: window.connection
        function onErrorOccurred() {
            // Of a connection that was made KeepAlive has better words.
            if (link.state === KeepAlive.Waiting)
                window.end(2, "cannot connect: " + window.connection.problem())
        }
    }

    Component.onCompleted: connection.open()

    Rectangle {
        id: lamp
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
        text: link.word
    }
    Text {
        anchors { left: title.left; right: parent.right; rightMargin: 24; top: title.bottom; topMargin: 10 }
        wrapMode: Text.Wrap
        font.pixelSize: 14
        color: "#5a6472"
        text: window.words
    }
}
