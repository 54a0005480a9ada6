# Builds and installs the static package. The crates come out of the shared target directory.
include("${CMAKE_CURRENT_LIST_DIR}/Outside.cmake")

set(build "${work_dir}/static/build")
fresh(top static)
configure(said "${source_dir}" "${build}" -DBUILD_SHARED_LIBS=OFF
    "-DCMAKE_INSTALL_LIBDIR=${static_libdir}" "-DCMAKE_INSTALL_INCLUDEDIR=${includedir}"
    -DQKEEPALIVE_TESTS=OFF -DQKEEPALIVE_EXAMPLES=OFF
    -DQKEEPALIVE_QT_MAJOR=${qt_major} "-DQt${qt_major}_DIR=${qt_dir}"
    "-DQKEEPALIVE_CARGO=${cargo}" "-DQKEEPALIVE_CARGO_TARGET_DIR=${cargo_target_dir}")
build(said "${build}")
run(said "${CMAKE_COMMAND}" --install "${build}" --prefix "${static_prefix}")
