# The shared libraries show the API of namespace ka and nothing else: another Rust library, with
# another cxx in it, can live in the same program. What they show is under review.
#
# The lists hold for each Qt, compiler and linker with the C++ library of GCC on a system of 64 bits:
# constructors and destructors stand once for all of their variants, and what the library's types are
# called inside is brought back to what they are called in a program.
include("${CMAKE_CURRENT_LIST_DIR}/Outside.cmake")
include("${CMAKE_CURRENT_LIST_DIR}/Reviewed.cmake")

need(nm nm binutils)
if(NOT package)
    set(package shared)
endif()
set(Core_library libQKeepAliveCore.so)
set(Qt_library libQKeepAlive.so)
foreach(component IN ITEMS Core Qt)
    set(library ${${component}_library})
    run(names "${nm}" --dynamic --defined-only --demangle
        "${${package}_prefix}/${${package}_libdir}/${library}")

    # Brackets and semicolons would join or split the elements of a CMake list.
    string(REGEX REPLACE "[][;]" "_" names "${names}")
    string(REPLACE "std::chrono::duration<long, std::ratio<1l, 1000l> >" "std::chrono::milliseconds"
        names "${names}")
    string(REGEX REPLACE
        "std::(__cxx11::)?basic_string<char, std::char_traits<char>, std::allocator<char> ?>"
        "std::string" names "${names}")
    string(REGEX MATCHALL "[^\n]+" names "${names}")
    list(TRANSFORM names REPLACE "^[0-9a-f]* . " "")

    set(for_the_plugin "^ka::detail::(setRefusalTeller|isRefused|tellRefusal)\\(")
    set(strange)
    foreach(name IN LISTS names)
        string(REGEX REPLACE
            "^(vtable|typeinfo|typeinfo name|non-virtual thunk|virtual thunk) (for|to) " ""
            name "${name}")
        if(NOT name MATCHES "^ka::"
                OR (name MATCHES "^ka::(rust|cxx_qt|detail::)"
                    AND NOT name MATCHES "${for_the_plugin}"))
            list(APPEND strange "${name}")
        endif()
    endforeach()
    if(strange)
        list(JOIN strange "\n  " strange)
        message(FATAL_ERROR "${library} exports what is no API:\n  ${strange}")
    endif()
    reviewed(exported-${component}.txt "${names}")
endforeach()
