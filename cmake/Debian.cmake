# Debian packages, split and named as Debian splits and names Qt's own: libraries by what they are
# linked by (their soname), what a compiler wants, and the QML module. docs/decisions/0011-packages.md

if(NOT BUILD_SHARED_LIBS OR NOT TARGET qkeepaliveplugin)
    message(FATAL_ERROR "QKEEPALIVE_DEB makes packages of the shared libraries and of the QML module: "
        "set BUILD_SHARED_LIBS, QKEEPALIVE_QT and QKEEPALIVE_QML to ON")
endif()

set(CPACK_GENERATOR DEB)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_COMPONENTS_GROUPING IGNORE)
set(CPACK_COMPONENTS_ALL)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_RELEASE 1)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_DEBIAN_COMPRESSION_TYPE xz)
# What the libraries need is read from them, and so is what a package that links them will need.
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS_PRIVATE_DIRS "${PROJECT_BINARY_DIR}")
set(CPACK_DEBIAN_PACKAGE_GENERATE_SHLIBS ON)
set(CPACK_DEBIAN_PACKAGE_GENERATE_SHLIBS_POLICY ">=")

if(NOT CPACK_PACKAGE_CONTACT)
    message(FATAL_ERROR "a Debian package names who made it: set CPACK_PACKAGE_CONTACT to "
        "\"Your Name <address>\" (./dev package takes DEBFULLNAME and DEBEMAIL, or what git knows)")
endif()
string(TIMESTAMP date "%a, %d %b %Y %H:%M:%S +0000" UTC) # heeds SOURCE_DATE_EPOCH
set(debian_dir "${PROJECT_SOURCE_DIR}/packaging/debian")
set(scratch "${PROJECT_BINARY_DIR}/debian")
configure_file("${debian_dir}/changelog.in" "${scratch}/changelog" @ONLY)
string(REPLACE "\n" "\n " crates_indented " ${crates}") # as that file wants it
configure_file("${debian_dir}/copyright.in" "${scratch}/copyright" @ONLY)
execute_process(COMMAND gzip --best --no-name --keep --force "${scratch}/changelog"
    COMMAND_ERROR_IS_FATAL ANY)

# debian_package(<component> <name> <section> <summary> <description>)
macro(debian_package component name section summary description)
    string(TOUPPER "${component}" upper)
    list(APPEND CPACK_COMPONENTS_ALL ${component})
    set(CPACK_DEBIAN_${upper}_PACKAGE_NAME "${name}")
    set(CPACK_DEBIAN_${upper}_PACKAGE_SECTION "${section}")
    set(CPACK_DEBIAN_${upper}_DESCRIPTION "${summary}\n${description}")
    install(FILES "${scratch}/copyright" DESTINATION "share/doc/${name}" COMPONENT ${component})
    install(FILES "${scratch}/changelog.gz" DESTINATION "share/doc/${name}"
        RENAME changelog.Debian.gz COMPONENT ${component})
endmacro()

# Both Qts' libraries have one name, as have the files of their packages: one excludes the other. The
# Core is the same file for both.
set(soversion "${PROJECT_VERSION_MAJOR}.${PROJECT_VERSION_MINOR}")
set(core_name libqkeepalivecore${soversion})
if(QT_VERSION_MAJOR EQUAL 5)
    set(qt_name libqkeepalive-qt5-${soversion})
    set(dev_name libqkeepalive-qt5-dev)
    set(qml_name qml-module-qkeepalive)
    set(qt_dev qtbase5-dev)
    set(qml_dev qtdeclarative5-dev)
    set(CPACK_DEBIAN_QKEEPALIVE_QT_PACKAGE_CONFLICTS libqkeepalive${soversion})
    set(CPACK_DEBIAN_QKEEPALIVE_DEV_PACKAGE_CONFLICTS libqkeepalive-dev)
else()
    set(qt_name libqkeepalive${soversion})
    set(dev_name libqkeepalive-dev)
    set(qml_name qml6-module-qkeepalive)
    set(qt_dev qt6-base-dev)
    set(qml_dev qt6-declarative-dev)
    set(CPACK_DEBIAN_QKEEPALIVE_QT_PACKAGE_CONFLICTS libqkeepalive-qt5-${soversion})
    set(CPACK_DEBIAN_QKEEPALIVE_DEV_PACKAGE_CONFLICTS libqkeepalive-qt5-dev)
endif()

set(what "QKeepAlive tells a program that its TCP peer is gone within the time that it
asked for, and why: closed, reset, unreachable, or silent.
")
debian_package(QKeepAlive_Core ${core_name} libs
    "dead TCP peers found in time (library without Qt)"
    "${what}
This package has the library that sets and reads the keepalive of any
descriptor. It needs no Qt.
")
debian_package(QKeepAlive_Qt ${qt_name} libs
    "dead TCP peers found in time (library for Qt ${QT_VERSION_MAJOR})"
    "${what}
This package has the library for programs that use Qt ${QT_VERSION_MAJOR}.
")
debian_package(QKeepAlive_Qml ${qml_name} libs
    "dead TCP peers found in time (QML module for Qt ${QT_VERSION_MAJOR})"
    "${what}
This package has the QML module QKeepAlive for Qt ${QT_VERSION_MAJOR}.
")
debian_package(QKeepAlive_Dev ${dev_name} libdevel
    "dead TCP peers found in time (development files, Qt ${QT_VERSION_MAJOR})"
    "${what}
This package has the headers and CMake's package for both libraries. Rust is
not needed to use them.
")

set(same "(= ${PROJECT_VERSION}-${CPACK_DEBIAN_PACKAGE_RELEASE})")
set(CPACK_DEBIAN_QKEEPALIVE_DEV_PACKAGE_DEPENDS "${core_name} ${same}, ${qt_name} ${same}, ${qt_dev}")
set(CPACK_DEBIAN_QKEEPALIVE_DEV_PACKAGE_SUGGESTS "${qml_name}, ${qml_dev}")
set(CPACK_DEBIAN_QKEEPALIVE_QML_PACKAGE_DEPENDS "${qt_name} ${same}")
# The dynamic linker's cache is renewed once for all packages that are installed together.
file(WRITE "${scratch}/triggers" "activate-noawait ldconfig\n")
foreach(component IN ITEMS CORE QT)
    set(CPACK_DEBIAN_QKEEPALIVE_${component}_PACKAGE_CONTROL_EXTRA "${scratch}/triggers")
endforeach()
