# A machine without Rust, or with one that is too old, is told so when configuring, with what to do.
# Nothing is built.
include("${CMAKE_CURRENT_LIST_DIR}/Outside.cmake")

file(STRINGS "${source_dir}/Cargo.toml" line REGEX "^rust-version = ")
string(REGEX MATCH "[0-9]+\\.[0-9]+" minimum "${line}")
string(REPLACE "." "\\." needed "Rust ${minimum} or newer is needed to build")
fresh(top choice-of-rust)
unset(ENV{RUSTC})
forget_rust()
set(path_without_rust "$ENV{PATH}")

# fake(<directory> <tool> <what it does>): a tool that is no Rust
function(fake directory tool script)
    file(WRITE "${top}/${directory}/${tool}" "#!/bin/sh\n${script}\n")
    file(CHMOD "${top}/${directory}/${tool}"
        PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE)
endfunction()

# refused(<regular expression> <directory in PATH>...): what configuring says
function(refused expression)
    list(JOIN ARGN ":" directories)
    set(ENV{PATH} "${directories}:${path_without_rust}")
    fresh(build choice-of-rust/build)
    # Debian's own Rust is where CMake looks without being asked.
    run_refused(said "${CMAKE_COMMAND}" -S "${source_dir}" -B "${build}" -G "${generator}"
        "-DCMAKE_MAKE_PROGRAM=${make_program}" "-DCMAKE_CXX_COMPILER=${cxx}" -DQKEEPALIVE_QT=OFF
        -DCMAKE_FIND_USE_CMAKE_SYSTEM_PATH=OFF)
    string(REGEX REPLACE "[ \n]+" " " said "${said}")
    expect("${said}" "${expression}" "the message should say what is wrong and what to do")
endfunction()

refused("There is no cargo\\. ${needed} .*apt install cargo-web rustc-web")

fake(old cargo "echo 'cargo 1.70.0 (7fe40dc9c 2023-04-27)'")
fake(old rustc "echo 'rustc 1.70.0 (90c541806 2023-05-31)'")
refused("choice-of-rust/old/cargo is 1\\.70\\.0, which is too old\\. ${needed} .*QKEEPALIVE_CARGO"
    "${top}/old")

# As new as this project wants it to be.
fake(new cargo "echo 'cargo ${minimum}.0 (873a06493 2025-05-10)'")
refused("There is no rustc in PATH for [^ ]*choice-of-rust/new/cargo\\. ${needed}" "${top}/new")
refused("choice-of-rust/old/rustc is 1\\.70\\.0, which is too old\\. ${needed} .*RUSTC"
    "${top}/new" "${top}/old")

fake(broken cargo "echo 'rustup could not choose a version of cargo to run' >&2; exit 1")
refused("broken/cargo --version ended with 1: rustup could not choose a version [^.]*${needed}"
    "${top}/broken")

# Just new enough, it is accepted.
fake(new rustc "echo 'rustc ${minimum}.0 (6b00bc388 2025-06-23)'")
set(ENV{PATH} "${top}/new:${path_without_rust}")
fresh(build choice-of-rust/build)
configure(said "${source_dir}" "${build}" -DQKEEPALIVE_QT=OFF
    -DCMAKE_FIND_USE_CMAKE_SYSTEM_PATH=OFF)
