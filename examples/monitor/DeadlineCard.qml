// SPDX-License-Identifier: MIT OR Apache-2.0
import QtQuick
import QtQuick.Controls.Basic
import QtQuick.Layouts

/// The deadline as a slider, and whether there is talk on the connection.
Card {
    id: card

    /// Milliseconds.
    readonly property int deadline: slider.value * 1000
    property alias talking: talk.checked
    /// What the guard has to say to this deadline, if anything.
    property string warning

    title: qsTr("Deadline")

    contentItem: ColumnLayout {
        spacing: 4

        Text {
            text: qsTr("Tell me within %1 that the peer is gone").arg(Words.seconds(card.deadline, 0))
            color: Theme.text
            wrapMode: Text.Wrap
            font.pixelSize: Theme.normal
            Layout.fillWidth: true
        }
        Slider {
            id: slider
            objectName: "deadline"
            from: 2
            to: 60
            value: 6
            stepSize: 1
            snapMode: Slider.SnapAlways
            leftPadding: 0
            rightPadding: 0
            Accessible.name: qsTr("Deadline in seconds")
            Layout.fillWidth: true
            Layout.preferredHeight: 36

            background: Rectangle {
                y: slider.height / 2 - 2
                width: slider.width
                height: 4
                radius: 2
                color: Theme.track

                Rectangle {
                    width: slider.visualPosition * parent.width
                    height: 4
                    radius: 2
                    color: Theme.accent
                }
            }
            handle: Rectangle {
                x: slider.visualPosition * (slider.width - width)
                y: slider.height / 2 - 10
                width: 20
                height: 20
                radius: 10
                color: Theme.accent
                border.color: Theme.card
                border.width: 3

                FocusRing { shown: slider.visualFocus; radius: 13 }
            }
        }
        Text {
            objectName: "warning"
            visible: text !== ""
            text: card.warning
            color: Theme.suspect
            wrapMode: Text.Wrap
            font.pixelSize: Theme.small
            Layout.fillWidth: true
        }
        Toggle {
            id: talk
            objectName: "talk"
            text: qsTr("Send a line each second")
            Layout.fillWidth: true
        }
    }
}
