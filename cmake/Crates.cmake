# Sees, while configuring, that every crate of the build is there or can be fetched: without, cargo
# would say so in the middle of the build, and at length.
#
# It is cargo's list of what it would compile: to make it, cargo fetches what is missing, for this
# system and these features alone.

set(crate_features bridge)
if(QKEEPALIVE_QT)
    set(crate_features qt)
endif()

message(STATUS "Crates: looking whether they are there, and fetching those that are not")
execute_process(
    COMMAND "${QKEEPALIVE_CARGO}" tree --quiet --locked
            --no-default-features --features ${crate_features} --edges normal,build
    WORKING_DIRECTORY "${PROJECT_SOURCE_DIR}"
    OUTPUT_QUIET ERROR_VARIABLE said RESULT_VARIABLE result)
if(NOT result EQUAL 0)
    string(STRIP "${said}" said)
    if(NOT said MATCHES "download|offline|[Nn]etwork|connect|resolve host|registry")
        message(FATAL_ERROR "cargo could not say of which crates QKeepAlive is made:\n${said}")
    endif()
    # The innermost of cargo's causes: "Could not resolve host".
    string(REGEX REPLACE "^.*Caused by:\n +" "" cause "${said}")
    string(REGEX REPLACE "^error: +|\n.*$" "" cause "${cause}")
    message(FATAL_ERROR
        "cargo could not fetch the crates of which QKeepAlive is made: ${cause}. "
        "With a network, configure again (behind a proxy with HTTPS_PROXY set). Without one, build "
        "from the source archive, qkeepalive-${PROJECT_VERSION}-source.tar.gz, which has the crates in "
        "it: ./dev package makes it in dist, on a machine that has a network.")
endif()
