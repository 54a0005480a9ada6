# Qt's own qml tool runs a file that imports the module from the moved prefix.
include("${CMAKE_CURRENT_LIST_DIR}/Outside.cmake")
include("${CMAKE_CURRENT_LIST_DIR}/QmlTools.cmake")

find_qml_module(qml-run)
need(qml qml qml-qt6 "${qt_bins}")
set(ENV{QT_QPA_PLATFORM} offscreen)
execute_process(COMMAND "${qml}" -I "${qml_dir}" "${CMAKE_CURRENT_LIST_DIR}/qml/run.qml"
    OUTPUT_VARIABLE said ERROR_VARIABLE said RESULT_VARIABLE result TIMEOUT 60)
if(NOT result EQUAL 0)
    message(FATAL_ERROR "run.qml ended with ${result}:\n${said}"
        "If a module of Qt is missing, on Debian: apt install qml6-module-qtquick "
        "qml6-module-qtquick-window qml6-module-qtqml-workerscript")
endif()
