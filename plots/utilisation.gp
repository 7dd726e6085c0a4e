# How busy each station is, case by case: a panel a station side by side, a row a case. Usage: gnuplot -c utilisation.gp
# [svg|png|dumb]
name = "utilisation"
stats name.".dat" index 0 using (rows = int($3), 0) nooutput
height = 95 + (rows < 4 ? 36 : 26) * (rows + 1)
call "style.gp" ARG1 ARG2 ARG3
stats file index 0 using (of = strcol(1), note = strcol(2), panels = int($4), 0) nooutput
array station[panels]
do for [k=1:panels] {
    stats file index 1 every ::k-1::k-1 using (text = strcol(2), brief = strcol(3), 0) nooutput
    station[k] = panels > 4 ? brief : text
}
array names[rows]
longest = 4
do for [i=1:rows] {
    stats file index 2 every ::i-1::i-1 using (text = short(strcol(2)), 0) nooutput
    names[i] = text
    longest = strlen(text) > longest ? strlen(text) : longest
}

left = dumb ? (longest + 3.) / 100 : 0.03 + 0.0105 * longest
step = (0.99 - left) / panels
set multiplot
set label 1 heading("How busy each station is", of, note) at screen 0.5, 1 - 25. / height center font large
set tmargin at screen 1 - 75. / height
set bmargin at screen 25. / height
set xrange [0:1]
set yrange [rows-0.4:-0.6]
set xtics ("" 0, "" 0.5, "" 1) # the bars say their numbers
unset ytics
set border 1
set style fill solid 1 noborder
values = step * 0.64 * width < 75 ? small : ""
percent(x) = sprintf("%.0f %%", 100 * x)
inside = 0.7 # from here on the number stands in the bar
do for [k=1:panels] {
    set lmargin at screen left + (k - 1) * step
    set rmargin at screen left + (k - 0.36) * step
    set label 2 station[k] at graph 0, graph 1 offset 0,0.9
    do for [i=1:rows] {
        if (k == 1) { set label 10+i names[i] at graph 0, first i-1 right offset -1,0 } else { unset label 10+i }
    }
    # Beyond nine tenths a station binds, or nearly so: darker.
    busy(x) = x >= 0.9 ? colour[2] : colour[1]
    plot file index 2 using (column(2+k)/2):1:(column(2+k)/2):(0.34):(busy(column(2+k))) with boxxyerror linecolor rgb variable, \
         file index 2 using (column(2+k)):1:(column(2+k) < inside ? percent(column(2+k)) : "") with labels font values left offset 0.4,0, \
         file index 2 using (column(2+k)):1:(column(2+k) < inside ? "" : percent(column(2+k))) \
             with labels font values right offset -0.4,0 textcolor rgb (dumb ? "black" : "white"), \
         file index 2 using (0):1:(strcol(2+k) eq "NaN" ? "none" : "") with labels font values left offset 0.4,0 textcolor rgb grey
    unset label 1
}
unset multiplot
