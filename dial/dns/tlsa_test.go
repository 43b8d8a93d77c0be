package dns_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/mailconn/mailconn/dial/dns"
)

func TestTLSAUnusable(t *testing.T) {
	for _, c := range []struct {
		usage, selector, matching uint8
		length                    int
		usable                    bool
	}{
		{3, 1, 1, 32, true}, {3, 0, 2, 64, true}, {2, 0, 1, 32, true}, {2, 1, 2, 64, true}, {3, 0, 0, 1, true}, {2, 1, 0, 1000, true},
		{0, 0, 1, 32, false}, {1, 1, 1, 32, false}, {4, 1, 1, 32, false}, {255, 1, 1, 32, false}, // usage
		{3, 9, 1, 32, false}, {3, 2, 1, 32, false}, // selector
		{3, 1, 9, 32, false}, {3, 1, 3, 32, false}, // matching
		{3, 1, 1, 31, false}, {3, 1, 1, 33, false}, {3, 1, 2, 32, false}, {3, 1, 1, 0, false}, {3, 0, 0, 0, false}, // length
	} {
		r := dns.TLSA{Usage: c.usage, Selector: c.selector, Matching: c.matching, Data: make([]byte, c.length)}
		if err := r.Unusable(); (err == nil) != c.usable {
			t.Errorf("%v: %v", r, err)
		}
	}
}

func TestParseTLSA(t *testing.T) {
	wire := []byte{3, 1, 1, 0xab, 0xcd}
	r, err := dns.ParseTLSA(wire)
	if err != nil || r.Usage != 3 || r.Selector != 1 || r.Matching != 1 || !bytes.Equal(r.Data, wire[3:]) {
		t.Errorf("%v, %v", r, err)
	}
	if wire[3] = 0; r.String() != "3 1 1 abcd" {
		t.Errorf("%v", r)
	}
	if _, err := dns.ParseTLSA(wire[:2]); err == nil {
		t.Error("a record of 2 bytes")
	}
	long := dns.TLSA{Data: make([]byte, 60_000)}.String()
	if len(long) > 200 || !strings.HasSuffix(long, "...") {
		t.Errorf("%q", long)
	}
}

func ExampleTLSA() {
	r, err := dns.ParseTLSA([]byte{1, 0, 1, 0xab, 0xcd})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(r)
	fmt.Println(r.Unusable())
	// Output:
	// 1 0 1 abcd
	// usage 1 is not for mail servers
}
