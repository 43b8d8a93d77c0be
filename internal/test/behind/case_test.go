package behind

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// testCase is a file.
type testCase struct {
	name     string
	protocol string // "" is IMAP
	about    string
	caps     string
	do       []string
	want     []string
	bare     []string
	notices  []string
	end      string
	joined   bool // only as it is written
	heap     int  // MiB by which it may grow; 0 is maxGrowth
	rules    []rule
}

// rule is what the server answers to a command.
type rule struct {
	command string
	steps   []step
}

// step is something that a server does.
type step struct {
	op   string
	n    int // how often
	text string
	wait time.Duration
}

// cases reads all files of a folder.
func cases(t testing.TB, folder string) []*testCase {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("testdata", folder, "*.txt"))
	if err != nil {
		t.Fatal(err)
	}
	var list []*testCase
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		c := &testCase{name: strings.TrimSuffix(filepath.Base(file), ".txt")}
		if _, ok := protocols[folder]; ok {
			c.protocol = folder
		}
		for i, line := range strings.Split(string(text), "\n") {
			if err := c.parse(line); err != nil {
				t.Fatalf("%s:%d: %v", file, i+1, err)
			}
		}
		if c.about == "" || len(c.do) == 0 {
			t.Fatalf("%s: no comment, or nothing to do", file)
		}
		list = append(list, c)
	}
	return list
}

func (c *testCase) parse(line string) error {
	key, value, isHeader := strings.Cut(line, ": ")
	switch {
	case strings.TrimSpace(line) == "":
	case strings.HasPrefix(line, "#"):
		c.about += line[1:]
	case key == "C":
		c.rules = append(c.rules, rule{command: value})
	case len(c.rules) > 0:
		s, err := parseStep(line)
		last := &c.rules[len(c.rules)-1]
		last.steps = append(last.steps, s)
		return err
	case !isHeader:
		return fmt.Errorf("%q is no header", line)
	default:
		return c.header(key, value)
	}
	return nil
}

func (c *testCase) header(key, value string) error {
	switch key {
	case "caps":
		c.caps = value
	case "do":
		c.do = append(c.do, value)
	case "want":
		c.want = append(c.want, value)
	case "bare":
		c.bare = append(c.bare, value)
	case "notice":
		c.notices = append(c.notices, value)
	case "end":
		c.end = value
	case "heap":
		n, err := strconv.Atoi(value)
		c.heap = n
		return err
	case "segments":
		c.joined = value == "joined"
	default:
		return fmt.Errorf("unknown header %q", key)
	}
	return nil
}

func parseStep(line string) (step, error) {
	op, rest, _ := strings.Cut(line, " ")
	switch op {
	case "S:":
		return step{op: "S", n: 1, text: rest + "\r\n"}, nil
	case `S"`:
		text, err := strconv.Unquote(`"` + rest + `"`)
		return step{op: "S", n: 1, text: text}, err
	case "S*", "S~":
		number, text, _ := strings.Cut(rest, " ")
		n, err := strconv.Atoi(number)
		if op == "S*" {
			text += "\r\n"
		}
		return step{op: "S", n: n, text: text}, err
	case "FLOOD", "FLOOD~":
		if op == "FLOOD" {
			rest += "\r\n"
		}
		return step{op: "FLOOD", text: rest}, nil
	case "WAIT":
		d, err := time.ParseDuration(rest)
		return step{op: op, wait: d}, err
	case "CUT", "FIN", "END", "HANG":
		return step{op: op}, nil
	}
	return step{}, fmt.Errorf("%q is nothing that a server does", line)
}

// size returns how much the server says at most.
func (c *testCase) size() (n int) {
	for _, r := range c.rules {
		for _, s := range r.steps {
			n += s.n * len(s.text)
			if s.op == "FLOOD" {
				n += 1 << 20
			}
		}
	}
	return n
}
