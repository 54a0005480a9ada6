//! Compiles the C++ side of the two upper layers into the crate's archive: with `bridge` the C++
//! API, with `qt` also `ka::KeepAlive`. The pure core needs no C++ compiler.

fn main() {
    println!("cargo::rerun-if-changed=cpp");
    // First the bridge: the Qt object's C++ side includes its generated header.
    #[cfg(feature = "bridge")]
    bridge();
    #[cfg(feature = "qt")]
    qt();
}

/// The cxx bridge and the facade that hides it from users.
#[cfg(feature = "bridge")]
fn bridge() {
    cxx_build::bridge("src/bridge.rs")
        .include("cpp/include")
        .files(["cpp/bridge.cpp", "cpp/capabilities.cpp", "cpp/config.cpp"])
        .files(["cpp/error.cpp", "cpp/socket.cpp"])
        .std("c++17")
        .flag_if_supported("-ffunction-sections")
        .flag_if_supported("-fdata-sections")
        .compile("qkeepalive_bridge");
}

/// `ka::KeepAlive`, and the cxx-qt object behind it.
#[cfg(feature = "qt")]
fn qt() {
    let root = std::path::PathBuf::from(std::env::var_os("CARGO_MANIFEST_DIR").unwrap());
    let out = std::path::PathBuf::from(std::env::var_os("OUT_DIR").unwrap());
    let builder = cxx_qt_build::CxxQtBuilder::new()
        // Only the generated headers: the hand-written ones are found by the include path below.
        .crate_include_root(None)
        .qt_module("Network")
        .file("src/qobject.rs")
        .cpp_files(["cpp/include/ka/enums.h", "cpp/include/ka/keepalive.h"].map(described))
        .cpp_files(["cpp/look_timer.h", "cpp/socket_owner.h", "cpp/socket_witness.h"])
        .cpp_file(described("cpp/socket_guard.h"))
        .cpp_files(["cpp/capability_map.cpp", "cpp/debug.cpp", "cpp/keepalive.cpp"])
        .cpp_files(["cpp/listener.cpp", "cpp/log.cpp", "cpp/look_timer.cpp"])
        .cpp_files(["cpp/loss_reason.cpp", "cpp/own_descriptor.cpp", "cpp/qt_socket.cpp"])
        .cpp_files(["cpp/server.cpp", "cpp/socket_guard.cpp", "cpp/socket_owner.cpp"])
        .cpp_files(["cpp/socket_witness.cpp", "cpp/waiting.cpp"]);
    // SAFETY: only include paths are added to the compiler's command line.
    let builder = unsafe {
        builder.cc_builder(|compiler| {
            compiler.include(root.join("cpp"));
            compiler.include(root.join("cpp/include"));
            compiler.include(out.join("cxxbridge/include"));
            compiler.include(out.join("cxxbridge/crate"));
        })
    };
    #[cfg(feature = "qml")]
    let builder = qml(builder);
    builder.build();
}

/// The registration for QML, of the types that the plugin for C++ programs has. Qt 5 has its own.
#[cfg(feature = "qml")]
fn qml(builder: cxx_qt_build::CxxQtBuilder) -> cxx_qt_build::CxxQtBuilder {
    let qt = qt_build_utils::QtBuild::new(vec!["Core".into()]).expect("Qt was found before");
    let types = if qt.version().major == 5 { "qml/qt5_types.h" } else { "qml/types.h" };
    builder
        .qt_module("Qml")
        .file("src/qml.rs")
        .cpp_file(described(types))
        .cpp_files(["qml/keep_alive_in_qml.cpp", "qml/register.cpp"])
}

/// A header for moc, which has to find the enums to know the properties of their types.
#[cfg(feature = "qt")]
fn described(header: &str) -> cxx_qt_build::CppFile {
    let arguments = cxx_qt_build::MocArguments::default().include_path("cpp/include");
    cxx_qt_build::CppFile::from(header).moc_arguments(arguments)
}
