# Which Rust the library is built with. Sets QKEEPALIVE_CARGO.
#
# Cargo refuses an old compiler itself, but only when building, and a cargo that is old stumbles over
# something else before, of which it says nothing that helps.

file(STRINGS "${PROJECT_SOURCE_DIR}/Cargo.toml" rust_line REGEX "^rust-version = " LIMIT_COUNT 1)
string(REGEX MATCH "[0-9.]+" rust_needed "${rust_line}")
string(CONCAT rust_advice
    "Rust ${rust_needed} or newer is needed to build QKeepAlive (not to use it). On Debian and "
    "Ubuntu: apt install cargo-web rustc-web; elsewhere see rust-lang.org/tools/install.")

# check_rust(<cargo or rustc> <its path>): stops where it does not run or is too old
function(check_rust tool path)
    # Where cargo will run: rustup may have another Rust for this directory.
    execute_process(COMMAND "${path}" --version WORKING_DIRECTORY "${PROJECT_SOURCE_DIR}"
        OUTPUT_VARIABLE said ERROR_VARIABLE said RESULT_VARIABLE result)
    string(STRIP "${said}" said)
    if(NOT result EQUAL 0 OR NOT said MATCHES "${tool} ([0-9]+\\.[0-9]+\\.[0-9]+)")
        message(FATAL_ERROR "${path} --version ended with ${result}: ${said}\n${rust_advice}")
    elseif(CMAKE_MATCH_1 VERSION_LESS rust_needed)
        message(FATAL_ERROR "${path} is ${CMAKE_MATCH_1}, which is too old. ${rust_advice}${ARGN}")
    endif()
endfunction()

find_program(QKEEPALIVE_CARGO cargo DOC "Rust's package manager")
if(NOT QKEEPALIVE_CARGO)
    message(FATAL_ERROR "There is no cargo. ${rust_advice}")
endif()
check_rust(cargo "${QKEEPALIVE_CARGO}"
    " A cargo that is not the first one in PATH is named with -DQKEEPALIVE_CARGO=<its path>.")

# The one that cargo will run, which need not be its neighbour.
if(NOT "$ENV{RUSTC}" STREQUAL "")
    set(rustc "$ENV{RUSTC}")
else()
    unset(rustc)
    find_program(rustc rustc PATHS ENV PATH NO_DEFAULT_PATH NO_CACHE)
endif()
if(NOT rustc)
    message(FATAL_ERROR "There is no rustc in PATH for ${QKEEPALIVE_CARGO}. ${rust_advice}")
endif()
check_rust(rustc "${rustc}"
    " A rustc that is not the first one in PATH is named in the environment by RUSTC.")
