package webpage

import (
	"strings"

	"github.com/mailconn/mailconn/examples/check/internal/report"
	"github.com/mailconn/mailconn/examples/check/internal/words"
)

// The layout of a chart, in units of its own: the page scales it.
const (
	chartWidth = 320
	rowHeight  = 22
	barsFrom   = 84 // right of the names
	barsTo     = 262
)

// chart is the phases of a connection below each other, each as a bar from when it began to
// when it ended.
type chart struct {
	Width, Height int
	Bars          []bar
	Words         string // the same for those who do not see it
}

type bar struct {
	Name, Time  string
	X, Y, Width int
	End         int // where the time ends
	Middle      int // of the row
	Fail        bool
}

func newChart(steps []report.Step) chart {
	end := int64(1)
	for _, s := range steps {
		end = max(end, s.At+s.Took)
	}
	c := chart{Width: chartWidth, Height: len(steps) * rowHeight}
	var spoken []string
	for i, s := range steps {
		b := bar{
			Name: report.Visible(string(s.Phase)), Time: words.Milliseconds(s.Took), Fail: s.Fail,
			X: barsFrom + scale(s.At, end), Width: max(scale(s.Took, end), 2),
			Y: i*rowHeight + 4, Middle: i*rowHeight + 15, End: chartWidth,
		}
		said := b.Name + " " + b.Time
		if s.Fail {
			said += ", failed"
		}
		spoken = append(spoken, said)
		c.Bars = append(c.Bars, b)
	}
	c.Words = strings.Join(spoken, "; ")
	return c
}

// scale returns how wide a time is, of all that the chart has room for. The times of a
// report that was read from a file may be any.
func scale(us, end int64) int {
	return int(float64(max(us, 0)) / float64(end) * (barsTo - barsFrom))
}
