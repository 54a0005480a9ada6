# The name under which GitHub lets a heading be linked to.

function slug(heading,    name) {
    name = tolower(heading)
    sub(/^#+ +/, "", name)
    gsub(/[][`~!@#$%^&*()+=<>?,.\/:;"'|{}\\]/, "", name)
    gsub(/“|”|‘|’|→|−|–|…|·/, "", name)
    gsub(/ /, "-", name)
    return name
}
