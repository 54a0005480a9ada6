# qmllint knows the installed type: it says nothing about a right file, and does about a wrong one.
include("${CMAKE_CURRENT_LIST_DIR}/Outside.cmake")
include("${CMAKE_CURRENT_LIST_DIR}/QmlTools.cmake")

find_qml_module(qml-lint)
need(qmllint qmllint qt6-declarative-dev-tools "${qt_bins}")
foreach(file IN ITEMS right run)
    run(said "${qmllint}" -I "${qml_dir}" "${CMAKE_CURRENT_LIST_DIR}/qml/${file}.qml")
    expect("${said}" NOT "[^ \n]" "${file}.qml is right, but qmllint says")
endforeach()
foreach(file IN ITEMS wrong-property wrong-type wrong-parameters)
    execute_process(
        COMMAND "${qmllint}" -I "${qml_dir}" "${CMAKE_CURRENT_LIST_DIR}/qml/${file}.qml"
        OUTPUT_VARIABLE said ERROR_VARIABLE said)
    expect("${said}" "Warning: [^\n]*${file}\\.qml" "${file}.qml is wrong, but qmllint says")
endforeach()
