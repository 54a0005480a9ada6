// SPDX-License-Identifier: MIT OR Apache-2.0
import QtQuick
import QtQuick.Layouts
import Monitor

/// The demo's own network, with the button that cuts it; or the offer to make one.
Card {
    id: card

    required property Network network

    title: qsTr("Demo")

    contentItem: ColumnLayout {
        spacing: Theme.gap

        Text {
            objectName: "demoWords"
            text: !card.network.wanted ? qsTr("See it happen: a far host on a network of its own, whose cable can be cut.")
                : card.network.trouble !== "" ? qsTr("There is no demo here: %1").arg(card.network.trouble)
                : !card.network.ready ? qsTr("Making a far host on a network of its own…")
                : card.network.cut ? qsTr("The cable is cut. No packet gets through, in either direction.")
                : qsTr("The far host is %1, port %2. Its server sends back what it gets.").arg(card.network.host).arg(card.network.port)
            color: card.network.trouble !== "" ? Theme.lost : Theme.muted
            wrapMode: Text.Wrap
            font.pixelSize: Theme.normal
            Layout.fillWidth: true
        }
        PushButton {
            objectName: "demo"
            text: !card.network.wanted ? qsTr("Start the demo")
                : card.network.cut ? qsTr("Mend the cable") : qsTr("Cut the cable")
            colour: !card.network.wanted ? Theme.accent : card.network.cut ? Theme.healthy : Theme.lost
            enabled: !card.network.wanted || card.network.ready
            onClicked: {
                if (!card.network.wanted)
                    card.network.startDemo()
                else if (card.network.cut)
                    card.network.mendCable()
                else
                    card.network.cutCable()
            }
            Layout.fillWidth: true
        }
    }
}
