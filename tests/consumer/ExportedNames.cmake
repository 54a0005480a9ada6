# The shared libraries show the API of namespace ka and nothing else: another Rust library, with
# another cxx in it, can live in the same program.
include("${CMAKE_CURRENT_LIST_DIR}/Outside.cmake")

need(nm nm binutils)
foreach(library IN ITEMS QKeepAliveCore QKeepAlive)
    run(names "${nm}" --dynamic --defined-only --demangle
        "${shared_prefix}/${libdir}/lib${library}.so")
    expect("${names}" " ka::apply\\(" "lib${library} exports nothing")

    # Brackets and semicolons would join or split the elements of a CMake list.
    string(REGEX REPLACE "[][;]" "_" names "${names}")
    string(REGEX MATCHALL "[^\n]+" names "${names}")
    set(strange)
    foreach(line IN LISTS names)
        string(REGEX REPLACE "^[0-9a-f]* . " "" name "${line}")
        # The inline destructor of the generated class calls this one.
        if(name STREQUAL "rust::cxxbridge1::Box<ka::KeepAliveRust>::drop()")
            continue()
        endif()
        string(REGEX REPLACE
            "^(vtable|typeinfo|typeinfo name|non-virtual thunk|virtual thunk) (for|to) " ""
            name "${name}")
        if(NOT name MATCHES "^ka::"
                OR name MATCHES "^ka::(rust|cxx_qt|KeepAliveRust|detail::(SocketWitness|SocketOwner|ServerGuard|Look))")
            list(APPEND strange "${name}")
        endif()
    endforeach()
    if(strange)
        list(JOIN strange "\n  " strange)
        message(FATAL_ERROR "lib${library} exports what is no API:\n  ${strange}")
    endif()
endforeach()
