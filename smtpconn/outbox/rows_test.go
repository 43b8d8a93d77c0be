package outbox_test

import (
	"fmt"
	"testing"
)

// rows are the scenarios that an outbox is made for, by their number.
var rows = map[int]struct {
	name string
	test func(*testing.T)
}{
	1:  {"killed before the content is on disk", row01},
	2:  {"killed between content and journal", row02},
	3:  {"killed after Put's sync", row03},
	4:  {"killed after Put", row04},
	5:  {"killed before the mark", row05},
	6:  {"killed between mark and dot", row06},
	7:  {"killed behind the dot", row07},
	8:  {"killed before the reply is written", row08},
	9:  {"killed after the result is written", row09},
	10: {"killed with two of four marked", row10},
	11: {"killed with the next envelope out", row11},
	12: {"the sync of the mark fails", row12},
	13: {"the sync of Put fails", row13},
	14: {"no space for Put", row14},
	15: {"no space for the mark or the result", row15},
	16: {"content that cannot be read", row16},
	17: {"a damaged journal", row17},
	18: {"a damaged content", row18},
	19: {"100 Puts of one message", row19},
	20: {"another message with the id", row20},
	21: {"Put again before the result is taken", row21},
	22: {"Put again after the result is taken", row22},
	23: {"killed before the handler returns", row23},
	24: {"three recipients, three ends", row24},
	25: {"refusals at the dot", row25},
	26: {"the first relay is down", row26},
	27: {"refusals are not taken to another relay", row27},
	28: {"a relay refuses the password", row28},
	29: {"the ends of doubt", row29},
	30: {"doubts are sent again", row30},
	31: {"expiry", row31},
	32: {"clocks that jump", row32},
	33: {"two outboxes for one directory", row33},
	34: {"permissions and links", row34},
	35: {"Close at the dot", row35},
	36: {"50,000 messages wait", row36},
	37: {"compaction", row37},
	38: {"content that cannot be sent", row38},
	39: {"REQUIRETLS", row39},
	40: {"secrets", row40},
}

// TestRows runs every row, and fails if one is missing.
func TestRows(t *testing.T) {
	const last = 40
	for n := 1; n <= last; n++ {
		if rows[n].test == nil {
			t.Errorf("there is no row %d", n)
			continue
		}
		t.Run(fmt.Sprintf("%02d %s", n, rows[n].name), rows[n].test)
	}
	if len(rows) != last {
		t.Errorf("%d rows, want %d", len(rows), last)
	}
}
