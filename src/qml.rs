//! `import QKeepAlive` for a Rust program. A C++ program has a plugin for it.

#[cxx::bridge(namespace = "ka::detail")]
mod ffi {
    unsafe extern "C++" {
        include!("qkeepalive/qml/register.h");
        #[cxx_name = "registerQmlTypes"]
        fn register_qml_types();
    }
}

/// Makes the type `KeepAlive` known to QML, as `import QKeepAlive` (Qt 5: `import QKeepAlive 1.0`).
/// Call it before the first QML file is loaded.
///
/// It is `ka::KeepAlive`, linked into this program: no plugin has to be installed or found.
pub fn register_qml_types() {
    ffi::register_qml_types();
}
