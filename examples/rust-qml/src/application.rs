//! Qt's application and QML's engine.

use cxx_qt_lib::QString;

use crate::Options;

#[cxx::bridge]
mod ffi {
    unsafe extern "C++" {
        include!("cxx-qt-lib/qstring.h");
        type QString = cxx_qt_lib::QString;

        include!("rust_qml_client/src/application.h");
        /// Shows qml/main.qml until its end, and returns its code.
        fn run(host: &QString, port: i32, within: i32, once: bool) -> i32;
    }
}

/// Shows the window until its end, and returns its code.
pub fn run(options: &Options) -> u8 {
    let host = QString::from(&options.host);
    let code = ffi::run(&host, options.port.into(), options.within, options.once);
    u8::try_from(code).unwrap_or(u8::MAX)
}
