# Programs without CMake: nothing but the compiler and what pkg-config says of the moved package.
include("${CMAKE_CURRENT_LIST_DIR}/Outside.cmake")

need(pkg_config pkg-config pkg-config)
need(readelf readelf binutils)
need(ldd ldd libc-bin)
need(qmake_program "${qmake}" ${qt_package})
run(qt_libraries "${qmake_program}" -query QT_INSTALL_LIBS)
string(STRIP "${qt_libraries}" qt_libraries)
fresh(top "pkg-config-${package}")

# The file of a library directory with two levels, as Debian has. It needs Rust, and nothing is built.
set(levels "${top}/levels/lib/some-system")
configure(said "${source_dir}" "${top}/levels/build" -DQKEEPALIVE_QT=OFF
    -DCMAKE_INSTALL_LIBDIR=lib/some-system "-DQKEEPALIVE_CARGO=${cargo}")
file(COPY "${top}/levels/build/QKeepAliveCore.pc" DESTINATION "${levels}/pkgconfig")

# Moved once more, to where no space is in the way: most scripts could not pass one on.
forget_rust()
file(COPY "${${package}_prefix}/" DESTINATION "${top}/prefix")
set(libraries "${top}/prefix/${${package}_libdir}")
set(ENV{PKG_CONFIG_PATH} "${libraries}/pkgconfig:${qt_libraries}/pkgconfig")

# ask(<output variable> <argument>...)
function(ask output)
    run(said "${pkg_config}" ${ARGN})
    string(STRIP "${said}" said)
    set(${output} "${said}" PARENT_SCOPE)
endfunction()

# try(<program> <source> <what pkg-config is asked>): builds it in the shell, as in a makefile, and
# runs it
function(try program source question)
    run(said sh -c "'${cxx}' -Wall -Wextra -Wpedantic -Werror -o '${program}' '${source}' $('${pkg_config}' ${question})")
    run(said "${CMAKE_COMMAND}" -E env "LD_LIBRARY_PATH=${libraries}" "${program}")
    run(dynamic "${readelf}" -d "${program}")
    run(loaded "${CMAKE_COMMAND}" -E env "LD_LIBRARY_PATH=${libraries}" "${ldd}" "${program}")
    expect("${dynamic}${loaded}" NOT "libQt[0-9]*(Qml|Quick)" "a program without QML links Qt Qml")
    if(package STREQUAL "static")
        expect("${dynamic}${loaded}" NOT "libQKeepAlive" "a shared library is used")
    else()
        expect("${dynamic}" "libQKeepAlive" "the shared library is not used")
    endif()
endfunction()

try("${top}/qt" "${CMAKE_CURRENT_LIST_DIR}/app/main.cpp" "--cflags --libs QKeepAlive")
try("${top}/core" "${CMAKE_CURRENT_LIST_DIR}/core/throwing.cpp" "--cflags --libs QKeepAliveCore")
run(dynamic "${readelf}" -d "${top}/core")
expect("${dynamic}" NOT "libQt" "a program of the Core needs Qt")

foreach(name IN ITEMS QKeepAlive QKeepAliveCore)
    ask(said --modversion ${name})
    expect("${said}" "^${version}$" "${name}.pc should have the package's version")
endforeach()
ask(said --print-requires QKeepAlive)
expect("${said}" "^Qt${qt_major}Core >= [0-9.]+\nQt${qt_major}Network >= [0-9.]+$"
    "it should ask for Qt's Core and Network alone")

if(package STREQUAL "static")
    # An archive alone needs the same with --static as without.
    try("${top}/core" "${CMAKE_CURRENT_LIST_DIR}/core/throwing.cpp"
        "--static --cflags --libs QKeepAliveCore")
endif()

# With two levels, and with pkg-config's own guess at the prefix, which counts on one.
set(ENV{PKG_CONFIG_PATH} "${levels}/pkgconfig")
foreach(guess IN ITEMS --dont-define-prefix --define-prefix)
    ask(said ${guess} --variable=includedir QKeepAliveCore)
    get_filename_component(said "${said}" ABSOLUTE)
    if(NOT said STREQUAL "${top}/levels/include")
        message(FATAL_ERROR "with ${guess} the headers are said to be in ${said}")
    endif()
    ask(said ${guess} --variable=libdir QKeepAliveCore)
    get_filename_component(said "${said}" ABSOLUTE)
    if(NOT said STREQUAL levels)
        message(FATAL_ERROR "with ${guess} the library is said to be in ${said}")
    endif()
endforeach()

# With a space in the way the shell has to read pkg-config's quotes again.
set(ENV{PKG_CONFIG_PATH} "${${package}_prefix}/${${package}_libdir}/pkgconfig")
run(said sh -c
    "eval \"'${cxx}' -fsyntax-only '${CMAKE_CURRENT_LIST_DIR}/core/throwing.cpp' $('${pkg_config}' --cflags QKeepAliveCore)\"")
