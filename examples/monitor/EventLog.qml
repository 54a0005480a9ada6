// SPDX-License-Identifier: MIT OR Apache-2.0
import QtQuick
import QtQuick.Controls.Basic
import Monitor

/// What happened, newest first.
Card {
    id: card

    required property EventModel events

    title: qsTr("Events")

    contentItem: ListView {
        objectName: "events"
        clip: true
        model: card.events
        spacing: 6
        boundsBehavior: Flickable.StopAtBounds
        ScrollBar.vertical: ScrollBar { }
        activeFocusOnTab: true
        Accessible.role: Accessible.List
        Accessible.name: card.title

        delegate: Row {
            id: event

            required property string time
            required property int kind
            required property string words

            width: ListView.view.width
            spacing: 10
            Accessible.role: Accessible.ListItem
            Accessible.name: time + " " + words

            Text {
                id: clock
                text: event.time
                color: Theme.muted
                font.pixelSize: Theme.small + 1
            }
            Rectangle {
                y: 5
                width: 7
                height: 7
                radius: 4
                color: [Theme.muted, Theme.healthy, Theme.suspect, Theme.lost][event.kind]
            }
            Text {
                width: parent.width - clock.width - 7 - 2 * parent.spacing
                text: event.words
                color: Theme.text
                wrapMode: Text.Wrap
                font.pixelSize: Theme.small + 1
            }
        }
    }
}
