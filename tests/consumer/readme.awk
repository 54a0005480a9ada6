# Takes the blocks of code out of Markdown files, each into a file of its own below the directory
# `out`, and prints one line for each: its kind and its name.
#
# A block is marked by an HTML comment in the line right before its fence:
#
#   <!-- test: guard.cpp -->
#   ```cpp
#
# The fence says cpp, qml, cmake, qmake or meson, and the name ends in .cpp, .qml, CMakeLists.txt, .pro or
# meson.build to match. No two of all the files have the same name, and no block of these kinds goes
# without one. A block of sh may have a mark, and a name that ends in .sh.

function stop(why) {
    print FILENAME ":" FNR ": " why > "/dev/stderr"
    failed = 1
    exit 1
}

BEGIN {
    ending["cpp"] = ".cpp"
    ending["qml"] = ".qml"
    ending["cmake"] = "CMakeLists.txt"
    ending["qmake"] = ".pro"
    ending["meson"] = "meson.build"
    ending["sh"] = ".sh"
}

function ends_with(text, end) {
    return substr(text, length(text) - length(end) + 1) == end
}

FNR == 1 && (inside || marked != "") { stop("the file before this one ends inside of a block") }

inside && /^```[ \t]*$/ { close(file); inside = 0; next }
inside { print > file; next }

/^<!-- test:/ {
    if (marked != "")
        stop("the mark " marked " has no block")
    if ($0 !~ /^<!-- test: [A-Za-z0-9_.-]+ -->[ \t]*$/)
        stop("a mark reads <!-- test: NAME -->")
    marked = $3
    next
}

marked == "" && /^```(cpp|qml|cmake|qmake|meson)/ { stop("what is shown is tested: a mark is missing") }

marked != "" {
    if (!/^```(cpp|qml|cmake|qmake|meson|sh)[ \t]*$/)
        stop("a mark stands in the line right before a fence of cpp, qml, cmake, qmake, meson or sh")
    kind = substr($1, 4)
    if (!ends_with(marked, ending[kind]))
        stop("the name of a " kind " block ends in " ending[kind])
    if (marked in seen)
        stop("the name " marked " is taken")
    seen[marked] = 1
    file = out "/" marked
    printf "" > file
    print kind, marked
    marked = ""
    inside = 1
    next
}

END {
    if (failed)
        exit 1
    if (inside || marked != "")
        stop("the file ends inside of a block")
}
