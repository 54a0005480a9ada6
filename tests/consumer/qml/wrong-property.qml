import QtQuick
import QKeepAlive

Item {
    KeepAlive { detectsWithin: 6000 }
}
