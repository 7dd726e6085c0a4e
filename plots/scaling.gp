# Throughput beside linear growth and a fit of the universal scalability law (Gunther 2008). Usage: gnuplot -c scaling.gp
# [svg|png|dumb]
name = "scaling"
stats name.".dat" index 0 using (lines_ = int($4), 0) nooutput
height = 560 + 22 * lines_
call "style.gp" ARG1 ARG2 ARG3
stats file index 0 using (of = strcol(1), key_ = strcol(2), note = strcol(3), x_lo = $5, x_hi = $6, x_log = int($7), \
    ticks = int($8), y_lo = $9, y_hi = $10, y_log = int($11), 0) nooutput
array names[lines_]
array places[lines_]
array said[lines_]
longest = 6
do for [i=1:lines_] {
    stats file index 1 every ::i-1::i-1 using (text = short(strcol(2)), place = $3, said_ = strcol(4), 0) nooutput
    names[i] = text; places[i] = place; said[i] = said_
    longest = strlen(text) > longest ? strlen(text) : longest
}
if (ticks) { set xtics () }
do for [i=1:ticks] {
    stats file index 2 every ::i-1::i-1 using (value = $1, text = strcol(2), 0) nooutput
    set xtics add (text value)
}

set label 1 heading("Scaling", of, note) at screen 0.5, 1 - 25. / height center font large
set label 2 "requests/s; points: simulated, line: universal scalability law, dashes: linear growth" at graph 0, graph 1.05
set lmargin at screen 0.1
set rmargin at screen room(longest)
set tmargin at screen 1 - 85. / height
set bmargin at screen (dumb ? 0.2 + 0.05 * lines_ : (75. + 22 * lines_) / height)
if (x_log) { set logscale x; if (!ticks) { eval log_tics("x", x_lo, x_hi, "count_text") } }
if (y_log) { set logscale y; eval log_tics("y", y_lo, y_hi, "count_text") }
set xrange [x_lo:x_hi]
set yrange [y_lo:y_hi]
set xlabel key_
do for [i=1:lines_] {
    set label 10+i names[i] at graph 1.02, graph places[i] point linestyle i offset 1,0
    set label 20+i names[i].": ".said[i] at screen 0.04, \
        screen (dumb ? 0.01 + 0.05 * (lines_ - i) : (22. * (lines_ - i) + 14) / height) point linestyle i offset 1,0 font small
}
plot for [i=1:lines_] file index 2+2*i using 1:3 with lines linestyle 8 linecolor rgb colour[i], \
     for [i=1:lines_] file index 2+2*i using 1:2 with lines linestyle i, \
     for [i=1:lines_] file index 1+2*i using 1:2:3:4 with yerrorbars linestyle i
