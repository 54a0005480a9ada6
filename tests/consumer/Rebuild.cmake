# Building a second time runs no command: not cargo, not moc, not the linker.
include("${CMAKE_CURRENT_LIST_DIR}/Outside.cmake")

foreach(build IN ITEMS "${work_dir}/static/build" "${work_dir}/embedded")
    build(said "${build}")
    expect("${said}" "no work to do" "a build right after a build did something")
endforeach()
