// SPDX-License-Identifier: MIT OR Apache-2.0
import QtQuick
import QtQuick.Layouts
import Monitor

/// Which host and port, and the button that connects or disconnects.
Card {
    id: card

    required property Link link
    property alias host: hostField.text
    property alias port: portField.text

    title: qsTr("Connection")

    function open() {
        card.link.open(hostField.text, portField.text)
    }

    contentItem: ColumnLayout {
        spacing: Theme.gap

        RowLayout {
            spacing: Theme.gap

            LineField {
                id: hostField
                objectName: "host"
                name: qsTr("Host")
                enabled: card.link.phase === Link.Apart
                inputMethodHints: Qt.ImhUrlCharactersOnly | Qt.ImhNoPredictiveText
                onAccepted: card.open()
                Layout.fillWidth: true
            }
            LineField {
                id: portField
                objectName: "port"
                name: qsTr("Port")
                enabled: hostField.enabled
                inputMethodHints: Qt.ImhDigitsOnly
                maximumLength: 5
                onAccepted: card.open()
                Layout.preferredWidth: 88
            }
        }

        PushButton {
            objectName: "connect"
            filled: card.link.phase === Link.Apart
            text: [qsTr("Connect"), qsTr("Cancel"), qsTr("Disconnect")][card.link.phase]
            onClicked: card.link.phase === Link.Apart ? card.open() : card.link.close()
            Layout.fillWidth: true
        }

        Text {
            objectName: "problem"
            visible: text !== ""
            text: card.link.problem
            color: Theme.lost
            wrapMode: Text.Wrap
            font.pixelSize: Theme.normal
            Accessible.role: Accessible.AlertMessage
            Accessible.name: text
            Layout.fillWidth: true
        }
    }
}
