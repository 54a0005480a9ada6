// SPDX-License-Identifier: MIT OR Apache-2.0
import QtQuick
import QtQuick.Controls.Basic
import QKeepAlive
import Monitor

/// Link Monitor: one guarded connection, and all that its guard knows.
ApplicationWindow {
    id: window

    readonly property bool wide: width >= 820

    width: 1080
    height: 760
    visible: true
    title: qsTr("Link Monitor")
    color: Theme.window
    onActiveFocusItemChanged: page.reveal(activeFocusItem)

    Link {
        id: link
        talking: deadlineCard.talking
        onOpening: events.add(EventModel.Note, qsTr("Connecting to %1").arg(peer))
        onOpened: events.add(EventModel.Good, qsTr("Connected"))
        onClosed: events.add(EventModel.Note, qsTr("Disconnected by this side"))
        onFailed: events.add(EventModel.Bad, problem)
    }

    KeepAlive {
        id: guard
        socket: link.socket
        detectWithin: deadlineCard.deadline
        onSilenceChanged: if (silence >= 0) healthCard.silence = silence
        onStateChanged: if (state === KeepAlive.Waiting) healthCard.silence = -1
        onConnectionSuspect: events.add(EventModel.Warning, qsTr("An answer is overdue"))
        onConnectionRecovered: events.add(EventModel.Good, qsTr("The peer answers again"))
        onConnectionLost: (reason, detail) => {
            banner.reason = Words.reason(reason)
            banner.detail = detail
            events.add(EventModel.Bad, qsTr("Lost, %1: %2").arg(banner.reason).arg(detail))
        }
        onApplyFailed: (message) => events.add(EventModel.Bad, message)
    }

    Network {
        id: network
        onReadyChanged: {
            connectCard.host = network.host
            connectCard.port = network.port
            deadlineCard.talking = true
        }
        onCutChanged: events.add(EventModel.Note, cut ? qsTr("The cable is cut") : qsTr("The cable is mended"))
    }

    EventModel { id: events }

    Flickable {
        id: page
        objectName: "page"
        anchors.fill: parent
        contentWidth: width
        contentHeight: eventLog.y + eventLog.height + Theme.padding
        boundsBehavior: Flickable.StopAtBounds
        ScrollBar.vertical: ScrollBar { }

        readonly property int inner: width - 2 * Theme.padding
        /// Where the two columns of a wide window begin, and how wide they are.
        readonly property int side: window.wide ? 320 : inner
        readonly property int main: window.wide ? inner - side - Theme.gap : inner
        readonly property int mainX: window.wide ? Theme.padding + side + Theme.gap : Theme.padding
        readonly property int cardsTop: banner.visible ? banner.y + banner.height + Theme.gap : banner.y

        /// Brings into view what the keyboard has come to.
        function reveal(item) {
            let inside = item
            while (inside && inside !== contentItem)
                inside = inside.parent
            if (!inside)
                return
            const y = item.mapToItem(contentItem, 0, 0).y
            if (y < contentY)
                contentY = Math.max(0, y - Theme.gap)
            else if (y + item.height > contentY + height)
                contentY = Math.min(y, y + item.height + Theme.gap - height)
        }

        Header {
            id: header
            x: Theme.padding
            width: page.inner
            peer: link.peer
        }
        LossBanner {
            id: banner
            objectName: "banner"
            x: Theme.padding
            y: header.height
            width: page.inner
            visible: guard.state === KeepAlive.Lost
            onReconnect: link.reopen()
        }
        ConnectCard {
            id: connectCard
            x: Theme.padding
            y: page.cardsTop
            width: page.side
            link: link
        }
        HealthCard {
            id: healthCard
            x: page.mainX
            y: window.wide ? page.cardsTop : connectCard.y + connectCard.height + Theme.gap
            width: page.main
            guard: guard
            deadline: guard.detectionTime > 0 ? guard.detectionTime : deadlineCard.deadline
        }
        DeadlineCard {
            id: deadlineCard
            readonly property Item above: window.wide ? connectCard : healthCard
            x: Theme.padding
            y: above.y + above.height + Theme.gap
            width: page.side
            warning: guard.errorString
        }
        DemoCard {
            id: demoCard
            x: Theme.padding
            y: deadlineCard.y + deadlineCard.height + Theme.gap
            width: page.side
            network: network
        }
        RoundTripChart {
            id: chart
            objectName: "chart"
            readonly property Item above: window.wide ? healthCard : demoCard
            x: page.mainX
            y: above.y + above.height + Theme.gap
            width: page.main
            roundTrip: guard.roundTripTime
            peerState: guard.state
        }
        EventLog {
            id: eventLog
            x: page.mainX
            y: chart.y + chart.height + Theme.gap
            width: page.main
            height: Math.max(220, page.height - y - Theme.padding)
            events: events
        }
    }
}
