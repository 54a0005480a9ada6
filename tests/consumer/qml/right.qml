import QtQuick 2.15
import QKeepAlive 1.0

Item {
    id: root
    property var backend: null

    KeepAlive {
        id: link
        socket: root.backend.socket
        enabled: true
        detectWithin: 6000
        onConnectionLost: (reason, detail) => {
            if (reason === KeepAlive.PeerReset)
                banner.text = detail;
        }
        onApplyFailed: message => banner.text = message
        onStateChanged: {
            if (state === KeepAlive.Lost)
                banner.color = "red";
        }
    }
    Text {
        id: banner
        color: link.state === KeepAlive.Healthy ? "green" : "orange"
        text: link.state === KeepAlive.Lost ? link.errorString : link.detectionTime
        visible: link.lossReason !== KeepAlive.NoLoss
    }
}
