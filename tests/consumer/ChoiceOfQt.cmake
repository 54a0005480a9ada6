# Which Qt the library is built with: the one asked for, or the one that is there; and words where
# none is fit. Nothing is built.
include("${CMAKE_CURRENT_LIST_DIR}/Outside.cmake")

fresh(top choice-of-qt)
set(arguments "-DQKEEPALIVE_CARGO=${cargo}" "-DQt${qt_major}_DIR=${qt_dir}" -DQKEEPALIVE_QML=OFF)

configure(said "${source_dir}" "${top}/by itself" ${arguments}
    -DCMAKE_DISABLE_FIND_PACKAGE_Qt${other_qt_major}=ON)
expect("${said}" "-- Qt ${qt_major}\\.[0-9]+\\.[0-9]+: " "the only Qt should be taken")

configure(said "${source_dir}" "${top}/by itself" "-DCMAKE_PREFIX_PATH=${top}/mistyped")
string(REGEX REPLACE "[ \n]+" " " said "${said}")
expect("${said}" "CMAKE_PREFIX_PATH names [^,]*mistyped, which is no directory"
    "a mistyped directory should not be passed over in silence")

# refused(<regular expression> <argument>...)
function(refused expression)
    fresh(build choice-of-qt/refused)
    run_refused(said "${CMAKE_COMMAND}" -S "${source_dir}" -B "${build}" -G "${generator}"
        "-DCMAKE_MAKE_PROGRAM=${make_program}" "-DCMAKE_CXX_COMPILER=${cxx}" ${arguments} ${ARGN})
    string(REGEX REPLACE "[ \n]+" " " said "${said}")
    expect("${said}" "${expression}" "the message should say what is wrong and what to do")
endfunction()

refused("QKEEPALIVE_QT_MAJOR is 6 or 5, not \"4\"" -DQKEEPALIVE_QT_MAJOR=4)
refused("needs Qt 6\\.4 or newer, or Qt 5\\.15\\. On Debian .*CMAKE_PREFIX_PATH" ${without_qt})
refused("CMAKE_PREFIX_PATH is [^,]*, and there is none\\. On Debian" ${without_qt}
    "-DCMAKE_PREFIX_PATH=${work_dir}")
refused("needs Qt ${qt_major}\\.[0-9]+ [^.]*QKEEPALIVE_QT_MAJOR is ${qt_major}" ${without_qt}
    -DQKEEPALIVE_QT_MAJOR=${qt_major})

# A Qt of a version that is too old, where the system's own is not looked for.
set(old "${top}/old/Qt6")
file(WRITE "${old}/Qt6Config.cmake" "message(FATAL_ERROR \"an unfit Qt is used\")\n")
file(WRITE "${old}/Qt6ConfigVersion.cmake"
    "set(PACKAGE_VERSION 6.2.4)\nset(PACKAGE_VERSION_COMPATIBLE FALSE)\n")
refused("needs Qt 6\\.4 or newer .*not fit: 6\\.2\\.4 \\([^)]*/old/Qt6/[^)]*\\)\\." "-DQt6_DIR=${old}"
    -DQKEEPALIVE_QT_MAJOR=6
    -DCMAKE_FIND_USE_CMAKE_SYSTEM_PATH=OFF -DCMAKE_FIND_USE_SYSTEM_ENVIRONMENT_PATH=OFF)
