# The examples as projects of their own: with the installed package, and without Rust.
include("${CMAKE_CURRENT_LIST_DIR}/Outside.cmake")

forget_rust()
set(ENV{QT_QPA_PLATFORM} offscreen)
set(ENV{QT_QUICK_BACKEND} software)

# example(<folder> <program> <argument>...): builds it, and has it refused where nobody listens. For
# the one with QML that takes the module, found where the package says.
function(example folder program)
    fresh(build "examples/${folder}")
    configure(said "${source_dir}/examples/${folder}" "${build}"
        "-DCMAKE_PREFIX_PATH=${shared_prefix}" "-DQt${qt_major}_DIR=${qt_dir}")
    build(said "${build}")
    execute_process(COMMAND "${build}/${program}" ${ARGN}
        OUTPUT_VARIABLE said ERROR_VARIABLE said RESULT_VARIABLE result TIMEOUT 60)
    if(NOT result EQUAL 2)
        message(FATAL_ERROR "${program} ended with ${result}, not with 2:\n${said}")
    endif()
    expect("${said}" "[Cc]annot connect: Connection refused" "it should say what is wrong")
endfunction()

example(console console_client 127.0.0.1 1)
example(websocket websocket_client ws://127.0.0.1:1)
example(qml qml_client 127.0.0.1 1 --once)
