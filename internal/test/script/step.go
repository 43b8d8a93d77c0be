package script

import (
	"fmt"
	"strconv"
	"strings"
)

// step is one thing a server does.
type step struct {
	op   string
	text string
}

// Steps of a script.
const (
	opSend = "S"
	opCut  = "CUT"
	opTLS  = "TLS"
	opFIN  = "FIN"
	opRST  = "RST"
	opHang = "HANG"
	opDrip = "DRIP"

	opDeflate = "DEFLATE"
)

func parseStep(line string) (step, error) {
	if line == "S:" {
		return step{opSend, "\r\n"}, nil
	}
	if len(line) >= 3 && line[0] == 'S' && line[2] == ' ' {
		return parseSend(line[1], line[3:])
	}
	op, text, _ := strings.Cut(line, " ")
	switch op {
	case opCut, opTLS, opFIN, opRST, opHang, opDrip, opDeflate:
		return step{op, text}, nil
	}
	return step{}, fmt.Errorf("%q is not of a script", line)
}

func parseSend(form byte, text string) (step, error) {
	switch form {
	case ':':
		return step{opSend, text + "\r\n"}, nil
	case '-':
		return step{opSend, text}, nil
	case '"':
		raw, err := strconv.Unquote(`"` + text + `"`)
		return step{opSend, raw}, err
	case '*', '~':
		count, rest, _ := strings.Cut(text, " ")
		if form == '*' {
			rest += "\r\n"
		}
		n, err := strconv.Atoi(count)
		return step{opSend, strings.Repeat(rest, max(n, 0))}, err
	}
	return step{}, fmt.Errorf("unknown form S%c", form)
}
