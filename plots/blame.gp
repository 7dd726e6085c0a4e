# Where the time of a request goes: on average, and around the 99th percentile. Usage: gnuplot -c blame.gp [svg|png|dumb]
name = "blame"
stats name.".dat" index 0 using (bars = int($3), last = $5, 0) nooutput
height = 170 + (last < 7 ? 32 : 24) * (last + 1)
call "style.gp" ARG1 ARG2 ARG3
stats file index 0 using (of = strcol(1), note = strcol(2), parts = int($4), 0) nooutput
array names[bars]
array kind[bars]
array whole[bars]
array at[bars]
longest = 4
do for [i=1:bars] {
    stats file index 1 every ::i-1::i-1 using (y = $1, text = short(strcol(2)), kind_ = strcol(3), whole_ = strcol(4), 0) nooutput
    names[i] = text; kind[i] = kind_; whole[i] = whole_; at[i] = y
    longest = strlen(text) > longest ? strlen(text) : longest
}
array which[parts]
array parts_[parts]
do for [i=1:parts] {
    stats file index 2 every ::i-1::i-1 using (b = int($1), text = strcol(3), 0) nooutput
    which[i] = b; parts_[i] = text
}
# Colours of the eight parts: of the same hue family none, and paler where nothing is waited for.
array part[8] = [0x000000, 0x0072B2, 0xD55E00, 0x009E73, 0xCC79A7, 0xE69F00, 0x56B4E9, 0xBFBFBF]
short_of(b) = word("accept loop lock core pool resource served network", b + 1)

left = dumb ? (longest + 8.) / 100 : 0.09 + 0.0105 * longest
set label 1 heading("Where the time of a request goes", of, note) at screen 0.5, 1 - 25. / height center font large
set tmargin at screen 1 - 110. / height
set bmargin at screen 55. / height
set lmargin at screen left
set rmargin at screen 0.88
set xrange [0:1]
set yrange [last+0.6:-0.6]
set xtics ("0" 0, "25 %%" 0.25, "50 %%" 0.5, "75 %%" 0.75, "100 %%" 1)
set xlabel "share of the time"
unset grid
set border 1
unset ytics
set style fill solid 1 border rgb "white"
do for [i=1:bars] {
    set label 100+i names[i] at graph 0, first at[i] right offset -6,0
    set label 200+i kind[i] at graph 0, first at[i] right offset -1,0 textcolor rgb grey
    set label 300+i whole[i] at graph 1, first at[i] left offset 1,0
}
# What the colours stand for: waiting, but for the last two.
set label 2 "waiting for" at screen 0.03, screen 1 - 60. / height textcolor rgb grey
do for [i=1:parts] {
    set label 400+i parts_[i] at screen 0.16 + 0.21 * ((i - 1) % 4), screen 1 - (i <= 4 ? 60. : 82.) / height \
        point pointtype 5 pointsize 1.6 linecolor rgb part[which[i]+1] offset 1.2,0
}
color_of(b) = part[int(b)+1]
# A word in each part that has room for it, light on the dark colours.
word_in(b, from, to, dark) = to - from > 0.11 && (b < 4) == dark ? short_of(b) : ""
plot file index 3 using (($3+$4)/2):1:3:4:($1-0.36):($1+0.36):(color_of($2)) with boxxyerror linecolor rgb variable, \
     file index 3 using (($3+$4)/2):1:(word_in(int($2), $3, $4, 1)) with labels textcolor rgb "white", \
     file index 3 using (($3+$4)/2):1:(word_in(int($2), $3, $4, 0)) with labels textcolor rgb "black"
