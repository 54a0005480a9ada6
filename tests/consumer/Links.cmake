# Every relative link of the documentation leads to a file that is there, and to a heading in it.
include("${CMAKE_CURRENT_LIST_DIR}/Outside.cmake")

need(awk awk mawk)
file(GLOB pages RELATIVE "${source_dir}" "${source_dir}/*.md")
foreach(folder IN ITEMS docs tests examples packaging)
    file(GLOB_RECURSE more RELATIVE "${source_dir}" "${source_dir}/${folder}/*.md")
    list(APPEND pages ${more})
endforeach()
run(said "${CMAKE_COMMAND}" -E chdir "${source_dir}"
    "${awk}" -f tools/docs/slug.awk -f tools/docs/links.awk ${pages})
message(STATUS "${said}")
