# Builds and installs the shared package in another way than the one of InstallShared.cmake: linked by
# lld, for Release, into lib64. The archives come out of the shared target directory.
include("${CMAKE_CURRENT_LIST_DIR}/Outside.cmake")

need(readelf readelf binutils)
need(path ld.lld lld)
set(build "${work_dir}/lld/build")
fresh(top lld)
set(linker lld)
configure(said "${source_dir}" "${build}" -DCMAKE_BUILD_TYPE=Release
    "-DCMAKE_INSTALL_LIBDIR=${lld_libdir}" "-DCMAKE_INSTALL_INCLUDEDIR=${includedir}"
    -DCMAKE_SHARED_LINKER_FLAGS=-fuse-ld=lld -DCMAKE_MODULE_LINKER_FLAGS=-fuse-ld=lld
    -DQKEEPALIVE_TESTS=OFF -DQKEEPALIVE_EXAMPLES=OFF
    -DQKEEPALIVE_QT_MAJOR=${qt_major} "-DQt${qt_major}_DIR=${qt_dir}"
    "-DQKEEPALIVE_CARGO=${cargo}" "-DQKEEPALIVE_CARGO_TARGET_DIR=${cargo_target_dir}")
build(said "${build}")
run(said "${CMAKE_COMMAND}" --install "${build}" --prefix "${lld_prefix}")

file(GLOB_RECURSE libraries "${lld_prefix}/*.so")
list(LENGTH libraries count)
if(NOT count EQUAL 3)
    message(FATAL_ERROR "there should be two libraries and a plugin, not ${libraries}")
endif()
foreach(library IN LISTS libraries)
    expect_linker("${library}")
endforeach()
file(GLOB elsewhere RELATIVE "${lld_prefix}" "${lld_prefix}/*")
if(NOT elsewhere STREQUAL "${includedir};${lld_libdir};share")
    message(FATAL_ERROR "the package has directories ${elsewhere}")
endif()
