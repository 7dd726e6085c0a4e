# The 99th percentile over two keys, a panel a case. Usage: gnuplot -c heatmap.gp [svg|png|dumb]
name = "heatmap"
stats name.".dat" index 0 using (columns_ = int($5), rows = int($6), panels = int($7), 0) nooutput
across = panels > 1 ? 2 : 1
down = (panels + 1) / 2
cell = rows > 12 ? 26 : 40
height = 90 + down * (110 + cell * rows)
call "style.gp" ARG1 ARG2 ARG3
stats file index 0 using (of = strcol(1), note = strcol(2), key_x = strcol(3), key_y = strcol(4), lo = $8, hi = $9, \
    log_ = int($10), 0) nooutput
array case_[panels]
do for [k=1:panels] {
    stats file index 3 every ::k-1::k-1 using (text = strcol(2), 0) nooutput
    case_[k] = text
}
set xtics () scale 0
set ytics () scale 0
longest = 1
do for [i=1:columns_] {
    stats file index 1 every ::i-1::i-1 using (text = strcol(2), 0) nooutput
    set xtics add (text i-1)
}
do for [i=1:rows] {
    stats file index 2 every ::i-1::i-1 using (text = strcol(2), 0) nooutput
    set ytics add (text i-1)
    longest = strlen(text) > longest ? strlen(text) : longest
}

# From dark to light, its lightness rising evenly, readable without colours (after Nunez, Anderton & Renslow 2018).
set palette defined (0 "#00224E", 0.25 "#3B496C", 0.5 "#7B7B78", 0.75 "#B9AC70", 1 "#FEE838")
unset colorbox
if (log_) { set logscale cb }
set cbrange [lo:hi]
unset grid
set border 0
set style fill solid 1 border rgb "white"
set multiplot
set label 1 heading("99th percentile", of, note) at screen 0.5, 1 - 25. / height center font large
set label 2 "brighter: slower; sat.: saturated, no steady value" at screen 0.5, 1 - 52. / height center textcolor rgb grey
left = 0.05 + 0.011 * longest
step_x = 0.99 / across
step_y = (1 - 65. / height) / down
set xrange [-0.5:columns_-0.5]
set yrange [-0.5:rows-0.5]
set xlabel key_x
# Numbers where a cell has room for them.
written = columns_ * across <= 13
known(c) = strcol(c) eq "NaN" ? NaN : $1
do for [k=1:panels] {
    column_ = (k - 1) % across
    row = (k - 1) / across
    set lmargin at screen column_ * step_x + left
    set rmargin at screen (column_ + 1) * step_x - 0.02
    set tmargin at screen 1 - 65. / height - row * step_y - 42. / height
    set bmargin at screen 1 - 65. / height - (row + 1) * step_y + 55. / height
    set label 3 key_y.(panels > 1 ? ", ".case_[k] : "") at graph 0, graph 1 offset 0,0.8
    plot file index 3+k using 1:2:($1-0.5):($1+0.5):($2-0.5):($2+0.5) with boxxyerror linecolor rgb pale, \
         file index 3+k using (known(3)):2:($1-0.5):($1+0.5):($2-0.5):($2+0.5):3 with boxxyerror linecolor palette, \
         file index 3+k using 1:2:(!written || int($5) ? "" : strcol(4)) with labels font small textcolor rgb "black", \
         file index 3+k using 1:2:(written && int($5) ? strcol(4) : "") with labels font small textcolor rgb (dumb ? "black" : "white")
    unset label 1
    unset label 2
}
unset multiplot
