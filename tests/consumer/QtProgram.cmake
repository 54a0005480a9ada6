# A Qt program finds the package, links QKeepAlive::QKeepAlive and runs, on a machine without Rust.
include("${CMAKE_CURRENT_LIST_DIR}/Outside.cmake")

need(readelf readelf binutils)
need(ldd ldd libc-bin)
forget_rust()
fresh(build "qt-program-${package}${linker}")
configure(said "${CMAKE_CURRENT_LIST_DIR}/app" "${build}"
    "-DCMAKE_PREFIX_PATH=${${package}_prefix}" "-DQt${qt_major}_DIR=${qt_dir}")
string(FIND "${said}" "found in ${${package}_prefix}/" at)
if(at EQUAL -1)
    message(FATAL_ERROR "another QKeepAlive was found:\n${said}")
endif()
build(said "${build}")
expect_linker("${build}/app")
run(said "${build}/app")

run(dynamic "${readelf}" -d "${build}/app")
expect("${dynamic}" "libQt${qt_major}Network" "it is not a Qt program")
run(loaded "${ldd}" "${build}/app")
expect("${dynamic}${loaded}" NOT "libQt[0-9]*(Qml|Quick)" "a program without QML links Qt Qml")
if(package STREQUAL "static")
    expect("${dynamic}" NOT "libQKeepAlive" "the static package brings a shared library")
endif()
