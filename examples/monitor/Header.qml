// SPDX-License-Identifier: MIT OR Apache-2.0
import QtQuick
import QtQuick.Layouts

/// The program's name, the peer's, and the choice between light and dark.
RowLayout {
    id: header

    property string peer

    height: 64
    spacing: Theme.gap

    Text {
        text: qsTr("Link Monitor")
        color: Theme.text
        font.pixelSize: Theme.large
        font.weight: Font.DemiBold
    }
    Text {
        objectName: "peer"
        text: header.peer
        visible: header.width > 480 // below, the fields for it are near enough
        color: Theme.muted
        font.pixelSize: Theme.normal
        elide: Text.ElideMiddle
        Layout.fillWidth: true
        Layout.maximumWidth: implicitWidth
        Layout.alignment: Qt.AlignBaseline
    }
    Item { Layout.fillWidth: true }
    PushButton {
        objectName: "theme"
        text: Theme.dark ? qsTr("Light") : qsTr("Dark")
        Accessible.name: Theme.dark ? qsTr("Light colours") : qsTr("Dark colours")
        onClicked: Theme.choice = !Theme.dark
    }
}
