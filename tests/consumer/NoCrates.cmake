# Where cargo can fetch no crate, configuring says what to do. The network is a proxy that nobody
# answers for; ./dev check source does the same without any network. Nothing is built.
include("${CMAKE_CURRENT_LIST_DIR}/Outside.cmake")

fresh(top no-crates)
set(arguments "-DQKEEPALIVE_CARGO=${cargo}" "-DQt${qt_major}_DIR=${qt_dir}"
    -DQKEEPALIVE_QT_MAJOR=${qt_major} -DQKEEPALIVE_QML=OFF)
# Port 9 is "discard", which no system serves any more.
set(ENV{HTTPS_PROXY} http://127.0.0.1:9)
set(ENV{CARGO_NET_RETRY} 0)

# While cargo's home has the crates, nothing is fetched.
configure(said "${source_dir}" "${top}/there" ${arguments})

set(ENV{CARGO_HOME} "${top}/cargo")
foreach(how IN ITEMS proxy offline)
    if(how STREQUAL "offline")
        set(ENV{CARGO_NET_OFFLINE} true)
    endif()
    run_refused(said "${CMAKE_COMMAND}" -S "${source_dir}" -B "${top}/${how}" -G "${generator}"
        "-DCMAKE_MAKE_PROGRAM=${make_program}" "-DCMAKE_CXX_COMPILER=${cxx}" ${arguments})
    string(REGEX REPLACE "[ \n]+" " " words "${said}")
    expect("${words}" "could not fetch the crates.*qkeepalive-${version}-source\\.tar\\.gz"
        "it should be said what is missing and where there is an archive that has it")
    expect("${words}" NOT "Caused by:" "a sentence was wanted, not all that cargo says")
endforeach()
expect("${words}" "no matching package|offline" "cargo's own reason should be there")
