# A project that the package does not fit is told so when configuring, and what to do.
include("${CMAKE_CURRENT_LIST_DIR}/Outside.cmake")

fresh(top unfit)
set(asks "${CMAKE_CURRENT_LIST_DIR}/asks")
set(prefix "-DCMAKE_PREFIX_PATH=${shared_prefix}")
set(qt "-DQt${qt_major}_DIR=${qt_dir}")
set(this_alone -DCMAKE_FIND_USE_CMAKE_SYSTEM_PATH=OFF -DCMAKE_FIND_USE_SYSTEM_ENVIRONMENT_PATH=OFF)

# refused(<regular expression> <argument>...)
function(refused expression)
    fresh(build unfit/build)
    run_refused(said "${CMAKE_COMMAND}" -S "${asks}" -B "${build}" -G "${generator}"
        "-DCMAKE_MAKE_PROGRAM=${make_program}" "-DCMAKE_CXX_COMPILER=${cxx}"
        -Dversion=0.1 -Drequest=REQUIRED ${ARGN})
    string(REGEX REPLACE "[ \n]+" " " said "${said}")
    expect("${said}" "${expression}" "the message should say what is wrong and what to do")
    expect("${said}" NOT "found: " "the configuration should have stopped")
endfunction()

# The package is not where the project looks: these words are CMake's.
refused("provided by \"QKeepAlive\".* Add the installation prefix of \"QKeepAlive\" to CMAKE_PREFIX_PATH"
    "-DCMAKE_PREFIX_PATH=${top}" ${qt} ${this_alone})

# --- The project's Qt ----------------------------------------------------------------------------

set(needs "built with Qt ${qt_major}\\.[0-9]+ and needs that or a newer Qt ${qt_major}, with Core and Network\\.")
set(advice "apt install ${qt_package}; .*CMAKE_PREFIX_PATH=.*find_package\\(QKeepAlive COMPONENTS Core\\)")
refused("${needs} On Debian .*${advice}" "${prefix}" ${without_qt})

set(old "${top}/old/lib/cmake/Qt${qt_major}")
file(WRITE "${old}/Qt${qt_major}Config.cmake" "message(FATAL_ERROR \"an unfit Qt is used\")\n")
file(WRITE "${old}/Qt${qt_major}ConfigVersion.cmake"
    "set(PACKAGE_VERSION ${qt_major}.2.4)\nset(PACKAGE_VERSION_COMPATIBLE FALSE)\n")
refused("${needs} Found, but not fit: ${qt_major}\\.2\\.4 \\([^)]*/old/[^)]*\\)\\. .*${advice}" "${prefix}"
    "-DQt${qt_major}_DIR=${old}" ${this_alone})

# Where a fit one stands beside it, the fit one is taken.
get_filename_component(fit "${qt_dir}" DIRECTORY)
fresh(build unfit/build)
set(ENV{CMAKE_PREFIX_PATH} "${top}/old:${fit}:${shared_prefix}")
configure(said "${asks}" "${build}" -Dversion=0.1 -Drequest=REQUIRED ${this_alone})
unset(ENV{CMAKE_PREFIX_PATH})
expect("${said}" "found: (1|TRUE), targets: QKeepAlive::Core QKeepAlive::QKeepAlive"
    "of two Qts the fit one should be taken")

# Who names no component may do without Qt Qml.
set(without_qml -DCMAKE_DISABLE_FIND_PACKAGE_Qt${qt_major}Qml=ON)
fresh(build unfit/build)
configure(said "${asks}" "${build}" "${prefix}" ${qt} ${without_qml} -Dversion=0.1 -Drequest=REQUIRED)
expect("${said}" "found: (1|TRUE), targets: QKeepAlive::Core QKeepAlive::QKeepAlive\n"
    "without Qt Qml there should be the rest")
refused("its component Qml needs Qt ${qt_major} Qml, which is not found\\. On Debian .*apt install qt[a-z0-9-]+"
    "${prefix}" ${qt} ${without_qml} -Drequest=REQUIRED,COMPONENTS,Qml)

# --- Its language, CMake and machine -------------------------------------------------------------

refused("for C\\+\\+, and the project does not enable that language.*LANGUAGES CXX.*enable_language\\(CXX\\)"
    "${prefix}" ${qt} -Dlanguages=C)
refused("needs CMake 3\\.16 or newer, and this is 3\\.10\\.2" "${prefix}" ${qt} -Dother_cmake=3.10.2)
refused("QKeepAliveConfig.cmake, version: [0-9.]+ \\([36][24]bit\\)" "${prefix}" ${qt}
    -Dother_pointer_size=2)

# --- A package that was not copied wholly: CMake's own words, which name the file ----------------

file(COPY "${shared_prefix}/" DESTINATION "${top}/partly")
file(GLOB libraries "${top}/partly/${shared_libdir}/libQKeepAlive.so.*.*.*")
list(LENGTH libraries count)
if(NOT count EQUAL 1)
    message(FATAL_ERROR "there should be one library, not ${libraries}")
endif()
file(REMOVE ${libraries})
refused("imported target \"QKeepAlive::QKeepAlive\" references the file \"[^\"]*/libQKeepAlive\\.so\\.[0-9.]+\" but this file does not exist"
    "-DCMAKE_PREFIX_PATH=${top}/partly" ${qt})
