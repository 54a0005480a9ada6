# Qt's own qml tool runs a file that imports the module from the moved prefix.
include("${CMAKE_CURRENT_LIST_DIR}/Outside.cmake")
include("${CMAKE_CURRENT_LIST_DIR}/QmlTools.cmake")

find_qml_module(qml-run-${package})
need(qml qml ${qml_package} "${qt_bins}")
run_qml(said "${CMAKE_CURRENT_LIST_DIR}/qml/run.qml")

# The file says which versions it imports, as Qt 5 wants it. Qt 6 does without.
if(NOT qt_major EQUAL 5)
    file(READ "${CMAKE_CURRENT_LIST_DIR}/qml/run.qml" text)
    string(REGEX REPLACE "(import [A-Za-z]+) [0-9.]+" "\\1" text "${text}")
    expect("${text}" "import QKeepAlive\n" "there should be no version any more")
    file(WRITE "${asks}/without-versions.qml" "${text}")
    run_qml(said "${asks}/without-versions.qml")
endif()
