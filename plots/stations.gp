# How busy each station is against the key that was varied: a panel a station, a line a case. Shares of different stations do
# not add up, so they stand one above the other. Usage: gnuplot -c stations.gp [svg|png|dumb]
name = "stations"
stats name.".dat" index 0 using (panels = int($5), 0) nooutput
height = 130 + 130 * panels
call "style.gp" ARG1 ARG2 ARG3
stats file index 0 using (of = strcol(1), key_ = strcol(2), note = strcol(3), lines_ = int($4), x_lo = $6, x_hi = $7, \
    x_log = int($8), ticks = int($9), 0) nooutput
array station[panels]
do for [k=1:panels] {
    stats file index 1 every ::k-1::k-1 using (text = strcol(2), 0) nooutput
    station[k] = text
}
array names[lines_]
longest = 0
do for [i=1:lines_] {
    stats file index 2 every ::i-1::i-1 using (text = short(strcol(2)), 0) nooutput
    names[i] = text
    longest = strlen(text) > longest ? strlen(text) : longest
}
array values[ticks ? ticks : 1]
array texts[ticks ? ticks : 1]
do for [i=1:ticks] {
    stats file index 3 every ::i-1::i-1 using (value = $1, text = strcol(2), 0) nooutput
    values[i] = value; texts[i] = text
}

set lmargin at screen 0.1
set rmargin at screen room(longest)
set multiplot
set label 1 heading("How busy each station is", of, note) at screen 0.5, 1 - 25. / height center font large
if (x_log) { set logscale x }
set xrange [x_lo:x_hi]
set yrange [0:1]
set format y "%.0f"
set ytics (dumb ? "100 %%" : "100 %%" 1, "50 %%" 0.5, "0 %%" 0)
top = 1 - 55. / height
step = (top - 70. / height) / panels
do for [k=1:panels] {
    set tmargin at screen top - (k - 1) * step - 0.2 * step
    set bmargin at screen top - k * step + 0.04 * step
    # The key is written below the last panel only.
    if (k == panels) { set xlabel key_ }
    set format x (k < panels ? "" : x_log ? "%.0s%c" : "%g")
    if (ticks) { set xtics () }
    do for [i=1:ticks] { set xtics add ((k < panels ? "" : texts[i]) values[i]) }
    set label 2 station[k] at graph 0, graph 1.14
    # The lines are named once, beside the first panel.
    do for [i=1:lines_] {
        if (k == 1) {
            set label 10+i names[i] at graph 1.02, graph 1 - 0.2 * (i - 1) point linestyle i offset 1,0
        } else {
            unset label 10+i
        }
    }
    plot for [i=1:lines_] file index 3+i using 1:(column(1+k)) with linespoints linestyle i
    unset label 1
}
unset multiplot
