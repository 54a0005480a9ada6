# Draws docs/verdict-times.svg from what the program "faults" wrote:
#
#   awk -v about="Linux 6.1, Qt 6.4" -f benches/picture.awk times >verdict-times.svg
#
# First line: detectWithin|<seconds>|<seconds watched>. Then: fault|<Qt>|<kernel>|<library>, each in
# seconds or "never". It brings its own background, so that it can be read on any page.

function text(x, y, size, colour, anchor, words, extra) {
    gsub(/&/, "\\&amp;", words)
    gsub(/</, "\\&lt;", words)
    gsub(/>/, "\\&gt;", words)
    printf "<text x=\"%.1f\" y=\"%.1f\" font-size=\"%d\" fill=\"%s\" text-anchor=\"%s\"%s>%s</text>\n",
        x, y, size, colour, anchor, extra, words
}

function x_of(seconds) { return left + seconds * scale }

# One bar with its time behind it; open and dashed where nobody was told.
function bar(y, seconds, colour, bold,    length_, words, ink) {
    ink = bold ? "#1d3557" : "#57606a"
    if (seconds == "never") {
        printf "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" fill=\"%s\" fill-opacity=\"0.18\"/>\n",
            left, y + 1, watch * scale, thick - 2, colour
        printf "<path d=\"M%.1f %.1fH%.1fM%.1f %.1fH%.1fM%.1f %.1fV%.1f\" fill=\"none\" stroke=\"%s\" stroke-width=\"1.5\" stroke-dasharray=\"5 3\"/>\n",
            left, y + 1, x_of(watch), left, y + thick - 1, x_of(watch), left, y + 1, y + thick - 1, colour
        words = "> " watch " s"
        length_ = watch * scale
    } else {
        length_ = seconds * scale
        if (length_ < 2)
            length_ = 2
        printf "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" rx=\"1.5\" fill=\"%s\"/>\n",
            left, y, length_, thick, colour
        words = seconds < 0.1 ? "at once" : sprintf("%.2f s", seconds)
    }
    text(left + length_ + 6, y + thick - 2.5, 12, ink, "start", words, bold ? " font-weight=\"bold\"" : "")
}

BEGIN {
    FS = "|"
    left = 225
    width = 860
    top = 104
    thick = 13
    group = 64
    name[1] = "Qt alone (KeepAliveOption)"; colour[1] = "#b0b7c0"
    name[2] = "kernel's keepalive, same values"; colour[2] = "#e0963a"
    name[3] = "ka::KeepAlive"; colour[3] = "#1f6feb"
}

FNR == 1 {
    within = $2
    watch = $3
    scale = (width - left - 75) / watch
    next
}

{
    ++faults
    fault[faults] = $1
    for (kind = 1; kind <= 3; ++kind)
        seconds[faults, kind] = $(kind + 1)
}

END {
    bottom = top + faults * group
    height = bottom + 62
    printf "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" width=\"%d\" height=\"%d\" font-family=\"Helvetica, Arial, sans-serif\" role=\"img\">\n",
        width, height, width, height
    printf "<title>How long a program does not know that its peer is gone, by the fault</title>\n"
    printf "<rect x=\"0.5\" y=\"0.5\" width=\"%d\" height=\"%d\" rx=\"8\" fill=\"#ffffff\" stroke=\"#d0d7de\"/>\n",
        width - 1, height - 1
    text(20, 34, 18, "#1f2328", "start", "How long a program does not know that its peer is gone",
        " font-weight=\"bold\"")
    x = 20
    for (kind = 1; kind <= 3; ++kind) {
        printf "<rect x=\"%d\" y=\"52\" width=\"14\" height=\"12\" rx=\"1.5\" fill=\"%s\"/>\n", x, colour[kind]
        text(x + 20, 62, 12, "#1f2328", "start", name[kind], "")
        x += 225
    }

    step = 5
    for (second = 0; second <= watch; second += step) {
        printf "<path d=\"M%.1f %dV%d\" stroke=\"#e6e9ed\"/>\n", x_of(second), top - 6, bottom
        text(x_of(second), bottom + 16, 12, "#57606a", "middle", second " s", "")
    }
    printf "<path d=\"M%.1f %dV%d\" stroke=\"#1f6feb\" stroke-dasharray=\"2 3\"/>\n",
        x_of(within), top - 6, bottom
    text(x_of(within), top - 11, 12, "#1f6feb", "middle", "detectWithin " within " s", "")

    for (i = 1; i <= faults; ++i) {
        y = top + (i - 1) * group + 6
        text(left - 12, y + 1.5 * thick + 5.5, 13, "#1f2328", "end", fault[i], "")
        for (kind = 1; kind <= 3; ++kind)
            bar(y + (kind - 1) * (thick + 3), seconds[i, kind], colour[kind], kind == 3)
    }
    printf "<path d=\"M%.1f %dV%d\" stroke=\"#57606a\"/>\n", left, top - 6, bottom
    text(20, height - 14, 12, "#57606a", "start",
        "Seconds from the peer's last sign of life until the program is told (medians); open bar: not told while watched. " about, "")
    print "</svg>"
}
