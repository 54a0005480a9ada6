# What those who do not use CMake ask: lib/pkgconfig/QKeepAlive.pc, QKeepAliveQml.pc, QKeepAliveCore.pc.

set(pc_dir "${CMAKE_INSTALL_FULL_LIBDIR}/pkgconfig")
file(RELATIVE_PATH pc_includedir "${pc_dir}" "${CMAKE_INSTALL_FULL_INCLUDEDIR}")
file(RELATIVE_PATH pc_prefix "${pc_dir}" "${CMAKE_INSTALL_PREFIX}")
string(REGEX REPLACE "/$" "" pc_prefix "${pc_prefix}")

# install_pkg_config(<name> <description> <requires> <further flags of the linker>
#                    [<further flag of the compiler>...])
function(install_pkg_config name description requires linking)
    list(JOIN ARGN " " cflags)
    string(STRIP "-I\${includedir} ${cflags}" cflags)
    string(STRIP "-L\${libdir} -l${name} ${linking}" libs)
    if(NOT BUILD_SHARED_LIBS)
        # There is nothing but the archive, so every program needs these: with --static and without.
        string(APPEND libs " -Wl,--gc-sections -pthread -ldl -lm")
    endif()
    configure_file("${PROJECT_SOURCE_DIR}/cmake/QKeepAlive.pc.in" "${name}.pc" @ONLY)
    install(FILES "${CMAKE_CURRENT_BINARY_DIR}/${name}.pc"
        DESTINATION "${CMAKE_INSTALL_LIBDIR}/pkgconfig")
endfunction()
