# What CPack makes of this build; ./dev package runs it. What is installed is in four parts:
#
#   QKeepAlive_Core, QKeepAlive_Qt   the two libraries
#   QKeepAlive_Qml                   the QML module
#   QKeepAlive_Dev                   everything else: headers, CMake's files
#
# An archive holds all of them, and works wherever it is unpacked. With QKEEPALIVE_DEB each part is a
# Debian package (cmake/Debian.cmake).

option(QKEEPALIVE_DEB "Make Debian packages; wants CMAKE_INSTALL_PREFIX=/usr, no RPATH" OFF)

# The crates that are compiled into the libraries have licences that want to be named.
execute_process(
    COMMAND "${QKEEPALIVE_CARGO}" tree --quiet --locked --no-default-features
            --features ${crate_features} --edges normal,no-proc-macro --no-dedupe
            --prefix none --format "{p}: {l}"
    WORKING_DIRECTORY "${PROJECT_SOURCE_DIR}"
    OUTPUT_VARIABLE crates COMMAND_ERROR_IS_FATAL ANY)
string(REGEX MATCHALL "[^\n]+" crates "${crates}")
list(REMOVE_DUPLICATES crates)
list(POP_FRONT crates) # the library itself
list(SORT crates)
list(JOIN crates "\n" crates)
set(notice "${PROJECT_BINARY_DIR}/LICENSES-OF-CRATES")
file(CONFIGURE OUTPUT "${notice}" @ONLY CONTENT
"Compiled into the libraries, each under the licence (SPDX) that stands beside it:

Rust's standard library: MIT OR Apache-2.0
@crates@
")

set(CPACK_PACKAGE_NAME qkeepalive)
set(CPACK_PACKAGE_VENDOR "the QKeepAlive contributors")
set(CPACK_STRIP_FILES ON)
# Not those that the umask of whoever makes it would give.
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS
    OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)

if(QKEEPALIVE_DEB)
    include(cmake/Debian.cmake)
else()
    install(FILES LICENSE-APACHE LICENSE-MIT "${notice}" DESTINATION "${CMAKE_INSTALL_DOCDIR}")
    string(TOLOWER "${CMAKE_SYSTEM_NAME}-${CMAKE_SYSTEM_PROCESSOR}" system)
    if(QKEEPALIVE_QT)
        string(APPEND system "-qt${QT_VERSION_MAJOR}")
    endif()
    set(CPACK_GENERATOR TGZ)
    set(CPACK_PACKAGE_FILE_NAME "qkeepalive-${PROJECT_VERSION}-${system}")
endif()
include(CPack)
