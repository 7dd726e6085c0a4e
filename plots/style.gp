# What all pictures share: where they go, colours, tics. Called by each, with its own arguments, after it has set `name` and,
# where it is not the usual one, `height`: ARG1 is svg (the default), png or dumb, ARG2 and ARG3 the width and height of
# dumb in characters.
term_ = strlen(ARG1) ? ARG1 : "svg"
dumb = term_ eq "dumb"
if (!exists("height")) height = 560
width = 800
set encoding locale
if (dumb) {
    set terminal dumb noenhanced nofeed size (strlen(ARG2) ? int(ARG2) : 100), (strlen(ARG3) ? int(ARG3) : 32)
} else {
    if (term_ eq "png") {
        set terminal pngcairo noenhanced size width, height font "sans-serif,11" background "white"
        set output name.".png"
    } else {
        set terminal svg noenhanced size width, height font "sans-serif,14" background "white"
        set output name.".svg"
    }
}
file = name.".dat"
large = term_ eq "png" ? ",13" : ",16"
small = term_ eq "png" ? ",9" : ",11.5"

# Okabe and Ito (2008): told apart by everybody; its yellow is left out, as no text can be read in it.
array colour[7] = [0x0072B2, 0xD55E00, 0x009E73, 0xCC79A7, 0x000000, 0xE69F00, 0x56B4E9]
array mark[7] = [7, 5, 9, 13, 11, 6, 4]
grey = 0x767676
pale = 0xD9D9D9

# A style of lines for each, with a mark of its own, so that a picture survives a copier.
do for [i=1:7] {
    set style line i linecolor rgb colour[i] linewidth 2 pointtype mark[i] pointsize 0.9
}
set style line 8 linecolor rgb grey linewidth 1 dashtype 2
set style line 9 linecolor rgb pale linewidth 1
if (!dumb) { set grid linestyle 9 }
set border 3 linecolor rgb grey
set tics nomirror textcolor rgb "black"
set key off
set style textbox opaque noborder fillcolor rgb "white" margins 0.6,0.4

# What a picture shows, of what, and what it leaves out.
heading(what, of, note) = what.": ".of.(strlen(note) ? " (".note.")" : "")

# Names at the ends of lines: no longer than this, and the room they leave, in widths of the picture.
short(name_) = strlen(name_) > 40 ? name_[1:37]."..." : name_
room(longest) = 1 - (dumb ? (longest + 5.) / 100 : 0.05 + 0.0105 * longest)

# Seconds as axes show them: on a logarithmic axis each tic in its own unit, on a linear one all in the same.
unit_of(most) = most >= 2 ? 1. : most >= 2e-3 ? 1e-3 : most >= 2e-6 ? 1e-6 : 1e-9
unit_name(unit) = unit == 1 ? "s" : unit == 1e-3 ? "ms" : unit == 1e-6 ? "us" : "ns"

# Commands that put tics on the logarithmic axis "x", "y" ...: more in a decade where there are few decades. As: eval ...
steps_of(lo, hi) = hi / lo < 40 ? "1 2 5" : hi / lo < 400 ? "1 3" : "1"
log_tics(axis, lo, hi, text) = "set ".axis."tics (); do for [d=-9:12] { do for [m in \"".steps_of(lo, hi)."\"] { at = m * 10. ** d; ". \
    sprintf("if (at >= %.12g && at <= %.12g) { set ", lo, hi).axis."tics add (".text."(at) at) } } }"
count_text(x) = x < 1000 ? gprintf("%g", x) : gprintf("%.0s%c", x)
span_text(x) = gprintf("%.0s %cs", x)
