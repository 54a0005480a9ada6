# The Core is built and installed from source where Qt cannot be looked for, and its package does
# not ask for Qt either when no component is named.
include("${CMAKE_CURRENT_LIST_DIR}/Outside.cmake")

fresh(top core-from-source)
configure(said "${source_dir}" "${top}/build"
    -DQKEEPALIVE_QT=OFF ${without_qt}
    "-DQKEEPALIVE_CARGO=${cargo}" "-DQKEEPALIVE_CARGO_TARGET_DIR=${cargo_target_dir}")
build(said "${top}/build")
run(said "${CMAKE_COMMAND}" --install "${top}/build" --prefix "${top}/prefix")

configure(said "${CMAKE_CURRENT_LIST_DIR}/asks" "${top}/asks"
    "-DCMAKE_PREFIX_PATH=${top}/prefix" ${without_qt} -Dversion=0.1)
expect("${said}" "found: (1|TRUE), targets: QKeepAlive::Core\n" "there should be the Core alone")

# QKeepAlive.so or one of Qt's headers installed all the same would be a trap.
file(GLOB_RECURSE installed RELATIVE "${top}/prefix" "${top}/prefix/*")
expect("${installed}" NOT "keepalive\\.h|enums\\.h|generated|libQKeepAlive\\.|qml"
    "parts for Qt were installed")
