//! Compiles what cxx-qt makes of the bridges, and packs the window's QML into the program.

use cxx_qt_build::CxxQtBuilder;

fn main() {
    CxxQtBuilder::new()
        .qt_module("Gui")
        .qt_module("Network")
        .qt_module("Qml")
        .files(["src/application.rs", "src/connection.rs"])
        .cpp_file("src/application.cpp")
        .qrc_resources(["qml/main.qml"])
        .build();
}
