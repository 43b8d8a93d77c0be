package response_test

import (
	"fmt"
	"testing"
	"time"
)

// A date with one other byte in any place passes only if it is a date for the client,
// in the form of RFC 9051 §9 (date-time).
func TestDates(t *testing.T) {
	const layout = "_2-Jan-2006 15:04:05 -0700"
	passed := 0
	for _, date := range []string{"17-Jul-1996 02:44:25 -0700", " 7-Jul-1996 02:44:25 -0700", "29-Feb-2000 00:00:00 +0000", "31-Dec-1999 23:59:59 +2359", "09-May-2009 19:09:09 +1930"} {
		for i := range len(date) {
			for c := ' '; c < 0x7f; c++ {
				odd := date[:i] + string(c) + date[i+1:]
				_, err := time.Parse(layout, odd)
				pass := strict(fmt.Sprintf("* 1 FETCH (INTERNALDATE %q)\r\n", odd))
				if pass && err != nil {
					t.Errorf("%q passes: %v", odd, err)
				}
				if !pass && odd == date {
					t.Errorf("%q does not pass", odd)
				}
				if pass {
					passed++
				}
			}
		}
	}
	for _, odd := range []string{`17-Jul-1996 02:44:25 -0700"`, `"17-Jul-1996 02:44:25 -0700`, `"17-Jul-1996 02:44:25 -070"`, `"17-Jul-1996 02:44:25 -07000"`, `x17-Jul-1996 02:44:25 -0700"`, `"17-Jul-1996 02:44:25 -0700x`, `"17-Jul-1996 02:44:25"`} {
		if strict("* 1 FETCH (INTERNALDATE " + odd + ")\r\n") {
			t.Errorf("%s passes", odd)
		}
	}
	if passed < 500 {
		t.Errorf("only %d dates pass", passed)
	}
}
