# The port takes the sources from the tree in which it lies:
#
#   vcpkg install qkeepalive --overlay-ports=<this directory>
#
# Cargo is taken from the PATH: vcpkg has no Rust. The crates are fetched, or come out of the source
# archive that ./dev package makes, in which this port lies, too.

find_program(CARGO cargo)
if(NOT CARGO)
    message(FATAL_ERROR "cargo is needed to build ${PORT} (not to use it): see rust-lang.org/tools/install")
endif()

# Both configurations would hold the same: cargo has one profile.
set(VCPKG_BUILD_TYPE release)

get_filename_component(SOURCE_PATH "${CURRENT_PORT_DIR}/../.." ABSOLUTE)
vcpkg_check_features(OUT_FEATURE_OPTIONS options
    FEATURES
        qt QKEEPALIVE_QT
        qml QKEEPALIVE_QML)
vcpkg_cmake_configure(
    SOURCE_PATH "${SOURCE_PATH}"
    OPTIONS
        ${options}
        "-DQKEEPALIVE_CARGO=${CARGO}"
        -DQKEEPALIVE_QT_MAJOR=6
        -DQKEEPALIVE_QML_INSTALL_DIR=Qt6/qml # where vcpkg's Qt looks
    MAYBE_UNUSED_VARIABLES
        QKEEPALIVE_QT_MAJOR
        QKEEPALIVE_QML_INSTALL_DIR)
vcpkg_cmake_install()
vcpkg_cmake_config_fixup(PACKAGE_NAME QKeepAlive CONFIG_PATH lib/cmake/QKeepAlive)
vcpkg_fixup_pkgconfig()

file(INSTALL "${CURRENT_PORT_DIR}/usage" DESTINATION "${CURRENT_PACKAGES_DIR}/share/${PORT}")
vcpkg_install_copyright(FILE_LIST "${SOURCE_PATH}/LICENSE-MIT" "${SOURCE_PATH}/LICENSE-APACHE")
