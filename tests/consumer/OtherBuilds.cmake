# What the tests of other build systems have in common: the package without a space in its path, which
# most of them could not pass on, and where pkg-config looks.

need(pkg_config pkg-config pkg-config)
need(env env coreutils)
need(ldd ldd libc-bin)
need(qmake_program "${qmake}" ${qt_package})
run(qt_libraries "${qmake_program}" -query QT_INSTALL_LIBS)
string(STRIP "${qt_libraries}" qt_libraries)

# other_build(<directory>): sets top, source, libraries and pkg_config_path
macro(other_build directory)
    fresh(top "${directory}")
    set(source "${top}/source")
    file(MAKE_DIRECTORY "${source}")
    file(COPY "${shared_prefix}/" DESTINATION "${top}/prefix")
    set(libraries "${top}/prefix/${shared_libdir}")
    set(pkg_config_path "${libraries}/pkgconfig:${qt_libraries}/pkgconfig")
endmacro()

# run_alone(<program>): in an empty environment, so that nothing but its rpath leads to the library
function(run_alone program)
    run(said "${env}" -i "${program}")
    run(loaded "${ldd}" "${program}")
    string(FIND "${loaded}" "${top}/prefix/" at)
    if(at EQUAL -1)
        message(FATAL_ERROR "${program} uses another library than that of ${top}/prefix:\n${loaded}")
    endif()
endfunction()
