// SPDX-License-Identifier: MIT OR Apache-2.0
import QtQuick
import QtQuick.Controls.Basic
import QtQuick.Layouts

/// Says that the connection is lost, why, and offers to connect again.
Pane {
    id: banner

    property string reason
    property string detail

    signal reconnect

    padding: Theme.padding
    Accessible.role: Accessible.AlertMessage
    Accessible.name: qsTr("Connection lost: %1").arg(detail)

    background: Rectangle {
        radius: Theme.radius
        color: Theme.card
        border.color: Theme.tint(Theme.lost, 0.6)

        Rectangle {
            anchors.fill: parent
            radius: parent.radius
            color: Theme.tint(Theme.lost, 0.09)
        }
    }

    contentItem: GridLayout {
        columns: banner.availableWidth > 480 ? 2 : 1
        columnSpacing: Theme.gap
        rowSpacing: Theme.gap

        Column {
            spacing: 3
            Layout.fillWidth: true

            Text {
                objectName: "lossReason"
                width: parent.width
                text: qsTr("Connection lost: %1").arg(banner.reason)
                color: Theme.lost
                wrapMode: Text.Wrap
                font.pixelSize: Theme.normal + 2
                font.weight: Font.DemiBold
            }
            Text {
                objectName: "lossDetail"
                width: parent.width
                text: banner.detail
                color: Theme.text
                wrapMode: Text.Wrap
                font.pixelSize: Theme.normal
            }
        }
        PushButton {
            objectName: "reconnect"
            text: qsTr("Reconnect")
            colour: Theme.lost
            filled: true
            onClicked: banner.reconnect()
            Layout.fillWidth: banner.availableWidth <= 480
        }
    }
}
