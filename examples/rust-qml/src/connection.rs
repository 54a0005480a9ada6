//! The connection: a `QTcpSocket` whose data goes to Rust. QML guards it like any other socket.

use std::io::{self, Write as _};
use std::pin::Pin;

use cxx_qt_lib::{QByteArray, QString};

#[cxx_qt::bridge]
pub mod ffi {
    unsafe extern "C++" {
        include!("cxx-qt-lib/qstring.h");
        type QString = cxx_qt_lib::QString;
        include!("cxx-qt-lib/qbytearray.h");
        type QByteArray = cxx_qt_lib::QByteArray;
    }

    unsafe extern "C++Qt" {
        include!(<QtNetwork/QTcpSocket>);
        #[qobject]
        type QTcpSocket;
    }

    #[auto_cxx_name]
    extern "RustQt" {
        #[qobject]
        #[base = QTcpSocket]
        #[qproperty(QString, host)]
        #[qproperty(i32, port)]
        type Connection = super::ConnectionRust;

        /// Connects to host and port.
        #[qinvokable]
        fn open(self: Pin<&mut Connection>);
        /// What went wrong last, in words.
        #[qinvokable]
        fn problem(self: &Connection) -> QString;
    }

    // Of QTcpSocket.
    #[auto_cxx_name]
    unsafe extern "RustQt" {
        #[inherit]
        fn connect_to_host(self: Pin<&mut Connection>, host: &QString, port: u16);
        #[inherit]
        fn error_string(self: &Connection) -> QString;
        #[inherit]
        fn read_all(self: Pin<&mut Connection>) -> QByteArray;
        #[inherit]
        #[qsignal]
        fn ready_read(self: Pin<&mut Connection>);
    }

    impl cxx_qt::Initialize for Connection {}
}

/// The Rust half of a connection.
#[derive(Default)]
pub struct ConnectionRust {
    host: QString,
    port: i32,
}

impl cxx_qt::Initialize for ffi::Connection {
    fn initialize(self: Pin<&mut Self>) {
        self.on_ready_read(|connection| {
            let data: QByteArray = connection.read_all();
            let _ = io::stdout().write_all(data.as_slice()); // nobody may be listening
        })
        .release();
    }
}

impl ffi::Connection {
    fn open(self: Pin<&mut Self>) {
        let host = self.host().clone();
        let port = u16::try_from(*self.port()).unwrap_or(0);
        self.connect_to_host(&host, port);
    }

    fn problem(&self) -> QString {
        self.error_string()
    }
}
