# Throughput and a high percentile against the key that was varied, a line a case. Usage: gnuplot -c curve.gp [svg|png|dumb]
name = "curve"
height = 720
call "style.gp" ARG1 ARG2 ARG3
stats file index 0 using (of = strcol(1), key_ = strcol(2), note = strcol(3), latency = strcol(4), lines_ = int($5), \
    x_lo = $6, x_hi = $7, x_log = int($8), ticks = int($9), r_lo = $10, r_hi = $11, r_log = int($12), l_lo = $13, \
    l_hi = $14, l_log = int($15), saturated = int($16), 0) nooutput
# Before there are ranges, as stats leaves out what is beyond them.
array names[lines_]
array places[2 * lines_]
longest = 0
do for [i=1:lines_] {
    stats file index 1 every ::i-1::i-1 using (name_ = short(strcol(2)), place = $3, place_ = $4, 0) nooutput
    names[i] = name_; places[i] = place; places[lines_+i] = place_
    longest = strlen(name_) > longest ? strlen(name_) : longest
}
if (ticks) { set xtics () }
do for [i=1:ticks] {
    stats file index 2 every ::i-1::i-1 using (value = $1, text = strcol(2), 0) nooutput
    set xtics add (text value)
}

set lmargin at screen 0.1
set rmargin at screen room(longest)
set multiplot
set label 1 heading("Throughput and ".latency, of, note) at screen 0.5, 0.97 center font large
if (x_log) { set logscale x; if (!ticks) { eval log_tics("x", x_lo, x_hi, "count_text") } }
set xrange [x_lo:x_hi]

# Names stand at the ends of the lines; where they would touch they have been moved apart.
set tmargin at screen 0.90
set bmargin at screen 0.54
if (r_log) { set logscale y; eval log_tics("y", r_lo, r_hi, "count_text") }
set yrange [r_lo:r_hi]
set label 2 "requests/s" at graph 0, graph 1.06
do for [i=1:lines_] { set label 10+i names[i] at graph 1.02, graph places[i] point linestyle i offset 1,0 }
plot for [i=1:lines_] file index 2+i using 1:2:3:4 with yerrorbars linestyle i pointsize 0, \
     for [i=1:lines_] file index 2+i using 1:2 with linespoints linestyle i

unset label 1
unset logscale y
set tmargin at screen 0.44
set bmargin at screen 0.09
unit = l_log ? 1. : unit_of(l_hi)
set ytics autofreq
if (l_log) { set logscale y; eval log_tics("y", l_lo, l_hi, "span_text") }
set yrange [l_lo/unit:l_hi/unit]
set xlabel key_
# A latency that grows for as long as one looks has no value: a mark at the top stands for it.
set label 2 latency.(l_log ? "" : ", ".unit_name(unit)).(saturated ? " (triangle at the top: saturated)" : "") \
    at graph 0, graph 1.06
do for [i=1:lines_] { set label 10+i names[i] at graph 1.02, graph places[lines_+i] point linestyle i offset 1,0 }
plot for [i=1:lines_] file index 2+i using 1:($5/unit):($6/unit):($7/unit) with yerrorbars linestyle i pointsize 0, \
     for [i=1:lines_] file index 2+i using 1:($5/unit) with linespoints linestyle i, \
     for [i=1:lines_] file index 2+i using 1:(int($8) ? l_hi/unit : NaN) with points pointtype 8 linecolor rgb colour[i]
unset multiplot
