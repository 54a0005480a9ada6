import QtQml
import QKeepAlive
import App

QtObject {
    id: root

    property Backend backend: Backend { }
    property KeepAlive link: KeepAlive {
        socket: root.backend.socket
        detectWithin: 6000
        onStateChanged: {
            if (root.link.state === KeepAlive.Healthy)
                root.backend.say("Healthy");
        }
        onConnectionLost: (reason, detail) => {
            root.backend.say(detail);
            Qt.exit(reason === KeepAlive.PeerClosed ? 0 : 3);
        }
        onApplyFailed: message => root.backend.say(message)
    }

    Component.onCompleted: root.backend.connectToServer()
}
