# Predicted against measured, a panel a quantity: on the diagonal they are equal, the band is 10 % to either side. Usage:
# gnuplot -c validation.gp [svg|png|dumb]
name = "validation"
stats name.".dat" index 0 using (panels = int($2), cases = int($4), 0) nooutput
across = panels > 1 ? 2 : 1
down = (panels + 1) / 2
list_rows = (cases + 3) / 4 # numbers of the cases, four in a row
height = 105 + (panels > 1 ? 350 : 560) * down + 22 * list_rows
call "style.gp" ARG1 ARG2 ARG3
stats file index 0 using (of = strcol(1), bands = int($3), 0) nooutput
do for [i=1:cases] {
    stats file index 1 every ::i-1::i-1 using (text = strcol(2), 0) nooutput
    text = strlen(text) > 20 ? text[1:17]."..." : text
    set label 100+i sprintf("%d %s", i, text) at screen 0.04 + 0.24 * ((i - 1) % 4), \
        screen (22. * (list_rows - (i - 1) / 4) - 6) / height
}
array words[panels]
array units[panels]
array los[panels]
array his[panels]
do for [k=1:panels] {
    stats file index 2 every ::k-1::k-1 using (text = strcol(2), unit_ = int($3), lo = $4, hi = $5, 0) nooutput
    words[k] = text; units[k] = unit_; los[k] = lo; his[k] = hi
}

# Of the verdicts: agrees, misses, too noisy, not judged.
array verdict_colour[4] = [colour[3], colour[2], colour[6], colour[1]]
array verdict_mark[4] = [7, 5, 9, 13]
array verdict[4] = ["agrees", "misses", "too noisy", "not judged"]
do for [v=1:4] {
    set label 10+v verdict[v] at screen 0.14 + 0.2 * (v - 1), screen 1 - 78. / height \
        point pointtype verdict_mark[v] pointsize 1.1 linecolor rgb verdict_colour[v] offset 1,0
}
top = 1 - 95. / height
step_x = 0.98 / across
step_y = (top - 22. * list_rows / height) / down
set multiplot
set label 1 heading("Predicted against measured", of, "") at screen 0.5, 1 - 22. / height center font large
set label 2 "line: equal; band: within 10 %; bars: spread of the rounds".(bands ? ", and interval of the prediction" : "") \
    at screen 0.5, 1 - 50. / height center textcolor rgb grey
set logscale xy
set samples 100
set xlabel "measured" offset 0,0.6
do for [k=1:panels] {
    column_ = (k - 1) % across
    row = (k - 1) / across
    set lmargin at screen column_ * step_x + 0.1
    set rmargin at screen (column_ + 1) * step_x - 0.03
    set tmargin at screen top - row * step_y - 34. / height
    set bmargin at screen top - (row + 1) * step_y + 50. / height
    set xrange [los[k]:his[k]]
    set yrange [los[k]:his[k]]
    eval log_tics("x", los[k], his[k], units[k] == 0 ? "count_text" : "span_text")
    eval log_tics("y", los[k], his[k], units[k] == 0 ? "count_text" : "span_text")
    set label 3 words[k].", predicted".(units[k] == 0 ? " (requests/s)" : "") at graph 0, graph 1.05
    plot '+' using 1:(0.9*$1):(1.1*$1) with filledcurves linecolor rgb (dumb ? grey : 0xEDEDED), \
         x with lines linecolor rgb grey linewidth 1, \
         for [v=0:3] file index 2+k using (int($8) == v ? $2 : NaN):5:3:4:6:7 \
             with xyerrorbars linecolor rgb verdict_colour[v+1] linewidth 1 pointtype verdict_mark[v+1] pointsize 0.9, \
         file index 2+k using 2:5:(int($9) && int($1) % 2 ? sprintf("%d", int($1)) : "") with labels left offset 0.7,0.6, \
         file index 2+k using 2:5:(int($9) && int($1) % 2 == 0 ? sprintf("%d", int($1)) : "") with labels right offset -0.7,0.6
    do for [i=1:2] { unset label i }
    do for [i=11:14] { unset label i }
    if (k == 1) { do for [i=101:100+cases] { unset label i } }
}
unset multiplot
