import QtQuick 2.15
import QKeepAlive 1.0

Item {
    KeepsAlive { detectWithin: 6000 }
}
