package main

import (
	"bytes"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/examples/internal/mailserver"
)

func TestRun(t *testing.T) {
	var out bytes.Buffer
	if err := run(t.Context(), &out); err != nil {
		t.Fatalf("%v\n%s", err, &out)
	}
	for i, line := range strings.Split(out.String(), "\n") {
		if len(line) > 100 {
			t.Errorf("line %d is %d columns wide: %q", i+1, len(line), line)
		}
	}
	for _, n := range networks() {
		if cells := row(t, out.String(), n.name); strings.Join(cells, "|") != strings.Join(n.promised[:], "|") {
			t.Errorf("%s: %q, want %q", n.name, cells, n.promised)
		}
	}
}

// row returns the cells of a network. Columns are two blanks apart, and no
// cell has two blanks in it.
func row(t *testing.T, out, name string) (cells []string) {
	t.Helper()
	for line := range strings.Lines(out) {
		rest, ok := strings.CutPrefix(line, name+"  ")
		if !ok {
			continue
		}
		for cell := range strings.SplitSeq(rest, "  ") {
			if cell = strings.TrimSpace(cell); cell != "" {
				cells = append(cells, cell)
			}
		}
		return cells
	}
	t.Fatalf("no row %q in\n%s", name, out)
	return nil
}

// TestBrokenPromise expects each cell to be something else, one at a time.
func TestBrokenPromise(t *testing.T) {
	srv, err := mailserver.Start()
	if err != nil {
		t.Fatal(err)
	}
	defer srv.Close()
	p := probe{srv, &dial.Dialer{TLSConfig: srv.ClientConfig(), Timeout: 5 * time.Second}}
	for _, n := range networks() {
		for i := range n.promised {
			if n.promised[i] == "-" {
				continue
			}
			wrong := n
			wrong.promised = [4]string{"-", "-", "-", "-"}
			wrong.promised[i] = "something else"
			err := p.table(t.Context(), io.Discard, []network{wrong})
			if err == nil || !strings.Contains(err.Error(), n.name) || !strings.Contains(err.Error(), n.promised[i]) {
				t.Errorf("%s, %v: error %v", n.name, policies()[i], err)
			}
		}
	}
}
