// Package scramlimits checks the challenges of a server in SCRAM (RFC 5802): what they
// contain, and how much work they demand.
package scramlimits

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// The iteration counts that are accepted. With fewer than the minimum a stolen database
// is cheap to search (RFC 5802 §5.1, RFC 7677 §4). With more than the maximum a hostile
// server could keep the client's processor busy (RFC 5802 §9). A million iterations take
// well under a second, and are more than any server is known to use.
const (
	MinIterations = 4096
	MaxIterations = 1_000_000
)

// Check checks a server's first message before any work is done for it. It must have r=,
// s= and i= in this order. Extensions may follow and are ignored (RFC 5802 §7), except m=,
// which is an error (§5.1).
func Check(message, nonce string) error {
	fields := strings.Split(message, ",")
	for _, f := range fields {
		if strings.HasPrefix(f, "m=") {
			return errors.New("mandatory extension in the challenge")
		}
	}
	if len(fields) < 3 {
		return errors.New("malformed challenge")
	}
	if err := checkNonce(fields[0], nonce); err != nil {
		return err
	}
	if err := checkSalt(fields[1]); err != nil {
		return err
	}
	return checkIterations(fields[2])
}

// checkNonce returns an error unless the nonce begins with ours and has at least one
// character of the server's. Without that an old exchange could be replayed.
func checkNonce(field, ours string) error {
	theirs, ok := strings.CutPrefix(field, "r="+ours)
	switch {
	case !ok || ours == "":
		return errors.New("nonce does not begin with the one that was sent")
	case theirs == "":
		return errors.New("nonce is the one that was sent, and has nothing of the server in it")
	}
	return nil
}

func checkSalt(field string) error {
	value, ok := strings.CutPrefix(field, "s=")
	salt, err := base64.StdEncoding.Strict().DecodeString(value)
	if !ok || err != nil || len(salt) == 0 {
		return errors.New("malformed salt")
	}
	return nil
}

func checkIterations(field string) error {
	value, ok := strings.CutPrefix(field, "i=")
	n, err := strconv.ParseUint(value, 10, 64)
	switch {
	case !ok || err != nil && !errors.Is(err, strconv.ErrRange):
		return errors.New("malformed iteration count")
	case n < MinIterations:
		return fmt.Errorf("iteration count is below %d", MinIterations)
	case n > MaxIterations:
		return fmt.Errorf("iteration count is above %d", MaxIterations)
	}
	return nil
}
