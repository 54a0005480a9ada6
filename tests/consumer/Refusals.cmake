# A version or component that is not there is refused in words that say what is there.
include("${CMAKE_CURRENT_LIST_DIR}/Outside.cmake")

fresh(build refusals)
set(asks "${CMAKE_CURRENT_LIST_DIR}/asks")
set(prefix "-DCMAKE_PREFIX_PATH=${shared_prefix}")
set(qt "-DQt${qt_major}_DIR=${qt_dir}")
string(REGEX MATCH "^[0-9]+\\.[0-9]+" minor "${version}")

foreach(right IN ITEMS "${minor}" "${version}")
    configure(said "${asks}" "${build}" "${prefix}" ${qt} "-Dversion=${right}"
        -Drequest=REQUIRED)
    expect("${said}" "found: (1|TRUE), targets: QKeepAlive::Core QKeepAlive::QKeepAlive QKeepAlive::Qml\n"
        "version ${right} should be accepted")
endforeach()
configure(said "${asks}" "${build}" "${prefix}" ${qt} "-Dversion=${minor}"
    -Drequest=REQUIRED,COMPONENTS,Qml)
expect("${said}" "found: (1|TRUE), targets: QKeepAlive::QKeepAlive QKeepAlive::Qml\n"
    "the component Qml brings what it needs")
configure(said "${asks}" "${build}" "${prefix}" ${qt} "-Dversion=${minor}"
    -Drequest=OPTIONAL_COMPONENTS,Nonsense,Core)
expect("${said}" "found: (1|TRUE), targets: QKeepAlive::Core\n"
    "a component that is optional should not matter, and what is not named should stay away")

# Refused with REQUIRED, and merely not found without it.
function(refused version request expression)
    configure(said "${asks}" "${build}" "${prefix}" ${qt} "-Dversion=${version}"
        "-Drequest=${request}")
    expect("${said}" "found: (0|FALSE), targets:\n" "${version} ${request} should not be found")
    run_refused(said "${CMAKE_COMMAND}" "${build}" "-Drequest=REQUIRED,${request}")
    string(REGEX REPLACE "[ \n]+" " " said "${said}")
    expect("${said}" "${expression}" "the message should say what is there")
    expect("${said}" NOT "found: " "the configuration should have stopped")
endfunction()
string(REPLACE "." "\\." dotted "${version}")
refused(9 "" "compatible with requested version \"9\".*QKeepAliveConfig.cmake, version: ${dotted}")
refused(${minor}.99 "" "version \"${minor}.99\".*QKeepAliveConfig.cmake, version: ${dotted}")
refused(${minor} COMPONENTS,Core,Nonsense
    "QKeepAlive has no component \"Nonsense\" here; installed: Core, Qt, Qml")

# In a project with the other Qt the package is refused, and what needs no Qt of it is not. One that
# has both may have it.
set(qt_before ${qt})
list(APPEND qt "-Dother_qt=Qt${other_qt_major}")
refused(${minor} ""
    "built with Qt ${qt_major}, and the project uses Qt ${other_qt_major}\\. Build QKeepAlive with")
configure(said "${asks}" "${build}" "${prefix}" ${qt} "-Dversion=${minor}"
    -Drequest=REQUIRED,COMPONENTS,Core)
expect("${said}" "found: (1|TRUE), targets: QKeepAlive::Core\n" "the Core is for every Qt")
configure(said "${asks}" "${build}" "${prefix}" ${qt} "-Dversion=${minor}" -Drequest=REQUIRED
    -Down_qt=Qt${qt_major})
expect("${said}" "found: (1|TRUE), targets: QKeepAlive::Core QKeepAlive::QKeepAlive"
    "a project with both Qts should find it")
set(qt ${qt_before})
fresh(build refusals)

# Both libraries in one program: from the shared package it works, the static archives of two Rust
# libraries would not link, which is better said when configuring.
set(both QKeepAlive::Core,QKeepAlive::QKeepAlive)
configure(said "${asks}" "${build}" "${prefix}" ${qt} "-Dversion=${minor}" -Drequest=REQUIRED
    "-Dlink=${both}")
fresh(build refusals)
set(prefix "-DCMAKE_PREFIX_PATH=${static_prefix}")
configure(said "${asks}" "${build}" "${prefix}" ${qt} "-Dversion=${minor}" -Drequest=REQUIRED)
run_refused(said "${CMAKE_COMMAND}" "${build}" "-Dlink=${both}")
expect("${said}" "QKEEPALIVE_STATIC_ARCHIVE" "the conflict should be named")
fresh(build refusals)
configure(said "${asks}" "${build}" "${prefix}" ${qt} "-Dversion=${minor}" -Drequest=REQUIRED)
expect("${said}" "targets: QKeepAlive::Core QKeepAlive::QKeepAlive\n"
    "there should be no QML module in the static package")
refused(${minor} COMPONENTS,Qml
    "QKeepAlive has no component \"Qml\" here; installed: Core, Qt")
